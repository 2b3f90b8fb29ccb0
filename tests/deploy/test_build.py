"""A build is what the definitions say, to the byte; a check says where a folder is not."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from ibis import _

import fsnb
from fsnb.checks import Check, not_null
from fsnb.deploy.cadence import cron
from fsnb.errors import DefinitionError, UnknownName
from fsnb.store import FeatureStore
from tests.deploy.conftest import SECRET
from tests.publish.support import latest, sums

QUICK = {"dialects": ["duckdb"]}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def small(tmp_path: Path) -> FeatureStore:
    """A store of two views that is quick to build."""
    found = fsnb.open(tmp_path / ".fsnb")
    found.target("prod", str(tmp_path / "prod.duckdb"))
    for view in (latest(), sums()):
        found.register(view)
    return found


def test_two_builds_are_equal_to_the_byte(store: FeatureStore, tmp_path: Path) -> None:
    again = fsnb.open(tmp_path / "elsewhere" / ".fsnb")
    for name in reversed(store.views):
        again.register(store.view(name))
    again.target("prod", "postgresql://ops@${PGHOST}/db", schema="serving")
    for each, folder in ((store, "one"), (again, "other")):
        each.build(out=tmp_path / folder, dialects=["duckdb", "snowflake"])
    assert contents(tmp_path / "one") == contents(tmp_path / "other")
    assert len(contents(tmp_path / "one")) > 50


def test_manifest_has_the_digest_of_every_other_file(built: Path, store: FeatureStore) -> None:
    assert len(store.views) > 1
    for name in store.views:
        manifest = json.loads((built / name / "manifest.json").read_text())
        files = contents(built / name)
        files.pop("manifest.json")
        assert manifest["files"] == {file: hashlib.sha256(text).hexdigest() for file, text in files.items()}
        assert manifest["fingerprint"] == store.view(name).fingerprint
        assert manifest["version"] == 1


def test_nothing_built_tells_a_secret_or_the_machine(built: Path, store: FeatureStore) -> None:
    assert len(contents(built)) > 50
    for file, text in contents(built).items():
        assert SECRET.encode() not in text, file
        assert str(store.path.parent).encode() not in text, file


def test_what_cannot_be_published_as_tables_says_so_and_has_no_schedule(built: Path) -> None:
    manifest = json.loads((built / "asked" / "manifest.json").read_text())
    assert "refresh='1h'" in manifest["refused"]["tables"]
    assert "asked__v1_live" in (built / "asked" / "ddl" / "postgres.sql").read_text()
    assert not (built / "asked" / "schedules").exists()
    assert not (built / "asked" / "dbt").exists()


def test_checks_of_a_view_are_written(small: FeatureStore, tmp_path: Path) -> None:
    small.register(latest(checks=[not_null("k")]))
    small.build(["latest"], out=tmp_path / "build", **QUICK)
    (check,) = json.loads((tmp_path / "build" / "latest" / "checks" / "definition.json").read_text())
    assert Check.from_doc(check).columns == ("k",)


def test_definition_loads_back(built: Path, views: dict[str, fsnb.FeatureView]) -> None:
    for name, view in views.items():
        doc = json.loads((built / name / "definition.json").read_text())
        assert fsnb.FeatureView.from_doc(doc).fingerprint == view.fingerprint


def test_check_names_what_differs_and_writes_nothing(small: FeatureStore, tmp_path: Path) -> None:
    out = tmp_path / "build"
    first = small.build(out=out, **QUICK)
    assert first.ok
    assert str(first).endswith(f"{first.files} files of latest, sums; {first.files} new.")
    assert small.build(out=out, check=True, **QUICK).differences == ()
    (out / "sums" / "schedules" / "crontab").write_text("")
    (out / "latest" / "ddl" / "duckdb.sql").unlink()
    small.register(sums(lag="30m"))
    before = contents(out)
    found = small.build(out=out, check=True, **QUICK)
    said = {(each.file, each.what) for each in found.differences}
    assert not found.ok
    assert said >= {
        ("latest/ddl/duckdb.sql", "missing"),
        ("sums/schedules/crontab", "changed"),
        ("sums/definition.json", "changed"),
        ("sums/manifest.json", "changed"),
    }
    assert {file for file, _ in said if file.startswith("latest/")} == {"latest/ddl/duckdb.sql"}
    assert contents(out) == before
    assert "NOT as the definitions say" in str(found)


def test_build_puts_right_and_leaves_other_files_alone(small: FeatureStore, tmp_path: Path) -> None:
    out = tmp_path / "build"
    small.build(out=out, **QUICK)
    wanted = contents(out)
    (out / "sums" / "notes.txt").write_text("mine")
    (out / "sums" / "schedules" / "crontab").write_text("")
    done = small.build(out=out, **QUICK)
    assert [str(each) for each in done.differences] == ["sums/schedules/crontab is changed"]
    assert contents(out) == wanted | {"sums/notes.txt": b"mine"}


def test_view_and_files_that_are_no_more_are_taken_away_and_nothing_else(small: FeatureStore, tmp_path: Path) -> None:
    out = tmp_path / "build"
    small.build(out=out, **QUICK)
    shutil.copytree(out / "sums", out / "gone")
    manifest = json.loads((out / "gone" / "manifest.json").read_text())
    manifest["view"] = "gone"
    manifest["files"]["../../kept.txt"] = "0"
    (out / "gone" / "manifest.json").write_text(json.dumps(manifest))
    (out / "gone" / "mine.sql").write_text("SELECT 1")
    (tmp_path / "kept.txt").write_text("not of the build")
    (out / "other").mkdir()
    (out / "other" / "manifest.json").write_text('{"view": "other"}')
    check = small.build(out=out, check=True, **QUICK)
    assert {each.what for each in check.differences} == {"left over"}
    assert {each.file.split("/")[0] for each in check.differences} == {"gone"}
    small.build(out=out, **QUICK)
    assert contents(out / "gone") == {"mine.sql": b"SELECT 1"}
    assert (out / "other" / "manifest.json").exists()
    assert (tmp_path / "kept.txt").exists()


def test_build_of_one_view_leaves_the_others(small: FeatureStore, tmp_path: Path) -> None:
    out = tmp_path / "build"
    small.build(out=out, **QUICK)
    small.register(latest(lag="1h"))
    done = small.build(["sums"], out=out, **QUICK)
    assert done.views == ("sums",)
    assert done.differences == ()
    assert not small.build(out=out, check=True, **QUICK).ok


def test_version_goes_on_where_another_definition_was_published(small: FeatureStore, tmp_path: Path) -> None:
    small.load("events", to="prod")
    small.publish("latest", "prod")
    out = tmp_path / "build"
    small.build(out=out, **QUICK)
    assert json.loads((out / "latest" / "manifest.json").read_text())["version"] == 1
    small.register(latest(lag="1h"))
    small.build(out=out, **QUICK)
    assert json.loads((out / "latest" / "manifest.json").read_text())["version"] == 2
    assert "latest__v2_history" in (out / "latest" / "ddl" / "duckdb.sql").read_text()


def test_target_must_be_said_where_there_are_several(small: FeatureStore, tmp_path: Path) -> None:
    small.target("other", str(tmp_path / "other.duckdb"))
    with pytest.raises(DefinitionError, match=r"which target.*other, prod"):
        small.build(out=tmp_path / "build")
    with pytest.raises(UnknownName, match="prod"):
        small.build(out=tmp_path / "build", to="prd")
    with pytest.raises(UnknownName, match="no dialect 'oracle'"):
        small.build(out=tmp_path / "build", to="prod", dialects=["oracle"])
    assert not (tmp_path / "build").exists()


def test_dialect_that_cannot_say_it_is_noted(small: FeatureStore, tmp_path: Path) -> None:
    view = fsnb.FeatureView(
        "about", entity=latest().entity, source=latest().source, features={"n": _.n.approx_nunique()}, windows="1d"
    )
    small.build([view], out=tmp_path / "build", dialects=["duckdb", "snowflake"])
    manifest = json.loads((tmp_path / "build" / "about" / "manifest.json").read_text())
    assert set(manifest["refused"]) == {"snowflake", "tables"}
    assert set(manifest["files"]) == {"definition.json", "sql/duckdb.retrieval.sql"}


# ---------------------------------------------------------------------- cadence

LENGTHS = {
    "1m": "* * * * *", "30s": "* * * * *", "90s": "* * * * *", "5m": "*/5 * * * *", "7m": "* * * * *",
    "45m": "*/15 * * * *", "1h": "0 * * * *", "90m": "*/30 * * * *", "3h": "0 */3 * * *", "5h": "0 * * * *",
    "36h": "0 */12 * * *", "1d": "0 0 * * *", "2d": "0 0 * * *", "1w": "0 0 * * 4", "2w": "0 0 * * 4",
}  # fmt: skip


@pytest.mark.parametrize("length", LENGTHS)
def test_cron_meets_every_tick(length: str) -> None:
    every = fsnb.Window(length).size
    line = cron(every)
    assert line == LENGTHS[length]
    if every % timedelta(minutes=1) == timedelta(0):
        minutes = every // timedelta(minutes=1)
        assert all(_fires(line, tick * minutes) for tick in range(0, 40_320 // minutes + 1))


def _fires(line: str, minute: int) -> bool:
    """Whether a cron line of steps fires in a minute since 1970, which began on a Thursday."""
    fields = line.split()
    now = (minute % 60, minute // 60 % 24, None, None, (minute // 1440 + 4) % 7)
    return all(_fits(field, value) for field, value in zip(fields, now, strict=True))


def _fits(field: str, value: int | None) -> bool:
    step = field.partition("*/")[2]
    return field == "*" or (value % int(step) == 0 if step else value == int(field))
