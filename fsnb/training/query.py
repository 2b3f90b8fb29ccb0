"""The SQL of a plan, for people to read and for engines that are not here.

Compiled on tables that are only names and types, with the strategy of the dialect's engine: so the Polars engine has
SQL to show too, and no machine's file names or temporary tables are in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.backends.sql.compilers as compilers
import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.errors import NotSupported, listed
from fsnb.pit import EnginePlan, JoinPlan, lower, memory, on, strategies
from fsnb.pit.pausing import cycles_kept
from fsnb.training.dialects import DIALECTS, written


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
        Ibis has no such dialect, or it cannot say the plan, or a strategy has no SQL.
    """
    spine = "spine" if "spine" not in tables else "_fsnb_spine"
    sources = {name: ibis.table(table.schema(), name=name) for name, table in tables.items()}
    if not hasattr(compilers, dialect):
        raise NotSupported(f"no SQL in dialect {dialect!r}: Ibis compiles to none of that name.")
    con, asked = Dialect(dialect), ibis.table(plan.spine.schema, name=spine)
    planned = on(plan, con, sources, asked, strategy=strategy)
    _refuse_in_memory(planned, dialect)
    with cycles_kept():
        lowered = lower(planned, con, sources, asked)
        try:
            sql = written(_with_nan_of(dialect, lowered), dialect)
        except ibis.common.exceptions.IbisError as error:
            raise NotSupported(f"no SQL in dialect {dialect!r}: {error}") from error
    reads = ", ".join([spine, *sorted(sources)])
    note = f"; {DIALECTS[dialect].note}" if dialect in DIALECTS and DIALECTS[dialect].note else ""
    return f"-- {dialect}; reads {reads}: floats as float64 without NaN, times as UTC microseconds{note}\n{sql}\n"


def _refuse_in_memory(plan: EnginePlan, dialect: str) -> None:
    for part in plan.views:
        for step in plan.choices[part.view.name].steps:
            there = strategies.available(dialect, step.shape)
            if there[step.strategy] is memory.fill:
                others = listed(name for name, fill in there.items() if fill is not memory.fill)
                raise NotSupported(
                    f"feature view {part.view.name!r}: {dialect} computes {step.strategy!r} in memory: it has no SQL. "
                    f"Strategies that have: {others}."
                )


def _with_nan_of(dialect: str, lowered: ir.Table) -> ir.Table:
    """Ibis has no test for NaN in two dialects: SQL Server stores none, Flink prints it."""
    if dialect not in ("mssql", "flink"):
        return lowered

    def replaced(node: ops.Node, rebuilt: Mapping[str, Any] | None) -> ops.Node:
        if isinstance(node, ops.IfElse) and isinstance(node.bool_expr, ops.IsNan) and dialect == "mssql":
            return ops.Cast((rebuilt or node.__getstate__())["false_null_expr"], node.dtype)
        if isinstance(node, ops.IsNan):
            value = (rebuilt["arg"] if rebuilt else node.arg).to_expr()
            return (ibis.literal(False) if dialect == "mssql" else value.cast("string") == "NaN").op()
        return node.__recreate__(rebuilt) if rebuilt else node

    return lowered.op().replace(replaced).to_expr()
