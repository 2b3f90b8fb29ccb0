"""Which events count for which asks, in memory: what every aggregate of `fsnb.pit.tiles` is computed over.

Keys are numbered, and a key and a time together are one int64, so that a sorted array answers for all keys at once.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import polars as pl

from fsnb.pit.events import AVAILABLE, CUTOFF, EVENT
from fsnb.pit.planning import Span
from fsnb.pit.pyramid import MOMENTS, Array, Monoid, Parts, cover, fold
from fsnb.pit.stretches import SHORT, SHORT_TO_SPREAD, moments, of_segments, reduced, spread

KEY = "_fsnb_key"
MANY_ROWS, MANY_EDGES = 20, 2**16 - 2
"""Asks are few where there are so many times more rows than edges of their windows, and no more edges than that."""
CELL_BITS = 20
LONG_RUN = 4
"""Rows that cover the same asks are joined first where there are so many in a run: joining costs a few ns each."""


def meet(spans: list[Span], rows: pl.DataFrame, asks: pl.DataFrame) -> Met:
    """Events beside asks, window after window."""
    if AVAILABLE in rows.columns:
        return Covered(spans, rows, asks)
    edges = len(asks) * len(_edges(spans))
    few = edges <= MANY_EDGES and edges * MANY_ROWS < len(rows)
    return (Segments if few else Ranges)(spans, rows, asks)


@dataclass(frozen=True, slots=True)
class Line:
    """Keys' times one after another on one line of int64, so that one sorted array answers for all keys."""

    start: int
    length: int

    @classmethod
    def over(cls, times: Array) -> Line:
        start, end = (int(times.min()), int(times.max())) if len(times) else (0, 0)
        return cls(start, end - start)

    def place(self, key: Array, time: Array) -> Array:
        """Where a key's times lie; what is before or after all times of the line stays within the key's stretch."""
        inside = np.clip(time, self.start - 1, self.start + self.length + 1) - (self.start - 1)
        return key * (self.length + 3) + inside


class Ranges:
    """One clock: a window is a range of the key's events in order of time."""

    def __init__(self, spans: list[Span], rows: pl.DataFrame, asks: pl.DataFrame) -> None:
        self.spans = spans
        self.ask_key, self.cutoff = integers(asks[KEY]), integers(asks[CUTOFF])
        key, time = integers(rows[KEY]), integers(rows[EVENT])
        line = Line.over(time)
        place = pl.Series(line.place(key, time))
        order = place.arg_sort()
        self.rows = self.columns = rows[order]
        sorted_place = place.gather(order).to_numpy()
        edges = _edges(spans)
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # numpy searches without the interpreter's lock
            places = pool.map(lambda edge: line.place(self.ask_key, self.cutoff - edge), edges)
            upto = dict(zip(edges, pool.map(partial(np.searchsorted, sorted_place, side="right"), places), strict=True))
        self.left = np.concatenate([upto[_hi(span)] for span in spans])
        self.right = np.concatenate([upto[span.lo] for span in spans])
        size = self.right - self.left
        self.short, self.long = np.flatnonzero((size > 0) & (size <= SHORT)), np.flatnonzero(size > SHORT)

    def fold(self, monoid: Monoid, leaves: Parts) -> Parts:
        """An aggregate of one part: short ranges straight from their rows, long ones from tiles."""
        made = np.full(len(self.left), monoid.empty[0], leaves[0].dtype)
        made[self.short] = reduced(monoid.op, leaves[0], self.left[self.short], self.right[self.short])
        if len(self.long):
            made[self.long] = fold(monoid, leaves, self.left[self.long], self.right[self.long])[0]
        return (made,)

    def moments(self, values: Array, present: Array | None) -> Parts:
        """Of each range the number of values, and the sum of squared distances from their mean."""
        rows, squares = np.zeros(len(self.left)), np.zeros(len(self.left))
        ranges = self.left[self.short], self.right[self.short]
        rows[self.short], squares[self.short], lost = moments(values, present, integers(self.rows[KEY]), *ranges)
        brief = ranges[1] - ranges[0] <= SHORT_TO_SPREAD
        near, far = self.short[lost & brief], np.concatenate([self.long, self.short[lost & ~brief]])
        squares[near] = spread(values, present, self.left[near], self.right[near])
        if len(far):
            leaves = MOMENTS.leaf(values, present)
            rows[far], _mean, squares[far] = fold(MOMENTS, leaves, self.left[far], self.right[far])
        return rows, squares

    def count(self, present: Array | None) -> Array:
        if present is None:
            return np.maximum(self.right - self.left, 0)
        upto = np.concatenate([[0], np.cumsum(present)])
        return upto[self.right] - upto[self.left]

    def stays(self, span: Span) -> tuple[Array, Array]:
        return _stays(self.rows, span)


def _stays(rows: pl.DataFrame, span: Span) -> tuple[Array, Array]:
    """The first cutoff at which each event counts, and the first at which it no longer does."""
    time = integers(rows[EVENT])
    return time + span.lo, time + _hi(span)


class Segments:
    """One clock, few asks: their edges cut each key's time into segments, and a window is a range of those.

    Events are sorted into segments, not by time; what a segment holds becomes one tile.
    """

    def __init__(self, spans: list[Span], rows: pl.DataFrame, asks: pl.DataFrame) -> None:
        self.spans = spans
        self.ask_key, self.cutoff = integers(asks[KEY]), integers(asks[CUTOFF])
        line = Line.over(integers(rows[EVENT]))
        edges = {edge: line.place(self.ask_key, self.cutoff - edge) for edge in _edges(spans)}
        ends = np.unique(np.concatenate(list(edges.values())))
        segment = _segments(ends, line.place(integers(rows[KEY]), integers(rows[EVENT])))
        self.unsorted, self.order = rows, pl.Series(np.argsort(segment, kind="stable").astype("uint32"))
        self.columns = rows.drop(KEY, EVENT).select(pl.all().gather(self.order))
        size = np.bincount(segment, minlength=len(ends) + 1)
        self.size, self.starts = size[size > 0], (np.cumsum(size) - size)[size > 0]
        upto = np.cumsum(size > 0)
        self.left = np.concatenate([upto[np.searchsorted(ends, edges[_hi(span)])] for span in spans])
        self.right = np.concatenate([upto[np.searchsorted(ends, edges[span.lo])] for span in spans])

    @cached_property
    def rows(self) -> pl.DataFrame:
        return self.columns.with_columns(self.unsorted[name].gather(self.order) for name in (KEY, EVENT))

    def fold(self, monoid: Monoid, leaves: Parts) -> Parts:
        return fold(monoid, (monoid.op.reduceat(leaves[0], self.starts),), self.left, self.right)

    def moments(self, values: Array, present: Array | None) -> Parts:
        leaves = of_segments(values, present, self.starts, self.size)
        rows, _mean, squares = fold(MOMENTS, leaves, self.left, self.right)
        return rows, squares

    def count(self, present: Array | None) -> Array:
        held = self.size if present is None else np.add.reduceat(present.astype("int64"), self.starts)
        upto = np.concatenate([[0], np.cumsum(held)])
        return upto[self.right] - upto[self.left]

    def stays(self, span: Span) -> tuple[Array, Array]:
        return _stays(self.rows, span)


class Covered:
    """Two clocks: an event covers a range of the key's asks in order of cutoff.

    Where asks are few, events that follow one another mostly cover the same ones: what such a run holds is one tile.
    """

    def __init__(self, spans: list[Span], rows: pl.DataFrame, asks: pl.DataFrame) -> None:
        self.spans, self.size = spans, len(asks)
        self.ask_key, self.cutoff = integers(asks[KEY]), integers(asks[CUTOFF])
        self.rows = self.columns = rows
        line, key = Line.over(self.cutoff), integers(rows[KEY])
        place = line.place(self.ask_key, self.cutoff)
        moments = [moment for span in spans for moment in self.stays(span)]
        found = [np.searchsorted(place, line.place(key, moment)) for moment in moments]
        self.ranges = list(zip(found[::2], found[1::2], strict=True))
        self.runs = [_runs(first, end) for first, end in self.ranges]

    def fold(self, monoid: Monoid, leaves: Parts) -> Parts:
        """Runs are joined first where a tile is one number."""
        made = []
        for (first, end), starts in zip(self.ranges, self.runs, strict=True):
            if starts is None or monoid.op is None:
                made.append(cover(monoid, leaves, first, end, self.size))
            else:
                joined = tuple(monoid.op.reduceat(part, starts) for part in leaves)
                made.append(cover(monoid, joined, first[starts], end[starts], self.size))
        return tuple(np.concatenate(parts) for parts in zip(*made, strict=True))

    def moments(self, values: Array, present: Array | None) -> Parts:
        rows, _mean, squares = self.fold(MOMENTS, MOMENTS.leaf(values, present))
        return rows, squares

    def count(self, present: Array | None) -> Array:
        return np.concatenate([self._count(present, first, end) for first, end in self.ranges])

    def _count(self, present: Array | None, first: Array, end: Array) -> Array:
        counts = first < end if present is None else (first < end) & present
        came, went = (np.bincount(moment[counts], minlength=self.size + 1) for moment in (first, end))
        return np.cumsum(came - went)[: self.size]

    def stays(self, span: Span) -> tuple[Array, Array]:
        time, available = integers(self.rows[EVENT]), integers(self.rows[AVAILABLE])
        return np.maximum(time + span.lo, available), time + _hi(span)


def _runs(first: Array, end: Array) -> Array | None:
    """Where rows that cover the same asks begin, one after another; None where that joins few of them."""
    starts = np.flatnonzero(np.append(True, (first[1:] != first[:-1]) | (end[1:] != end[:-1]))[: len(first)])
    return starts if len(starts) * LONG_RUN < len(first) else None


Met = Ranges | Segments | Covered


def integers(series: pl.Series) -> Array:
    return series.cast(pl.Int64).to_numpy()


def _hi(span: Span) -> int:
    assert span.hi is not None
    return span.hi


def _edges(spans: list[Span]) -> list[int]:
    return list(dict.fromkeys(edge for span in spans for edge in (span.lo, _hi(span))))


def _segments(ends: Array, place: Array) -> Array:
    """The segment of each place, as 16 bits, which NumPy sorts by their digits.

    Where no end lies in a stretch of the line, all of the stretch is one segment; the rest is looked up.
    """
    first = int(place.min())
    bits = max((int(place.max()) - first).bit_length() - CELL_BITS, 0)
    upto = np.searchsorted(ends, first + (np.arange(2**CELL_BITS + 1) << bits)).astype("uint16")
    cell = (place - first) >> bits
    found, cut = upto[cell], (upto[1:] != upto[:-1])[cell]
    found[cut] = np.searchsorted(ends, place[cut])
    return found
