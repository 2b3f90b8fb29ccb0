"""Moments as everything here keeps them: naive, UTC, microseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from fsnb.errors import DefinitionError
from fsnb.model.durations import parse_duration

Moment = TypeVar("Moment", datetime, datetime | None)


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC).replace(tzinfo=None)


def naive_utc(moment: Moment) -> Moment:
    """An aware moment in UTC; a naive one is UTC already. None stays None."""
    return moment if moment is None or moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def read_moment(text: str, what: str = "time") -> datetime | timedelta:
    """A time in ISO 8601 (naive is UTC), "now", or a length such as "7d", which counts back from another time.

    Raises
    ------
    DefinitionError
        It is none of these.
    """
    if text == "now":
        return utc_now()
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    except ValueError:
        pass
    try:
        return parse_duration(text)
    except DefinitionError:
        raise DefinitionError(
            f"{what}: {text!r} is neither a time (2013-01-31T06:00), nor 'now', nor a length of time (7d)."
        ) from None


def between(start: datetime | timedelta | None, end: datetime | timedelta | None) -> dict[str, datetime | None]:
    """The bounds of a range of time; a length counts back from its end, the end's from now."""
    until = utc_now() - end if isinstance(end, timedelta) else end
    if isinstance(start, timedelta):
        until = until or utc_now()
        start = until - start
    return {"start": start, "end": until}
