"""What both lowerings say about events: their columns, their order, which columns come from one row."""

from __future__ import annotations

from collections.abc import Callable

import ibis.expr.types as ir

from fsnb.pit.planning import Span, ViewPlan
from fsnb.pit.primitives import clean

CUTOFF, START, END, EVENT, AVAILABLE, NEXT, BAND = (
    f"_fsnb_{name}" for name in ("c", "start", "end", "event", "available", "next", "band")
)
KEY, TIE, LAST, VALUE = "_fsnb_k", "_fsnb_tie", "_fsnb_z", "_fsnb_v_"


def key_names(part: ViewPlan) -> list[str]:
    return [f"{KEY}{i}" for i in range(len(part.view.entity.keys))]


def event_columns(
    part: ViewPlan, relation: ir.Table, clock: Callable[[ir.Value], ir.Value]
) -> tuple[dict[str, ir.Value], list[str]]:
    """Columns of the events, and those of them that must not be NULL for a row ever to count."""
    view = part.view
    columns: dict[str, ir.Value] = {f"{KEY}{i}": relation[name] for i, name in enumerate(view.entity.keys)}
    if view.source.event_time is not None:
        columns[EVENT] = clock(relation[view.source.event_time])
    if view.source.available is not None:
        columns[AVAILABLE] = clock(relation[view.source.available])
    must = list(columns)
    columns |= {name: _on(relation, part, value) for name, value in part.arguments}
    if view.kind != "window":
        columns |= {f"{TIE}{i}": relation[name] for i, name in enumerate(view.source.tie_break)}
        columns |= {
            name: _on(relation, part, value) for name, value in _last_resort(part).items() if name not in columns
        }
    return columns, must


def _on(relation: ir.Table, part: ViewPlan, value: ir.Value) -> ir.Value:
    """A value of the unbound view, on the bound relation."""
    return value.op().replace({part.view.relation.op(): relation.op()}).to_expr()


def _last_resort(part: ViewPlan) -> dict[str, ir.Value]:
    """What decides between rows that clocks and tie-break leave equal: all values of the view, asked for or not."""
    asked = dict(part.arguments)
    values = {
        output.name if output.name in asked else f"{LAST}{i}": clean(output.value)
        for i, output in enumerate(part.view.outputs)
    }
    return {name: value for name, value in values.items() if not (value.type().is_nested() or value.type().is_json())}


def order_names(part: ViewPlan) -> list[str]:
    """The columns that rank an as-of view's rows, most important first; NULL is lowest in each."""
    source = part.view.source
    clocks = [EVENT] * (source.event_time is not None) + [AVAILABLE] * (source.available is not None)
    return [*clocks, *(f"{TIE}{i}" for i in range(len(source.tie_break))), *_last_resort(part)]


def lanes(part: ViewPlan) -> list[tuple[str, ...]]:
    """Columns that come from one row together: all of them, or each on its own with `skip_nulls`."""
    wanted = tuple(name for name, _ in part.arguments)
    return [(name,) for name in wanted] if part.view.skip_nulls else [wanted]


def hull(part: ViewPlan) -> Span:
    """The span that covers all windows of a view's primitives."""
    spans = [part.span(window) for window in dict.fromkeys(primitive.window for primitive in part.primitives)]
    ends = [span.hi for span in spans]
    return Span(min(span.lo for span in spans), None if None in ends else max(end for end in ends if end is not None))
