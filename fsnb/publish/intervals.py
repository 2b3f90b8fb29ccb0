"""Intervals of time, what their inputs are, and which of them are due. Numbers only; no engine here.

A view's history is brought up to date interval by interval, on a fixed grid from the epoch, UTC. An interval is
(start, end], like a window: the tick at midnight closes the day. A source row is an input of every interval in which
it can change a value: of an as-of view that of its own event time, of a view told in ticks those from the tick at
which the row enters a window to the tick at which it leaves the last. So an interval whose inputs are what they were
when it was told need not be told again, and a late, restated or deleted row makes exactly those due that it can
change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise

DAY = 86_400_000_000
MOST_RANGES = 32
"""A query is not asked for more stretches of time than that: what lies between the nearest is told again instead."""
HASHES = 1 << 64

Range = tuple[int, int]
"""Microseconds since the epoch, (after, up to]."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Intervals of `every` microseconds; number n is (n * every, (n + 1) * every]."""

    every: int

    def number(self, us: int) -> int:
        """The interval of a moment."""
        return (us - 1) // self.every

    def start(self, number: int) -> int:
        return number * self.every

    def end(self, number: int) -> int:
        return (number + 1) * self.every


def usual_interval(refresh: int | None) -> int:
    """A day, or as many days as a refresh takes."""
    return -(-(refresh or 1) // DAY) * DAY


@dataclass(frozen=True, slots=True)
class Mark:
    """What the inputs of an interval are: how many rows, the greatest event time, the sum of their hashes."""

    rows: int = 0
    latest: int | None = None
    hash: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Source rows that are inputs of the same intervals: those from `enter` to `leave`, None for all that follow.

    `reach` is the last interval in which one of them may enter or leave a window.
    """

    enter: int
    reach: int
    leave: int | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Done:
    """What the ledger says of an interval: told up to a moment, from which inputs, by which run; its rows."""

    until: int
    mark: Mark
    fingerprint: str
    run_id: str
    rows: int


def marks(groups: Sequence[Group], first: int, last: int) -> dict[int, Mark]:
    """The inputs of each interval in which a value may change, of those from `first` to `last`; one sweep."""
    waiting = sorted(groups, key=lambda group: -group.enter)
    leaving: list[tuple[int, int, int]] = []
    newest: list[tuple[int, int]] = []
    rows = hashes = 0
    found: dict[int, Mark] = {}
    for number in _touched(groups, last):
        while waiting and waiting[-1].enter <= number:
            group = waiting.pop()
            leave = last + 1 if group.leave is None else group.leave
            rows, hashes = rows + group.mark.rows, hashes + group.mark.hash
            heappush(leaving, (leave, group.mark.rows, group.mark.hash))
            heappush(newest, (-(group.mark.latest or 0), leave))
        while leaving and leaving[0][0] < number:
            _, fewer, less = heappop(leaving)
            rows, hashes = rows - fewer, hashes - less
        while newest and newest[0][1] < number:
            heappop(newest)
        if number >= first and newest:
            found[number] = Mark(rows, -newest[0][0], hashes % HASHES)
    return found


def _touched(groups: Iterable[Group], last: int) -> Iterable[int]:
    """The intervals from the first to the last that each group may change, in order, each once."""
    following = None
    for enter, reach in sorted((group.enter, min(group.reach, last)) for group in groups):
        begin = enter if following is None else max(enter, following)
        yield from range(begin, reach + 1)
        following = max(begin, reach + 1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run was asked for.

    Attributes
    ----------
    end
        Told up to this moment, microseconds.
    start
        Only intervals that end after this moment; None: all.
    lookback
        Intervals that reach into so many microseconds before the end are told again in any case.
    full
        All are.
    most
        At most so many intervals, the earliest first.
    """

    end: int
    start: int | None = None
    lookback: int = 0
    full: bool = False
    most: int | None = None

    def numbers(self, grid: Grid) -> tuple[int | None, int]:
        """The first interval, where there is a bound, and the last."""
        first = None if self.start is None else grid.number(self.start + 1)
        return first, grid.number(self.end)


def due(
    grid: Grid, found: Mapping[int, Mark], done: Mapping[int, Done], fingerprint: str, wanted: Wanted, in_ticks: bool
) -> list[int]:
    """Numbers of the intervals to tell, in order: never told, told from other inputs, or not to their end.

    One that was told further than this run would goes by, unless all are told again.
    """
    first, last = wanted.numbers(grid)
    near = wanted.end - wanted.lookback if wanted.lookback else None
    numbers = []
    for number in sorted({*found, *done}):
        if (first is not None and number < first) or number > last:
            continue
        again = wanted.full or (near is not None and grid.end(number) > near)
        if again or _is_due(grid, number, found, done.get(number), fingerprint, wanted.end, in_ticks):
            numbers.append(number)
    return numbers


def _is_due(
    grid: Grid,
    number: int,
    found: Mapping[int, Mark],
    done: Done | None,
    fingerprint: str,
    end: int,
    in_ticks: bool,
) -> bool:
    until = told_until(grid, number, end, in_ticks)
    if done is None or done.fingerprint != fingerprint:
        return True
    if done.until > until:
        return False
    now = found.get(number, Mark())
    moved = (now.rows, now.hash) != (done.mark.rows, done.mark.hash)
    return moved or (in_ticks and done.until < until)


def told_until(grid: Grid, number: int, end: int, in_ticks: bool) -> int:
    """How far a run up to `end` tells an interval. A source row is told when it is seen, maybe long after its own."""
    return min(grid.end(number), end) if in_ticks else end


def ranges(grid: Grid, numbers: Sequence[int]) -> list[Range]:
    """The stretches of time of these intervals; neighbours as one, and never more than MOST_RANGES."""
    found: list[Range] = []
    for number in numbers:
        start, end = grid.start(number), grid.end(number)
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    gaps = sorted(b[0] - a[1] for a, b in pairwise(found))
    return found if len(found) <= MOST_RANGES else _bridged(found, gaps[len(found) - MOST_RANGES - 1])


def _bridged(found: Sequence[Range], widest: int) -> list[Range]:
    """With every gap closed that is not wider than that."""
    joined = [found[0]]
    for start, end in found[1:]:
        if start - joined[-1][1] <= widest:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
