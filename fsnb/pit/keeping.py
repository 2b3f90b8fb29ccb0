"""Steps of a long query that an engine should compute once.

Spark computes what a query reads twice anew each time, and its optimizer rewrites every copy: to plan a view in tiles
alone took it more than ten minutes and 3 GB. So there a step is kept, in memory or on disk, where the table lives on in
this process; a query that is only written, to be run by another or later, has to stand by itself. Of a kept step an
engine also knows how many rows it has: DuckDB puts what it takes for the smaller side of a join into memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import ibis.expr.types as ir

RECOMPUTE = ("pyspark",)
_keeping: ContextVar[bool] = ContextVar("fsnb_keeping", default=False)


@contextmanager
def steps_kept() -> Iterator[None]:
    """What is lowered inside may keep steps, which go with the last table that is made of them."""
    token = _keeping.set(True)
    try:
        yield
    finally:
        _keeping.reset(token)


def kept(con: Any, table: ir.Table, *, of_few: bool = False) -> ir.Table:
    """The same rows, computed once when first read; the table as it is where that is not wanted, or not needed.

    `of_few`: there are few rows, which the engine cannot tell from the query.
    """
    return table.cache() if _keeping.get() and (of_few or con.name in RECOMPUTE) else table
