"""The events of one key around a cutoff: asked of the engine, or kept in memory while only the cutoff moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl

from fsnb.pit.events import AVAILABLE, EVENT
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
        return _read(table.limit(PAST_ROWS)).to_dicts(), 0
    found = _read(table.limit(AT_ONCE + 1))
    if len(found) <= AT_ONCE:
        return _around(found, c, t)
    past, later, timeless = _queried(table, c)
    by_then = sum(to_micros(row[EVENT]) <= t for row in later[:LATE_ROWS])
    kept = past + later[: by_then + FUTURE_ROWS] + timeless
    return kept, table.count().to_pyarrow().as_py() - len(kept)


def _read(table: ir.Table) -> pl.DataFrame:
    """Oldest first; rows of one time by available time and then by all else, so that their order is always the same."""
    frame = pl.DataFrame(rows_of(table))
    names = _order(name for name, dtype in frame.schema.items() if not dtype.is_nested())
    return frame.sort(names, nulls_last=True) if names else frame


def _order(names: Iterable[str]) -> list[str]:
    first = {EVENT: 0, AVAILABLE: 1}
    return sorted(names, key=lambda name: first.get(name, 2))


def _around(frame: pl.DataFrame, c: int, t: int) -> tuple[Rows, int]:
    """Of all rows of a key those that are kept."""
    times = frame[EVENT].drop_nulls().dt.epoch("us")
    by_cutoff, by_asking = (times.search_sorted(moment, "right") for moment in (c, t))
    last = min(by_cutoff + LATE_ROWS, max(by_cutoff, by_asking)) + FUTURE_ROWS
    first, last = max(0, by_cutoff - PAST_ROWS), min(last, len(times))
    kept = frame[first:last].to_dicts() + frame[len(times) :].head(FUTURE_ROWS).to_dicts()
    return kept, len(frame) - len(kept)


def _queried(rows: ir.Table, c: int) -> tuple[Rows, ...]:
    """Rows up to the cutoff, later ones and the ones without a time, as many as are kept: asked of the engine."""
    moment = ibis.literal(to_moment(c), type=rows[EVENT].type())
    names = _order(name for name, dtype in rows.schema().items() if not dtype.is_nested() and not dtype.is_json())
    forth, back = [ibis.asc(name) for name in names], [ibis.desc(name, nulls_first=True) for name in names]
    past = rows.filter(rows[EVENT] <= moment).order_by(back).limit(PAST_ROWS)
    later = rows.filter(rows[EVENT] > moment).order_by(forth).limit(LATE_ROWS + FUTURE_ROWS)
    timeless = rows.filter(rows[EVENT].isnull()).order_by(forth).limit(FUTURE_ROWS)
    return tuple(_read(part).to_dicts() for part in (past, later, timeless))


class Kept:
    """A `Fetch` that reads all events of its one key on the first call and only looks around among them afterwards."""

    def __init__(self) -> None:
        self._frame: pl.DataFrame | None = None

    def __call__(self, rows: Callable[[], ir.Table], c: int | None, t: int | None) -> tuple[Rows, int]:
        if self._frame is None:
            self._frame = _read(rows())
        if EVENT not in self._frame or c is None or t is None:
            return self._frame.head(PAST_ROWS).to_dicts(), 0
        return _around(self._frame, c, t)
