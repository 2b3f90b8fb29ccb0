"""Less to compute, before an engine sees it: only some columns, or only some rows, from where they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import ibis.expr.operations as ops
import ibis.expr.types as ir

Taken = Callable[[ir.Table, Mapping[str, str]], ir.Table]
"""(a table below, the names there of columns by those they have above) -> some of its rows."""
NOT_OF_A_ROW = (ops.Analytic, ops.Reduction, ops.WindowFunction, ops.Subquery)


def narrowed(table: ir.Table, names: Iterable[str]) -> ir.Table:
    """`table` with these columns alone, built anew from below.

    A plan that reads a table twice, once for a few columns, would otherwise share what comes first in both; and an
    engine that keeps what is shared, as DuckDB does, would keep every column of it. Selections and filters are built
    anew; what lies below a join or an aggregate stays shared.
    """
    return _narrowed(table.op(), dict.fromkeys(names)).to_expr()


def _narrowed(node: ops.Relation, names: dict[str, None]) -> ops.Relation:
    if isinstance(node, ops.Project):
        values = {name: value for name, value in node.values.items() if name in names}
        parent = _narrowed(node.parent, _read(node.parent, values.values()))
        return ops.Project(parent, {name: _moved(value, node.parent, parent) for name, value in values.items()})
    if isinstance(node, ops.Filter):
        parent = _narrowed(node.parent, names | _read(node.parent, node.predicates))
        return ops.Filter(parent, [_moved(value, node.parent, parent) for value in node.predicates])
    return node


def restricted(table: ir.Table, names: Iterable[str], taken: Taken) -> ir.Table:
    """The rows of `table` that `taken` takes by the columns `names`, taken as far below as these columns are read.

    DuckDB computes first, and takes rows by a join after that; so nothing is computed of the others. Goes below
    selections and filters whose values are of one row each, and no further than where one of the columns is computed.
    """
    return _restricted(table.op(), {name: name for name in names}, taken).to_expr()


def _restricted(node: ops.Relation, names: Mapping[str, str], taken: Taken) -> ops.Relation:
    if isinstance(node, ops.Project) and _of_a_row(node.values.values()):
        below = {name: node.values[here] for name, here in names.items()}
        if all(isinstance(value, ops.Field) for value in below.values()):
            parent = _restricted(node.parent, {name: value.name for name, value in below.items()}, taken)
            return ops.Project(parent, {name: _moved(v, node.parent, parent) for name, v in node.values.items()})
    if isinstance(node, ops.Filter) and _of_a_row(node.predicates):
        parent = _restricted(node.parent, names, taken)
        return ops.Filter(parent, [_moved(value, node.parent, parent) for value in node.predicates])
    return taken(node.to_expr(), names).op()


def _of_a_row(values: Iterable[ops.Value]) -> bool:
    return not any(value.find(NOT_OF_A_ROW, filter=ops.Value) for value in values)


def _read(parent: ops.Relation, values: Iterable[ops.Value]) -> dict[str, None]:
    """The columns of a relation that values read."""
    return {field.name: None for value in values for field in value.find(ops.Field) if field.rel == parent}


def _moved(value: ops.Value, old: ops.Relation, new: ops.Relation) -> ops.Value:
    return value.replace({old: new})
