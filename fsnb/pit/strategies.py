"""Which strategies there are, by engine and by the shape of a view; the first of each is what stands without counting.

A strategy is a function that gives the spine its values; WORDS says what each does. All give the same values.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.datatypes as dt

from fsnb.pit import (
    lowering,
    lowering_few,
    lowering_polars,
    lowering_polars_few,
    lowering_tiles,
    lowering_totals,
    memory,
    tiles,
)
from fsnb.pit.lowering import Strategy
from fsnb.pit.planning import ViewPlan
from fsnb.pit.primitives import GENERAL, Primitive

Table = Mapping[str, Mapping[str, Strategy]]

DUCKDB: Table = {
    "asof": {
        "asof": lowering.latest(lowering.asof, unique=False),
        "cells": lowering_few.latest(lowering.asof),
        "union": lowering.latest(lowering.union),
        "join": lowering.latest(lowering.interval),
    },
    "window": {
        "join": lowering.joined,
        "tiles": memory.fill,
        "cumulative": lowering_totals.cumulative(lowering.asof),
    },
    "lifetime": {"cumulative": lowering.lifetime(lowering.asof), "join": lowering.joined},
    "static": {"lookup": lowering.static},
}
POLARS: Table = {
    "asof": {"asof": lowering_polars.latest, "cells": lowering_polars_few.latest},
    "window": {"join": lowering_polars.joined, "tiles": memory.fill},
    "lifetime": {"cumulative": lowering_polars.lifetime, "join": lowering_polars.joined},
    "static": {"lookup": lowering_polars.static},
}
SQL: Table = {
    "asof": {"union": lowering.latest(lowering.union), "join": lowering.latest(lowering.interval)},
    "window": {
        "join": lowering.joined,
        "tiles": lowering_tiles.tiled,
        "cumulative": lowering_totals.cumulative(lowering.union),
    },
    "lifetime": {"cumulative": lowering.lifetime(lowering.union), "join": lowering.joined},
    "static": {"lookup": lowering.static},
}
ENGINES: Mapping[str, Table] = {"duckdb": DUCKDB, "polars": POLARS}
WORDS: Mapping[str, str] = {
    "asof": "the latest known rows in order of time, and the engine's own ASOF join",
    "cells": "the same for few asks: rows that none of them can meet go first, by cells of time",
    "union": "the latest known rows and the asks in one sort, with a running maximum",
    "join": "equal keys and time bands meet, then filter and group by; costs the pairs",
    "cumulative": "running totals, looked up where a window begins and where it ends",
    "tiles": "events merged into wider and wider tiles of time; costs events and asks, not pairs",
    "lookup": "one row for each key, no time",
}


def shape(part: ViewPlan, primitive: Primitive | None = None) -> str:
    """as-of, window, lifetime (an aggregate of the whole history) or static."""
    return "lifetime" if primitive is not None and primitive.window is None else part.view.kind


def available(engine: str, shape: str) -> Mapping[str, Strategy]:
    """The strategies of an engine for a shape, by name; the plain SQL ones where the engine has no own."""
    return ENGINES.get(engine, SQL)[shape]


def counts(engine: str, part: ViewPlan) -> bool:
    """Whether the choice depends on how many pairs there are."""
    if not part.primitives:
        there = available(engine, shape(part))
        return "join" in there and "asof" not in there
    return any(p.window is not None or not computes(engine, "cumulative", part, p) for p in part.primitives)


def reads(engine: str, shape: str, strategy: str) -> bool:
    """Whether a strategy reads rows while it is lowered, so that its query is of this moment alone."""
    return available(engine, shape)[strategy] is memory.fill


def seeks(engine: str, shape: str, strategy: str) -> bool:
    """Whether a strategy looks for the asked keys by itself."""
    return strategy == "cells" or reads(engine, shape, strategy)


def computes(engine: str, strategy: str, part: ViewPlan, primitive: Primitive) -> bool:
    """Whether a strategy of an engine computes a primitive, exactly."""
    if primitive.function in GENERAL or strategy == "join":
        return strategy == "join"
    if primitive.window is None:
        return engine != "polars" or primitive.function in lowering_polars.RUNNING
    # a place in an order is an integer too
    types = {name: value.type() for name, value in part.arguments} | {order.name: dt.int64 for order in part.orders}
    if strategy == "cumulative":
        return lowering_totals.computes(primitive, types[primitive.argument])
    if ENGINES.get(engine, SQL)["window"]["tiles"] is memory.fill:
        return tiles.supports(primitive.function, types[primitive.argument])
    return primitive.function in lowering_tiles.FUNCTIONS
