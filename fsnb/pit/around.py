"""The events of one key around a cutoff: asked of the engine, or kept in memory while only the cutoff moves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl

from fsnb.pit.events import EVENT
from fsnb.pit.read import rows_of

EPOCH = datetime(1970, 1, 1)
PAST_ROWS, LATE_ROWS, FUTURE_ROWS = 2_000, 500, 50
AT_ONCE = 4_000
"""A key of up to so many rows is read by one query."""
Rows = list[dict[str, Any]]
Fetch = Callable[[Callable[[], ir.Table], "int | None", "int | None"], "tuple[Rows, int]"]
"""(the key's events, cutoff, asking time) -> those around both, oldest first, the ones without a time last; how many
others there are. Times in microseconds."""


def to_micros(moment: datetime) -> int:
    """Microseconds since the epoch; naive is UTC."""
    naive = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    since = naive - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def to_moment(micros: int) -> datetime:
    """The naive UTC time of so many microseconds."""
    return EPOCH + timedelta(microseconds=micros)


def fetched(rows: Callable[[], ir.Table], c: int | None, t: int | None) -> tuple[Rows, int]:
    """By a query or a few, which read no more than is kept."""
    table = rows()
    if EVENT not in table.columns or c is None or t is None:
        return rows_of(table.limit(PAST_ROWS)).to_pylist(), 0
    found = rows_of(table.limit(AT_ONCE + 1)).to_pylist()
    whole = len(found) <= AT_ONCE
    past, later, timeless = _split(found, c) if whole else _queried(table, c)
    total = len(found) if whole else table.count().to_pyarrow().as_py()
    by_then = sum(to_micros(row[EVENT]) <= t for row in later[:LATE_ROWS])
    kept = past[-PAST_ROWS:] + later[: by_then + FUTURE_ROWS] + timeless[:FUTURE_ROWS]
    return kept, total - len(kept)


def _split(found: Rows, c: int) -> tuple[Rows, Rows, Rows]:
    """Rows up to the cutoff, later ones, both oldest first, and the ones without a time."""
    timed = sorted((row for row in found if row[EVENT] is not None), key=lambda row: to_micros(row[EVENT]))
    split = bisect_right(timed, c, key=lambda row: to_micros(row[EVENT]))
    return timed[:split], timed[split:], [row for row in found if row[EVENT] is None]


def _queried(rows: ir.Table, c: int) -> tuple[Rows, ...]:
    """The same, asked of the engine, as many as are kept."""
    moment = ibis.literal(to_moment(c), type=rows[EVENT].type())
    past = rows.filter(rows[EVENT] <= moment).order_by(ibis.desc(EVENT)).limit(PAST_ROWS)
    later = rows.filter(rows[EVENT] > moment).order_by(EVENT).limit(LATE_ROWS + FUTURE_ROWS)
    timeless = rows.filter(rows[EVENT].isnull()).limit(FUTURE_ROWS)
    return rows_of(past).to_pylist()[::-1], rows_of(later).to_pylist(), rows_of(timeless).to_pylist()


class Kept:
    """A `Fetch` that reads all events of its one key on the first call and only looks around among them afterwards."""

    def __init__(self) -> None:
        self._frame: pl.DataFrame | None = None

    def __call__(self, rows: Callable[[], ir.Table], c: int | None, t: int | None) -> tuple[Rows, int]:
        if self._frame is None:
            frame = pl.DataFrame(rows_of(rows()))
            self._frame = frame.sort(EVENT, nulls_last=True, maintain_order=True) if EVENT in frame else frame
        frame = self._frame
        if EVENT not in frame or c is None or t is None:
            return frame.head(PAST_ROWS).to_dicts(), 0
        times = frame[EVENT].drop_nulls().dt.epoch("us")
        by_cutoff, by_asking = (times.search_sorted(moment, "right") for moment in (c, t))
        last = min(by_cutoff + LATE_ROWS, max(by_cutoff, by_asking)) + FUTURE_ROWS
        first, last = max(0, by_cutoff - PAST_ROWS), min(last, len(times))
        kept = frame[first:last].to_dicts() + frame[len(times) :].head(FUTURE_ROWS).to_dicts()
        return kept, len(frame) - len(kept)
