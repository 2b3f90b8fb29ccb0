"""An Ibis expression as text in dialects that no engine of our tests speaks: Ibis' syntax tree, mended.

Ibis writes what most engines take. What a dialect does not have, or means otherwise, is put right here in the tree,
pass by pass: DIALECTS says which. Each pass rests on the dialect's documentation (tests/training/dialects.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ibis.backends.sql.compilers as compilers
import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot.expressions as sge
from sqlglot import Dialect as Language
from sqlglot.transforms import eliminate_semi_and_anti_joins

from fsnb.errors import NotSupported
from fsnb.pit.events import CUTOFF, END, RIGHT, START
from fsnb.training import dialects_mssql as mssql

Tree = Any
NEVER_NULL = (START, END, CUTOFF, RIGHT + START)
"""Columns of ours that windows are ordered by: to say where their NULLs go is what some dialects refuse."""


@dataclass(frozen=True, slots=True)
class Speech:
    """How a dialect is written: passes over the tree, what the reader must see to, and Ibis' compiler or ours."""

    passes: tuple[Callable[[Tree, Any], None], ...] = ()
    note: str = ""
    compiler: Any = None


def written(lowered: ir.Table, dialect: str) -> str:
    """The text of a query.

    Raises
    ------
    NotSupported
        The dialect has no way to say it.
    """
    speech = DIALECTS.get(dialect, Speech())
    _refuse_float_partitions(lowered, dialect)
    compiler = speech.compiler or getattr(compilers, dialect).compiler
    if dialect == "bigquery":
        lowered = sorted_by_rank(lowered)
    tree = compiler.to_sqlglot(lowered.unbind())
    if speech.passes:
        tree = tree.copy()  # Ibis hangs one node under several parents
    for mend in speech.passes:
        mend(tree, Language.get_or_raise(compiler.dialect))
    return tree.sql(dialect=compiler.dialect, pretty=True, copy=False)


def _refuse_float_partitions(lowered: ir.Table, dialect: str) -> None:
    found = lowered.op().find(ops.WindowFunction, filter=ops.Node) if dialect == "bigquery" else ()
    if any(value.dtype.is_floating() for window in found for value in window.group_by):
        raise NotSupported(
            "no SQL in dialect 'bigquery': it partitions a window by no FLOAT64, which a distinct count of floats over "
            "time, or a key that is a float, asks for. Round and cast it to an integer or text, or use strategy='join'."
        )


# ---------------------------------------------------------------------- windows


def framed(tree: Tree, language: Any) -> None:
    """Frames only where they mean something: numbering takes none, and a whole partition needs none."""
    for window in tree.find_all(sge.Window):
        order = window.args.get("order")
        if order is not None and all(sge.Null() in (by, by.this) for by in order.expressions):
            window.set("order", None)
        if isinstance(window.this, (sge.RowNumber, sge.Lag, sge.Lead)) or _is_whole(window):
            window.set("spec", None)
        if isinstance(window.this, sge.RowNumber) and window.args.get("order") is None:
            last = window.args["partition_by"][-1].copy()
            window.set("order", sge.Order(expressions=[sge.Ordered(this=last, nulls_first=_default(False, language))]))


def _is_whole(window: Tree) -> bool:
    spec = window.args.get("spec")
    edges = [] if spec is None else [spec.args.get("start"), spec.args.get("end")]
    return window.args.get("order") is None and edges == ["UNBOUNDED", "UNBOUNDED"]


def sorted_plainly(tree: Tree, language: Any) -> None:
    """Where NULLs go is left to the dialect for columns that have none."""
    for ordered in tree.find_all(sge.Ordered):
        if ordered.this.name in NEVER_NULL and isinstance(ordered.this, sge.Column):
            ordered.set("nulls_first", _default(bool(ordered.args.get("desc")), language))


def sorted_by_case(tree: Tree, language: Any) -> None:
    """NULLS FIRST and LAST as a sort of their own, where windows do not take these words."""
    for order in list(tree.find_all(sge.Order)):
        by: list[Any] = []
        for ordered in order.expressions:
            usual = _default(bool(ordered.args.get("desc")), language)
            if bool(ordered.args.get("nulls_first")) != usual:
                null = sge.Is(this=ordered.this.copy(), expression=sge.Null())
                ranks = ("0", "1") if ordered.args.get("nulls_first") else ("1", "0")
                there, other = (sge.Literal.number(rank) for rank in ranks)
                case = sge.Case(ifs=[sge.If(this=null, true=there)], default=other)
                by.append(sge.Ordered(this=case, nulls_first=_default(False, language)))
                ordered.set("nulls_first", usual)
            by.append(ordered)
        order.set("expressions", by)


def sorted_by_rank(lowered: ir.Table) -> ir.Table:
    """The same before Ibis compiles: for BigQuery it forgets where the NULLs of a window were to go."""

    def replaced(node: ops.Node, rebuilt: Mapping[str, Any] | None) -> ops.Node:
        node = node.__recreate__(rebuilt) if rebuilt else node
        if not isinstance(node, ops.WindowFunction):
            return node
        return node.copy(order_by=tuple(key for by in node.order_by for key in _ranked(by)))

    return lowered.op().replace(replaced).to_expr()


def _ranked(by: ops.SortKey) -> list[ops.SortKey]:
    """A sort key behind one that puts its NULLs where they are wanted; alone where they go there by themselves."""
    column = by.arg.to_expr()
    if by.nulls_first == by.ascending or column.get_name() in NEVER_NULL:
        return [by]
    rank = column.isnull().ifelse(0, 1) if by.nulls_first else column.isnull().ifelse(1, 0)
    return [ops.SortKey(rank), by]


def _default(descending: bool, language: Any) -> bool:
    """Whether NULLs come first when nothing is said."""
    return {"nulls_are_small": not descending, "nulls_are_large": descending}.get(language.NULL_ORDERING, False)


# ---------------------------------------------------------------------- joins


def semi_joins_as_exists(tree: Tree, language: Any) -> None:
    for select in list(tree.find_all(sge.Select)):
        eliminate_semi_and_anti_joins(select)


def joined_by_equality(tree: Tree, language: Any) -> None:
    """Only equalities in ON: an inner join's other conditions go to WHERE.

    Raises
    ------
    NotSupported
        An outer join has others.
    """
    for select in list(tree.find_all(sge.Select)):
        for join in select.args.get("joins") or ():
            others = [each for each in _conditions(join) if not isinstance(each, sge.EQ)]
            if others and join.side:
                raise NotSupported(
                    "no SQL in dialect 'clickhouse': with join_use_nulls its outer joins take equalities alone, "
                    "and an as-of join by strategy 'join' compares times. Use strategy='union'."
                )
            if others:
                same = [each for each in _conditions(join) if isinstance(each, sge.EQ)]
                join.set("on", sge.and_(*same))
                select.where(*others, copy=False)


def _conditions(join: Tree) -> list[Any]:
    on = join.args.get("on")
    return [] if on is None else list(on.flatten()) if isinstance(on, sge.And) else [on]


# ---------------------------------------------------------------------- words


def with_standard_nulls(tree: Tree, language: Any) -> None:
    """ClickHouse fills what an outer join did not find, and the aggregate of nothing, with zeros unless told not to."""
    names = ("join_use_nulls", "aggregate_functions_null_for_empty")
    settings = [sge.EQ(this=sge.to_identifier(name), expression=sge.Literal.number(1)) for name in names]
    tree.set("settings", settings)


def extracted_by_word(tree: Tree, language: Any) -> None:
    """EXTRACT(EPOCH FROM ...), where Ibis writes the field as a string."""
    for extract in tree.find_all(sge.Extract):
        extract.set("this", sge.Var(this=extract.name.upper()))


def literals_wide(tree: Tree, language: Any) -> None:
    """Wide numbers as bigint: SQL Server reads them as decimals, ClickHouse as unsigned.

    A remainder of a time before 1970 by an unsigned number may be one of an unsigned time.
    """
    for literal in list(tree.find_all(sge.Literal)):
        if not literal.is_string and literal.is_int and abs(int(literal.name)) >= 2**31:
            literal.replace(sge.Cast(this=literal.copy(), to=sge.DataType.build("bigint")))


WINDOWS = (framed, sorted_plainly)
DIALECTS: Mapping[str, Speech] = {
    "snowflake": Speech(WINDOWS, "names are quoted, so lower case stays lower case"),
    "bigquery": Speech(WINDOWS, "DATETIME is UTC"),
    "databricks": Speech(WINDOWS, "TIMESTAMP_NTZ is UTC in a session whose time zone is UTC"),
    "trino": Speech(WINDOWS),
    "clickhouse": Speech((*WINDOWS, literals_wide, joined_by_equality, with_standard_nulls), "times are DateTime64(6)"),
    "risingwave": Speech((*WINDOWS, extracted_by_word)),
    "flink": Speech(
        (*WINDOWS, sorted_by_case, semi_joins_as_exists), "in batch mode: SET 'execution.runtime-mode' = 'batch'"
    ),
    "mssql": Speech(
        (*WINDOWS, *mssql.PASSES, literals_wide),
        "SQL Server 2016 or later; text compares by its collation",
        mssql.COMPILER,
    ),
}
"""The dialects that are compiled and never run by us; docs/dialects.md says what each of them takes."""
