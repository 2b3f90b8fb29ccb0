"""The statistics of a training set, kept beside its rows in the log, for later data to be compared with.

What they are is not this package's business: whoever makes training sets hands over a function that makes them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fsnb.errors import TrainingSetError
from fsnb.identity import fingerprint
from fsnb.training import manifest
from fsnb.training.loading import ABSENT, _run_of
from fsnb.training.tracking import masked, places, quiet, sqlite_path, told

if TYPE_CHECKING:
    from fsnb.training.loading import LoggedTrainingSet
    from fsnb.training.training_set import TrainingSet

BASELINE = "baseline.json"


class Description(Protocol):
    """Statistics of rows: all of them as JSON, and what of that fits into a catalog."""

    def to_doc(self) -> dict[str, Any]: ...

    def summary(self) -> dict[str, Any]: ...


Describe = Callable[["TrainingSet", str], Description]
"""From a training set and its name in the log."""


def write(described: Description, into: Path) -> None:
    """As a file beside the rows."""
    (into / BASELINE).write_text(json.dumps(described.to_doc()) + "\n", encoding="utf-8")


def note(train: TrainingSet, logged: LoggedTrainingSet, described: Description) -> None:
    """Into the catalog, under the training set's name."""
    if train.catalog is None:
        return
    name, context = logged.manifest["name"], logged.manifest["context"]
    body = described.summary() | {"run_id": logged.run_id, "context": context, "digest": logged.digest}
    once = fingerprint({key: body[key] for key in ("run_id", "context", "digest", "fingerprint")})
    train.catalog.put("baseline", name, body, fingerprint=once)


def load_baseline(
    run_id_or_model_uri: str, *, tracking_uri: str | None = None, context: str = "training"
) -> Mapping[str, Any]:
    """The document of the statistics that a run logged.

    Raises
    ------
    TrainingSetError
        No such run or model, none logged there, or no answer.
    """
    reference = str(run_id_or_model_uri).strip()
    reasons = []
    with quiet(retries=1):
        for uri in places(tracking_uri):
            found = _look(reference, uri, context)
            if not isinstance(found, str):
                return found
            reasons.append(f"{masked(uri)}: {found}")
    raise TrainingSetError(
        f"no baseline found for {reference!r}. {' '.join(reasons)} "
        "Give a run id or a model's URI; make one from rows: fsnb.quality.profile(rows)."
    )


def _look(reference: str, uri: str, context: str) -> str | Mapping[str, Any]:
    """The document at one tracking URI, or the reason why it is not there."""
    from mlflow import MlflowClient
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    database = sqlite_path(uri)
    if database is not None and not database.exists():
        return "there is no such database."
    client = MlflowClient(tracking_uri=uri)
    try:
        run_id = _run_of(client, reference)[0]
        folder = manifest.folder(context)
        if run_id is None or f"{folder}/{BASELINE}" not in [
            file.path for file in client.list_artifacts(run_id, folder)
        ]:
            return "its run has no baseline." if run_id else "the model belongs to no run."
        with tempfile.TemporaryDirectory() as into:
            path = f"{folder}/{BASELINE}"
            file = download_artifacts(run_id=run_id, artifact_path=path, dst_path=into, tracking_uri=uri)
            return json.loads(Path(file).read_text(encoding="utf-8"))
    except MlflowException as error:
        return told(error, uri) if error.error_code in ABSENT else f"cannot be asked. {told(error, uri)}"
