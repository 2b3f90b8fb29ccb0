"""Columns and aggregates as Python, each built beside its text and compared with what was to be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import product
from typing import Any

import ibis.expr.operations as ops
from ibis.common.exceptions import IbisError
from ibis.common.temporal import Unit

from fsnb.model.code.literals import argument, literal, plain
from fsnb.model.code.operations import OPERATORS, PREFIXES, method_of
from fsnb.model.code.said import Said, Unwritable, infix, prefix, several, text
from fsnb.model.code.ways import SPECIAL, Way


class Values:
    """Writes values on tables that are known by name.

    Parameters
    ----------
    tables
        Each relation that a column may be of, as it is called in the code.
    """

    def __init__(self, tables: Mapping[Any, Said]) -> None:
        self.tables = tables
        self._known: dict[int, tuple[Any, Said]] = {}  # by id(): to Ibis, 0.0 and -0.0 are equal; kept, or it is reused

    def expression(self, node: Any) -> Said:
        """A value as an expression of Ibis: a literal too."""
        return literal(node) if isinstance(node, ops.Literal) else self._value(node)

    def argument(self, node: Any) -> Said:
        """A value as an argument: a literal as Python writes it, where Ibis reads that as the same."""
        return argument(node) if isinstance(node, ops.Literal) else self._value(node)

    def _column(self, node: ops.Field) -> Said:
        if node.rel not in self.tables:
            raise Unwritable(f"column {node.name!r} is of a table that has no name here")
        return self.tables[node.rel].item(node.name)

    def _value(self, node: Any) -> Said:
        if id(node) not in self._known:
            self._known[id(node)] = node, self._column(node) if isinstance(node, ops.Field) else self._written(node)
        return self._known[id(node)][1]

    def _written(self, node: Any) -> Said:
        """The first way of writing it that gives the very operation."""
        for attempt in self._ways(node):
            with suppress(TypeError, ValueError, AttributeError, KeyError, IbisError):
                said = attempt()
                if said.value.op() == node:
                    return said
        raise Unwritable(f"no Python that fsnb knows gives {type(node).__name__}")

    def _ways(self, node: Any) -> Iterator[Callable[[], Said]]:
        name = type(node).__name__
        if name in OPERATORS:
            for left, right in product((self.argument, self.expression), repeat=2):
                yield partial(self._between, left, node, right)
        if name in PREFIXES:
            yield lambda: prefix(PREFIXES[name], self.expression(node.arg))
        if type(node) in SPECIAL:
            yield lambda: SPECIAL[type(node)](self, node, self.argument)
            yield lambda: SPECIAL[type(node)](self, node, self.expression)
        else:
            yield from self._methods(node)

    def _between(self, left: Way, node: Any, right: Way) -> Said:
        return infix(left(node.left), OPERATORS[type(node).__name__], right(node.right))

    def _methods(self, node: Any) -> Iterator[Callable[[], Said]]:
        """`first.method(...)`: the fewest arguments first, by position before by name."""
        method = method_of(type(node).__name__)
        (_, receiver), *rest = zip(node.__argnames__, node.__args__, strict=True)
        given = {name: value for name, value in rest if value is not None and value != ()}
        values = {name: value for name, value in given.items() if isinstance(value, ops.Node)}
        for chosen in (values, given):
            for named in ({"where"}, {"where", "order_by"}, set(chosen)):
                yield partial(self._called, receiver, method, chosen, named)

    def _called(self, receiver: Any, method: str, given: Mapping[str, Any], named: set[str]) -> Said:
        said = {name: self._plainly(value) for name, value in given.items()}
        by_position = [value for name, value in said.items() if name not in named]
        by_name = {name: value for name, value in said.items() if name in named}
        return self._receiver(receiver).call(method, *by_position, **by_name)

    def _receiver(self, node: Any) -> Said:
        return self.tables[node] if isinstance(node, ops.Relation) else self.expression(node)

    def _plainly(self, value: Any) -> Said:
        if isinstance(value, ops.Node):
            return self.argument(value)
        if isinstance(value, tuple):
            return several([self._plainly(each) for each in value])
        if isinstance(value, Unit):
            return Said(text(value.short), value.short)
        return plain(value)
