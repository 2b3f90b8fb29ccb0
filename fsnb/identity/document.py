"""An Ibis expression as a JSON document of our own, and back.

    {"format": 1, "nodes": [["UnboundTable", {"name": "t", "schema": ...}], ["Field", {"rel": {"node": 0}, ...}], ...]}

Nodes stand in depth-first order, each before its users, equal ones once, the root last: equal expressions give
equal documents however they were built, a shared subexpression costs nothing, and a cycle cannot be written.

What is canonical beyond that: tables carry name and schema alone; the numbers of `.view()`, which come from a
counter of the process, become 0, 1, ... per table; the literals of `isin` are sorted, since a Python set has
no order of its own.

Loading never executes code: names are looked up in the list of operations, arguments are plain values, and
what was loaded must write the very document that was read (a literal "now" would not).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.errors import DefinitionError, NoStableIdentity, NotSupported
from fsnb.identity.operations import OPERATIONS, refusal
from fsnb.identity.values import (
    JSON,
    arguments,
    attempt,
    canonical,
    decode,
    encode,
    named,
    no_identity,
    short,
    unknown_kind,
)

FORMAT = 1


def to_json(expr: ir.Expr) -> dict[str, JSON]:
    """The canonical document of an expression, on whatever engine its tables are.

    Raises
    ------
    NoStableIdentity
        It holds a UDF, a memtable, SQL text, chance or the clock; the message names the operation.
    DefinitionError
        Two different tables have the same name, so that the name alone would not say which is meant.
    """
    writer = _Writer()
    for node in in_order(expr.op()):
        writer.add(node)
    return {"format": FORMAT, "nodes": writer.nodes}


def from_json(doc: JSON) -> ir.Expr:
    """The expression of a document, on unbound tables. Executes no code, whatever the document says.

    Raises
    ------
    NotSupported
        The document is of another format, or names an operation or a type that is not in our list.
    DefinitionError
        It is no document of ours, or one that was altered.
    """
    try:
        expr = rebuild(doc)
        written = attempt("the expression", lambda: canonical(to_json(expr)) == canonical(doc))
    except RecursionError as error:
        raise DefinitionError("stored definition: it is nested too deeply.") from error
    if not written:
        raise DefinitionError("stored definition: it is not in the form that fsnb writes; was it altered?")
    return expr


def rebuild(doc: JSON) -> ir.Expr:
    """`from_json` without the proof that the document is one of ours, for one that was just written."""
    root = _load(_nodes(doc))[-1]
    if isinstance(root, ops.Relation):
        return ir.Table(root)  # not to_expr(): of a join that gives an unfinished one, which a further join extends
    if isinstance(root, ops.Value):
        return attempt("the expression", root.to_expr)
    raise DefinitionError(f"stored definition: {type(root).__name__} alone is neither a table nor a value.")


class _Writer:
    """Numbers nodes as they come, children first."""

    def __init__(self) -> None:
        self.nodes: list[JSON] = []
        self._numbers: dict[int, int] = {}  # by id(): to Ibis, the literals 0.0 and -0.0 are equal
        self._known: dict[str, int] = {}
        self._tables: dict[str, ops.Node] = {}
        self._views: dict[int, list[int]] = {}

    def add(self, node: ops.Node) -> None:
        if isinstance(node, ops.DatabaseTable | ops.UnboundTable):
            self._claim_name(node)
        record = [_name(node), {name: encode(value, self._refer) for name, value in self._arguments(node).items()}]
        number = self._known.setdefault(canonical(record), len(self.nodes))
        if number == len(self.nodes):
            self.nodes.append(record)
        self._numbers[id(node)] = number

    def _arguments(self, node: ops.Node) -> dict[str, Any]:
        args = arguments(node)
        if isinstance(node, ops.DatabaseTable):
            del args["source"]
        elif isinstance(node, ops.InValues):
            args["options"] = options_of(node)
        elif isinstance(node, ops.SelfReference):
            views = self._views.setdefault(self._numbers[id(node.parent)], [])
            if node.identifier not in views:
                views.append(node.identifier)
            args["identifier"] = views.index(node.identifier)
        return args

    def _claim_name(self, table: ops.DatabaseTable | ops.UnboundTable) -> None:
        other = self._tables.setdefault(table.name, table)
        if other != table:
            raise DefinitionError(
                f"two different tables are named {table.name!r}: {_where(other)} and {_where(table)}. "
                "A definition knows a table by its name alone: rename one, or make them two sources."
            )

    def _refer(self, value: Any) -> JSON:
        if isinstance(value, ops.Node):
            return {"node": self._numbers[id(value)]}
        return no_identity(value)


def _name(node: ops.Node) -> str:
    if isinstance(node, ops.DatabaseTable):
        return "UnboundTable"
    name = type(node).__name__
    if OPERATIONS.get(name) is not type(node):
        raise NoStableIdentity(refusal(node))
    return name


def _where(table: Any) -> str:
    engine = table.source.name if isinstance(table, ops.DatabaseTable) else "unbound"
    place = [part for part in (table.namespace.catalog, table.namespace.database, table.name) if part]
    return f"{'.'.join(place)} ({engine}, {len(table.schema)} columns)"


def in_order(root: ops.Node) -> Iterator[ops.Node]:
    """Depth first, children before parents, in the order of the arguments; no recursion."""
    done: set[int] = set()
    stack = [(root, False)]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            yield node
        elif id(node) not in done:
            done.add(id(node))
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(_children(node)))


def _children(node: ops.Node) -> tuple[ops.Node, ...]:
    if isinstance(node, ops.InValues):
        return (node.value, *options_of(node))
    return tuple(node.__children__)


def options_of(node: ops.InValues) -> tuple[ops.Value, ...]:
    literal = all(type(option) is ops.Literal for option in node.options)
    return tuple(sorted(node.options, key=_text_of_literal) if literal else node.options)


def _text_of_literal(literal: ops.Literal) -> str:
    return canonical(encode(literal.__args__))


def _nodes(doc: JSON) -> list[JSON]:
    if type(doc) is not dict or "format" not in doc:
        raise DefinitionError(f"stored definition: it should be an object with a format, not a {type(doc).__name__}.")
    if type(doc["format"]) is not int or doc["format"] != FORMAT:
        raise NotSupported(f"stored definition: its format is {short(doc['format'])}; this fsnb reads format {FORMAT}.")
    if doc.keys() != {"format", "nodes"} or type(doc["nodes"]) is not list or not doc["nodes"]:
        raise DefinitionError("stored definition: it should have a format and a list of nodes.")
    return doc["nodes"]


def _load(records: list[JSON]) -> list[ops.Node]:
    nodes: list[ops.Node] = []

    def other(tag: str, content: JSON) -> ops.Node:
        if tag != "node":
            return unknown_kind(tag, content)
        if type(content) is not int or not 0 <= content < len(nodes):
            raise DefinitionError(
                f"stored definition: node {len(nodes)} refers to node {short(content)}, not before it."
            )
        return nodes[content]

    for record in records:
        cls, args = named("operation", OPERATIONS, record)
        values = {name: decode(value, other) for name, value in args.items()}
        nodes.append(attempt(f"node {len(nodes)}, {cls.__name__},", cls, **values))
    return nodes
