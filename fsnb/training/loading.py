"""A logged training set, back from MLflow in any process: its rows, and whether the sources still give them.

The rows come from the snapshot and never from a rebuild, since what trained the model is what was logged; they are held
to the digest. A rebuild is a separate question, asked by `verify()`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from fsnb import shells
from fsnb.errors import TrainingSetError
from fsnb.model import Feature, FeatureView, Source, Spine
from fsnb.pit import JoinPlan, plan
from fsnb.training import manifest
from fsnb.training.digest import digest
from fsnb.training.frames import as_pandas
from fsnb.training.tracking import masked, places, quiet, sqlite_path, told
from fsnb.training.verification import Verification, verify

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient

Resolve = Callable[[str], Source | None]
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


@dataclass(frozen=True, eq=False, repr=False)
class LoggedTrainingSet:
    """The rows that a run logged, and what they are.

    `manifest` is the log's own account of them; `con` and `resolve` are for `verify()`.
    """

    run_id: str
    tracking_uri: str
    manifest: Mapping[str, Any]
    rows: pa.Table
    model_uri: str | None = None
    con: Any = None
    resolve: Resolve | None = None

    def __repr__(self) -> str:
        rows, digits = f"{self.rows.num_rows:,} rows", self.digest[:12]
        return f"<LoggedTrainingSet {self.manifest['name']}: {rows}, digest {digits}, run {self.run_id}>"

    def __len__(self) -> int:
        return self.rows.num_rows

    @property
    def fingerprint(self) -> str:
        return self.manifest["fingerprint"]

    @property
    def digest(self) -> str:
        return self.manifest["digest"]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.manifest["columns"])

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(feature["column"] for feature in self.manifest["plan"]["features"])

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.manifest["plan"]["spine"]["label"])

    def to_arrow(self) -> pa.Table:
        return self.rows

    def to_polars(self) -> pl.DataFrame:
        return pl.DataFrame(self.rows)

    def to_pandas(self) -> pd.DataFrame:
        return as_pandas(self.rows)

    @cached_property
    def plan(self) -> JoinPlan:
        """The plan from the manifest's definitions, on the snapshot's own spine. Loads without executing code."""
        return plan(self.spine, self.asked())

    def asked(self, known: Mapping[str, Source] | None = None) -> list[Feature]:
        """The features that were asked for, as they were defined then; on the sources that are `known` by their names.

        A source that is not read from where it lay: one that was a frame of another process has no rows.
        """
        described = self.manifest["plan"]
        sources = {name: Source.from_doc(doc) for name, doc in self.manifest["sources"].items()} | dict(known or {})
        views = {name: FeatureView.from_doc(doc, sources) for name, doc in described["views"].items()}
        return [views[f["view"]][f["feature"]].named(f["column"]) for f in described["features"]]

    @property
    def spine(self) -> Spine:
        """The spine that was filled."""
        described = self.manifest["plan"]["spine"]
        data = self.rows.select(list(described["schema"]))
        return Spine(data, at=described["at"], label=described["label"], keys=described["keys"])

    def verify(self) -> Verification:
        """Rebuild from the sources: are these still the rows that the definitions give?

        Floats may differ by a relative 1e-9, since engines sum in no fixed order. A source that is gone or was a frame
        of another process cannot be rebuilt; the answer says so. Raises nothing for what the sources have become.
        """
        return verify(self)

    def _repr_html_(self) -> str:
        return shells.html(self)


def load_training_set(
    run_id_or_model_uri: str,
    *,
    tracking_uri: str | None = None,
    con: Any = None,
    resolve: Resolve | None = None,
    context: str = "training",
) -> LoggedTrainingSet:
    """The training set of a run or of a model, from the snapshot in MLflow.

    Parameters
    ----------
    run_id_or_model_uri
        A run id, "runs:/<id>/model", "models:/m-<id>", "models:/<name>/<version>" or "models:/<name>@<alias>".
    tracking_uri
        Where to look beside the tracking URI that the user has set: the feature store's own MLflow.
    con, resolve
        For `verify()`: the connection to rebuild on (an empty DuckDB by default), and what gives the source of a
        name, or None; without it a source is read where it lay.
    context
        Which of the run's sets, where it has several.

    Raises
    ------
    TrainingSetError
        No such run or model, no training set in it, a snapshot that is not what was logged, or no answer.
    """
    reference = str(run_id_or_model_uri).strip()
    reasons = []
    with quiet(retries=1):
        for uri in places(tracking_uri):
            found = _look(reference, uri, context)
            if isinstance(found, str):
                reasons.append(f"{masked(uri)}: {found}")
                continue
            run_id, model_uri, described, rows = found
            return LoggedTrainingSet(run_id, uri, described, rows, model_uri, con, resolve)
    raise TrainingSetError(
        f"no training set found for {reference!r}. {' '.join(reasons)} "
        "Give a run id or a model's URI; another MLflow: mlflow.set_tracking_uri(...)."
    )


def _look(reference: str, uri: str, context: str) -> str | tuple[str, str | None, dict[str, Any], pa.Table]:
    """The training set at one tracking URI, or the reason why it is not there."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    path = sqlite_path(uri)
    if path is not None and not path.exists():
        return "there is no such database."
    try:
        client = MlflowClient(tracking_uri=uri)
        run_id, model_uri = _run_of(client, reference)
        if run_id is None:
            return "the model belongs to no run."
        tags = client.get_run(run_id).data.tags
    except MlflowException as error:
        return told(error, uri) if error.error_code in ABSENT else f"cannot be asked. {told(error, uri)}"
    logged = tags.get(manifest.tag(context, "digest"))
    if logged is None:
        others = [found[1] for key in sorted(tags) if (found := re.fullmatch(r"fsnb\.(\w+)\.digest", key))]
        also = f" (it has one for {', '.join(others)})" if others else ""
        return f"run {run_id} has no {context} set{also}; train.log() puts one there."
    described, rows = _download(run_id, uri, context)
    if not logged == described["digest"] == digest(rows):
        raise TrainingSetError(
            f"the {context} set of run {run_id} is not what was logged: its rows have digest {digest(rows)[:12]}, "
            f"the manifest says {described['digest'][:12]}, the run {logged[:12]}. Someone altered its artifacts."
        )
    return run_id, model_uri, described, rows


def _run_of(client: MlflowClient, reference: str) -> tuple[str | None, str | None]:
    """The run that a reference leads to, and the model where it names one."""
    if reference.startswith("runs:/"):
        return reference.removeprefix("runs:/").partition("/")[0], reference
    if not reference.startswith("models:/"):
        return reference, None
    name, at, alias = reference.removeprefix("models:/").partition("@")
    name, slash, version = name.partition("/")
    if not at and not slash:
        return _run_of_model(client, name), reference
    found = client.get_model_version_by_alias(name, alias) if at else client.get_model_version(name, version)
    return (_run_of_model(client, found.model_id) if found.model_id else found.run_id), reference


def _run_of_model(client: MlflowClient, model_id: str) -> str | None:
    """The run whose training set was linked to a logged model, else the run that logged the model."""
    model = client.get_logged_model(model_id)
    return model.tags.get("fsnb.run_id") or model.source_run_id


def _download(run_id: str, uri: str, context: str) -> tuple[dict[str, Any], pa.Table]:
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    folder = manifest.folder(context)
    with tempfile.TemporaryDirectory() as into:

        def fetched(name: str) -> Path:
            path = f"{folder}/{name}"
            return Path(download_artifacts(run_id=run_id, artifact_path=path, dst_path=into, tracking_uri=uri))

        try:
            return manifest.read(fetched(manifest.MANIFEST)), manifest.read_rows(fetched(manifest.SNAPSHOT))
        except (MlflowException, OSError, ValueError, KeyError) as error:
            raise TrainingSetError(
                f"run {run_id}: the artifacts in {folder}/ cannot be read: {told(error, uri)}"
            ) from None
