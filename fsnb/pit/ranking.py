"""Quantile and mode in plain SQL, with a stated rule, where an engine has none of its own or another.

Each answers for the rows that met an ask: a table of the ask's columns and the value, found by ranking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ibis
import ibis.expr.types as ir

from fsnb.pit.events import VALUE
from fsnb.pit.primitives import Primitive

NATIVE_QUANTILE = ("duckdb", "postgres")
"""Engines whose own quantile is known to be ours: exact, linear between the two nearest values."""


def mode(rows: ir.Table, on: Sequence[str], primitive: Primitive) -> ir.Table:
    """The most frequent value; of several the smallest."""
    name = primitive.argument
    counted = rows.group_by([*on, name]).aggregate(_fsnb_n=rows.count())
    best = [counted["_fsnb_n"].desc(), counted[name].asc()]
    ranked = counted.mutate(_fsnb_rank=ibis.row_number().over(group_by=on, order_by=best))
    return ranked.filter(ranked["_fsnb_rank"] == 0).select(*on, **{VALUE + primitive.name: ranked[name]})


def quantile(rows: ir.Table, on: Sequence[str], primitive: Primitive) -> ir.Table:
    """The value `q * (n - 1)` places above the least, linear between two places."""
    name, share = primitive.argument, ibis.literal(primitive.parameter, "float64")
    number = ibis.row_number().over(group_by=on, order_by=rows[name])
    ranked = rows.mutate(_fsnb_rank=number, _fsnb_at=share * (rows.count().over(group_by=on) - 1).cast("float64"))
    rank, at = ranked["_fsnb_rank"].cast("float64"), ranked["_fsnb_at"]
    found = ranked.group_by(on).aggregate(
        _fsnb_low=ranked[name].max(where=rank == at.floor()),
        _fsnb_high=ranked[name].max(where=rank == at.ceil()),
        _fsnb_part=(at - at.floor()).max(),
    )
    low, high = found["_fsnb_low"], found["_fsnb_high"]
    value = (low == high).ifelse(low, low + (high - low) * found["_fsnb_part"])
    return found.select(*on, **{VALUE + primitive.name: value})


RANKED: Mapping[str, Callable[[ir.Table, Sequence[str], Primitive], ir.Table]] = {"mode": mode, "quantile": quantile}
