"""A value's own meaning: what else stands in the table does not count, everything that it is computed from does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest

from fsnb.identity import bind, meaning, portable, tables_of

FLIGHTS = {"tail": "string", "at": "timestamp", "delay": "float64", "miles": "int64"}
PLANES = {"tail": "string", "seats": "int64", "built": "int64"}


def table(**more: str) -> ir.Table:
    return ibis.table(FLIGHTS | more, name="flights")


def planes(**more: str) -> ir.Table:
    return ibis.table(PLANES | more, name="planes")


def of(value: Callable[[ir.Table], ir.Value], t: ir.Table) -> tuple[str, str]:
    """The digests of the rows and of one value."""
    t = portable(t)
    found = meaning({"x": value(t)}, t)
    return found.rows, found.values["x"]


def mean_delay(t: ir.Table) -> ir.Value:
    return t.delay.mean()


SAME: dict[str, Callable[[], ir.Table]] = {
    "a column was added to the source": lambda: table(carrier="string"),
    "another column of the source has another type": lambda: table(miles="float64"),
    "columns stand in another order": lambda: ibis.table(dict(reversed(FLIGHTS.items())), name="flights"),
    "a column was made beside it": lambda: table().mutate(far=ibis._.miles > 500),
    "columns were left out": lambda: table().select("tail", "at", "delay"),
    "a column was dropped": lambda: table().drop("miles"),
    "it was renamed and back": lambda: table().rename(late="delay").rename(delay="late"),
}
OTHER: dict[str, Callable[[], ir.Table]] = {
    "its type": lambda: table(delay="int64"),
    "what makes it": lambda: table().mutate(delay=ibis._.delay * 2),
    "the source": lambda: ibis.table(FLIGHTS, name="trips"),
    "a swap": lambda: table().rename(delay="miles", miles="delay"),
    "NULL filled": lambda: table().fill_null({"delay": 0.0}),
    "a window function": lambda: table().mutate(delay=ibis._.delay.lag().over(ibis.window(order_by="at"))),
}
OTHER_ROWS: dict[str, Callable[[], ir.Table]] = {
    "another table": lambda: ibis.table(FLIGHTS, name="trips"),
    "a filter": lambda: table().filter(ibis._.delay > 0),
    "distinct": lambda: table().distinct(),
    "a limit": lambda: table().order_by("at").limit(5),
    "an inner join": lambda: table().join(planes(), "tail"),
    "a union": lambda: ibis.union(table(), table()),
    "rows without NULL": lambda: table().drop_null("delay"),
}


@pytest.mark.parametrize("what", SAME)
def test_what_stands_beside_a_value_does_not_count(what: str) -> None:
    assert of(mean_delay, SAME[what]()) == of(mean_delay, table())


@pytest.mark.parametrize("what", SAME)
def test_equal_meanings_give_equal_values(what: str) -> None:
    values = {"tail": list("aab"), "at": [datetime(2024, 1, n) for n in (1, 2, 3)], "delay": [1.5, None, 4.0]}
    known = values | {"miles": [1, 2, 3], "carrier": list("xyz")}
    same = portable(SAME[what]())
    (unbound,) = tables_of(same)
    rows = ibis.memtable({name: known[name] for name in unbound.schema.names}).cast(unbound.schema)
    assert mean_delay(bind(same, {"flights": rows})).to_pyarrow().as_py() == 2.75


@pytest.mark.parametrize("what", OTHER)
def test_what_it_is_computed_from_counts(what: str) -> None:
    assert of(mean_delay, OTHER[what]())[1] != of(mean_delay, table())[1]


@pytest.mark.parametrize("what", OTHER_ROWS)
def test_other_rows_are_told(what: str) -> None:
    assert of(mean_delay, OTHER_ROWS[what]())[0] != of(mean_delay, table())[0]


def joined(right: ir.Table, **more: Any) -> ir.Table:
    return table().left_join(right, "tail").mutate(**more)


def test_of_a_joined_table_the_columns_that_are_read_count() -> None:
    def seats(t: ir.Table) -> ir.Value:
        return t.seats.max()

    plain = of(seats, joined(planes()))
    assert of(seats, joined(planes(colour="string"))) == plain
    assert of(seats, joined(planes(), old=ibis._.built < 1990)) == plain
    assert of(seats, joined(planes().mutate(seats=ibis._.seats + 1))) != plain
    assert of(seats, joined(planes().filter(ibis._.built > 1990))) != plain
    assert of(seats, table().inner_join(planes(), "tail")) != plain


def test_a_window_function_looks_at_rows_that_were_filtered_after_it() -> None:
    def ranked(t: ir.Table) -> ir.Table:
        return t.mutate(delay=ibis._.delay.cummax(order_by="at", group_by="tail"))

    before = of(mean_delay, ranked(table().filter(ibis._.delay > 0)))
    after = of(mean_delay, ranked(table()).filter(ibis._.delay > 0))
    assert before[1] != after[1]


def test_a_total_joined_back_is_taken_whole() -> None:
    def with_total(t: ir.Table) -> ir.Table:
        total = t.group_by("tail").agg(all=t.delay.sum())
        return t.left_join(total, "tail")

    def share(t: ir.Table) -> ir.Value:
        return (t.delay / t["all"]).max()

    plain = of(share, with_total(table()))
    assert of(share, with_total(table())) == plain
    assert of(share, with_total(table().filter(ibis._.delay > 0))) != plain


def test_literals_that_python_takes_for_equal_are_told_apart() -> None:
    def of_literal(value: Any) -> tuple[str, str]:
        return of(lambda t: (t.delay * value).sum(), table())

    assert len({of_literal(value) for value in (0.0, -0.0, 1, 1.0)}) == 4


def test_a_condition_counts_and_the_order_of_isin_does_not() -> None:
    def count(condition: Callable[[ir.Table], Any]) -> tuple[str, str]:
        return of(lambda t: t.count(where=condition(t)), table())

    assert count(lambda t: t.tail.isin(["a", "b"])) == count(lambda t: t.tail.isin(["b", "a"]))
    assert count(lambda t: t.tail.isin(["a", "b"])) != count(lambda t: t.tail.isin(["a", "c"]))
    assert count(lambda t: t.delay > 1) != count(lambda t: t.delay > 2)


def test_a_subquery_is_taken_whole() -> None:
    def above(other: ir.Table) -> tuple[str, str]:
        return of(lambda t: (t.delay - portable(other).seats.max().as_scalar()).sum(), table())

    assert above(planes()) != above(planes().filter(ibis._.built > 1990))


def test_a_thousand_steps_do_not_exhaust_the_stack() -> None:
    t = table()
    for _ in range(1000):
        t = t.filter(t.delay > 0)
    op = t.op()
    found = meaning({"x": t.delay.sum()}, op.to_expr())
    assert len(found.values["x"]) == 64
