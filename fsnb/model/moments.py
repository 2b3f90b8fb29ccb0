"""Moments as everything here keeps them: naive, UTC, microseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

Moment = TypeVar("Moment", datetime, datetime | None)


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC).replace(tzinfo=None)


def naive_utc(moment: Moment) -> Moment:
    """An aware moment in UTC; a naive one is UTC already. None stays None."""
    return moment if moment is None or moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
