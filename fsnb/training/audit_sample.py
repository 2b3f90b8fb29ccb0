"""Which training rows are audited at which moments: spread over time, the same for the same seed.

Rows that were not visible at a moment were not visible earlier either. So hiding them may change no row whose cutoff is
that moment *or earlier*, and one moment checks many rows: those of exactly that cutoff, then the ones just before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from fsnb.model.data import RESERVED
from fsnb.pit import ROW, ViewPlan
from fsnb.pit.clocks import cutoff

EPOCH = datetime(1970, 1, 1)
NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A cutoff, and the numbers of the rows that are checked at it."""

    at: datetime
    rows: np.ndarray


def cutoffs(part: ViewPlan, asked: pa.ChunkedArray) -> np.ndarray:
    """The view's cutoff of each row, in microseconds; NEVER where the asking time is NULL."""
    micros = pl.Series(asked).dt.epoch("us")
    found = cutoff(micros.fill_null(0).to_numpy(), part.lag, part.refresh)
    return np.where(micros.is_null().to_numpy(), NEVER, found)


def moments(part: ViewPlan, asked: pa.ChunkedArray, count: int, rows: int, seed: int) -> list[Moment]:
    """At most `count` cutoffs of the view, one from each of as many equal shares of the rows in order of cutoff."""
    at = cutoffs(part, asked)
    order = np.argsort(at, kind="stable")
    order = order[at[order] != NEVER]
    draw = np.random.default_rng(seed)
    picked = [at[draw.choice(share)] for share in np.array_split(order, count) if len(share)]
    return [Moment(_moment(c), _at_or_before(at, order, c, rows, draw)) for c in sorted(set(map(int, picked)))]


def _at_or_before(at: np.ndarray, order: np.ndarray, c: int, rows: int, draw: np.random.Generator) -> np.ndarray:
    start, end = np.searchsorted(at[order], [c, c + 1])
    if end - start > rows:
        return np.sort(draw.choice(order[start:end], rows, replace=False))
    return np.sort(order[max(0, end - rows) : end])


def _moment(c: int) -> datetime:
    return EPOCH + timedelta(microseconds=c)


def sample(rows: int, most: int | None, seed: int) -> np.ndarray:
    """The numbers of all rows, or of so many drawn at random, in order."""
    if most is None or rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def numbered(rows: pa.Table, numbers: np.ndarray) -> pa.Table:
    """Those rows, with their numbers beside them as a spine has them."""
    return rows.take(pa.array(numbers)).append_column(ROW, pa.array(numbers.astype("int64")))


@contextmanager
def temporary(con: Any) -> Iterator[None]:
    """Forget the tables that attaching and lowering leave behind in this process; a server's end with its session."""
    if con.name not in FORGET:
        yield
        return
    before = set(con.list_tables())
    try:
        yield
    finally:
        for name in set(con.list_tables()) - before:
            if name.startswith(RESERVED):
                FORGET[con.name](con, name)


FORGET: Mapping[str, Callable[[Any, str], object]] = {
    "duckdb": lambda con, name: con.con.unregister(name),
    "polars": lambda con, name: con.drop_table(name),
}
