"""Generated files in the real tools, each in an environment of its own: `make test-tools`, not `make test`.

One DuckDB file is published to; dbt, Dagster and Airflow then run their file, which calls the real `fsnb`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from ibis import _

import fsnb
from fsnb.deploy.schedules import plain
from tests.deploy.conftest import DESCRIPTION, EVIL
from tests.publish.support import ROWS, events, latest, sums, table

ROOT = Path(__file__).parents[3]
ENVS = ROOT / ".venv-tools"
VIEWS = ["latest", "sums", "größe"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, published views and a build, and an `fsnb` that runs this checkout."""
    folder = tmp_path_factory.mktemp("project")
    rows = table(ROWS).append_column(EVIL, table(ROWS)["k"])
    pq.write_table(rows, folder / "events.parquet")
    store = fsnb.open(folder / ".fsnb")
    store.target("prod", str(folder / "prod.duckdb"))
    clocks = {"event_time": "ts", "available": "known", "tie_break": "n"}
    source = store.source("events", folder / "events.parquet", **clocks)
    store.load(source, to="prod")
    hostile = fsnb.FeatureView(
        "größe",
        entity=fsnb.Entity("evil", EVIL),
        source=source,
        features={"x": _.x},
        description=DESCRIPTION,
        owner=EVIL,
        tags=[EVIL],
    )
    for view in (latest(source), sums(source), hostile):
        store.publish(view, "prod", end="2024-01-02")
    store.build(out=folder / "build", dialects=["duckdb"])
    assert events().name == source.name
    script = folder / "bin" / "fsnb"
    script.parent.mkdir()
    call = "from fsnb.cli import main; main(prog_name='fsnb')"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -c "{call}" "$@"\n')
    script.chmod(0o755)
    return folder


def tool(name: str) -> Path:
    """The programs of a tool; skipped where it does not install."""
    if not (ENVS / name / "ready").is_file():
        pytest.skip(f"{name} is not installed: make test-tools")
    return ENVS / name / "bin"


def call(project: Path, *words: str | Path, **environment: str) -> str:
    """Run a program in the project; the real `fsnb` is on its path."""
    paths = [str(project / "bin"), str(Path(words[0]).parent), os.environ["PATH"]]
    own = {"PATH": os.pathsep.join(paths), "FSNB_STORE": str(project / ".fsnb"), "DO_NOT_TRACK": "1"}
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        list(map(str, words)), cwd=project, capture_output=True, text=True, check=False, env=kept | own | environment
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


def runs(project: Path, view: str) -> int:
    """How many runs of a view the target has."""
    store = fsnb.open(project / ".fsnb")
    with store.target("prod").session() as con:
        (count,) = con.con.execute("SELECT count(*) FROM fsnb_runs WHERE view_name = ?", [view]).fetchone()
    return int(count)


@pytest.mark.parametrize("view", VIEWS)
def test_dbt_builds_on_what_the_script_published(view: str, project: Path) -> None:
    bin_ = tool("dbt")
    home = project / f"dbt_{plain(view)}"
    shutil.copytree(project / "build" / view / "dbt", home)
    outputs = {"dev": {"type": "duckdb", "path": str(project / "prod.duckdb")}}
    (home / "profiles.yml").write_text(json.dumps({"fsnb": {"target": "dev", "outputs": outputs}}))
    own = {"DBT_PROFILES_DIR": str(home), "DBT_PROJECT_DIR": str(home), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    own["DBT_PROFILE"] = "fsnb"
    project_file = home / "dbt_project.yml"
    project_file.write_text(project_file.read_text() + "profile: fsnb\n")
    before = runs(project, view)
    # dbt's views would take the names of ours in the same schema
    project_file.write_text(project_file.read_text().replace("+materialized: view", "+schema: marts"))
    said = call(project, home / "publish.sh", PATH=f"{project / 'bin'}:{bin_}:{os.environ['PATH']}", **own)
    assert runs(project, view) == before + 1
    assert "PASS=" in said
    assert "ERROR=0" in said
    assert "deprecat" not in said.lower(), said
    found = json.loads((home / "target" / "run_results.json").read_text())["results"]
    assert {each["status"] for each in found} == {"success", "pass"}
    assert len(found) == 2 + 4
    manifest = json.loads((home / "target" / "manifest.json").read_text())
    model = manifest["nodes"][f"model.fsnb_{plain(view)}.{plain(view)}"]
    if view == "größe":
        assert model["description"] == DESCRIPTION
        assert EVIL in model["columns"]
    call(project, bin_ / "dbt", "source", "freshness", "--warn-error-options", "{}", **own)


@pytest.mark.parametrize("view", VIEWS)
def test_dagster_runs_the_job_of_the_file(view: str, project: Path) -> None:
    bin_ = tool("dagster")
    file = project / "build" / view / "schedules" / "dagster_defs.py"
    own = {"DAGSTER_HOME": str(project), "DAGSTER_DISABLE_TELEMETRY": "true"}
    call(project, bin_ / "dagster", "definitions", "validate", "-f", file, **own)
    before = runs(project, view)
    call(project, bin_ / "dagster", "job", "execute", "-f", file, "-j", f"fsnb_{plain(view)}", **own)
    assert runs(project, view) == before + 1


DAGS = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
print(json.dumps({"dags": sorted(bag.dags), "errors": bag.import_errors}))
"""


def test_airflow_imports_every_file_and_runs_one(project: Path) -> None:
    bin_ = tool("airflow")
    dags = project / "dags"
    dags.mkdir()
    for view in VIEWS:
        shutil.copy(project / "build" / view / "schedules" / "airflow_dag.py", dags / f"{plain(view)}.py")
    own = {
        "AIRFLOW_HOME": str(project / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    call(project, bin_ / "airflow", "db", "migrate", **own)
    found = json.loads(call(project, bin_ / "python", "-c", DAGS, str(dags), **own).splitlines()[-1])
    assert found == {"dags": sorted(f"fsnb_{plain(view)}" for view in VIEWS), "errors": {}}
    before = runs(project, "sums")
    call(project, bin_ / "airflow", "dags", "test", "fsnb_sums", "2024-01-02T06:30:00+00:00", **own)
    assert runs(project, "sums") == before + 1


@pytest.mark.parametrize("view", VIEWS)
def test_github_takes_the_workflow(view: str, project: Path) -> None:
    bin_ = tool("github")
    file = project / "build" / view / "schedules" / "github-actions.yml"
    call(project, bin_ / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", file)


@pytest.mark.parametrize("view", VIEWS)
def test_cron_takes_the_crontab(view: str, project: Path) -> None:
    if shutil.which("crontab") is None:
        pytest.skip("crontab is not installed: Debian's package cron")
    call(project, str(shutil.which("crontab")), "-T", project / "build" / view / "schedules" / "crontab")
