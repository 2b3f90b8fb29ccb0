"""The model that was fitted on a training set: a scikit-learn estimator to log, or one that MLflow has already."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fsnb.errors import TrainingSetError, listed

if TYPE_CHECKING:
    import pandas as pd

    from fsnb.training.training_set import TrainingSet

EXAMPLE, SAMPLE = 5, 1_000
OWN_FLAVOUR = ("catboost", "lightgbm", "xgboost")
INSTEAD = (
    "Log it with its own MLflow flavour and hand over the result: train.log(mlflow.{}.log_model(model, name='model'))."
)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model that can be linked: `log(run_id)` gives its id in MLflow."""

    log: Callable[[str], str]


def fitted(model: Any, train: TrainingSet) -> Fitted:
    """What to do with a model, decided before anything is logged.

    Raises
    ------
    TrainingSetError
        Neither an estimator of scikit-learn, nor something logged in MLflow.
    """
    if isinstance(model, str):
        return Fitted(lambda run_id: _id_of(model))
    if getattr(model, "model_id", None):
        return Fitted(lambda run_id: model.model_id)
    flavour = type(model).__module__.partition(".")[0]
    if not _is_estimator(model) or flavour in OWN_FLAVOUR:
        raise TrainingSetError(f"a {type(model).__name__} is not a scikit-learn estimator. {INSTEAD.format(flavour)}")
    trusted = _trusted(model)
    columns = _columns(model, train)
    return Fitted(lambda run_id: _log_estimator(model, train, columns, trusted))


def _is_estimator(model: Any) -> bool:
    base = sys.modules.get("sklearn.base")  # whoever has an estimator has imported it
    return base is not None and isinstance(model, base.BaseEstimator)


def _id_of(uri: str) -> str:
    from mlflow.exceptions import MlflowException
    from mlflow.models import get_model_info

    try:
        found = get_model_info(uri).model_id
    except (MlflowException, OSError) as error:
        raise TrainingSetError(f"MLflow has no model {uri!r}: {error}") from error
    if not found:
        raise TrainingSetError(f"model {uri!r} is of an MLflow before 3 and cannot be linked. Log it again.")
    return found


def _trusted(model: Any) -> list[str]:
    """Types beyond skops' own list that this live model is made of. scikit-learn's are taken, a user's own are not."""
    import skops.io  # type: ignore[import-untyped]

    unknown = skops.io.get_untrusted_types(data=skops.io.dumps(model))
    foreign = [name for name in unknown if not name.startswith("sklearn.")]
    if foreign:
        raise TrainingSetError(
            f"a {type(model).__name__} holds types that MLflow does not load unasked: {listed(foreign)}. "
            "Log it yourself and hand over the result: "
            "train.log(mlflow.sklearn.log_model(model, name='model', skops_trusted_types=[...]))."
        )
    return unknown


def _columns(model: Any, train: TrainingSet) -> list[str] | None:
    """The columns that the model was fitted on, where it says so or they are plainly the features."""
    seen = getattr(model, "feature_names_in_", None)
    if seen is not None:
        return list(seen) if set(seen) <= set(train.columns) else None
    same_width = getattr(model, "n_features_in_", None) == len(train.features)
    return list(train.features) if same_width else None


def _log_estimator(model: Any, train: TrainingSet, columns: list[str] | None, trusted: list[str]) -> str:
    import mlflow.sklearn

    signature, example = _signature(model, train, columns)
    info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=signature,
        input_example=example,
        skops_trusted_types=trusted or None,
        # said here, since MLflow finds them out by loading the model in another process, which takes half a minute
        pip_requirements=[*mlflow.sklearn.get_default_pip_requirements(include_skops=True), _pandas()],
    )
    return info.model_id


def _pandas() -> str:
    import pandas as pd

    return f"pandas=={pd.__version__}"


def _signature(model: Any, train: TrainingSet, columns: list[str] | None) -> tuple[Any, pd.DataFrame | None]:
    """What goes in and what comes out, from rows of the set; none, with a warning, where the model takes others."""
    from mlflow.models import infer_signature

    if columns is not None:
        sample = _plain(train.to_arrow().select(columns).slice(0, SAMPLE))
        try:
            named = sample if getattr(model, "feature_names_in_", None) is not None else sample.to_numpy()
            return infer_signature(sample, model.predict(named)), sample.head(EXAMPLE)
        except (ValueError, TypeError, AttributeError) as error:
            reason = f"it does not predict on the set's own columns: {str(error).splitlines()[0]}"
    else:
        reason = "it was fitted on other columns than the set's"
    warnings.warn(f"the model is logged without a signature: {reason}.", stacklevel=2)
    return None, None


def _plain(rows: Any) -> pd.DataFrame:
    """As scikit-learn reads them: nullable numbers as float64 with NaN."""
    from fsnb.training.frames import as_pandas

    frame = as_pandas(rows)
    nullable = [name for name, dtype in frame.dtypes.items() if str(dtype)[:1] in "IUb" and str(dtype) != "bool"]
    return frame.astype(dict.fromkeys(nullable, "float64"))
