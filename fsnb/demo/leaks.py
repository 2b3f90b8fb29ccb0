"""Two leaks that a notebook does not notice: what each claims on past rows, and what serving would get from it.

- **Joined by event time**: the very same views on sources whose rows are seen from their event time on, as if a
  flight's delay were known at its scheduled departure.
- **Own row in a group mean**: the share of late flights among those of the same airport and hour, and of the same
  carrier and day, over all rows of the table as `groupby().transform("mean")` gives it: the label's own row is in it.

A leaky model is *claimed* to be as good as it scores on leaky rows. *As served* it scores on the same flights with the
same columns, filled with what is known when the question is asked. A group mean that is known by then is a feature view
like any other: per group, over its whole visible history.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from ibis import _

from fsnb.demo import flights
from fsnb.errors import NotSupported
from fsnb.model import Entity, FeatureView, Spine
from fsnb.store import FeatureStore
from fsnb.training import TrainingSet
from fsnb.training.restating import ignoring_availability, under

TREES = 120
GROUPS = {"origin_hour": ("origin", "hour"), "carrier_day": ("carrier", "day")}


@dataclass(frozen=True, slots=True)
class Score:
    """Area under the ROC curve on October to December: in the notebook, and with what serving would have."""

    features: str
    claimed: float
    served: float


# ---------------------------------------------------------------------- the model


def fit(rows: pl.DataFrame, columns: Sequence[str]) -> Any:
    """Boosted trees on January to September.

    On one thread: it takes seconds, and OpenMP's waiting threads make it ten times slower where cores are shared.
    """
    classifier = _sklearn()[0]
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # scikit-learn's own

    train = rows.filter(~flights.TESTED)
    with threadpool_limits(1):
        return classifier(max_iter=TREES, random_state=0).fit(_numbers(train, columns), train["late"].to_numpy())


def auc(model: Any, rows: pl.DataFrame) -> float:
    """How well a model ranks the flights of October to December."""
    roc_auc_score = _sklearn()[1]
    test = rows.filter(flights.TESTED)
    likely = model.predict_proba(_numbers(test, model.feature_names_in_))[:, 1]
    return float(roc_auc_score(test["late"].to_numpy(), likely))


def _numbers(rows: pl.DataFrame, columns: Sequence[str]) -> Any:
    """A pandas frame of floats: scikit-learn keeps its column names, and NULL is NaN."""
    return rows.select(pl.col(list(columns)).cast(pl.Float64)).to_pandas()


def _sklearn() -> tuple[Any, Any]:
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # its threads spin where cores are shared: 15 times as long
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.metrics import roc_auc_score
    except ImportError:
        raise NotSupported(f"the demo's model is not installed: scikit-learn. {flights.INSTALL}") from None
    return HistGradientBoostingClassifier, roc_auc_score


# ---------------------------------------------------------------------- the two leaks


def joined_by_event_time(train: TrainingSet) -> pl.DataFrame:
    """The same training set, with availability ignored."""
    return under(train, ignoring_availability).to_polars()


def group_means_with_own_row(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the late share of each group, over all rows of the year."""
    return rows.with_columns(_groups()).with_columns(
        pl.col("late").mean().over(by).alias(name) for name, by in GROUPS.items()
    )


def group_means_known_then(rows: pl.DataFrame, tables: flights.Tables, engine: Any) -> pl.DataFrame:
    """The rows with the late share of each group among its flights that had landed when the question was asked."""
    with TemporaryDirectory() as elsewhere:  # so that the project's catalog does not hear of it
        store = FeatureStore(elsewhere, engine)
        landings = store.source(
            "landings",
            pl.read_parquet(tables.landings).with_columns(_groups()),
            event_time="scheduled_at",
            available="landed_at",
        )
        means = [
            FeatureView(
                f"{name}_mean",
                entity=Entity(name, by),
                source=landings,
                features={name: (_.arr_delay > flights.LATE).mean()},
            )
            for name, by in GROUPS.items()
        ]
        return store.training_set(Spine(rows.with_columns(_groups()), at="asked_at"), means).to_polars()


def _groups() -> list[pl.Expr]:
    return [pl.col("scheduled_at").dt.truncate(f"1{unit[0]}").alias(unit) for unit in ("hour", "day")]
