"""As-of of few asks on DuckDB: what none of them can meet goes first, so that a key may have millions of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from fsnb.pit.clocks import make_timestamp
from fsnb.pit.events import CUTOFF, EVENT, RIGHT, START, key_names
from fsnb.pit.keeping import kept
from fsnb.pit.lowering import (
    Lookup,
    Strategy,
    by_lanes,
    event_time,
    events,
    known,
    met,
    moment_names,
    of_asked_keys,
    same_keys,
    starting,
)
from fsnb.pit.narrowing import restricted
from fsnb.pit.planning import ViewPlan

CELL, CELL_BITS = "_fsnb_cell", 33
"""A cell of time is so many bits of microseconds long: 2.4 hours. Any length gives the same moments."""


def latest(lookup: Lookup) -> Strategy:
    """As `fsnb.pit.lowering.latest`; but a moment is looked for among few, and of the events only its rows are read."""

    def found(
        part: ViewPlan, con: Any, relation: ir.Table, asking: ir.Table, asks: ir.Table, valued: Sequence[str]
    ) -> tuple[ir.Table, ir.Table]:
        begun = starting(part, con, of_asked_keys(part, relation, asks), valued)
        there = kept(con, met(part, lookup, asking, asks, _thinned(part, known(part, begun), asks)), of_few=True)
        return there, events(part, con, _of_moments(part, relation, there))

    return by_lanes(found)


def _thinned(part: ViewPlan, moments: ir.Table, asks: ir.Table) -> ir.Table:
    """Fewer moments, among which each ask still finds its last: all of a cell of time in which the key is asked for, of
    any other cell the last one. Sorted are then these, not all moments of a key that has millions.
    """
    keys, names = key_names(part), moment_names(part)
    there = asks.select(**{RIGHT + key: asks[key] for key in keys}, **{CELL: asks[CUTOFF] >> CELL_BITS}).distinct()
    asked = moments.semi_join(there, [*same_keys(part), (moments[START] >> CELL_BITS) == there[CELL]])
    lasts = moments.group_by(*keys, **{CELL: moments[START] >> CELL_BITS})
    lasts = lasts.aggregate(**{name: moments[name].max() for name in names})
    return asked.select(*keys, *names).union(lasts.select(*keys, *names))


def _of_moments(part: ViewPlan, relation: ir.Table, there: ir.Table) -> ir.Table:
    """The rows, on DuckDB, whose keys and event times are `there`, by the names that events have for them.

    Of a time that is not microseconds without a zone, as a view may compute it, the keys alone.
    """
    right, read = {RIGHT + key: there[key] for key in key_names(part)}, [*part.view.entity.keys]
    time = part.view.source.event_time
    if time is not None and relation[time].type() in (dt.timestamp, dt.Timestamp(scale=6)):
        right[RIGHT + EVENT], read = make_timestamp(event_time(part, there)), [*read, time]
    there = there.select(**right)

    def taken(table: ir.Table, names: Mapping[str, str]) -> ir.Table:
        return table.semi_join(there, [*zip(names.values(), there.columns, strict=True)])

    return restricted(relation, read, taken)
