"""The same rows, some of their columns, and nothing computed for the others."""

from __future__ import annotations

from collections.abc import Iterable

import ibis.expr.operations as ops
import ibis.expr.types as ir


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


def _read(parent: ops.Relation, values: Iterable[ops.Value]) -> dict[str, None]:
    """The columns of a relation that values read."""
    return {field.name: None for value in values for field in value.find(ops.Field) if field.rel == parent}


def _moved(value: ops.Value, old: ops.Relation, new: ops.Relation) -> ops.Value:
    return value.replace({old: new})
