"""Aggregates over many short ranges of rows, straight from the rows: tiles pay only where a range holds many.

NumPy's `reduceat` takes pairs of bounds that overlap as they like, at about a nanosecond for each row of a range; a
tile costs some twenty of them, and a range of n rows is made of up to 2 * log2(n) tiles.

Source of the variance: Chan, Golub, LeVeque (1983), Algorithms for Computing the Sample Variance: shifted data.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fsnb.pit.pyramid import Array, Parts

SHORT, SHORT_TO_SPREAD = 1024, 64
"""A range of up to so many rows is short; and up to so many it is for `spread`, which costs some ten times as much."""
LOST = 256
"""Squares from a key's centre that are more than so many times what is left of them have lost too many digits."""
AT_ONCE = 4_000_000
"""Pairs of a range and a row that are held at a time."""


def reduced(op: Any, values: Array, left: Array, right: Array) -> Array:
    """The values from `left[i]` up to `right[i]` (excluded) as one, for each i; all `left < right`."""
    if not len(left):
        return values[:0]
    bounds = np.stack([left, right], axis=1).ravel()
    return op.reduceat(np.append(values, values[-1:]), bounds)[::2]


def moments(values: Array, present: Array | None, keys: Array, left: Array, right: Array) -> tuple[Array, ...]:
    """Of each range the number of values, the sum of squared distances from their mean, and whether that is lost.

    Squares are taken from the mean of the key. Where a range lies so far from it that little is left of them, the sum
    has to be taken from nearer by.

    Parameters
    ----------
    values, present
        In order of key; what `present` is false for has no value.
    keys
        The key of each.
    left, right
        The ranges, each within one key; all `left < right`.
    """
    apart = values - _centres(values, present, keys)
    if present is not None:
        apart[~present] = 0.0
    rows = right - left if present is None else reduced(np.add, present.astype("int64"), left, right)
    total, squares = (reduced(np.add, each, left, right) for each in (apart, apart * apart))
    spread = np.where(rows > 1, squares - total * total / np.maximum(rows, 1), 0.0)
    return rows, spread, (rows > 1) & ~(spread * LOST >= squares)


def _centres(values: Array, present: Array | None, keys: Array) -> Array:
    """The mean of each row's key, for each row; 0 where that is not finite."""
    if not len(keys):
        return values
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    sizes = np.diff(np.append(starts, len(keys)))
    total = np.add.reduceat(values if present is None else np.where(present, values, 0.0), starts)
    rows = sizes if present is None else np.maximum(np.add.reduceat(present.astype("int64"), starts), 1)
    mean = total / rows
    return np.repeat(np.where(np.isfinite(mean), mean, 0.0), sizes)


def spread(values: Array, present: Array | None, left: Array, right: Array) -> Array:
    """The sum of squared distances from the mean of each range, row by row; each has a value at least.

    They are taken from the range's first value, which is no further from its mean than the root of n - 1 times its
    deviation, so that few digits are lost; equal values have none, exactly.
    """
    if not len(left):
        return np.zeros(0)
    upto = np.cumsum(right - left)
    cuts = np.searchsorted(upto, np.arange(AT_ONCE, upto[-1], AT_ONCE))
    pieces = zip(np.split(left, cuts), np.split(right, cuts), strict=True)
    return np.concatenate([_spread(values, present, *piece) for piece in pieces if len(piece[0])])


def _spread(values: Array, present: Array | None, left: Array, right: Array) -> Array:
    size = right - left
    start = np.cumsum(size) - size
    row = np.arange(size.sum()) + np.repeat(left - start, size)
    if present is not None:
        counts = present[row]
        row, size = row[counts], np.add.reduceat(counts.astype("int64"), start)
        start = np.cumsum(size) - size
    met = values[row]
    apart = met - np.repeat(met[start], size)
    total, squares = np.add.reduceat(apart, start), np.add.reduceat(apart * apart, start)
    return np.maximum(squares - total * total / size, 0.0)


def of_segments(values: Array, present: Array | None, starts: Array, size: Array) -> Parts:
    """Of each segment the number of values, their mean, and the sum of squared distances from it; none is empty.

    Distances are taken from the segment's first value, as in `spread`.
    """
    base = values[starts]
    if present is not None:
        first = np.minimum.reduceat(np.where(present, np.arange(len(values)), len(values) - 1), starts)
        base = np.where(present[first], values[first], 0.0)
    apart = values - np.repeat(base, size)
    if present is not None:
        apart[~present] = 0.0
    rows = size if present is None else np.add.reduceat(present.astype("int64"), starts)
    total, squares = np.add.reduceat(apart, starts), np.add.reduceat(apart * apart, starts)
    least = np.maximum(rows, 1)
    return rows.astype("float64"), base + total / least, np.maximum(squares - total * total / least, 0.0)
