"""The SQL of a plan, for people to read and for engines that are not here.

Compiled on tables that are only names and types, with the strategy of the dialect's engine: so the Polars engine has
SQL to show too, and no machine's file names or temporary tables are in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.errors import NotSupported
from fsnb.pit import JoinPlan, lower, on


@dataclass(frozen=True, slots=True)
class Dialect:
    """All that the lowering to SQL asks of a connection: which engine it would be."""

    name: str


def query(
    plan: JoinPlan, tables: Mapping[str, ir.Table], dialect: str, strategy: str | Mapping[str, str] | None = None
) -> str:
    """The query in a dialect, under a comment that says what it reads.

    Raises
    ------
    NotSupported
        Ibis has no such dialect, or cannot say the plan in it.
    """
    spine = "spine" if "spine" not in tables else "_fsnb_spine"
    sources = {name: ibis.table(table.schema(), name=name) for name, table in tables.items()}
    try:
        ibis.to_sql(ibis.table({"a": "int64"}, name="a"), dialect=dialect)
    except ValueError:
        raise NotSupported(f"no SQL in dialect {dialect!r}: Ibis compiles to none of that name.") from None
    con, asked = Dialect(dialect), ibis.table(plan.spine.schema, name=spine)
    lowered = lower(on(plan, con, sources, asked, strategy=strategy), con, sources, asked)
    try:
        sql = ibis.to_sql(_with_nan_of(dialect, lowered), dialect=dialect)
    except ibis.common.exceptions.IbisError as error:
        raise NotSupported(f"no SQL in dialect {dialect!r}: {error}") from error
    reads = ", ".join([spine, *sorted(sources)])
    return f"-- {dialect}; reads {reads}: floats as float64 without NaN, times as UTC microseconds\n{sql}\n"


def _with_nan_of(dialect: str, lowered: ir.Table) -> ir.Table:
    """Ibis has no test for NaN in two dialects: SQL Server stores none, Flink prints it."""
    tests = {
        "mssql": lambda value: ibis.literal(False),
        "flink": lambda value: value.cast("string") == "NaN",
    }
    if dialect not in tests:
        return lowered

    def replaced(node: ops.Node, rebuilt: Mapping[str, Any] | None) -> ops.Node:
        if isinstance(node, ops.IsNan):
            return tests[dialect]((rebuilt["arg"] if rebuilt else node.arg).to_expr()).op()
        return node.__recreate__(rebuilt) if rebuilt else node

    return lowered.op().replace(replaced).to_expr()
