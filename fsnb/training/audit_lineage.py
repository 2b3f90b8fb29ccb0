"""Which columns of which tables a value is computed from, through all projections, joins, aggregates and filters.

A column counts when its value, or a condition that decides which rows there are, reads it; one that is only carried
along does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

Column = tuple[str, str]


def columns_of(value: ir.Value) -> frozenset[Column]:
    """(table, column) of everything that the value reads."""
    return frozenset(_read(value.op(), {}))


def _read(node: Any, met: dict[Any, frozenset[Column]]) -> frozenset[Column]:
    """What a value reads; each node is looked at once."""
    if node not in met:
        met[node] = frozenset()  # a node cannot stand below itself; this only keeps its type plain
        met[node] = frozenset(_columns(node, met))
    return met[node]


def _columns(node: Any, met: dict[Any, frozenset[Column]]) -> Iterator[Column]:
    if isinstance(node, ops.Field):
        yield from _field(node.rel, node.name, met)
        yield from _conditions(node.rel, met)
        return
    for child in node.__children__:
        if isinstance(child, ops.Relation):
            yield from _conditions(child, met)
        else:
            yield from _read(child, met)


def _field(relation: Any, name: str, met: dict[Any, frozenset[Column]]) -> Iterator[Column]:
    """Where a column of a relation comes from."""
    computed = _computed(relation, name)
    if computed is not None:
        yield from _read(computed, met)
    elif isinstance(relation, ops.Set):
        for side in (relation.left, relation.right):
            yield from _field(side, name, met)
    elif isinstance(relation, ops.PhysicalTable):
        yield (relation.name, name)
    else:
        for parent in _parents(relation):
            if name in parent.schema:
                yield from _field(parent, name, met)


def _computed(relation: Any, name: str) -> Any:
    """The value that a projection, an aggregation or a join gives the column, where it gives one."""
    found = {**getattr(relation, "groups", {}), **getattr(relation, "metrics", {})}
    values = getattr(relation, "values", found)
    return values.get(name) if hasattr(values, "get") else None


def _conditions(relation: Any, met: dict[Any, frozenset[Column]]) -> Iterator[Column]:
    """What decides which rows the relation has, all the way down."""
    predicates: Iterable[Any] = getattr(relation, "predicates", ())
    if isinstance(relation, ops.JoinChain):
        predicates = [value for link in relation.rest for value in link.predicates]
    for value in (*predicates, *getattr(relation, "groups", {}).values()):
        yield from _read(value, met)
    for parent in _parents(relation):
        yield from _conditions(parent, met)


def _parents(relation: Any) -> list[Any]:
    if isinstance(relation, ops.JoinChain):
        return [relation.first, *(link.table for link in relation.rest)]
    return [child for child in relation.__children__ if isinstance(child, ops.Relation)]
