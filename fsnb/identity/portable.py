"""Off an engine and onto another: unbound tables known by name and schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis import Schema

from fsnb.errors import DefinitionError, UnknownName
from fsnb.identity.document import rebuild, to_json
from fsnb.identity.values import nullable


def portable(expr: ir.Expr) -> ir.Expr:
    """The same expression on unbound tables: no connection, catalog or database, and every type nullable.

    It is what the document of the expression loads as, so `portable(e)` equals `from_json(to_json(e))`.
    Raises as `to_json` does: NoStableIdentity for what has none, DefinitionError for two tables of one name.
    """
    return rebuild(to_json(expr))


def tables_of(expr: ir.Expr) -> tuple[ops.UnboundTable, ...]:
    """The unbound tables of an expression, by name."""
    return tuple(sorted(expr.op().find(ops.UnboundTable), key=lambda table: table.name))


def bind(expr: ir.Expr, tables: Mapping[str, ir.Table]) -> ir.Expr:
    """The same expression on these tables: each unbound table is replaced by the one of its name.

    Names, order and types of the columns must be equal; whether a column is NOT NULL does not count, and is
    forgotten. Tables that the expression does not use may be given. Quotients of integers become quotients of floats,
    which they are in Ibis anyway.

    Raises
    ------
    UnknownName
        A table of the expression is not among those given.
    DefinitionError
        A table has another schema than the expression was written for; the message names the columns.
    """
    found = {unbound: _counterpart(unbound, tables) for unbound in tables_of(expr)}
    bound = expr.op().replace(found).replace(dividing_floats)
    return ir.Table(bound) if isinstance(bound, ops.Relation) else bound.to_expr()


def _counterpart(unbound: ops.UnboundTable, tables: Mapping[str, ir.Table]) -> ops.Relation:
    if unbound.name not in tables:
        raise UnknownName.among("bind()", "table", unbound.name, sorted(tables))
    table = tables[unbound.name]
    if differences := list(_differences(nullable(unbound.schema), nullable(table.schema()))):
        raise DefinitionError(
            f"table {unbound.name!r} is not what the expression was written for: {'; '.join(differences)}. "
            "Select, order and cast its columns to match."
        )
    return table.op().replace(_forget_not_null)


def _differences(expected: Schema, given: Schema) -> Iterator[str]:
    for name in expected.names:
        if name not in given:
            yield f"column {name!r} is missing"
        elif given[name] != expected[name]:
            yield f"column {name!r} is {given[name]}, not {expected[name]}"
    if extra := [name for name in given.names if name not in expected]:
        yield f"extra columns {', '.join(map(repr, extra))}"
    elif expected.names != given.names and set(expected.names) == set(given.names):
        yield f"the columns stand in the order {', '.join(given.names)}, not {', '.join(expected.names)}"


def dividing_floats(node: ops.Node, kwargs: Mapping[str, Any] | None) -> ops.Node:
    """Cast the numerator of integers, for `Node.replace`.

    ibis leaves that to sqlglot, which forgets it where the numerator is used elsewhere too: on PostgreSQL
    `t.select(t.a, share=t.a / t.b)` would give whole numbers.
    """
    node = node.__recreate__(kwargs) if kwargs else node
    if isinstance(node, ops.Divide) and node.left.dtype.is_integer():
        return node.copy(left=ops.Cast(node.left, dt.float64))
    return node


def _forget_not_null(node: ops.Node, kwargs: Mapping[str, Any] | None) -> ops.Node:
    """Or a union of a NOT NULL column with a computed one, fine on unbound tables, would not bind."""
    if isinstance(node, ops.DatabaseTable):
        return node.copy(schema=nullable(node.schema))
    return node.__recreate__(kwargs) if kwargs else node
