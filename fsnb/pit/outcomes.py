"""Why a value was chosen: the rows considered for one spine row, each with its outcome.

The rows come from the engine through the very relation that the join reads; their outcomes are judged by the same
`Span` arithmetic as the join, on plain integers. Tests hold both to the oracle and to the joined value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.model import Output
from fsnb.pit.clocks import cutoff
from fsnb.pit.events import AVAILABLE, EVENT, event_columns, order_names
from fsnb.pit.planning import ViewPlan
from fsnb.pit.read import rows_of

EPOCH = datetime(1970, 1, 1)
USED, SUPERSEDED, FUTURE, NOT_YET_KNOWN, EXPIRED, OUTSIDE, NO_TIME, NO_VALUE = (
    "used",
    "superseded",
    "future",
    "not yet known",
    "expired",
    "outside the window",
    "no event time",
    "no value",
)
PAST_ROWS, FUTURE_ROWS = 2_000, 50


@dataclass(frozen=True, slots=True)
class Considered:
    """One row that was looked at: its clocks (naive UTC), the columns its feature reads, its outcome."""

    event_time: datetime | None
    available: datetime | None
    values: tuple[tuple[str, Any], ...]
    outcome: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """All rows considered for one spine row and feature, oldest first; `left_out` counts those not fetched."""

    cutoff: datetime | None
    rows: tuple[Considered, ...]
    left_out: int


def considered(
    part: ViewPlan, output: Output, relation: ir.Table, keys: Sequence[Any], at: datetime | None
) -> Judgement:
    """Judge the rows of one key for one asking time.

    Parameters
    ----------
    part, output
        The view's plan and the feature of it.
    relation
        The view's relation, bound to an engine.
    keys
        The entity's key values; a NULL among them matches nothing.
    at
        The asking time; naive is UTC.

    Returns
    -------
    Judgement
        At most 2,000 rows up to the cutoff and the next 50 after it.
    """
    c = None if at is None else cutoff(to_micros(at), part.lag, part.refresh)
    if any(key is None for key in keys) or (c is None and part.view.kind != "static"):
        return Judgement(_moment(c), (), 0)
    columns, _ = event_columns(part, relation, lambda value: value)
    ranks = {EVENT, AVAILABLE} if part.view.kind == "window" else {EVENT, *order_names(part)}
    wanted = {name: value for name, value in columns.items() if name in ranks}
    shown = _read_by(part, output, relation)
    chosen = relation.filter([relation[name] == key for name, key in zip(part.view.entity.keys, keys, strict=True)])
    rows, left_out = _fetch(chosen.select(**_on(wanted | shown, relation, chosen)), c)
    outcomes = _judge(part, output, rows, c)
    judged = [_considered(row, list(shown), outcome) for row, outcome in zip(rows, outcomes, strict=True)]
    return Judgement(_moment(c), tuple(judged), left_out)


def to_micros(moment: datetime) -> int:
    """Microseconds since the epoch; naive is UTC."""
    naive = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return (naive - EPOCH) // timedelta(microseconds=1)


def _moment(c: int | None) -> datetime | None:
    return None if c is None else EPOCH + timedelta(microseconds=c)


def _on(columns: dict[str, ir.Value], relation: ir.Table, chosen: ir.Table) -> dict[str, ir.Value]:
    return {name: value.op().replace({relation.op(): chosen.op()}).to_expr() for name, value in columns.items()}


def _read_by(part: ViewPlan, output: Output, relation: ir.Table) -> dict[str, ir.Value]:
    """The relation's columns that the feature reads, under `=name`, so that they never meet our own names."""
    fields = output.value.op().find(ops.Field, filter=ops.Value)
    names = dict.fromkeys(field.name for field in fields if field.rel == part.view.relation.op())
    return {f"={name}": relation[name] for name in names}


def _fetch(rows: ir.Table, c: int | None) -> tuple[list[dict[str, Any]], int]:
    """Rows around the cutoff, oldest first; the ones without a time last."""
    if EVENT not in rows.columns or c is None:
        return rows_of(rows.limit(PAST_ROWS)).to_pylist(), 0
    moment = ibis.literal(_moment(c), type=rows[EVENT].type())
    past = rows.filter(rows[EVENT] <= moment)
    nearest = rows_of(past.order_by(ibis.desc(EVENT)).limit(PAST_ROWS)).to_pylist()
    later = rows_of(rows.filter(rows[EVENT] > moment).order_by(EVENT).limit(FUTURE_ROWS)).to_pylist()
    timeless = rows_of(rows.filter(rows[EVENT].isnull()).limit(FUTURE_ROWS)).to_pylist()
    left_out = rows.count().to_pyarrow().as_py() - len(nearest) - len(later) - len(timeless)
    return nearest[::-1] + later + timeless, left_out


def _judge(part: ViewPlan, output: Output, rows: list[dict[str, Any]], c: int | None) -> list[str]:
    if part.view.kind == "window":
        return [_seen(part, row, c) or _in_window(part, output, row, c) for row in rows]
    value = output.name
    outcomes = [(None if part.view.kind == "static" else _seen(part, row, c)) or SUPERSEDED for row in rows]
    visible = [i for i, outcome in enumerate(outcomes) if outcome == SUPERSEDED]
    able = [i for i in visible if not part.view.skip_nulls or rows[i][value] is not None]
    best = max(able, key=lambda i: _rank(part, rows[i]), default=None)
    for i in visible:
        if (
            rows[i].get(value) is None
            and part.view.skip_nulls
            and (best is None or _rank(part, rows[i]) > _rank(part, rows[best]))
        ):
            outcomes[i] = NO_VALUE
    if best is not None:
        outcomes[best] = EXPIRED if _expired(part, rows[best], c) else USED
    return outcomes


def _seen(part: ViewPlan, row: dict[str, Any], c: int | None) -> str | None:
    """Why a row is not visible; None when it is."""
    if row[EVENT] is None:
        return NO_TIME
    assert c is not None
    if to_micros(row[EVENT]) + part.span(None).lo > c:
        return FUTURE
    if AVAILABLE in row and (row[AVAILABLE] is None or to_micros(row[AVAILABLE]) > c):
        return NOT_YET_KNOWN
    return None


def _in_window(part: ViewPlan, output: Output, row: dict[str, Any], c: int | None) -> str:
    event, spans = to_micros(row[EVENT]), [part.span(window) for window in output.windows]
    assert c is not None
    inside = any(event + span.lo <= c and (span.hi is None or c < event + span.hi) for span in spans)
    return USED if inside else OUTSIDE


def _expired(part: ViewPlan, row: dict[str, Any], c: int | None) -> bool:
    hi = None if part.view.kind == "static" else part.span(None).hi
    return hi is not None and c is not None and c >= to_micros(row[EVENT]) + hi


def _rank(part: ViewPlan, row: dict[str, Any]) -> tuple[tuple[bool, Any], ...]:
    """Event time, available time, tie-break, then all values; NULL lowest."""
    return tuple((row[name] is not None, row[name]) for name in order_names(part))


def _considered(row: dict[str, Any], shown: list[str], outcome: str) -> Considered:
    values = tuple((name.removeprefix("="), row[name]) for name in shown)
    return Considered(row.get(EVENT), row.get(AVAILABLE), values, outcome)
