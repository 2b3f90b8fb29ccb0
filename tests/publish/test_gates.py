"""A view's checks around its publication: before, on the source; after transform; after load. On each target."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ibis import _

import fsnb
from fsnb import checks as c
from fsnb.catalog import Catalog
from fsnb.errors import CheckFailed, GateFailed, PublishError
from fsnb.pit import read_source
from fsnb.publish import Publication, Target, bring_up_to_date, keep, load, publish, publishing, rehearse
from tests.publish.support import HOUR, ROWS, START, events, latest, read, relations, release, row, sums

GOOD = [c.not_null("k"), c.in_range("double", min_value=-8, max_value=10), c.unique("k", name="one row each")]


@pytest.fixture
def target(database: Target) -> Target:
    """A lake has no engine of its own: what these tests are about does not depend on where rows are kept."""
    return database


PROOFS: dict[tuple[str, str], publishing.Proof] = {}


@pytest.fixture(autouse=True)
def proofs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One certificate for each definition and engine: it takes longer than all else, and is tested elsewhere."""
    prove = publishing._prove

    def once(view: fsnb.FeatureView, target: Target, local: Any, tables: Any, con: Any, *rest: Any) -> publishing.Proof:
        key = (view.fingerprint, con.name)
        if key not in PROOFS:
            PROOFS[key] = prove(view, target, local, tables, con, *rest)
        return PROOFS[key]

    monkeypatch.setattr(publishing, "_prove", once)


def gone(target: Target, name: str) -> bool:
    """Whether nothing of a view is on the target: no table, no view, no run, no version."""
    there = relations(target)
    ledgers = [table for table in there if table.startswith("fsnb_")]
    return not any(each.startswith(name) for each in there) and all(read(target, table) == [] for table in ledgers)


def everything(target: Target) -> dict[str, Any]:
    """All that was published: on DuckDB the source, which a test loads anew, is in the same schema."""
    return {name: sorted(map(repr, read(target, name))) for name in sorted(relations(target)) if name != "events"}


def test_checks_that_hold_are_in_the_report(target: Target, local: Any) -> None:
    view = latest(checks=[*GOOD, c.not_null("n"), c.row_count(min_value=3, max_value=3)])
    published = release(view, target, local)
    assert published.checks is not None
    assert published.checks.ok
    assert published.checks.tables == (
        ("source 'events'", 5),
        ("feature view 'latest': rows to tell", 5),
        ("feature view 'latest': its values", 3),
    )
    found = [(each.table.rpartition(" ")[2], each.check.name) for each in published.checks.results]
    assert found == [
        ("'events'", "n is not null"),
        ("tell", "k is not null"),
        ("tell", "double in range"),
        ("values", "k is not null"),
        ("values", "double in range"),
        ("values", "one row each"),
        ("values", "row count"),
    ]
    doc = json.loads(json.dumps(published.to_doc()))
    assert Publication.from_doc(doc).checks is not None
    assert Publication.from_doc(doc) == Publication.from_doc(published.to_doc())


def test_view_without_checks_has_no_report(target: Target, local: Any) -> None:
    published = release(latest(), target, local)
    assert published.checks is None
    assert Publication.from_doc(published.to_doc()).checks is None


STOPPED: dict[str, tuple[Callable[[], fsnb.Check], str]] = {
    "before": (lambda: fsnb.check("positive", _.n > 0, on="source"), "positive: 2 of 5 rows fail"),
    "after transform": (lambda: c.in_range("double", max_value=9, name="low"), "'latest': rows to tell: 1 failed"),
    "after load, rate": (lambda: c.null_rate("x", max_rate=0.3), "1 of 3 rows are NULL (33.33 %; at most 30 %)"),
    "after load, of all": (lambda: fsnb.check("sum", _.double.sum() > 1000), "sum: it is not true: "),
    "cannot run": (lambda: fsnb.check("broken", _.k.cast("int64") > 0, severity="info"), "could not run"),
}


@pytest.mark.parametrize("gate", STOPPED)
def test_failure_stops_with_nothing_written(gate: str, target: Target, local: Any) -> None:
    make, said = STOPPED[gate]
    with pytest.raises(GateFailed) as caught:
        release(latest(checks=[*GOOD, make()]), target, local)
    assert isinstance(caught.value, PublishError)
    assert isinstance(caught.value, CheckFailed)
    assert said in str(caught.value)
    assert "fsnb_" not in str(caught.value)
    assert "feature view 'latest' is not published to 'prod', nothing was written" in str(caught.value)
    assert gone(target, "latest")


def test_a_single_check_that_cannot_run_says_why_inside_a_transaction(target: Target, local: Any) -> None:
    with pytest.raises(GateFailed) as caught:
        release(latest(checks=[STOPPED["cannot run"][0]()]), target, local)
    assert "aborted" not in str(caught.value)
    assert "Mend the check that could not run: that stops, whatever its severity." in str(caught.value)


@pytest.mark.parametrize("gate", ["after transform", "after load, rate"])
def test_failure_leaves_an_earlier_publication_as_it_was(gate: str, target: Target, local: Any) -> None:
    release(latest(), target, local, rows=ROWS[:2])
    before = everything(target)
    with pytest.raises(GateFailed):
        release(latest(checks=[STOPPED[gate][0]()]), target, local)
    assert everything(target) == before
    published = release(latest(), target, local)
    assert published.version == 1
    assert published.rows_current == 3


def test_warning_is_shown_and_stops_nothing(target: Target, local: Any) -> None:
    given = [
        c.not_null("x", severity="warn"),
        c.not_null("x", severity="warn", on="source", name="raw x"),
        c.in_range("double", max_value=9, severity="info"),
    ]
    published = release(latest(checks=given), target, local)
    assert published.checks is not None
    assert [(each.check.name, each.failing) for each in published.checks.warnings] == [
        ("raw x", 1),
        ("x is not null", 1),
        ("x is not null", 1),
    ]
    assert "warning: raw x (source 'events'): 1 of 5 rows fail (20 %)" in str(published)
    assert "double in range" not in str(published)
    assert published.rows_current == 3


def test_windowed_view_and_its_empty_windows(target: Target, local: Any) -> None:
    held = [c.not_null("rows_2h"), fsnb.check("parts", _.rows_2h <= _.rows_1d), c.unique("k")]
    assert release(sums(checks=held), target, local).checks is not None
    with pytest.raises(GateFailed, match=r"total_2h is not null: \d+ of \d+ rows fail"):
        release(sums(checks=[c.not_null("total_2h")]), target, local)


def test_windowed_view_only_checks_what_is_due(target: Target, local: Any) -> None:
    """What was told before is not told again: the stage has the rows of the intervals that are due."""
    view = sums(checks=[c.not_null("rows_2h")])
    first = release(view, target, local)
    again = release(view, target, local)
    assert first.checks is not None
    assert again.checks is not None
    assert first.checks.rows_of("feature view 'sums': rows to tell")
    assert again.checks.rows_of("feature view 'sums': rows to tell") is None
    assert again.checks.rows_of("feature view 'sums': its values") == 3


def test_claims_about_a_share_wait_for_the_whole(target: Target, local: Any) -> None:
    given = [c.not_null("x", mostly=0.6), c.null_rate("x", max_rate=0.4), fsnb.check("mean", _.x.mean() > 1)]
    published = release(latest(checks=given), target, local, rows=[*ROWS[:2], ROWS[3], row("b", 24, None)])
    assert published.checks is not None
    assert [table for table, _rows in published.checks.tables] == ["feature view 'latest': its values"]
    assert {each.check.name for each in published.checks.stopping} == set()


def test_references_are_to_tables_of_the_target(database: Target, local: Any) -> None:
    check = c.references("k", to="names", key="name")
    with pytest.raises(PublishError, match=r"a check refers to 'names'.* There is none"):
        release(latest(checks=[check]), database, local)
    with database.session() as con:
        con.create_table("names", {"name": ["a", "b"]}, schema={"name": "string"})
    with pytest.raises(GateFailed, match="k in names: 1 of 5 rows fail"):
        release(latest(checks=[check]), database, local)
    assert release(latest(checks=[c.references("k", to="names", key="name", severity="warn")]), database, local).checks


def test_row_counts_are_compared_with_the_last_publication(target: Target, local: Any, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    view = latest(checks=[c.row_count_change(min_value=-0.3, on="source"), c.row_count_change(name="entities")])
    first = release(view, target, local, catalog=catalog)
    assert first.checks is not None
    assert {each.status for each in first.checks.results} == {"skipped"}
    second = release(view, target, local, rows=[*ROWS[:3], row("c", 5)], catalog=catalog)
    assert second.checks is not None
    assert [each.reason for each in second.checks.results] == [
        "5 to 4 rows: -0.2 (at least -0.3)",
        "3 to 4 rows: +0.3333 (at least -0.5)",
    ]
    with pytest.raises(GateFailed, match=r"4 to 1 row: -0\.75 \(at least -0\.3\)"):
        release(view, target, local, rows=ROWS[:1], catalog=catalog)


def test_scheduled_materialization_goes_through_the_same_gates(target: Target, local: Any) -> None:
    view = latest(checks=[c.in_range("double", max_value=10), c.not_null("k", on="source", severity="warn")])
    release(view, target, local)
    load(events([*ROWS, row("a", 24, n=4)]), target, replace=True)
    fine = bring_up_to_date("latest", target)
    assert fine.rows_appended == 1
    assert fine.checks is not None
    assert json.loads(json.dumps(fine.to_doc()))["checks"]["who"] == "feature view 'latest'"
    before = everything(target)
    load(events([*ROWS, row("a", 24, n=4), row("a", 48, n=6)]), target, replace=True)
    with pytest.raises(GateFailed, match="double in range: 1 of 1 rows fail"):
        bring_up_to_date("latest", target)
    assert everything(target) == before


def test_rehearsal_reports_checks_and_writes_nothing(database: Target, local: Any) -> None:
    claims = [c.in_range("total_1d", max_value=3), c.not_null("x", on="source", severity="warn"), c.unique("k")]
    view = sums(checks=claims)
    load(view.source, database)
    told = rehearse(view, database)
    assert told.checks is not None
    assert not told.checks.ok
    marks = {(result.check.on, result.check.kind): result.mark for result in told.checks.results}
    assert marks == {("source", "not_null"): "warn", ("result", "in_range"): "FAIL"}
    assert "FAIL" in str(told)
    assert gone(database, "sums")
    assert rehearse(sums(), database).checks is None


def test_rehearsal_of_a_database_view_checks_its_values(database: Target, local: Any) -> None:
    view = latest(checks=[c.not_null("x")])
    load(view.source, database)
    told = rehearse(view, database, mode="view")
    assert told.checks is not None
    assert [result.mark for result in told.checks.results] == ["FAIL"]


def test_database_view_is_checked_as_it_reads(database: Target, local: Any) -> None:
    source = events()
    load(source, database, replace=True)
    how: dict[str, Any] = {"local": local, "tables": {"events": read_source(local, source)}, "rows": 80, "mode": "view"}
    with pytest.raises(GateFailed, match="its values: 1 failed"):
        publish(latest(source, checks=[c.not_null("x")]), database, **how)
    assert gone(database, "latest")
    published = publish(latest(source, checks=[c.unique("k"), c.not_null("available_time")]), database, **how)
    assert published.checks is not None
    assert published.checks.tables == (("feature view 'latest': its values", 3),)


def test_part_of_the_history_by_chunks_is_checked_by_chunks(target: Target, local: Any) -> None:
    rows = [row("a", 24 * day, n=day) for day in range(4)]
    view = latest(events(rows), checks=[c.in_range("double", max_value=6, severity="warn"), c.unique("k")])
    published = release(view, target, local, chunk=1, end=START + 100 * HOUR)
    assert published.checks is not None
    assert published.rows_appended == 4
    assert not published.checks.warnings
    worse = [*rows, row("a", 96, n=5), row("a", 120, n=1)]
    again = release(view, target, local, rows=worse, chunk=1, end=START + 150 * HOUR)
    assert again.checks is not None
    assert [each.reason for each in again.checks.warnings if "to tell" in each.table] == ["1 of 1 rows fail (100 %)"]


# ---------------------------------------------------------------------- drift


Asked = list[tuple[str, int, Any]]


def asking(asked: Asked, holds: bool = True) -> Any:
    """Stands for `fsnb.quality.judge`, which publishing does not know: it notes what it is asked."""

    def drift(check: fsnb.Check, table: Any, con: Any, kept: Any) -> c.Judged:
        asked.append((check.on or "", int(con.to_pyarrow(table.count()).as_py()), kept))
        return c.Judged(holds, "it was asked")

    return drift


def described(con: Any, table: Any, clock: str | None) -> dict[str, Any]:
    rows = int(con.to_pyarrow(table.count()).as_py())
    return {"n": rows, "columns": list(table.columns), "clock": clock}


def test_drift_is_asked_with_the_baseline_that_the_target_keeps(target: Target, local: Any) -> None:
    view = latest(checks=[c.baseline_drift(severity="fail"), c.baseline_drift("n", on="source", name="of n")])
    first: Asked = []
    release(view, target, local, rows=ROWS[:3], drift=asking(first))
    assert first == [("source", 3, None), ("result", 3, None), ("result", 3, None)]
    assert keep(view, target, described, START) == ("result", "source")
    assert keep(view, target, described, START + HOUR) == ()  # there is one, of as many rows
    second: Asked = []
    release(view, target, local, drift=asking(second))
    assert [(place, rows, kept["n"]) for place, rows, kept in second] == [
        ("source", 5, 3),
        ("result", 4, 3),  # the intervals that are due
        ("result", 5, 3),  # the history
    ]
    assert second[1][2]["columns"] == [*view.features, "event_time"]
    assert keep(view, target, described, START + 2 * HOUR) == ("result", "source")  # more rows, and they were few
    assert keep(view, target, described, START + 3 * HOUR, when="always") == ("result", "source")
    assert keep(view, target, described, START + 4 * HOUR, when="never") == ()
    other = latest(checks=[c.baseline_drift()], lag="1h")
    third: Asked = []
    release(other, target, local, drift=asking(third), breaking=True)
    assert {kept for _place, _rows, kept in third} == {None}  # another definition has no baseline yet


def test_drift_that_stops_or_cannot_be_measured_leaves_nothing(target: Target, local: Any) -> None:
    def broken(check: fsnb.Check, table: Any, con: Any, kept: Any) -> c.Judged:
        con.con.execute("SELECT nothing FROM nowhere")
        raise AssertionError("the engine should have refused")

    view = latest(checks=[c.baseline_drift(severity="fail"), c.not_null("k")])
    for drift, said in (
        (asking([], holds=False), "it was asked"),
        (broken, "could not run"),
        (None, "needs a baseline"),
    ):
        with pytest.raises(GateFailed, match=said):
            release(view, target, local, drift=drift)
        assert gone(target, "latest")
