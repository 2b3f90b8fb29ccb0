"""SQL Server has no boolean values, and its integers are narrow: Ibis' compiler for it, mended in the tree.

Ibis makes a condition a value by IIF(condition, 1, 0), which turns NULL into 0, and only in the outermost columns.
"""

from __future__ import annotations

from typing import Any

import ibis.expr.operations as ops
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from ibis.backends.sql.compilers.mssql import MSSQLCompiler, rewrite_rows_range_order_by_window

Tree = Any


class Compiler(MSSQLCompiler):
    """Ibis' own, without its treatment of booleans, and without an ORDER BY for windows over whole partitions."""

    __slots__ = ()
    rewrites = tuple(rule for rule in MSSQLCompiler.rewrites if rule is not rewrite_rows_range_order_by_window)

    def to_sqlglot(self, expr: Any, **how: Any) -> Any:
        return SQLGlotCompiler.to_sqlglot(self, expr, **how)

    def visit_Not(self, op: ops.Not, *, arg: Any) -> Any:
        return sge.Not(this=sge.paren(arg, copy=False))

    def visit_Cast(self, op: ops.Cast, *, arg: Any, to: Any) -> Any:
        if to.is_boolean():
            return sge.Cast(this=arg, to=sge.DataType.build("bit", dialect="tsql"))
        return super().visit_Cast(op, arg=arg, to=to)


COMPILER = Compiler()


def conditions_apart(tree: Tree, language: Any) -> None:
    """Conditions as values are CASE WHEN it holds THEN 1 WHEN it does not THEN 0 END; values as conditions, = 1."""
    for node in reversed(list(tree.dfs())):
        if isinstance(node, sge.Paren) or _is_null(node):
            continue
        if _is_condition(node) and not _is_asked(node):
            _outermost(node).replace(_as_value(_outermost(node)))
        elif isinstance(node, sge.Boolean):
            node.replace(sge.EQ(this=sge.Literal.number(1), expression=sge.Literal.number(int(node.this))))
        elif not _is_condition(node) and _is_asked(node):
            node.replace(sge.EQ(this=node.copy(), expression=sge.Literal.number(1)))


def _is_condition(node: Tree) -> bool:
    return isinstance(node, (sge.Predicate, sge.Connector, sge.Not, sge.Boolean))


def _is_null(node: Tree) -> bool:
    """NULL, or the NOT NULL that stands after IS in the tree."""
    null = node.this if isinstance(node, sge.Not) else node
    return isinstance(null, sge.Null)


def _outermost(node: Tree) -> Tree:
    while isinstance(node.parent, sge.Paren):
        node = node.parent
    return node


def _is_asked(node: Tree) -> bool:
    """Whether a condition is what stands here."""
    outer = _outermost(node)
    parent, place = outer.parent, outer.arg_key
    if isinstance(parent, (sge.Connector, sge.Not, sge.Where)):
        return True
    return (isinstance(parent, sge.If) and place == "this") or (isinstance(parent, sge.Join) and place == "on")


def _as_value(condition: Tree) -> Tree:
    if isinstance(condition, sge.Boolean):
        return _bit(int(condition.this))
    inner = condition.unnest()
    holds, fails = inner.copy(), sge.Not(this=sge.paren(inner.copy(), copy=False))
    return sge.Case(ifs=[sge.If(this=holds, true=_bit(1)), sge.If(this=fails, true=_bit(0))])


def _bit(value: int) -> Tree:
    return sge.Cast(this=sge.Literal.number(value), to=sge.DataType.build("bit", dialect="tsql"))


def counted_wide(tree: Tree, language: Any) -> None:
    """COUNT_BIG, DATEDIFF_BIG and sums of bigint: the plain ones answer int, and fail in 2038 or at two billion."""
    for node in list(tree.find_all(sge.Count, sge.DateDiff)):
        node.set("big_int", True)
    for cast in list(tree.find_all(sge.Cast)):
        inner = cast.this.this if isinstance(cast.this, sge.Window) else cast.this
        if isinstance(inner, sge.Sum) and cast.to.this == sge.DataType.Type.BIGINT:
            inner.set("this", sge.Cast(this=inner.this, to=cast.to.copy()))


def extremes_by_case(tree: Tree, language: Any) -> None:
    """GREATEST and LEAST came with SQL Server 2022; NULLs are passed over, as there."""
    for node in reversed(list(tree.find_all(sge.Greatest, sge.Least))):
        best = node.this
        for other in node.expressions:
            better = sge.GTE if isinstance(node, sge.Greatest) else sge.LTE
            wins = sge.or_(
                better(this=best.copy(), expression=other.copy()), sge.Is(this=other.copy(), expression=sge.Null())
            )
            best = sge.Case(ifs=[sge.If(this=wins, true=best.copy())], default=other.copy())
        node.replace(best)


PASSES = (extremes_by_case, conditions_apart, counted_wide)
