"""Why a value was chosen: the rows considered for one spine row, each with its outcome.

The rows come from the engine through the very relation that the join reads; their outcomes are judged by the same
`Span` arithmetic as the join, on plain integers. Tests hold both to the oracle and to the joined value.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.model import Output
from fsnb.pit.clocks import cutoff
from fsnb.pit.events import AVAILABLE, EVENT, event_columns, order_names
from fsnb.pit.planning import Span, ViewPlan
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
PAST_ROWS, LATE_ROWS, FUTURE_ROWS = 2_000, 500, 50
AT_ONCE = 4_000
"""A key of up to so many rows is read by one query."""


@dataclass(frozen=True, slots=True)
class Considered:
    """One row that was looked at: its clocks (naive UTC), the columns its feature reads, its outcome.

    `leaks`: the rules refuse it, and a join on event time alone, at the asking time itself, would have used it.
    """

    event_time: datetime | None
    available: datetime | None
    values: tuple[tuple[str, Any], ...]
    outcome: str
    leaks: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """All rows considered for one spine row and feature, oldest first; `left_out` counts those not fetched."""

    cutoff: datetime | None
    rows: tuple[Considered, ...]
    left_out: int


def considered(
    part: ViewPlan, output: Output, relation: ir.Table, keys: Sequence[Any], at: datetime | None
) -> Judgement:
    """Judge the rows of one key for one asking time and one feature; see `considered_by`."""
    return considered_by(part, [output], relation, keys, at)[output.name]


def considered_by(
    part: ViewPlan, outputs: Sequence[Output], relation: ir.Table, keys: Sequence[Any], at: datetime | None
) -> dict[str, Judgement]:
    """Judge the rows of one key for one asking time, for several features of a view; the rows are read once.

    Parameters
    ----------
    part, outputs
        The view's plan and features of it.
    relation
        The view's relation, bound to an engine.
    keys
        The entity's key values; a NULL among them matches nothing.
    at
        The asking time; naive is UTC.

    Returns
    -------
    dict of Judgement
        By the feature's name: at most 2,000 rows up to the cutoff, up to 500 between it and the asking time, and the
        next 50 after that.
    """
    t = None if at is None else to_micros(at)
    c = None if t is None else cutoff(t, part.lag, part.refresh)
    if any(key is None for key in keys) or (c is None and part.view.kind != "static"):
        return {output.name: Judgement(_moment(c), (), 0) for output in outputs}
    columns, _ = event_columns(part, relation, lambda value: value)
    ranks = {EVENT, AVAILABLE} if part.view.kind == "window" else {EVENT, *order_names(part)}
    wanted = {name: value for name, value in columns.items() if name in ranks}
    shown = {output.name: _read_by(part, output, relation) for output in outputs}
    for values in shown.values():
        wanted |= values
    chosen = relation.filter([relation[name] == key for name, key in zip(part.view.entity.keys, keys, strict=True)])
    rows, left_out = _fetch(chosen.select(**_on(wanted, relation, chosen)), c, t)
    judge = _Judge(part, rows, c, t)
    return {
        output.name: Judgement(_moment(c), tuple(judge.considered(output, list(shown[output.name]))), left_out)
        for output in outputs
    }


def to_micros(moment: datetime) -> int:
    """Microseconds since the epoch; naive is UTC."""
    naive = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    since = naive - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _moment(c: int | None) -> datetime | None:
    return None if c is None else EPOCH + timedelta(microseconds=c)


def _on(columns: dict[str, ir.Value], relation: ir.Table, chosen: ir.Table) -> dict[str, ir.Value]:
    return {name: value.op().replace({relation.op(): chosen.op()}).to_expr() for name, value in columns.items()}


def _read_by(part: ViewPlan, output: Output, relation: ir.Table) -> dict[str, ir.Value]:
    """The relation's columns that the feature reads, under `=name`, so that they never meet our own names."""
    fields = output.value.op().find(ops.Field, filter=ops.Value)
    names = dict.fromkeys(field.name for field in fields if field.rel == part.view.relation.op())
    return {f"={name}": relation[name] for name in names}


def _fetch(rows: ir.Table, c: int | None, t: int | None) -> tuple[list[dict[str, Any]], int]:
    """Rows around the cutoff and the asking time, oldest first, the ones without a time last; how many others."""
    if EVENT not in rows.columns or c is None or t is None:
        return rows_of(rows.limit(PAST_ROWS)).to_pylist(), 0
    found = rows_of(rows.limit(AT_ONCE + 1)).to_pylist()
    whole = len(found) <= AT_ONCE
    past, later, timeless = _around(found, c) if whole else _queried(rows, c)
    total = len(found) if whole else rows.count().to_pyarrow().as_py()
    by_then = sum(to_micros(row[EVENT]) <= t for row in later[:LATE_ROWS])
    kept = past[-PAST_ROWS:] + later[: by_then + FUTURE_ROWS] + timeless[:FUTURE_ROWS]
    return kept, total - len(kept)


def _around(found: list[dict[str, Any]], c: int) -> tuple[list[dict[str, Any]], ...]:
    """Rows up to the cutoff, later ones, both oldest first, and the ones without a time."""
    timed = sorted((row for row in found if row[EVENT] is not None), key=lambda row: to_micros(row[EVENT]))
    split = bisect_right(timed, c, key=lambda row: to_micros(row[EVENT]))
    return timed[:split], timed[split:], [row for row in found if row[EVENT] is None]


def _queried(rows: ir.Table, c: int) -> tuple[list[dict[str, Any]], ...]:
    """The same, asked of the engine, as many as are kept."""
    moment = ibis.literal(_moment(c), type=rows[EVENT].type())
    past = rows.filter(rows[EVENT] <= moment).order_by(ibis.desc(EVENT)).limit(PAST_ROWS)
    later = rows.filter(rows[EVENT] > moment).order_by(EVENT).limit(LATE_ROWS + FUTURE_ROWS)
    timeless = rows.filter(rows[EVENT].isnull()).limit(FUTURE_ROWS)
    return rows_of(past).to_pylist()[::-1], rows_of(later).to_pylist(), rows_of(timeless).to_pylist()


class _Judge:
    """The rows of one key at one cutoff; features that take the same windows are judged once."""

    def __init__(self, part: ViewPlan, rows: list[dict[str, Any]], c: int | None, t: int | None) -> None:
        self.part, self.rows, self.c = part, rows, c
        self.careless = [{name: value for name, value in row.items() if name != AVAILABLE} for row in rows]
        self.t = t
        self.found: dict[Any, list[tuple[str, bool]]] = {}

    def considered(self, output: Output, shown: list[str]) -> Iterator[Considered]:
        for row, (outcome, leaks) in zip(self.rows, self._judged(output), strict=True):
            yield _considered(row, shown, outcome, leaks)

    def _judged(self, output: Output) -> list[tuple[str, bool]]:
        same = output.windows if self.part.view.kind == "window" else self.part.view.skip_nulls and output.name
        if same not in self.found:
            outcomes = _judge(self.part, output, self.rows, self.c)
            by_event_time = _judge(self.part, output, self.careless, self.t, self.rows)
            leaks = (
                careless == USED and outcome in (FUTURE, NOT_YET_KNOWN)
                for outcome, careless in zip(outcomes, by_event_time, strict=True)
            )
            self.found[same] = list(zip(outcomes, leaks, strict=True))
        return self.found[same]


def _judge(
    part: ViewPlan,
    output: Output,
    rows: list[dict[str, Any]],
    c: int | None,
    ranked: list[dict[str, Any]] | None = None,
) -> list[str]:
    """The outcome of each row; `ranked` are the rows with every column that ranks them, where `rows` lack some."""
    lo = 0 if part.view.kind == "static" else part.span(None).lo
    if part.view.kind == "window":
        spans = [part.span(window) for window in output.windows]
        return [_seen(lo, row, c) or _in_window(spans, row, c) for row in rows]
    value, ranks = output.name, _ranks(part, ranked or rows)
    outcomes = [(None if part.view.kind == "static" else _seen(lo, row, c)) or SUPERSEDED for row in rows]
    visible = [i for i, outcome in enumerate(outcomes) if outcome == SUPERSEDED]
    able = [i for i in visible if not part.view.skip_nulls or rows[i][value] is not None]
    best = max(able, key=ranks.__getitem__, default=None)
    for i in visible:
        if rows[i].get(value) is None and part.view.skip_nulls and (best is None or ranks[i] > ranks[best]):
            outcomes[i] = NO_VALUE
    if best is not None:
        outcomes[best] = EXPIRED if _expired(part, rows[best], c) else USED
    return outcomes


def _seen(lo: int, row: dict[str, Any], c: int | None) -> str | None:
    """Why a row is not visible (from its event time + `lo` on it could be); None when it is."""
    if row[EVENT] is None:
        return NO_TIME
    assert c is not None
    if to_micros(row[EVENT]) + lo > c:
        return FUTURE
    if AVAILABLE in row and (row[AVAILABLE] is None or to_micros(row[AVAILABLE]) > c):
        return NOT_YET_KNOWN
    return None


def _in_window(spans: Sequence[Span], row: dict[str, Any], c: int | None) -> str:
    event = to_micros(row[EVENT])
    assert c is not None
    inside = any(event + span.lo <= c and (span.hi is None or c < event + span.hi) for span in spans)
    return USED if inside else OUTSIDE


def _expired(part: ViewPlan, row: dict[str, Any], c: int | None) -> bool:
    hi = None if part.view.kind == "static" else part.span(None).hi
    return hi is not None and c is not None and c >= to_micros(row[EVENT]) + hi


def _ranks(part: ViewPlan, rows: list[dict[str, Any]]) -> list[tuple[tuple[bool, Any], ...]]:
    """Of each row event time, available time, tie-break, then all values; NULL lowest."""
    names = order_names(part)
    return [tuple((row[name] is not None, row[name]) for name in names) for row in rows]


def _considered(row: dict[str, Any], shown: list[str], outcome: str, leaks: bool) -> Considered:
    values = tuple((name.removeprefix("="), row[name]) for name in shown)
    return Considered(row.get(EVENT), row.get(AVAILABLE), values, outcome, leaks)
