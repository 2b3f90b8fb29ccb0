"""Expressions in a line, for a message: what a value is made of, and what makes the rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.model.code.said import Said, Unwritable
from fsnb.model.code.values import Values


def formula(value: ir.Value) -> str:
    """A value as Python on the table `t` that it is of: `(t.arr_delay > 15).mean()`.

    What fsnb has no Python for is told by the name that Ibis gives it: `Mean(Greater(arr_delay, 15))`.
    """
    with suppress(Unwritable, RecursionError):
        return _written(value.op())
    return value.get_name()


def spelled(value: ir.Value) -> str:
    """As `formula`, with the columns that were made before: `t.late.mean() where late = t.arr_delay > 15`."""
    where = ", ".join(dict.fromkeys(_prepared(value.op())))
    return f"{formula(value)} where {where}" if where else formula(value)


def _written(node: Any) -> str:
    tables = {relation: Said("t", relation.to_expr()) for relation in node.find(ops.Relation)}
    return Values(tables).expression(node).text


def _prepared(node: Any) -> Iterator[str]:
    """The columns that a value reads and a projection before it made."""
    for field in node.find(ops.Field, filter=ops.Value):
        made = field.rel.values.get(field.name) if isinstance(field.rel, ops.Project) else None
        if made is not None:
            if not isinstance(made, ops.Field):
                yield f"{field.name} = {formula(made.to_expr())}"
            yield from _prepared(made)


def steps(table: ir.Table) -> str:
    """`flights; filter(t.arr_delay > 0); JoinChain`: what makes the rows of a table, from its source on."""
    said: list[str] = []
    relation: Any = table.op()
    while not isinstance(relation, ops.UnboundTable):
        if isinstance(relation, ops.Filter):
            said.append(f"filter({', '.join(formula(predicate.to_expr()) for predicate in relation.predicates)})")
        elif not isinstance(relation, ops.Project | ops.Reference):
            said.append(type(relation).__name__)
        parents = [child for child in relation.__children__ if isinstance(child, ops.Relation)]
        if not parents:
            break
        relation = parents[0]
    return "; ".join([getattr(relation, "name", ""), *reversed(said)])
