"""Every generated file is what its language and its tool take, whatever names and descriptions hold."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import ibis.backends.sql.compilers as compilers
import jinja2
import pytest
import sqlglot
import yaml

from fsnb.deploy.schedules import plain
from tests.deploy.conftest import DESCRIPTION, EVIL
from tests.publish.support import ROWS, table

SCHEDULED = {"latest": "7d15m", "sums": "7d1h", "fixed": "8d", "größe": "8d"}


def words(view: str) -> list[str]:
    return ["fsnb", "publish", view, "--to", "prod", "--start", SCHEDULED[view], "--end"]


def load(path: Path, monkeypatch: pytest.MonkeyPatch, **fakes: ModuleType) -> dict[str, Any]:
    """What a Python file defines, when what it imports are these modules."""
    for name, module in fakes.items():
        monkeypatch.setitem(sys.modules, name, module)
    scope: dict[str, Any] = {"__name__": path.stem}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    return scope


def module(name: str, **holds: Any) -> ModuleType:
    found = ModuleType(name)
    found.__dict__.update(holds)
    return found


# ---------------------------------------------------------------------- SQL


def test_every_sql_parses_in_its_dialect(built: Path) -> None:
    seen = set()
    for path in built.glob("*/*/*.sql"):
        if path.parent.name in ("models", "tests"):
            continue
        dialect = path.name.split(".")[0]
        trees = sqlglot.parse(path.read_text(), dialect=getattr(compilers, dialect).compiler.dialect)
        assert all(tree is not None for tree in trees), path
        seen.add(dialect)
    assert len(seen) == 11


def test_sql_of_hostile_names_runs(built: Path, local_duckdb: Any) -> None:
    con = local_duckdb
    con.register("events_rows", table(ROWS).append_column(EVIL, table(ROWS)["k"]))
    con.execute("CREATE TABLE events AS SELECT * FROM events_rows")
    con.execute(f"CREATE TABLE spine AS SELECT 'a' AS {_quoted(EVIL)}, TIMESTAMP '2024-01-02' AS asked_at")
    found = con.execute((built / "größe" / "sql" / "duckdb.retrieval.sql").read_text()).fetchall()
    assert found == [("a", datetime(2024, 1, 2), 4.0)]


@pytest.fixture
def local_duckdb() -> Any:
    import duckdb

    with duckdb.connect() as con:
        yield con


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# ---------------------------------------------------------------------- Airflow, Dagster


class FakeDag:
    """What the file uses of Airflow's DAG."""

    def __init__(self, dag_id: str, **settings: Any) -> None:
        self.dag_id, self.settings, self.tasks = dag_id, settings, []

    def __enter__(self) -> FakeDag:
        FakeDag.current = self
        return self

    def __exit__(self, *error: object) -> None:
        del FakeDag.current


def bash_operator(**settings: Any) -> None:
    FakeDag.current.tasks.append(SimpleNamespace(**settings))  # type: ignore[attr-defined]


@pytest.mark.parametrize("release", [2, 3])
@pytest.mark.parametrize("view", SCHEDULED)
def test_airflow_file_makes_one_dag_of_one_task(
    view: str, release: int, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timetable = module("airflow.timetables.interval", CronDataIntervalTimetable=lambda cron, timezone: (cron, timezone))
    fakes = {
        "airflow": module("airflow", DAG=FakeDag),
        "airflow.timetables": module("airflow.timetables"),
        "airflow.timetables.interval": timetable,
    }
    if release == 2:
        fakes |= {"airflow.operators.bash": module("airflow.operators.bash", BashOperator=bash_operator)}
    else:
        operators = "airflow.providers.standard.operators.bash"
        fakes |= {"airflow.sdk": module("airflow.sdk", DAG=FakeDag), operators: module("x", BashOperator=bash_operator)}
    dag = load(built / view / "schedules" / "airflow_dag.py", monkeypatch, **fakes)["dag"]
    (task,) = dag.tasks
    assert dag.dag_id == f"fsnb_{plain(view)}"
    assert dag.settings["schedule"][1] == "UTC"
    assert dag.settings["description"] == (DESCRIPTION if view == "größe" else dag.settings["description"])
    rendered = jinja2.Template(task.bash_command).render()
    end = jinja2.Template(task.env["END"]).render(data_interval_end=datetime(2024, 1, 2, tzinfo=UTC))
    assert _run_by_shell(rendered, END=end) == [*words(view), "2024-01-02T00:00:00+00:00"]


@pytest.mark.parametrize("view", SCHEDULED)
def test_dagster_file_defines_an_asset_and_its_schedule(
    view: str, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asset(**settings: Any) -> Any:
        return lambda function: SimpleNamespace(function=function, **settings)

    def schedule(**settings: Any) -> Any:
        return lambda function: SimpleNamespace(function=function, **settings)

    class Config:
        start: str
        end: str

        def __init__(self, **values: str) -> None:
            self.__dict__.update(values)

    fake = module(
        "dagster",
        Config=Config,
        asset=asset,
        schedule=schedule,
        define_asset_job=lambda name, selection: SimpleNamespace(name=name, selection=selection),
        ScheduleEvaluationContext=object,
        RunRequest=SimpleNamespace,
        RunConfig=SimpleNamespace,
        Definitions=SimpleNamespace,
    )
    ran: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, check: ran.append(command) if check else None)
    found = load(built / view / "schedules" / "dagster_defs.py", monkeypatch, dagster=fake)["defs"]
    tick = SimpleNamespace(scheduled_execution_time=datetime(2024, 1, 2, tzinfo=UTC))
    request = found.schedules[0].function(tick)
    (config,) = request.run_config.ops.values()
    found.assets[0].function(config)
    assert found.schedules[0].execution_timezone == "UTC"
    assert list(request.run_config.ops) == [found.assets[0].name] == [plain(view)]
    assert found.schedules[0].job.selection == found.assets
    assert ran == [[*words(view), "2024-01-02T00:00:00+00:00"]]


# ---------------------------------------------------------------------- GitHub Actions, cron, shell


@pytest.mark.parametrize("view", SCHEDULED)
def test_github_workflow_has_the_shape_that_github_takes(view: str, built: Path) -> None:
    text = (built / view / "schedules" / "github-actions.yml").read_text()
    workflow = yaml.safe_load(text)
    triggers = workflow[True]  # YAML 1.1 reads `on` as true; GitHub does not
    assert set(workflow) == {"name", True, "permissions", "concurrency", "jobs"}
    assert set(triggers) == {"schedule", "workflow_dispatch"}
    assert _is_cron(triggers["schedule"][0]["cron"])
    assert all(set(each) <= {"description", "default"} for each in triggers["workflow_dispatch"]["inputs"].values())
    job = workflow["jobs"]["publish"]
    assert set(job) == {"runs-on", "env", "steps"}
    assert job["env"] == {"FSNB_STORE": "${{ vars.FSNB_STORE || '.fsnb' }}", "PGHOST": "${{ secrets.PGHOST }}"}
    assert all(("uses" in step) != ("run" in step) for step in job["steps"])
    last = job["steps"][-1]
    # an expression in `run` would be text of the script: inputs travel in the environment alone
    assert not any("${{" in step.get("run", "") for step in job["steps"])
    assert set(re.findall(r"\$\{\{(.*?)\}\}", text)) == {
        " vars.FSNB_STORE || '.fsnb' ",
        " secrets.PGHOST ",
        f" inputs.start || '{SCHEDULED[view]}' ",
        " inputs.end || 'now' ",
    }
    assert _run_by_shell(last["run"], START=SCHEDULED[view], END="now; exit 1") == [*words(view), "now; exit 1"]


@pytest.mark.parametrize("view", SCHEDULED)
def test_crontab_is_one_line_that_cron_takes(view: str, built: Path) -> None:
    lines = (built / view / "schedules" / "crontab").read_text().splitlines()
    settings, entry = [line for line in lines if not line.startswith("#")]
    assert settings == "CRON_TZ=UTC"
    *fields, command = entry.split(maxsplit=5)
    assert _is_cron(" ".join(fields))
    assert "%" not in command  # cron would end the line there
    assert shlex.split(command) == [*words(view), "now"]


def _is_cron(line: str) -> bool:
    limits = (59, 23, 31, 12, 7)
    return all(
        field == "*" or (field.removeprefix("*/").isdecimal() and int(field.removeprefix("*/")) <= limit)
        for field, limit in zip(line.split(), limits, strict=True)
    )


@pytest.mark.parametrize("view", SCHEDULED)
def test_shell_script_publishes_and_then_lets_dbt_build(view: str, built: Path) -> None:
    script = built / view / "dbt" / "publish.sh"
    assert os.access(script, os.X_OK)
    found = _said(script.read_text().replace("set -eu", "set -eu\n" + FAKES))
    assert found == [[*words(view), "now"], ["dbt", "build", "--select", f"source:fsnb_{plain(view)}+"]]


FAKES = "".join(f'{name}() {{ printf "%s\\001" {name} "$@"; printf "\\002"; }}\n' for name in ("fsnb", "dbt"))


def _run_by_shell(command: str, **environment: str) -> list[str]:
    (found,) = _said(FAKES + command, **environment)
    return found


def _said(script: str, **environment: str) -> list[list[str]]:
    """The commands that a script calls, each with its words."""
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]} | environment
    )
    return [each.split("\1")[:-1] for each in done.stdout.split("\2") if each]


# ---------------------------------------------------------------------- dbt


@pytest.mark.parametrize("view", SCHEDULED)
def test_dbt_package_reads_as_dbt_reads_it(view: str, built: Path) -> None:
    folder, name = built / view / "dbt", plain(view)
    project = yaml.safe_load((folder / "dbt_project.yml").read_text())
    assert project["name"] == f"fsnb_{name}"
    properties = _rendered(yaml.safe_load((folder / "models" / f"{name}.yml").read_text()))
    (source,), (latest, past) = properties["sources"], properties["models"]
    assert source["schema"] == "serving"
    assert [each["identifier"] for each in source["tables"]] == [view, f"{view}_history"]
    assert (latest["name"], past["name"]) == (name, f"{name}_history")
    if view == "größe":
        assert latest["description"] == DESCRIPTION
        assert latest["columns"][0]["name"] == EVIL
    for model in (latest, past):
        sql = _sql((folder / "models" / f"{model['name']}.sql").read_text())
        columns = [column.alias_or_name for column in sqlglot.parse_one(sql, dialect="postgres").expressions]
        assert columns == [column["name"] for column in model["columns"]]
    for test in (folder / "tests").glob("*.sql"):
        parsed = sqlglot.parse_one(_sql(test.read_text()), dialect="postgres")
        assert parsed.args["where" if "has_keys" in test.name else "having"]


def _rendered(value: Any) -> Any:
    """A document as dbt sees it: each text is a template."""
    if isinstance(value, dict):
        return {_rendered(name): _rendered(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_rendered(each) for each in value]
    return jinja2.Template(value, keep_trailing_newline=True).render() if isinstance(value, str) else value


def _sql(text: str) -> str:
    return jinja2.Template(text).render(source=lambda name, table: table, ref=lambda name: name)


def test_range_of_a_schedule_covers_its_cadence_and_what_comes_late(built: Path) -> None:
    manifest = yaml.safe_load((built / "latest" / "manifest.json").read_text())
    assert manifest["cadence"] == {"every": "15m", "cron": "*/15 * * * *", "looks_back": "7d15m"}
