"""A training set into an MLflow run: dataset, artifacts, tags, and the link to the model that was fitted on it.

All that can be refused is refused before the run is touched. A model and its training set are linked both ways, in
MLflow's own terms: the run has the dataset as input and the model as output; the model has the metric
`training_rows` on that dataset, by which MLflow finds models of a dataset, and tags that name the run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsnb.catalog import Profile, record
from fsnb.errors import TrainingSetError
from fsnb.identity import fingerprint
from fsnb.model.entity import check_name
from fsnb.progress import Tell, task
from fsnb.training import description, manifest
from fsnb.training.loading import LoggedTrainingSet
from fsnb.training.models import Fitted, fitted
from fsnb.training.profiling import profile_rows
from fsnb.training.tracking import masked, quiet, run, tracked

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from fsnb.catalog import Catalog
    from fsnb.model import FeatureView
    from fsnb.training.training_set import TrainingSet

DIGITS = 32  # MLflow keeps 36 characters of a digest


def log(
    train: TrainingSet, model: Any = None, *, name: str | None = None, context: str = "training"
) -> LoggedTrainingSet:
    """Log a training set in the active run, or in a run of its own.

    Goes to the tracking URI that the user has set, else to the feature store's own MLflow. Logging the same rows again
    in the same run is harmless.

    Parameters
    ----------
    model
        A fitted scikit-learn estimator, which is logged; or what an MLflow flavour's `log_model` returned, or a model's
        URI, which is linked.
    name
        The dataset's name; the names of its views by default.
    context
        What the rows were for; sets for other purposes than "training" stand beside it in the same run.

    Returns
    -------
    LoggedTrainingSet
        What `load_training_set` would give.

    Raises
    ------
    TrainingSetError
        The run has other rows for this context already, the model is none that can be logged or linked, or the tracking
        server does not answer.
    """
    check_name(context, "context")
    called = name or "+".join(part.view.name for part in train.plan.views)
    with task(f"log {called}") as step:
        step("fill and read the rows")
        described = manifest.manifest(train, called, context)
        return _logged(train, model, described, step)


def _logged(train: TrainingSet, model: Any, described: dict[str, Any], step: Tell) -> LoggedTrainingSet:
    context = described["context"]
    step("open MLflow")
    to_link = None if model is None else fitted(model, train)
    with (
        tempfile.TemporaryDirectory() as temporary,
        quiet(),
        tracked(train.tracking_uri) as uri,
        run(train.tracking_uri, described["name"]) as run_id,
    ):
        from mlflow import MlflowClient

        client = MlflowClient()
        _refuse_other_rows(client, run_id, described)
        step("write the rows")
        manifest.write(train, described, Path(temporary))
        step("describe them")
        statistics = train.describe(train, described["name"]) if train.describe else None
        if statistics is not None:
            description.write(statistics, Path(temporary))
        step("store them in MLflow")
        client.log_artifacts(run_id, temporary, manifest.folder(context))
        _log_input(client, run_id, uri, train, described)
        step("link the model" if to_link else "tag the run")
        model_uri = _link(client, run_id, to_link, described) if to_link else None
        for key, value in _tags(described, train.labels).items():
            client.set_tag(run_id, key, value)
    step("note it in the catalog")
    sources = manifest.sources(train)
    logged = LoggedTrainingSet(run_id, uri, described, train.to_arrow(), model_uri, train.con, sources.get)
    _note(train, logged)
    if statistics is not None:
        description.note(train, logged, statistics)
    return logged


def _tags(described: dict[str, Any], labels: tuple[str, ...]) -> dict[str, str]:
    said = {
        "fingerprint": described["fingerprint"],
        "digest": described["digest"],
        "views": ", ".join(described["plan"]["views"]),
        "rows": str(described["rows"]),
        "label": ", ".join(labels),
    }
    return {manifest.tag(described["context"], what): value for what, value in said.items()}


def _refuse_other_rows(client: MlflowClient, run_id: str, described: dict[str, Any]) -> None:
    there = client.get_run(run_id).data.tags.get(manifest.tag(described["context"], "digest"))
    if there not in (None, described["digest"]):
        raise TrainingSetError(
            f"run {run_id} has a {described['context']} set already, with other rows (digest {there[:12]}, "
            f"not {described['digest'][:12]}). Start another run, or give another context."
        )


def _log_input(client: MlflowClient, run_id: str, uri: str, train: TrainingSet, described: dict[str, Any]) -> None:
    from mlflow.entities import DatasetInput, InputTag

    from fsnb.training.mlflow_source import FsnbDataset, FsnbDatasetSource

    source = FsnbDatasetSource(run_id, described["context"], uri)
    dataset = FsnbDataset(source, described, train.to_arrow().schema, len(train.features))
    tags = [InputTag("mlflow.data.context", described["context"])]
    client.log_inputs(run_id, datasets=[DatasetInput(dataset._to_mlflow_entity(), tags)])


def _link(client: MlflowClient, run_id: str, model: Fitted, described: dict[str, Any]) -> str:
    from mlflow.entities import LoggedModelOutput

    model_id = model.log(run_id)
    outputs = client.get_run(run_id).outputs
    if model_id not in {output.model_id for output in (outputs.model_outputs if outputs else [])}:
        client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])
    client.log_metric(
        run_id,
        "training_rows",
        described["rows"],
        dataset_name=described["name"],
        dataset_digest=described["digest"][:DIGITS],
        model_id=model_id,
    )
    said = {"run_id": run_id} | {key: described[key] for key in ("context", "digest", "fingerprint")}
    client.set_logged_model_tags(model_id, {f"fsnb.{key}": value for key, value in said.items()})
    return f"models:/{model_id}"


def _note(train: TrainingSet, logged: LoggedTrainingSet) -> None:
    if train.catalog is None:
        return
    described = logged.manifest
    body = {
        key: described[key] for key in ("name", "context", "fingerprint", "digest", "rows", "columns", "engine")
    } | {
        "run_id": logged.run_id,
        "model_uri": logged.model_uri,
        "tracking_uri": masked(logged.tracking_uri, logged.tracking_uri),
        "label": list(train.labels),
        "features": list(train.features),
        "views": {name: view["fingerprint"] for name, view in described["plan"]["views"].items()},
        "sources": list(train.plan.sources),
    }
    once = fingerprint({key: body[key] for key in ("run_id", "context", "digest", "model_uri")})
    train.catalog.put("training_set", described["name"], body, fingerprint=once)
    if logged.model_uri:
        _note_model(train.catalog, logged.model_uri, body, once)
    for part in train.plan.views:
        record(train.catalog, _profile(train, part.view, f"training set {described['name']}, run {logged.run_id}"))


def _note_model(catalog: Catalog, uri: str, body: Mapping[str, Any], once: str) -> None:
    """A model is found by its URI, the views that it was fitted on, its features."""
    said = {key: body[key] for key in ("run_id", "tracking_uri", "digest", "rows", "label", "features", "views")}
    catalog.put("model", uri, {"training_set": body["name"], **said}, fingerprint=once)


def _profile(train: TrainingSet, view: FeatureView, of: str) -> Profile:
    """Of the rows as logged, under the names that features have in their view."""
    columns = {feature.name: feature.column for feature in train.plan.features if feature.view == view}
    return profile_rows(train.to_arrow(), view, columns, of=of, newest=train.plan.spine.at)
