"""How often a view is brought up to date, as the lines of a crontab can say it."""

from __future__ import annotations

from datetime import timedelta
from math import gcd

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86_400, 604_800


def cron(every: timedelta) -> str:
    """The cron expression, UTC, of the widest regular step that meets every tick of a cadence.

    Ticks count from 1970-01-01 00:00, a Thursday. Where cron has no such step (every 90 minutes, every 2 days) it is a
    narrower one that meets all of them (every 30 minutes, each day): a run with nothing due writes nothing. It is never
    narrower than a minute.
    """
    if every % timedelta(minutes=1):
        return "* * * * *"
    seconds = int(every.total_seconds())
    if seconds % DAY == 0:
        return "0 0 * * 4" if seconds % WEEK == 0 else "0 0 * * *"
    shared = gcd(seconds, DAY)
    if shared % HOUR == 0:
        return f"0 {_every(shared // HOUR)} * * *"
    return f"{_every(gcd(seconds, HOUR) // MINUTE)} * * * *"


def _every(step: int) -> str:
    return "*" if step == 1 else f"*/{step}"
