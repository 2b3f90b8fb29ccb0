"""Each row beside the one before it, on every engine.

The Ibis backend of Polars has no window functions (ibis#10513), so there Polars itself shifts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl

from fsnb.model.data import RESERVED
from fsnb.pit.read import new_name

PREVIOUS = f"{RESERVED}previous"


def with_previous(
    con: Any, table: ir.Table, column: str, order_by: Sequence[str], by: Sequence[str]
) -> tuple[ir.Table, str]:
    """The table with the column's value in the row before, in a column whose name is returned; NULL in the first.

    Rows of equal `order_by` stand in the order of the column. None of these columns is NULL.
    """
    order = list(dict.fromkeys([*order_by, column]))
    if con.name != "polars":
        window = ibis.window(group_by=list(by), order_by=order)
        return table.mutate(**{PREVIOUS: table[column].lag().over(window)}), PREVIOUS
    before = pl.col(column).shift(1)
    before = before.over(list(by)) if by else before
    frame = con.compile(table).sort(order, maintain_order=True).with_columns(before.alias(PREVIOUS))
    return con.create_table(new_name("previous"), frame), PREVIOUS
