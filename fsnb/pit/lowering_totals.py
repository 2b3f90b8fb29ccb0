"""Strategy "cumulative" in SQL: running totals, looked up at the two edges of each window.

An event comes into a window at one moment and leaves it at a later one, so what a window holds at a cutoff is what had
come by then less what had left: the cost does not grow with the events in a window. It is exact for what can be
subtracted without loss: counts, sums of integers, and distinct values, which are counted as the stretches of cutoffs
during which a value is in the window. Sums of floats are left to tiles: the difference of two long sums has
lost digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from fsnb.model import Window
from fsnb.pit.events import AVAILABLE, CUTOFF, END, EVENT, RIGHT, START, VALUE, key_names
from fsnb.pit.keeping import kept
from fsnb.pit.lowering import Lookup, Strategy, events, first_of, matched, sql_aggregate, starts
from fsnb.pit.planning import ViewPlan
from fsnb.pit.primitives import Primitive

TOTAL, HELD = "_fsnb_t", "_fsnb_held"


def cumulative(lookup: Lookup) -> Strategy:
    """Running totals at the edges of each window; `lookup` finds the last total by a moment."""

    def fill(part: ViewPlan, con: Any, relation: ir.Table, cut: ir.Table, asks: ir.Table) -> ir.Table:
        rows, on = kept(con, events(part, con, relation)), [*key_names(part), CUTOFF]
        asks = kept(con, asks.select(*on))
        answer = asks
        for moved, totals, shift in [*_totals(part, con, rows), *_distinct(part, rows)]:
            found = _looked_up(part, lookup, moved, asks, totals, shift)
            answer = kept(con, matched(answer, found, on))
        values = {VALUE + p.name: _difference(part, p, answer) for p in part.primitives}
        return matched(cut, answer.select(*on, **values), on)

    return fill


Running = tuple[ir.Table, dict[str, ir.Value], int]
"""Rows with START, the totals that run over them in its order, and how far asks look back."""


def _totals(part: ViewPlan, con: Any, rows: ir.Table) -> Iterator[Running]:
    """For each edge of a window: how many values had passed it by a cutoff, and their sums.

    With one clock all edges are the same running totals, asked for at a shifted moment.
    """
    wanted = [p for p in part.primitives if p.function != "nunique"]
    arguments = list(dict.fromkeys(p.argument for p in wanted))
    summed = list(dict.fromkeys(p.argument for p in wanted if p.function == "sum"))
    spans = [part.span(p.window) for p in wanted]
    for edge in dict.fromkeys(edge for span in spans for edge in (span.lo, span.hi) if edge is not None):
        two = AVAILABLE in rows.columns
        moved = rows.mutate(**{START: ibis.greatest(rows[EVENT] + edge, rows[AVAILABLE]) if two else rows[EVENT]})
        counts = {_named("n", edge, name): moved[name].count() for name in arguments}
        sums = {_named("s", edge, name): sql_aggregate(con, "sum")(moved[name], None) for name in summed}
        yield moved, counts | sums, 0 if two else edge


def _named(what: str, edge: int, argument: str) -> str:
    return f"{TOTAL}_{what}_{'m' if edge < 0 else ''}{abs(edge)}_{argument}"


def _distinct(part: ViewPlan, rows: ir.Table) -> Iterator[Running]:
    """For each distinct count: stretches begun by a cutoff, and stretches ended."""
    for p in part.primitives:
        if p.function == "nunique":
            stays = stretches(part, rows, p.argument, p.window)
            for name, moment in (("begun", START), ("ended", END)):
                moved = stays.mutate(**{START: stays[moment]})
                yield moved, {f"{TOTAL}_{name}_{p.name}": moved[START].count()}, 0


def _looked_up(
    part: ViewPlan, lookup: Lookup, rows: ir.Table, asks: ir.Table, totals: dict[str, ir.Value], shift: int
) -> ir.Table:
    """Asks with the totals over all rows whose START is at most their cutoff less `shift`."""
    keys = key_names(part)
    upto = ibis.range_window(group_by=keys, order_by=START, following=0)
    run = rows.mutate(**{name: total.over(upto) for name, total in totals.items()})
    found = first_of(run, [*keys, START], []).select(*keys, START, *totals)
    asked = asks.mutate(**{CUTOFF: asks[CUTOFF] - shift})
    met = lookup(part, asked, asked, found.rename({RIGHT + name: name for name in (*keys, START)}))
    return met.select(*keys, *totals, **{CUTOFF: met[CUTOFF] + shift})


def stretches(part: ViewPlan, rows: ir.Table, argument: str, window: Window | None) -> ir.Table:
    """When a value is in a window, as stretches [START, END) of cutoffs; those of one key and value do not overlap.

    A stay that begins while an earlier one lasts only lengthens it.
    """
    keys, span = key_names(part), part.span(window)
    assert span.hi is not None
    stays = rows.filter(rows[argument].notnull()).mutate(**{START: starts(rows, span), END: rows[EVENT] + span.hi})
    stays = stays.select(*keys, argument, START, END).filter(lambda t: t[START] < t[END])
    order = {"group_by": [*keys, argument], "order_by": [START, END]}
    stays = stays.mutate(**{HELD: stays[END].max().over(ibis.cumulative_window(**order))})
    before = stays[HELD].lag().over(ibis.window(**order))
    begun = stays.mutate(**{START: ibis.greatest(stays[START], before.coalesce(stays[START]))})
    return begun.filter(begun[START] < begun[END]).select(*keys, START, END)


def _difference(part: ViewPlan, p: Primitive, answer: ir.Table) -> ir.Value:
    if p.function == "nunique":
        return answer[f"{TOTAL}_begun_{p.name}"].coalesce(0) - answer[f"{TOTAL}_ended_{p.name}"].coalesce(0)
    span = part.span(p.window)
    assert span.hi is not None
    came, left = (_at(answer, "n", edge, p) for edge in (span.lo, span.hi))
    if p.function == "count":
        return came - left
    total = _at(answer, "s", span.lo, p) - _at(answer, "s", span.hi, p)
    return (came > left).ifelse(total, ibis.null("int64"))


def _at(answer: ir.Table, what: str, edge: int, p: Primitive) -> ir.Value:
    return answer[_named(what, edge, p.argument)].coalesce(0)


def computes(p: Primitive, argument: dt.DataType) -> bool:
    """Whether running totals give a primitive exactly."""
    return p.function in ("count", "nunique") or (p.function == "sum" and argument.is_integer())
