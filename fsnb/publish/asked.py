"""Which part of a history a publisher is asked to look at, as people write it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fsnb.errors import UsageError, hint
from fsnb.model.durations import parse_duration
from fsnb.model.moments import naive_utc


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of time, and how it is gone through; see `part`."""

    start: datetime | None
    end: datetime
    lookback: timedelta
    full: bool
    chunk: int | None
    interval: timedelta | None


def need_one_of(what: str, given: str, options: Sequence[str], who: str) -> None:
    """Refuse a word that is none of those that an argument takes."""
    if given not in options:
        raise UsageError(f"{who}: {what}={given!r} is not one of {', '.join(options)}.{hint(str(given), options)}")


def part(
    who: str,
    now: datetime,
    *,
    start: datetime | str | None = None,
    end: datetime | str | None = None,
    lookback: timedelta | str = "0s",
    full: bool = False,
    chunk: int | None = None,
    interval: timedelta | str | None = None,
) -> Part:
    """Read what a publisher was asked for.

    Parameters
    ----------
    start, end
        Only intervals that end after `start` and begin before `end` are looked at; rows and refresh ticks are told up
        to `end`, now by default. Naive is UTC.
    lookback
        Intervals that reach into this length of time before the end are told again whether due or not.
    full
        All of them are.
    chunk
        At most so many intervals in one transaction; by default all that are due.
    interval
        The length of an interval of the ledger: by default as the version was published first, else a day.

    Raises
    ------
    UsageError, DefinitionError
        A time, length or number that cannot be.
    """
    until = now if end is None else _naive(end, f"{who}: end")
    since = None if start is None else _naive(start, f"{who}: start")
    if since is not None and since >= until:
        raise UsageError(f"{who}: start {since} is not before end {until}. Give an earlier start.")
    if chunk is not None and (isinstance(chunk, bool) or not isinstance(chunk, int) or chunk < 1):
        raise UsageError(f"{who}: chunk={chunk!r} is not a number of intervals. Give 1 or more, or leave it out.")
    every = None if interval is None else parse_duration(interval, f"{who}: interval")
    if every == timedelta(0):
        raise UsageError(f"{who}: interval is zero. Give a length of time, e.g. '1d'.")
    return Part(since, until, parse_duration(lookback, f"{who}: lookback"), full, chunk, every)


def _naive(moment: Any, what: str) -> datetime:
    if not isinstance(moment, datetime | str):
        raise UsageError(f"{what} is a {type(moment).__name__}. Give a datetime or text like '2024-05-01T12:00'.")
    try:
        found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    except ValueError:
        raise UsageError(f"{what} {moment!r} is no time. Write it like '2024-05-01T12:00'.") from None
    return naive_utc(found)
