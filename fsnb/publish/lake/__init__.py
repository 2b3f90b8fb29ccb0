"""Publishing into a lake: files in a folder, no database. A table is a folder with data files and a log of its own.

A run writes its rows into new files, which nobody reads yet, and then commits: one atomic step that makes the next
entry of the table's log, or fails because another publisher has made it meanwhile. The entry says which files the table
has and carries the whole ledger of the version (runs, intervals, promotions, definition), so rows and ledger change
together or not at all. Nothing that was written is changed; readers resolve the log once, and read files that stay.

Two logs (`manifests`: parquet and manifests of our own; `delta`: a Delta table) and two engines (`engines`: DuckDB,
Spark) make the targets `delta:///folder` and `spark:///folder`. `Lake` stands between them and the publisher, which
works on its connection as on any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fsnb.errors import PublishError

MOST_ATTEMPTS = 100
T = TypeVar("T")


class Moved(Exception):
    """Another publisher has committed to a table since it was read: do it again, on what is there now."""


def lake_of(con: Any) -> Any:
    """The lake that a connection stands on; None for a database's."""
    return getattr(con, "fsnb_lake", None)


def at_last(work: Callable[[], T]) -> T:
    """Do a transaction until nobody else has committed meanwhile, which on a lake is found out at its end."""
    for _ in range(MOST_ATTEMPTS):
        try:
            return work()
        except Moved:
            continue
    raise PublishError(f"others committed first, {MOST_ATTEMPTS} times. Do it again when fewer are at it.")
