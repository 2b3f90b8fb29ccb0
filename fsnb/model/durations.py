"""Durations as people write them: "15m", "7d". No months or years, whose length depends on where they start."""

from __future__ import annotations

import re
from datetime import timedelta

from fsnb.errors import DefinitionError

UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([wdhms])")
_WHOLE = re.compile(r"(\s*(\d+\s*[wdhms]|\d+\.\d{1,6}\s*s)\s*)+")  # of a second down to the microsecond


def parse_duration(value: str | timedelta, what: str = "duration") -> timedelta:
    """Read "7d", "1h30m", "0.5s" or a timedelta; `what` names it in the error.

    Raises
    ------
    DefinitionError
        Not a duration, or a negative one.
    """
    if isinstance(value, timedelta):
        if value < timedelta(0):
            raise DefinitionError(f"{what} {value!r} is negative; give a length of time, e.g. '7d'.")
        return value
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        raise DefinitionError(
            f"{what} {value!r} is not a duration. Write a number and one of s, m, h, d, w, e.g. '15m' or '7d', "
            "or give a timedelta."
        )
    try:
        return sum((_length(number, unit) for number, unit in _PART.findall(value)), timedelta(0))
    except OverflowError:
        raise DefinitionError(f"{what} {value!r} is longer than a timedelta can hold.") from None


def _length(number: str, unit: str) -> timedelta:
    whole, _, fraction = number.partition(".")
    return int(whole) * UNITS[unit] + timedelta(microseconds=int(f"{fraction:0<6}"))


def show_duration(value: timedelta) -> str:
    """The shortest text that `parse_duration` reads back: "7d", "1h30m"; microseconds as "0.5s"."""
    text, rest = "", value
    for unit, length in UNITS.items():
        if unit == "w" or (unit == "s" and rest % length):
            continue
        count, rest = divmod(rest, length)
        text += f"{count}{unit}" if count else ""
    if rest:
        text += f"{rest / UNITS['s']:.6f}".rstrip("0") + "s"
    return text or "0s"


def micros(value: timedelta) -> int:
    """Whole microseconds of a duration; the unit of every clock in fsnb."""
    return value // timedelta(microseconds=1)
