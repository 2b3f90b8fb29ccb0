"""Steps of a long query that an engine should compute once.

Spark computes what a query reads twice anew each time, and its optimizer rewrites every copy: a view in tiles took
more than ten minutes and 3 GB to plan alone. So there a step is kept, in memory or on the workers' disks.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

RECOMPUTE = ("pyspark",)


def kept(con: Any, table: ir.Table) -> ir.Table:
    """The same rows, computed once when first read; released with the last table that is made of them.

    The table as it is where the engine needs no help, and where a query is only written.
    """
    return table.cache() if con.name in RECOMPUTE and isinstance(con, ibis.BaseBackend) else table
