"""A version in a lake: the names of its tables, and its current rows, which are a query over its history."""

from __future__ import annotations

import re
from typing import Any

import ibis
import ibis.expr.types as ir

OF_VERSION = re.compile(r"(?P<view>.+)__v(?P<number>\d+)_history")
AVAILABLE_TIME = "available_time"
ORDER = ("event_time", AVAILABLE_TIME)


def current_rows(told: ir.Table, keys: tuple[str, ...], columns: tuple[str, ...], until: Any) -> ir.Table:
    """The latest row of each entity, by event time and then by available time, of what is available by a moment."""
    if until is None:
        return told.limit(0).select(*columns)
    seen = told.filter(told[AVAILABLE_TIME] <= until)
    order = [seen[name].desc() for name in ORDER]
    ranked = seen.mutate(fsnb_rank=ibis.row_number().over(group_by=keys, order_by=order))
    return ranked.filter(ranked["fsnb_rank"] == 0).select(*columns)


def version_of(history: str) -> tuple[str, int]:
    """View and number of a version, from the name of its history."""
    found = OF_VERSION.fullmatch(history)
    assert found is not None
    return found["view"], int(found["number"])


def history_of(name: str) -> str:
    return name.removesuffix("_current") + "_history" if name.endswith("_current") else name
