"""Strategy "tiles" in SQL: events merged into tiles of time, and those into wider ones.

A tile counts as a whole from when its last event is seen until its first one leaves the window; what it is made of
counts on its own before and after. So an ask meets a few wide tiles, narrow ones at the ends of its window, and events
at the ends of those, each by an equi-join on key and time band. For what merges but cannot be subtracted: min, max,
variance, sums of floats; with one clock or two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir

from fsnb.pit.clocks import floored
from fsnb.pit.events import BAND, CUTOFF, END, EVENT, RIGHT, START, VALUE, key_names
from fsnb.pit.keeping import kept
from fsnb.pit.lowering import banded, events, matched, same_keys, sql_aggregate, starts
from fsnb.pit.planning import ViewPlan
from fsnb.pit.primitives import Primitive

PER_TILE, LEVELS = 32, 2
"""A window is PER_TILE tiles wide, and each of those as many narrower ones."""
TILE, WHOLE, APART, BASE = "_fsnb_tile", "_fsnb_whole", "_fsnb_apart", "_fsnb_base_"
FUNCTIONS = ("count", "sum", "min", "max", "var_samp", "var_pop")


def tiled(part: ViewPlan, con: Any, relation: ir.Table, cut: ir.Table, asks: ir.Table) -> ir.Table:
    """`cut` with the view's primitives beside it, window by window."""
    rows, on = kept(con, events(part, con, relation)), [*key_names(part), CUTOFF]
    asks = kept(con, asks)
    for window in dict.fromkeys(p.window for p in part.primitives):
        one = replace(part, primitives=tuple(p for p in part.primitives if p.window == window))
        met = _met(one, asks, kept(con, _pieces(one, con, rows)))
        answer = kept(con, _merged(one, con, met, on))
        values = {VALUE + p.name: _finished(p, answer) for p in one.primitives}
        cut = matched(cut, answer.select(*on, **values), on)
    return cut


# ---------------------------------------------------------------------- partial aggregates: made, merged, finished


def _partials(part: ViewPlan) -> dict[str, str]:
    """Columns of partial aggregates -> how they merge."""
    columns: dict[str, str] = {}
    for p in part.primitives:
        for what in {"var_samp": "n m q", "var_pop": "n m q", "count": "n"}.get(p.function, p.function).split():
            columns[f"{what}_{p.argument}"] = what
    return columns


def _single(part: ViewPlan, rows: ir.Table) -> dict[str, ir.Value]:
    """One event as partial aggregates."""
    made: dict[str, ir.Value] = {}
    for name, what in _partials(part).items():
        value = rows[name.split("_", 1)[1]]
        made[name] = value
        if what == "n":
            made[name] = value.notnull().ifelse(1, 0).cast("int64")
        elif what == "q":
            made[name] = value.notnull().ifelse(0.0, ibis.null("float64"))
    return made


def _merged(part: ViewPlan, con: Any, items: ir.Table, group: Sequence[str], **more: ir.Value) -> ir.Table:
    """Partial aggregates by group. Distances are taken from the least mean of a group, so equal values vary by 0."""
    partials = _partials(part)
    moved = [name[2:] for name, what in partials.items() if what == "q"]
    window = ibis.window(group_by=list(group))
    items = items.mutate(**{BASE + name: items[f"m_{name}"].min().over(window) for name in moved})
    made = {name: _merge(con, what, items[name]) for name, what in partials.items() if what not in ("m", "q")}
    for name in moved:
        rows, base = items[f"n_{name}"], items[BASE + name]
        apart = items[f"m_{name}"] - base
        total = (rows * apart).sum()
        made[f"m_{name}"] = base.min() + total / rows.sum().nullif(0)
        spread = (rows * apart * apart).sum() - total * total / rows.sum().nullif(0)
        made[f"q_{name}"] = items[f"q_{name}"].sum() + ibis.greatest(spread, 0.0)
    return items.group_by(*group).aggregate(**more, **made)


def _merge(con: Any, what: str, column: ir.Value) -> ir.Value:
    return sql_aggregate(con, "sum" if what == "n" else what)(column, None)


def _finished(p: Primitive, answer: ir.Table) -> ir.Value:
    if p.function == "count":
        return answer[f"n_{p.argument}"]
    if p.function not in ("var_samp", "var_pop"):
        return answer[f"{p.function}_{p.argument}"]
    rows = answer[f"n_{p.argument}"] - (1 if p.function == "var_samp" else 0)
    return answer[f"q_{p.argument}"] / rows.nullif(0)


# ---------------------------------------------------------------------- which pieces count when


def _pieces(part: ViewPlan, con: Any, rows: ir.Table) -> ir.Table:
    """Events and tiles, each with the cutoffs [START, END) at which it counts on its own."""
    keys, (span,) = key_names(part), {part.span(p.window) for p in part.primitives}
    assert span.hi is not None
    items = rows.select(*keys, EVENT, **{START: starts(rows, span), END: rows[EVENT] + span.hi}, **_single(part, rows))
    items = items.filter(items[START] < items[END])
    pieces: list[ir.Table] = []
    for width in _widths(span.hi - span.lo)[:-1]:
        items = items.mutate(**{TILE: floored(items[EVENT], width)})
        pieces += _outside(items, [*keys, TILE])
        whole = _merged(part, con, items, [*keys, TILE], **{START: items[START].max(), END: items[END].min()})
        whole = kept(con, whole)
        items = whole.filter(whole[START] < whole[END]).rename({EVENT: TILE})
    columns = [*keys, START, END, *_partials(part)]
    return reduce(lambda one, other: one.union(other), [piece.select(*columns) for piece in (*pieces, items)])


def _widths(window: int) -> list[int]:
    """Tiles from narrow to wide, and the window itself."""
    widths = [window // PER_TILE**level for level in range(LEVELS, 0, -1)]
    aligned: list[int] = []
    for width in widths:
        below = aligned[-1] if aligned else 1
        aligned.append(max(width // below, 1) * below)
    return [*dict.fromkeys(aligned), window]


def _outside(items: ir.Table, group: list[str]) -> list[ir.Table]:
    """What counts while its tile does not: before all of the tile is seen, and after the first of it has left."""
    window = ibis.window(group_by=group)
    seen, left = items[START].max().over(window), items[END].min().over(window)
    items = items.mutate(**{WHOLE: seen, APART: left})
    never = items[WHOLE] >= items[APART]
    before = items.mutate(**{END: never.ifelse(items[END], ibis.least(items[END], items[WHOLE]))})
    after = items.filter(~never)
    after = after.mutate(**{START: ibis.greatest(after[START], after[APART])})
    return [piece.filter(piece[START] < piece[END]) for piece in (before, after)]


def _met(part: ViewPlan, asks: ir.Table, pieces: ir.Table) -> ir.Table:
    """Asks beside the pieces that count at their cutoffs; long pieces in wide bands, short ones in narrow bands."""
    keys, (span,) = key_names(part), {part.span(p.window) for p in part.primitives}
    assert span.hi is not None
    met, shorter = [], 0
    for width in _widths(span.hi - span.lo):
        length = pieces[END] - pieces[START]
        asked, some = banded(asks, pieces.filter((length > shorter) & (length <= width)), width)
        some = some.rename({RIGHT + name: name for name in (*keys, BAND)})
        inside = [asked[CUTOFF] >= some[START], asked[CUTOFF] < some[END]]
        joined = asked.inner_join(some, [*same_keys(part), (BAND, RIGHT + BAND), *inside])
        met.append(joined.select(*keys, CUTOFF, *_partials(part)))
        shorter = width
    return reduce(lambda one, other: one.union(other), met)
