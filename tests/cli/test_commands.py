"""Commands: what they answer in text and in JSON, with which exit code, and that an error is one short message."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import click
import ibis.expr.datatypes as dt
import pytest
from click.testing import CliRunner

from fsnb.checks import in_range, not_null
from fsnb.cli import main
from fsnb.cli.commands import MOMENT
from fsnb.cli.serving import entities
from fsnb.errors import UsageError
from fsnb.model.moments import between, utc_now
from fsnb.store import FeatureStore
from tests.cli.conftest import Fsnb
from tests.publish.support import EPOCH, latest

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"


def test_every_command_is_documented_and_has_help_with_an_example() -> None:
    for name, each in main.commands.items():
        assert f"fsnb {name}" in DOCS.read_text()
        assert name == "demo" or f"fsnb {name}" in (each.help or "").partition("\n")[2]


def test_help_fits_a_terminal_of_80_columns() -> None:
    """No line of the list is cut short, and every option says what it does."""
    shown = CliRunner().invoke(main, ["--help"], terminal_width=80).output
    assert "..." not in shown.partition("Commands:")[2]
    silent = [f"{name} {taken.opts[0]}" for name, each in main.commands.items() for taken in each.params
              if isinstance(taken, click.Option) and not taken.help]  # fmt: skip
    assert silent == []


def test_every_command_on_a_store_takes_store_and_json() -> None:
    for name, each in main.commands.items():
        options = {option for param in each.params for option in param.opts}
        assert name == "demo" or {"--store", "--json"} <= options


# ---------------------------------------------------------------------- publish


def test_plan_publish_plan_and_materialize(run: Fsnb) -> None:
    due = run("plan", "sums", "--to", "prod", "--json")
    assert due.exit_code == 3
    planned = json.loads(due.stdout)
    assert (planned["view"], planned["version"], planned["promoted"]) == ("sums", 1, None)
    assert planned["intervals"]
    assert planned["rows_staged"] > 0
    done = run("publish", "sums", "--to", "prod", "--json")
    assert done.exit_code == 0
    published = json.loads(done.stdout)
    assert (published["view"], published["version"], published["promoted"]) == ("sums", 1, True)
    assert published["certificate"]["ok"]
    assert published["intervals_told"] == len(planned["intervals"])
    again = run("materialize", "sums", "--to", "prod", "--json", "--end", published["end"])
    assert again.exit_code == 0
    assert json.loads(again.stdout)["intervals_told"] == 0
    nothing = run("plan", "sums", "--to", "prod", "--json", "--end", published["end"])
    assert nothing.exit_code == 0
    assert json.loads(nothing.stdout)["intervals"] == []
    dry = run("publish", "sums", "--to", "prod", "--dry-run", "--json", "--end", published["end"])
    assert json.loads(dry.stdout) == json.loads(nothing.stdout)


def test_publish_says_its_steps_on_stderr_and_its_outcome_on_stdout(run: Fsnb) -> None:
    done = run("publish", "latest", "--to", "prod")
    assert done.exit_code == 0
    assert "certify" in done.stderr
    assert done.stdout.startswith("latest v1 on prod: ")
    assert "certify" not in done.stdout.splitlines()[0]


def test_range_is_passed_on(run: Fsnb) -> None:
    planned = run("plan", "latest", "--to", "prod", "--start", "2024-01-01T01:30", "--end", "2024-01-02", "--json")
    (interval,) = json.loads(planned.stdout)["intervals"]
    assert interval == ["2024-01-01T00:00:00", "2024-01-02T00:00:00"]
    before = run("plan", "latest", "--to", "prod", "--start", "2d", "--end", "2023-12-31", "--json")
    assert json.loads(before.stdout)["intervals"] == []
    assert before.exit_code == 0


def test_staged_version_is_promoted_and_rolled_back(run: Fsnb, project: FeatureStore) -> None:
    run("publish", "latest", "--to", "prod")
    project.register(latest(project.view("latest").source, lag="1h"))
    plan = run("plan", "latest", "--to", "prod")
    assert plan.exit_code == 3
    assert "breaking" in plan.stdout
    refused = run("publish", "latest", "--to", "prod", "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["error"]["kind"] == "BreakingChange"
    staged = run("publish", "latest", "--to", "prod", "--no-promote", "--json")
    assert (staged.exit_code, json.loads(staged.stdout)["promoted"]) == (0, False)
    promoted = run("promote", "latest", "2", "--to", "prod", "--breaking", "--json")
    assert (promoted.exit_code, json.loads(promoted.stdout)["version"]) == (0, 2)
    back = run("rollback", "latest", "--to", "prod", "--json")
    assert (back.exit_code, json.loads(back.stdout)["version"]) == (0, 1)
    assert run("rollback", "latest", "--to", "prod", "--version", "9").exit_code == 1


# ---------------------------------------------------------------------- catalog and build


def test_list_and_show(run: Fsnb) -> None:
    listed = json.loads(run("list", "view", "--json").stdout)["documents"]
    assert [(each["name"], each["version"]) for each in listed] == [("latest", 1), ("sums", 1)]
    assert listed[0]["owner"] == "ops"
    found = json.loads(run("list", "--search", "the latest value", "--json").stdout)["documents"]
    assert [each["name"] for each in found] == ["latest"]
    assert re.search(r"^view +latest +v1 +ops ", run("list").stdout, re.MULTILINE)
    shown = json.loads(run("show", "latest", "--json").stdout)
    assert (shown["kind"], shown["body"]["features"], len(shown["versions"])) == ("view", ["x", "double"], 1)
    assert "feature view latest" in run("show", "latest").stdout
    assert run("list", "nosuchkind").stdout == "nothing\n"


def test_build_check_exits_with_3_and_names_the_file(run: Fsnb) -> None:
    assert run("build", "--dialect", "duckdb").exit_code == 0
    assert run("build", "--dialect", "duckdb", "--check").exit_code == 0
    built = [path.read_text() for path in Path("build").rglob("*") if path.is_file()]
    assert len(built) > 30
    assert not any(str(Path.cwd()) in text for text in built)
    Path("build/sums/schedules/crontab").write_text("")
    text = run("build", "--dialect", "duckdb", "--check")
    assert (text.exit_code, "sums/schedules/crontab is changed" in text.stdout) == (3, True)
    found = run("build", "sums", "--dialect", "duckdb", "--check", "--json")
    assert found.exit_code == 3
    assert json.loads(found.stdout)["differences"] == [{"file": "sums/schedules/crontab", "what": "changed"}]
    assert run("build", "latest", "--dialect", "duckdb", "--check").exit_code == 0


# ---------------------------------------------------------------------- checks, online


def test_check_exits_with_3_where_a_check_does_not_hold(run: Fsnb, project: FeatureStore) -> None:
    assert run("check").stdout == "nothing to check: no view has checks\n"
    source = project.view("latest").source
    project.register(latest(source, checks=[not_null("k"), in_range("n", min_value=0, name="n is positive")]))
    text = run("check")
    assert (text.exit_code, "n is positive" in text.stdout) == (3, True)
    found = json.loads(run("check", "latest", "--json").stdout)
    assert (found["ok"], found["failed"]) == (False, ["latest"])
    failing = {each["name"]: each["failing"] for each in found["reports"]["latest"]["results"]}
    assert failing["n is positive"] == 1
    project.register(latest(source, checks=[not_null("k")]))
    good = run("check", "latest", "--json")
    assert (good.exit_code, json.loads(good.stdout)["ok"]) == (0, True)


def test_sync_get_and_compare(run: Fsnb) -> None:
    run("publish", "latest", "--to", "prod")
    pushed = run("sync", "latest", "--json")
    assert (pushed.exit_code, json.loads(pushed.stdout)["rows"]) == (0, 3)
    found = run("get", "latest", "k=é", "k=nobody", "--json")
    first, other = json.loads(found.stdout)["rows"]
    assert (first["k"], first["x"], first["double"], first["latest__status"]) == ("é", 7.0, 4, "present")
    assert (other["x"], other["latest__status"]) == (None, "missing")
    text = run("get", "latest.x", "k=a")
    assert re.search(r"^x +4\.0$", text.stdout, re.MULTILINE)
    assert run("check", "latest", "--online").exit_code == 0
    assert run("check", "--online", "--json").exit_code == 0


def test_keys_are_read_in_the_types_of_their_columns() -> None:
    types = {"n": dt.int64, "at": dt.Timestamp(), "yes": dt.boolean, "t": dt.string, "x": dt.float64}
    read = entities(["n=1", "at=2024-01-01", "yes=true", "t=a=b", "x=0.5", "n=2"], types)
    first = {"n": 1, "at": datetime(2024, 1, 1), "yes": True, "t": "a=b", "x": 0.5}
    assert read == [first, {"n": 2}]
    for word, said in (("n=one", "int64"), ("n", "KEY=VALUE"), ("=1", "KEY=VALUE"), ("yes=1", "boolean")):
        with pytest.raises(UsageError, match=said):
            entities([word], types)


# ---------------------------------------------------------------------- errors

WRONG = {
    "no such view": (["publish", "lates", "--to", "prod"], 1, "Did you mean 'latest'?"),
    "no such target": (["plan", "latest", "--to", "prd"], 1, "Did you mean 'prod'?"),
    "no such name": (["show", "lates"], 1, "Did you mean 'latest'?"),
    "not served": (["get", "latest", "k=a"], 1, "store.sync_online"),
    "no key": (["get", "latest", "a"], 1, "KEY=VALUE"),
    "not published": (["materialize", "latest", "--to", "prod"], 1, "Publish it first"),
    "no store": (["list", "--store", "elsewhere"], 1, "there is no store at 'elsewhere'"),
    "no target given": (["publish", "latest"], 2, "--to"),
    "not a time": (["plan", "latest", "--to", "prod", "--start", "soon"], 2, "neither a time"),
    "not a length": (["plan", "latest", "--to", "prod", "--lookback", "soon"], 2, "not a duration"),
    "no such command": (["pubish"], 2, "pubish"),
}


@pytest.mark.parametrize("what", WRONG)
def test_error_is_one_short_message_with_its_exit_code(what: str, run: Fsnb) -> None:
    words, code, said = WRONG[what]
    done = run(*words)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("elsewhere").exists()
    if code == 1:
        asked = run(*words, "--json")
        assert asked.exit_code == 1
        assert said in json.loads(asked.stdout)["error"]["message"]


def test_unreachable_target_keeps_its_password_and_the_exit_code_in_a_process_of_its_own(project: FeatureStore) -> None:
    project.target("far", "postgresql://ops:${CANARY}@127.0.0.1:1/db")
    command = [sys.executable, "-c", "from fsnb.cli import main; main(prog_name='fsnb')"]
    done = subprocess.run(
        [*command, "publish", "latest", "--to", "far", "--store", ".fsnb"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"CANARY": "hunter2-canary", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 1
    assert "target 'far'" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2-canary" not in done.stdout + done.stderr


def test_store_is_found_by_the_environment(run: Fsnb, project: FeatureStore, tmp_path: Path) -> None:
    os.chdir("/")
    assert run("list").exit_code == 1
    assert run("list", FSNB_STORE=str(tmp_path / ".fsnb")).exit_code == 0
    shared = run(
        "list", "--json", FSNB_STORE=str(tmp_path / "new"), FSNB_CATALOG=str(tmp_path / ".fsnb/catalog.sqlite")
    )
    assert len(json.loads(shared.stdout)["documents"]) >= 4


# ---------------------------------------------------------------------- times


def test_times_are_utc_and_lengths_count_back_from_the_end() -> None:
    read = {text: MOMENT.convert(text, None, None) for text in ("2024-01-01T02:00+02:00", "2024-01-01", "1h30m")}
    assert list(read.values()) == [datetime(2024, 1, 1), datetime(2024, 1, 1), timedelta(minutes=90)]
    assert between(timedelta(days=1), EPOCH) == {"start": EPOCH - timedelta(days=1), "end": EPOCH}
    assert between(None, None) == {"start": None, "end": None}
    bounds = between(timedelta(days=1), timedelta(hours=1))
    assert bounds["start"] is not None
    assert bounds["end"] is not None
    assert bounds["end"] - bounds["start"] == timedelta(days=1)
    assert abs(utc_now() - timedelta(hours=1) - bounds["end"]) < timedelta(minutes=1)
    with pytest.raises(click.BadParameter, match="neither a time"):
        MOMENT.convert("13 o'clock", None, None)
