"""Statements compiled once: what a run has of its own is written into them, and nothing else changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest
from ibis.backends.sql import SQLBackend

from fsnb.publish import Target, bring_up_to_date, sql
from fsnb.publish.history import Stretches
from fsnb.publish.prepared import Kept, Texts
from tests.publish.support import HOUR, START, latest, release, sums

TIMES = ibis.table({"at": "timestamp(6)", "n": "int64", "name": "string"}, name="times")


@pytest.fixture
def rows(con: Any) -> Any:
    """A connection with a table of three rows."""
    con.con.execute('CREATE TEMPORARY TABLE times ("at" timestamp, n bigint, name varchar)')
    for n, name in enumerate(["it's", "fsnb_place_whole(0)", "é"]):
        at = sql.literal(con, START + n * HOUR)
        con.con.execute(f"INSERT INTO times VALUES ({at}, {n - 1}, {sql.literal(con, name)})")
    return con


def later(at: Any, n: Any, name: Any) -> ir.Table:
    met = TIMES.filter((TIMES["at"] >= at) & (TIMES["n"] + n > 0))
    return met.select(found=met["name"] == name, at=ibis.greatest(met["at"], at)).order_by("at")


def test_each_run_gets_its_own_values(rows: Any) -> None:
    texts = Texts()
    for at, n, name in ((START, 2, "it's"), (START + HOUR, 1, "é"), (START, -9_000_000_000, "x")):
        own = rows.con.execute(texts.text(rows, "later", later, at, n, name)).fetchall()
        given = ibis.literal(at, "timestamp(6)"), ibis.literal(n, "int64"), ibis.literal(name)
        assert own == rows.con.execute(rows.compile(later(*given))).fetchall()


def test_the_like_is_compiled_once(rows: Any) -> None:
    built: list[Any] = []

    def build(at: Any, ranges: Any, stretches: Any) -> ir.Table:
        built.append((at is None, len(ranges), stretches.opening is None))
        return TIMES.filter(*(TIMES["n"] > after for after, _ in ranges), TIMES["n"] < stretches.end)

    texts = Texts()

    def text(at: datetime | None, *ranges: tuple[int, int], opening: int | None = None) -> str:
        return texts.text(rows, "some", build, at, ranges, Stretches(((1, 2),), 7, opening))

    assert text(START, (1, 2)) != text(START, (3, 2))
    assert text(START, (1, 2)) == text(START + HOUR, (1, 3))  # what is not used is not in it
    text(None, (1, 2))
    text(START, (1, 2), (3, 4))
    text(START, (1, 2), opening=5)
    assert built == [(False, 1, True), (True, 1, True), (False, 2, True), (False, 1, False)]


def test_only_the_latest_used_are_kept() -> None:
    kept: Kept[int] = Kept(2)
    made: list[str] = []
    for key in ("a", "b", "a", "c", "a", "b"):
        kept.get(key, lambda key=key: made.append(key) or 0)  # type: ignore[misc, func-returns-value]
    assert made == ["a", "b", "c", "b"]


@pytest.mark.parametrize("make", [latest, sums])
def test_a_run_like_one_before_compiles_nothing(
    make: Any, database: Target, local: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a re-run costs is what the target does, not what Ibis does: told without a clock."""
    view = make()
    release(view, database, local, end=START + 5 * HOUR)
    asked = {"start": START, "end": START + 30 * HOUR}
    bring_up_to_date(view, database, **asked)
    bring_up_to_date(view, database, **asked)
    compiled: list[Any] = []
    compile_ = SQLBackend.compile
    monkeypatch.setattr(
        SQLBackend, "compile", lambda self, *args, **options: compiled.append(args) or compile_(self, *args, **options)
    )
    again = bring_up_to_date(view, database, **asked)
    assert (again.intervals_due, again.rows_appended, compiled) == (0, 0, [])
