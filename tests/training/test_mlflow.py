"""A log gives the same rows back, in another process too, and says whether the sources still give them."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import ibis
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fsnb.catalog import Catalog
from fsnb.errors import DefinitionError, TrainingSetError
from fsnb.model import FeatureView, Source, Spine
from fsnb.pit import plan, read_source, read_spine
from fsnb.progress import Task, shown_by
from fsnb.training import LoggedTrainingSet, TrainingSet, load_training_set
from fsnb.training.tracking import masked
from tests.training.conftest import ASKED, LEGS, PLANE, asof_view, legs, spine, train_on, window_view, working_in

SECRET = "hunter2"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def catalog(files: Path) -> Catalog:
    return Catalog(files / "catalog.sqlite")


@pytest.fixture(scope="module")
def logged_set(files: Path, tracking: str, catalog: Catalog) -> TrainingSet:
    """A training set over a file, with labels and two views."""
    LEGS.write_parquet(files / "legs.parquet")
    source = legs(files / "legs.parquet")
    features = [window_view(source), asof_view(source, ttl="3h")["delay"].named("last_delay")]
    return train_on(ibis.duckdb.connect(), features, tracking_uri=tracking, catalog=catalog)


@pytest.fixture(scope="module")
def model(logged_set: TrainingSet) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    frame = logged_set.to_pandas().dropna(subset=["late"])
    frame = frame.loc[frame.index.repeat(10)]
    return HistGradientBoostingClassifier(max_iter=2).fit(frame[["n_1d", "mean_1d"]], frame["late"].astype(int))


@pytest.fixture(scope="module")
def said() -> io.StringIO:
    """What the first log of all wrote to the terminal."""
    return io.StringIO()


@pytest.fixture(scope="module")
def logged(
    logged_set: TrainingSet, model: Any, said: io.StringIO, tmp_path_factory: pytest.TempPathFactory
) -> LoggedTrainingSet:
    folder = tmp_path_factory.mktemp("elsewhere")
    with working_in(folder), contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        found = logged_set.log(model)
        assert list(folder.iterdir()) == [], "MLflow wrote into the working folder"
    return found


def load(logged: LoggedTrainingSet, reference: str | None = None, **more: Any) -> LoggedTrainingSet:
    return load_training_set(reference or logged.run_id, tracking_uri=logged.tracking_uri, **more)


def artifacts(logged: LoggedTrainingSet) -> Path:
    from mlflow import MlflowClient

    uri = MlflowClient(tracking_uri=logged.tracking_uri).get_run(logged.run_id).info.artifact_uri
    return Path(uri.removeprefix("file://")) / "fsnb"


# ---------------------------------------------------------------------- there and back


def test_log_says_what_was_logged(logged: LoggedTrainingSet, logged_set: TrainingSet) -> None:
    assert logged.digest == logged_set.digest
    assert logged.fingerprint == logged_set.fingerprint
    assert logged.features == logged_set.features
    assert logged.labels == ("late",)
    assert logged.to_polars().equals(logged_set.to_polars())
    assert repr(logged) == (
        f"<LoggedTrainingSet recent+last: 5 rows, digest {logged.digest[:12]}, run {logged.run_id}>"
    )


def test_artifacts_lie_beside_the_stores_own_database(logged: LoggedTrainingSet, tracking: str) -> None:
    folder = artifacts(logged)
    assert folder.is_relative_to(Path(tracking.removeprefix("sqlite:///")).parent)
    assert {file.name for file in folder.iterdir()} == {
        "manifest.json",
        "plan.txt",
        "query.sql",
        "schema.json",
        "training_set.parquet",
    }


@pytest.mark.parametrize("form", ["{run}", "runs:/{run}/model", "{model}"])
def test_rows_come_back_by_run_and_by_model(logged: LoggedTrainingSet, logged_set: TrainingSet, form: str) -> None:
    back = load(logged, form.format(run=logged.run_id, model=logged.model_uri))
    assert back.run_id == logged.run_id
    assert back.to_arrow().equals(logged_set.to_arrow())
    assert back.to_pandas().dtypes.equals(logged_set.to_pandas().dtypes)


def test_rows_come_back_by_registered_model(logged: LoggedTrainingSet, users_mlflow: str) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=logged.tracking_uri)
    client.create_registered_model("delays")
    client.create_model_version("delays", source=logged.model_uri, model_id=logged.model_uri.rpartition("/")[2])
    client.set_registered_model_alias("delays", "champion", "1")
    for reference in ("models:/delays/1", "models:/delays@champion"):
        assert load(logged, reference).run_id == logged.run_id


def test_rows_come_back_in_a_fresh_process(logged: LoggedTrainingSet, logged_set: TrainingSet, tmp_path: Path) -> None:
    code = (
        "import sys; from fsnb.training import load_training_set;"
        "back = load_training_set(sys.argv[1], tracking_uri=sys.argv[2]);"
        "back.to_polars().write_ipc(sys.argv[3]); print(back.plan.fingerprint, back.verify())"
    )
    out = tmp_path / "rows.arrow"
    command = [sys.executable, "-c", code, logged.model_uri, logged.tracking_uri, str(out)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(maxsplit=1) == [logged.fingerprint, "same: the sources still give these 5 rows\n"]
    assert pl.read_ipc(out).equals(logged_set.to_polars())


def test_plan_is_rebuilt_from_the_manifest_alone(logged: LoggedTrainingSet, logged_set: TrainingSet) -> None:
    back = load(logged)
    assert back.plan.fingerprint == logged_set.fingerprint
    assert str(back.plan) == str(logged_set.plan)
    assert back.plan.columns == logged_set.columns
    assert [part.view.fingerprint for part in back.plan.views] == [p.view.fingerprint for p in logged_set.plan.views]


def test_manifest_says_what_made_the_rows(logged: LoggedTrainingSet, files: Path) -> None:
    told = load(logged).manifest
    assert told["format"] == 1
    assert told["engine"] == "duckdb"
    assert told["sources"]["legs"]["location"] == str(files / "legs.parquet")
    assert told["plan"]["views"]["recent"]["fingerprint"]
    assert told["libraries"]["duckdb"]
    assert (artifacts(logged) / "query.sql").read_text().startswith("-- duckdb; reads spine, legs")
    assert (artifacts(logged) / "plan.txt").read_text().startswith("JoinPlan ")
    assert '"part": "label"' in (artifacts(logged) / "schema.json").read_text()


# ---------------------------------------------------------------------- what MLflow knows


def test_run_has_dataset_tags_and_model(logged: LoggedTrainingSet) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=logged.tracking_uri)
    run = client.get_run(logged.run_id)
    assert run.info.status == "FINISHED"
    assert client.get_experiment(run.info.experiment_id).name == "fsnb"
    assert {key: value for key, value in run.data.tags.items() if key.startswith("fsnb.")} == {
        "fsnb.fingerprint": logged.fingerprint,
        "fsnb.digest": logged.digest,
        "fsnb.views": "recent, last",
        "fsnb.rows": "5",
        "fsnb.label": "late",
    }
    (given,) = run.inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("recent+last", logged.digest[:32])
    assert [(tag.key, tag.value) for tag in given.tags] == [("mlflow.data.context", "training")]
    assert '"num_rows": 5, "num_features": 7' in given.dataset.profile
    model_id = logged.model_uri.removeprefix("models:/")
    assert [output.model_id for output in run.outputs.model_outputs] == [model_id]
    assert client.get_logged_model(model_id).tags["fsnb.run_id"] == logged.run_id
    found = client.search_logged_models(
        [run.info.experiment_id],
        filter_string="metrics.training_rows = 5",
        datasets=[{"dataset_name": given.dataset.name, "dataset_digest": given.dataset.digest}],
    )
    assert [each.model_id for each in found] == [model_id]


def test_logged_model_predicts_what_the_fitted_one_does(
    logged: LoggedTrainingSet, logged_set: TrainingSet, model: Any, users_mlflow: str
) -> None:
    import mlflow

    frame = logged_set.to_pandas()[["n_1d", "mean_1d"]]
    back = mlflow.pyfunc.load_model(logged.model_uri)
    assert back.predict(frame).tolist() == model.predict(frame).tolist()
    assert back.metadata.signature.inputs.input_names() == ["n_1d", "mean_1d"]


def test_mlflow_finds_the_source_by_its_entry_point(
    logged: LoggedTrainingSet, logged_set: TrainingSet, users_mlflow: str
) -> None:
    import mlflow
    from mlflow.data.dataset_source_registry import resolve_dataset_source

    (given,) = mlflow.get_run(logged.run_id).inputs.dataset_inputs
    source = mlflow.data.get_source(given)
    assert type(source).__name__ == "FsnbDatasetSource"
    assert source.load().equals(logged_set.to_polars())
    assert resolve_dataset_source(logged).to_dict() == source.to_dict()


def test_source_of_a_server_keeps_no_address() -> None:
    from fsnb.training.mlflow_source import FsnbDatasetSource

    told = FsnbDatasetSource("r1", tracking_uri=f"https://me:{SECRET}@mlflow.example").to_json()
    assert told == '{"run_id": "r1", "context": "training"}'


def test_catalog_notes_the_log(logged: LoggedTrainingSet, logged_set: TrainingSet, catalog: Catalog) -> None:
    body = catalog.get("training_set", "recent+last").body
    assert body["run_id"] == logged.run_id
    assert body["model_uri"] == logged.model_uri
    assert body["digest"] == logged.digest
    assert body["views"] == {part.view.name: part.view.fingerprint for part in logged_set.plan.views}
    assert body["sources"] == ["legs"]


# ---------------------------------------------------------------------- whose run


def test_log_takes_the_users_active_run_and_leaves_it_open(logged_set: TrainingSet, users_mlflow: str) -> None:
    import mlflow

    with mlflow.start_run(experiment_id=mlflow.create_experiment("the user's")) as run:
        first = logged_set.log(name="mine")
        again = logged_set.log(name="mine")
        assert mlflow.active_run() is not None
        assert first.run_id == again.run_id == run.info.run_id
        other = train_on(ibis.duckdb.connect(), [window_view(legs())])
        with pytest.raises(TrainingSetError, match="has a training set already, with other rows"):
            other.log()
        held_out = other.log(context="validation")
    assert len(mlflow.get_run(run.info.run_id).inputs.dataset_inputs) == 2
    assert load(first).digest == logged_set.digest
    assert load(first, context="validation").digest == held_out.digest == other.digest
    with pytest.raises(TrainingSetError, match=r"has no test set \(it has one for validation\)"):
        load(first, context="test")


def test_log_leaves_mlflow_as_it_was(logged_set: TrainingSet) -> None:
    import mlflow

    levels = [logging.getLogger(name).level for name in ("mlflow", "alembic")]
    environment, filters = dict(os.environ), list(warnings.filters)
    logged_set.log(name="quietly")
    assert not mlflow.is_tracking_uri_set()
    assert mlflow.active_run() is None
    assert [logging.getLogger(name).level for name in ("mlflow", "alembic")] == levels
    assert dict(os.environ) == environment
    assert warnings.filters == filters


def test_log_says_what_it_is_at(logged_set: TrainingSet) -> None:
    told: list[Task] = []
    with shown_by(lambda made: contextlib.nullcontext(told.append(made))):
        logged_set.log(name="told")
    (made,) = told
    assert made.title == "log told"
    assert made.steps == [
        "fill and read the rows", "open MLflow", "write the rows", "describe them", "store them in MLflow",
        "tag the run", "note it in the catalog",
    ]  # fmt: skip


def test_log_is_quiet_even_where_it_makes_the_database(logged: LoggedTrainingSet, said: io.StringIO) -> None:
    assert said.getvalue() == ""


# ---------------------------------------------------------------------- models


def test_model_that_was_logged_already_is_linked(logged_set: TrainingSet, model: Any, users_mlflow: str) -> None:
    import mlflow

    with mlflow.start_run(experiment_id=mlflow.create_experiment("two runs")):
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            skops_trusted_types=["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"],
            pip_requirements=["scikit-learn"],
        )
    by_info, by_uri = logged_set.log(info), logged_set.log(f"runs:/{info.run_id}/model")
    assert by_info.model_uri == by_uri.model_uri == f"models:/{info.model_id}"
    assert info.run_id not in (by_info.run_id, by_uri.run_id)
    outputs = mlflow.get_run(by_info.run_id).outputs.model_outputs
    assert [output.model_id for output in outputs] == [info.model_id]
    assert load_training_set(info.model_uri).run_id == by_uri.run_id, "the model leads to the set, not to its own run"


def runs(tracking: str) -> int:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=tracking)
    found = client.get_experiment_by_name("fsnb")
    return len(client.search_runs([found.experiment_id])) if found else 0


def test_what_is_no_model_is_refused_before_anything_is_logged(
    logged: LoggedTrainingSet, logged_set: TrainingSet, tracking: str
) -> None:
    from sklearn.preprocessing import FunctionTransformer

    before = runs(tracking)
    with pytest.raises(TrainingSetError, match="a dict is not a scikit-learn estimator"):
        logged_set.log({"weights": [1, 2]})
    with pytest.raises(TrainingSetError, match=r"holds types that MLflow does not load unasked: .*user_function"):
        logged_set.log(FunctionTransformer(user_function))
    with pytest.raises(DefinitionError, match=r"context '\.\./up' is not a name"):
        logged_set.log(context="../up")
    assert runs(tracking) == before


def user_function(values: Any) -> Any:
    return values


def test_model_of_other_columns_is_logged_without_a_signature_and_says_so(logged_set: TrainingSet) -> None:
    from sklearn.linear_model import LinearRegression

    with pytest.warns(UserWarning, match="without a signature: it was fitted on other columns"):
        found = logged_set.log(LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0]))
    assert found.model_uri


# ---------------------------------------------------------------------- still the same?


def verified(sources: dict[str, Source], features: list[Any], tracking: str, **more: Any) -> Any:
    planned = plan(spine(), features)
    con = ibis.duckdb.connect()
    tables = {name: read_source(con, sources[name]) for name in planned.sources}
    train = TrainingSet(planned, con, tables, read_spine(con, planned.spine), tracking_uri=tracking)
    return load_training_set(train.log().run_id, tracking_uri=tracking, **more)


def test_verify_tells_same_from_differs_and_from_gone(tmp_path: Path, tracking: str) -> None:
    file = tmp_path / "legs.parquet"
    LEGS.write_parquet(file)
    source = legs(file)
    back = verified({"legs": source}, [window_view(source)], tracking)
    assert back.verify().same
    LEGS.with_columns(pl.col("delay") * (1 + 1e-12)).write_parquet(file)
    assert back.verify().status == "same", "the last bits of a float do not count"
    LEGS.with_columns(pl.col("delay") + 1).write_parquet(file)
    changed = back.verify()
    assert changed.status == "differs"
    assert [(d.column, d.rows, d.first) for d in changed.differences] == [
        ("mean_1d", 3, ((0, 4.0, 5.0), (1, 1.5, 2.5), (3, 1.5, 2.5)))
    ]
    assert "mean_1d: 3 rows differ (row 0: 4.0 -> 5.0" in str(changed)
    LEGS.drop("delay").write_parquet(file)
    assert "no column 'delay'" in back.verify().reason
    file.write_bytes(b"no parquet")
    assert back.verify().status == "cannot rebuild"
    file.unlink()
    gone = back.verify()
    assert (gone.status, gone.same) == ("cannot rebuild", False)
    assert "no file at" in str(gone)


def test_verify_of_a_frame_needs_the_frame_again(tracking: str) -> None:
    source = legs()
    back = verified({"legs": source}, [window_view(source)], tracking)
    answer = back.verify()
    assert answer.status == "cannot rebuild"
    assert "source 'legs' has no data here" in answer.reason
    again = load_training_set(back.run_id, tracking_uri=tracking, resolve={"legs": source}.get)
    assert again.verify().same
    for con in (ibis.polars.connect(), ibis.duckdb.connect()):
        changed = legs(LEGS.with_columns(pl.col("seats") + 1, delay=None).cast({"delay": pl.Float64}))
        other = load_training_set(back.run_id, tracking_uri=tracking, con=con, resolve={"legs": changed}.get).verify()
        assert {d.column: d.rows for d in other.differences} == {"mean_1d": 3, "seats_2h": 2, "seats_1d": 3}
        assert other.differences[0].first[0] == (0, 4.0, None)


def test_verify_reads_tables_that_views_join(tracking: str, tmp_path: Path) -> None:
    planes = Source("planes", pl.DataFrame({"tail": ["a", "b"], "built": [1999, 2005]}), event_time=None)
    source = legs()
    joined = FeatureView(
        "aged",
        entity=PLANE,
        source=source,
        features=lambda t: {"built": t.left_join(planes.table, "tail").select(*t.columns, "built").built.max()},
    )
    both = {"legs": source, "planes": planes}
    back = verified(both, [joined], tracking, resolve=both.get)
    assert back.verify().same
    alone = load_training_set(back.run_id, tracking_uri=tracking, resolve={"legs": source}.get)
    assert "nobody knows where table 'planes' is" in alone.verify().reason


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("nope", "Run with id=nope not found"),
        ("0" * 32, "not found"),
        ("runs:/nope/model", "Run with id=nope not found"),
        ("models:/m-0", "Logged model with ID 'm-0' not found"),
        ("models:/nobody/7", "not found"),
        ("models:/nobody@champion", "not found"),
        ("models:/delays/newest", "newest"),
    ],
)
def test_unknown_run_or_model_is_refused_with_where_it_was_sought(
    logged: LoggedTrainingSet, reference: str, reason: str
) -> None:
    with pytest.raises(TrainingSetError) as refused:
        load(logged, reference)
    said = str(refused.value)
    assert said.startswith(f"no training set found for '{reference}'. {logged.tracking_uri}: ")
    assert reason in said
    assert "mlflow.set_tracking_uri" in said


def test_run_without_a_training_set_is_refused(logged: LoggedTrainingSet, tracking: str) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=tracking)
    bare = client.create_run(client.get_experiment_by_name("fsnb").experiment_id).info.run_id
    with pytest.raises(TrainingSetError, match=rf"run {bare} has no training set; train\.log\(\) puts one there"):
        load(logged, bare)


def test_missing_database_is_refused_and_not_made(tmp_path: Path) -> None:
    with working_in(tmp_path), pytest.raises(TrainingSetError, match="there is no such database"):
        load_training_set("nope", tracking_uri=f"sqlite:///{tmp_path}/gone/mlflow.db")
    assert list(tmp_path.iterdir()) == []


def test_altered_snapshot_is_refused(logged_set: TrainingSet) -> None:
    logged = logged_set.log(name="altered")
    file = artifacts(logged) / "training_set.parquet"
    rows = pq.read_table(file)
    column = rows.column_names.index("n_1d")
    pq.write_table(rows.set_column(column, "n_1d", pa.array([9, 9, 9, 9, 9], pa.int64())), file)
    with pytest.raises(TrainingSetError, match="is not what was logged"):
        load(logged)
    file.write_bytes(b"garbage")
    with pytest.raises(TrainingSetError, match="artifacts in fsnb/ cannot be read"):
        load(logged)
    file.unlink()
    with pytest.raises(TrainingSetError, match="artifacts in fsnb/ cannot be read"):
        load(logged)


def test_manifest_of_a_later_fsnb_is_refused(logged_set: TrainingSet) -> None:
    logged = logged_set.log(name="later")
    file = artifacts(logged) / "manifest.json"
    file.write_text(file.read_text().replace('"format": 1', '"format": 99', 1))
    with pytest.raises(TrainingSetError, match=r"has format 99.*Upgrade fsnb"):
        load(logged)


@pytest.fixture
def silent_server(monkeypatch: pytest.MonkeyPatch) -> str:
    """A tracking URI with a password where nobody listens."""
    uri = f"http://me:{SECRET}@127.0.0.1:9"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return uri


def test_server_that_does_not_answer_is_named_without_its_password(
    silent_server: str, logged_set: TrainingSet, logged: LoggedTrainingSet
) -> None:
    with pytest.raises(TrainingSetError) as loading:
        load_training_set("nope", tracking_uri=logged.tracking_uri)
    with pytest.raises(TrainingSetError, match="nothing was logged") as logging_:
        logged_set.log()
    for refused in (loading, logging_):
        assert "http://***@127.0.0.1:9" in str(refused.value)
        assert SECRET not in str(refused.getrepr(style="long", chain=True))
    assert load(logged).digest == logged.digest, "the store's own MLflow is asked all the same"


def test_masked_hides_passwords_of_urls_and_of_the_uri_it_is_told() -> None:
    assert masked(f"at postgresql://me:{SECRET}@db/x and {SECRET}", f"http://me:{SECRET}@host") == (
        "at postgresql://***@db/x and ***"
    )
    assert masked("sqlite:////a/b.db: no p@ss") == "sqlite:////a/b.db: no p@ss"


def test_spine_of_a_logged_set_can_be_filled_anew(logged: LoggedTrainingSet) -> None:
    back = load(logged)
    assert isinstance(back.spine, Spine)
    assert pl.DataFrame(back.spine.data).equals(ASKED)
    assert back.spine.label == ("late",)
