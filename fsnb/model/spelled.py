"""Expressions in a line of words, for a message: what a value is made of, and what makes the rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir


def spelled(value: ir.Value) -> str:
    """`Mean(late) where late = Greater(arr_delay, 15)`."""
    where = ", ".join(dict.fromkeys(_prepared(value.op())))
    return f"{value.get_name()} where {where}" if where else value.get_name()


def _prepared(node: Any) -> Iterator[str]:
    """The columns that a value reads and a projection before it made."""
    for field in node.find(ops.Field, filter=ops.Value):
        made = field.rel.values.get(field.name) if isinstance(field.rel, ops.Project) else None
        if made is not None:
            if not isinstance(made, ops.Field):
                yield f"{field.name} = {made.name}"
            yield from _prepared(made)


def steps(table: ir.Table) -> str:
    """`flights; Filter(Greater(arr_delay, 0)); JoinChain`: what makes the rows of a table, from its source on."""
    said: list[str] = []
    relation: Any = table.op()
    while not isinstance(relation, ops.UnboundTable):
        if isinstance(relation, ops.Filter):
            said.append(f"Filter({', '.join(predicate.name for predicate in relation.predicates)})")
        elif not isinstance(relation, ops.Project | ops.Reference):
            said.append(type(relation).__name__)
        parents = [child for child in relation.__children__ if isinstance(child, ops.Relation)]
        if not parents:
            break
        relation = parents[0]
    return "; ".join([getattr(relation, "name", ""), *reversed(said)])
