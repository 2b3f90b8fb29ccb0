"""Every kind of check, with exact counts, on every engine; and on a table of no rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from ibis import _

import fsnb
from fsnb import checks as c
from fsnb.checks import Check, CheckReport
from tests.checks.conftest import Engine
from tests.checks.rows import HOUR, NOON

NOW = NOON + 4 * HOUR


@dataclass(frozen=True)
class Case:
    """A check, what becomes of it on the eight rows, and on none."""

    check: Check
    status: str
    failing: int | None = None
    judged: int | None = None
    empty: str = "passed"


CASES = {
    case.check.name: case
    for case in (
        Case(c.not_null("seq", name="one null"), "failed", 1, 8),
        Case(c.not_null("x", name="NaN is NULL"), "failed", 2, 8),
        Case(c.not_null("part", name="no null"), "passed", 0, 8),
        Case(c.not_null("x", mostly=0.75, name="mostly, at its bound"), "passed", 2, 8),
        Case(c.not_null("x", mostly=0.76, name="mostly, over its bound"), "failed", 2, 8),
        Case(c.null_rate("id", max_rate=0.25, name="rate at its bound"), "passed", 2, 8),
        Case(c.null_rate("id", max_rate=0.24, name="rate over its bound"), "failed", 2, 8),
        Case(c.unique("id", name="repeated key"), "failed", 2, 6),
        Case(c.unique("id", "part", name="key of two"), "passed", 0, 6),
        Case(c.unique("x", name="NULL and NaN are no key"), "failed", 2, 6),
        Case(c.unique("kind", name="case counts"), "failed", 2, 7),
        Case(c.accepted_values("kind", values=["a", "b", "é", ""], name="two others"), "failed", 2, 7),
        Case(c.accepted_values("n", values=list(range(8)), name="all numbers"), "passed", 0, 7),
        Case(c.accepted_values("ok", values=[True], name="false"), "failed", 1, 7),
        Case(c.in_range("x", min_value=0, name="below"), "failed", 1, 6),
        Case(c.in_range("x", max_value=1000, name="infinity is beyond"), "failed", 1, 6),
        Case(c.in_range("x", min_value=-2, max_value=4.5, name="bounds belong"), "failed", 1, 6),
        Case(
            c.in_range("x", min_value=-2, max_value=4.5, include_min=False, include_max=False, name="bounds do not"),
            "failed",
            4,
            6,
        ),
        Case(c.in_range("at", min_value=NOON, max_value=NOON + 2 * HOUR, name="times"), "failed", 1, 7),
        Case(c.freshness("at", within="1h", name="fresh, at its bound"), "passed", empty="failed"),
        Case(c.freshness("at", within="59m", name="stale"), "failed", empty="failed"),
        Case(c.row_count(min_value=8, max_value=8, name="eight rows"), "passed", empty="failed"),
        Case(c.row_count(min_value=9, name="too few"), "failed", empty="failed"),
        Case(c.row_count(min_value=None, max_value=7, name="too many"), "failed"),
        Case(c.column_type("n", dtype="integer", name="family"), "passed"),
        Case(c.column_type("n", dtype="floating", name="other family"), "failed", empty="failed"),
        Case(c.column_type("at", dtype="timestamp", name="time"), "passed"),
        Case(c.pattern("kind", regex="^[a-zé]*$", name="capital"), "failed", 1, 7),
        Case(c.pattern("kind", regex="^(a|b|é|zz|A|)$", name="all texts"), "passed", 0, 7),
        Case(c.increasing("at", order_by="seq", name="goes back"), "failed", 1, 6),
        Case(c.increasing("at", order_by="seq", strictly=True, name="stays or goes back"), "failed", 2, 6),
        Case(c.increasing("at", order_by="seq", by="id", name="in each group"), "passed", 0, 5),
        Case(c.increasing("seq", order_by=["at", "part"], name="by two"), "failed", 1, 6),
        Case(c.references("kind", to="kinds", key="name", name="orphans"), "failed", 3, 7),
        Case(c.references("kind", "part", to="kinds", key=["name", "part"], name="orphans of two"), "failed", 3, 7),
        Case(fsnb.check("rows", _.x > 0), "failed", 2, 6),
        Case(fsnb.check("NULL passes", (_.x < 100) | (_.x > 100)), "passed", 0, 6),
        Case(fsnb.check("quotient of integers", _.n / 2 != 2.5), "failed", 1, 7),
        Case(fsnb.check("function", lambda t: t.ok & t.kind.notnull()), "failed", 2, 8),
        Case(fsnb.check("of the table", _.n.max() == 7), "passed", empty="error"),
        Case(fsnb.check("of the table, false", _.n.sum() > 22), "failed", empty="error"),
        Case(fsnb.check("unknown column", _.nope > 0), "error", empty="error"),
        Case(c.not_null("nope", name="unknown name"), "error", empty="error"),
        Case(c.references("kind", to="nowhere", name="unknown table"), "error", empty="error"),
        Case(c.freshness("n", within="1h", name="no time"), "error", empty="error"),
        Case(c.pattern("n", regex="1", name="no text"), "error", empty="error"),
        Case(fsnb.check("no boolean", _.n + 1), "error", empty="error"),
        Case(c.row_count_change(name="nothing before"), "skipped", empty="skipped"),
    )
}
REPORTS: dict[tuple[int, bool], CheckReport] = {}


def reported(engine: Engine, empty: bool = False, now: datetime = NOW) -> CheckReport:
    """All cases in one run: each engine scans once."""
    key = (id(engine.con), empty)
    if key not in REPORTS:
        table = engine.empty if empty else engine.events
        given = [case.check for case in CASES.values()]
        REPORTS[key] = c.run(table, given, who="events", tables={"kinds": engine.kinds}, now=now, samples=2)
    return REPORTS[key]


@pytest.mark.parametrize("name", CASES)
def test_counts_are_exact_on_every_engine(engine: Engine, name: str) -> None:
    case, found = CASES[name], reported(engine)[name]
    assert (found.status, found.failing, found.judged) == (case.status, case.failing, case.judged), found.reason


@pytest.mark.parametrize("name", CASES)
def test_table_of_no_rows(engine: Engine, name: str) -> None:
    found = reported(engine, empty=True)[name]
    assert found.status == CASES[name].empty, found.reason
    assert not found.failing
    assert not found.sample


def test_rows_are_counted(engine: Engine) -> None:
    assert reported(engine).tables == (("events", 8),)
    assert reported(engine, empty=True).tables == (("events", 0),)


SAMPLES: dict[str, list[dict[str, Any]]] = {
    "below": [{"x": -2.0, "id": 2}],
    "NaN is NULL": [{"x": None, "id": 2}, {"x": None, "id": 3}],
    "repeated key": [{"id": 2}],
    "goes back": [{"at": NOON + 1.5 * HOUR, "seq": 7}],
    "capital": [{"kind": "A", "id": None}],
}


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_shows_rows_that_fail(engine: Engine, name: str) -> None:
    found = [dict(row) for row in reported(engine)[name].sample]
    want = SAMPLES[name]
    by_id = sorted(found, key=lambda row: row["id"] or 0) if name == "NaN is NULL" else found
    assert [{key: row[key] for key in expected} for row, expected in zip(by_id, want, strict=True)] == want


def test_a_comparison_of_the_whole_table_says_what_it_compared(engine: Engine) -> None:
    said = {
        "it is not true: 3.14286 < 2": _.n.mean() < 2,
        "it is true: 22 == 22": _.n.sum() == 22,
        "it is not true: 7 >= 7.5": _.seq.max() >= 7.5,
        "it is not true: -2 > -2": _.x.min() > -2,
        "it is true: 2024-05-01 15:00:00 > 2024-05-01 12:00:00": _.at.max() > _.at.min(),
        "it is true": ~(_.n.max() > 9),
    }
    report = c.run(
        engine.events, [fsnb.check(reason, value) for reason, value in said.items()], who="t", con=engine.con
    )
    assert [each.reason for each in report.results] == list(said)


def test_repeated_key_says_how_many_keys(engine: Engine) -> None:
    found = reported(engine)["repeated key"]
    assert found.reason == "2 of 6 rows fail (33.33 %): 1 key occurs more than once"
    assert dict(found.sample[0])["rows"] == 2


def test_proposals_hold_and_are_the_same(engine: Engine) -> None:
    proposed = c.suggest(engine.events, now=NOW)
    said = {each.code for each in proposed.suggestions}
    assert said == {
        "fsnb.checks.row_count(min_value=4, severity='warn')",
        "fsnb.checks.null_rate('id', max_rate=0.71)",
        "fsnb.checks.in_range('id', min_value=0, name='id not negative')",
        "fsnb.checks.in_range('id', max_value=9, name='id in usual range', severity='warn')",
        "fsnb.checks.not_null('part')",
        "fsnb.checks.in_range('part', min_value=0, name='part not negative')",
        "fsnb.checks.in_range('part', max_value=3, name='part in usual range', severity='warn')",
        "fsnb.checks.null_rate('x', max_rate=0.71)",
        "fsnb.checks.null_rate('n', max_rate=0.48)",
        "fsnb.checks.in_range('n', min_value=0, name='n not negative')",
        "fsnb.checks.in_range('n', max_value=14, name='n in usual range', severity='warn')",
        "fsnb.checks.null_rate('kind', max_rate=0.48)",
        "fsnb.checks.null_rate('ok', max_rate=0.48)",
        "fsnb.checks.null_rate('seq', max_rate=0.48)",
        "fsnb.checks.in_range('seq', min_value=0, name='seq not negative')",
        "fsnb.checks.in_range('seq', max_value=13, name='seq in usual range', severity='warn')",
        "fsnb.checks.null_rate('at', max_rate=0.48)",
        "fsnb.checks.freshness('at', within='2d', severity='warn')",
    }
    assert c.run(engine.events, proposed.checks, who="events", now=NOW).ok
