"""Aggregates over many overlapping ranges at once: a pyramid of tiles, in numpy.

Level 0 of a pyramid holds one tile per row, each level above joins two neighbours. A range of rows is then made of at
most two tiles per level (`fold`); and a row that covers a range of asks is written to at most two tiles per level,
which hand what they hold down (`cover`). Both take log2(range) steps over whole arrays, add values only as a tree (no
running total that cancels), and need no inverse, so min, max and variance go the same way as sums.

Source of the variance's merge: Chan, Golub, LeVeque (1979), Updating Formulae and a Pairwise Algorithm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Parts = tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class Monoid:
    """An aggregate that merges: what no row gives, one row's tile, two tiles as one, rows added to numbered tiles.

    `leaf` takes values, of any number where `present` is false, and gives the parts of their tiles; `op` is the ufunc
    that merges tiles of one part.
    """

    empty: tuple[Any, ...]
    leaf: Callable[[Array, Array | None], Parts]
    merge: Callable[[Parts, Parts], Parts]
    scatter: Callable[[Parts, Array, Parts], Parts]
    op: Any = None


def fold(monoid: Monoid, leaves: Parts, left: Array, right: Array) -> Parts:
    """The aggregate of rows `left[i]` to `right[i]` (excluded), for each i; nothing where left >= right."""
    out = _full(monoid, leaves, len(left))
    active = np.flatnonzero(left < right)
    left, right, level = left[active], right[active], leaves
    found = _full(monoid, leaves, len(active))
    while len(active):
        for at, tiles in ((np.flatnonzero(left & 1), left), (np.flatnonzero(right & 1), right - 1)):
            met = monoid.merge(_at(found, at), _at(level, tiles[at]))
            for whole, part in zip(found, met, strict=True):
                whole[at] = part
        left, right = (left + 1) >> 1, right >> 1
        going = left < right
        for whole, part in zip(out, found, strict=True):
            whole[active[~going]] = part[~going]
        active, left, right, found = active[going], left[going], right[going], _at(found, going)
        level = _above(monoid, level) if len(active) else level
    return out


def cover(monoid: Monoid, leaves: Parts, first: Array, end: Array, asks: int) -> Parts:
    """For each of `asks` asks the aggregate of the rows i with `first[i] <= ask < end[i]`."""
    active = np.flatnonzero(first < end)
    first, end, leaves = first[active], end[active], _at(leaves, active)
    levels: list[Parts] = []
    size = asks
    while size and (len(first) or not levels):
        tiles = _full(monoid, leaves, size)
        odd, even = np.flatnonzero(first & 1), np.flatnonzero(end & 1)
        hit = np.concatenate([first[odd], end[even] - 1])
        rows = tuple(np.concatenate([part[odd], part[even]]) for part in leaves)
        levels.append(monoid.scatter(tiles, hit, rows) if len(hit) else tiles)
        first, end, size = (first + 1) >> 1, end >> 1, (size + 1) >> 1
        going = first < end
        first, end, leaves = first[going], end[going], _at(leaves, going)
    return _handed_down(monoid, levels) if levels else _full(monoid, leaves, 0)


def _handed_down(monoid: Monoid, levels: list[Parts]) -> Parts:
    held = levels.pop()
    while levels:
        below = levels.pop()
        held = monoid.merge(below, tuple(np.repeat(part, 2)[: len(below[0])] for part in held))
    return held


def _full(monoid: Monoid, like: Parts, size: int) -> Parts:
    return tuple(np.full(size, value, part.dtype) for value, part in zip(monoid.empty, like, strict=True))


def _at(parts: Parts, index: Array) -> Parts:
    return tuple(part[index] for part in parts)


def _above(monoid: Monoid, level: Parts) -> Parts:
    if len(level[0]) % 2:
        level = tuple(np.append(part, part.dtype.type(value)) for part, value in zip(level, monoid.empty, strict=True))
    return monoid.merge(_at(level, slice(0, None, 2)), _at(level, slice(1, None, 2)))  # type: ignore[arg-type]


# ---------------------------------------------------------------------- the aggregates


def additive(zero: Any) -> Monoid:
    """A sum; of integers modulo 2**64."""
    return _of_one(np.add, zero)


def least(top: Any) -> Monoid:
    return _of_one(np.minimum, top)


def greatest(bottom: Any) -> Monoid:
    return _of_one(np.maximum, bottom)


def _of_one(op: Any, empty: Any) -> Monoid:
    def leaf(values: Array, present: Array | None) -> Parts:
        return (values if present is None else np.where(present, values, values.dtype.type(empty)),)

    def scatter(tiles: Parts, hit: Array, rows: Parts) -> Parts:
        op.at(tiles[0], hit, rows[0])
        return tiles

    return Monoid((empty,), leaf, lambda one, other: (op(one[0], other[0]),), scatter, op)


def _moments(values: Array, present: Array | None) -> Parts:
    """Rows, their mean, and the sum of squared distances from it."""
    here = np.ones(len(values)) if present is None else present.astype("float64")
    return here, values if present is None else np.where(present, values, 0.0), np.zeros(len(values))


def _merge_moments(one: Parts, other: Parts) -> Parts:
    rows = one[0] + other[0]
    share = np.divide(other[0], rows, out=np.zeros_like(rows), where=rows > 0)
    apart = other[1] - one[1]
    return rows, one[1] + apart * share, one[2] + other[2] + apart * apart * one[0] * share


def _scatter_moments(tiles: Parts, hit: Array, rows: Parts) -> Parts:
    """Equal values must give exactly no variance, so distances are taken from the least value of each tile."""
    count, total, squares, base = (np.zeros(len(tiles[0])) for _ in range(4))
    base += np.inf
    present = rows[0] > 0
    hit, values = hit[present], rows[1][present]
    np.add.at(count, hit, 1.0)
    np.minimum.at(base, hit, values)
    np.add.at(total, hit, values - base[hit])
    mean = np.where(count > 0, base, 0.0) + np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    np.add.at(squares, hit, (values - mean[hit]) ** 2)
    return _merge_moments(tiles, (count, mean, squares))


MOMENTS = Monoid((0.0, 0.0, 0.0), _moments, _merge_moments, _scatter_moments)
