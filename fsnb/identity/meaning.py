"""What each value of a table means, by itself: which columns of which rows it is computed from, and how.

The fingerprint of an expression changes with everything in it, so a column that was added to the source, or one more
`mutate` for a new feature, would give every feature another identity. Here each value has its own: two meanings are
equal only where the values are. A projection leaves rows as they are and a column in it means what its value does;
filters, sorts, limits and joins make other rows and let columns through; whatever else makes a table is taken whole,
with every column that goes into it, so that what is not understood here counts as changed rather than as equal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.identity.document import in_order, options_of
from fsnb.identity.values import JSON, arguments, canonical, encode, no_identity

THROUGH = (ops.Filter, ops.Sort, ops.Limit, ops.DropColumns)


@dataclass(frozen=True, slots=True)
class Meaning:
    """Digests of what a table's rows are, of its columns, and of the values that stand on it."""

    rows: str
    columns: Mapping[str, str]
    values: Mapping[str, str]


def meaning(values: Mapping[str, ir.Value], relation: ir.Table) -> Meaning:
    """What the rows and columns of a table mean, and values on it, reductions or columns.

    The table must be on unbound tables, as `portable` gives it.
    """
    known = _Known()
    for expr in (relation, *values.values()):
        known.learn(in_order(expr.op()))
    rows, columns = known.tables[id(relation.op())]
    return Meaning(rows, columns, {name: known.values[id(value.op())] for name, value in values.items()})


class _Known:
    """Digests by node. By id(), since to Ibis the literals 0.0 and -0.0 are equal."""

    def __init__(self) -> None:
        self.values: dict[int, str] = {}
        self.tables: dict[int, tuple[str, Mapping[str, str]]] = {}

    def learn(self, nodes: Iterable[ops.Node]) -> None:
        """Children first."""
        for node in nodes:
            if isinstance(node, ops.Relation):
                self.tables[id(node)] = self._rows(node), self._columns(node)
            else:
                self.values[id(node)] = self._value(node)

    def _rows(self, node: Any) -> str:
        if isinstance(node, ops.UnboundTable):
            return _digest("table", node.name)
        if isinstance(node, ops.Project | ops.DropColumns) and not _changes_rows(node):
            return self.tables[id(node.parent)][0]
        if isinstance(node, ops.Reference):
            return _digest("reference", node.identifier, self.tables[id(node.parent)][0])
        args = arguments(node)
        if isinstance(node, ops.JoinChain):
            del args["values"]
        if isinstance(node, ops.JoinChain | ops.Filter | ops.Sort | ops.Limit):
            return _digest(type(node).__name__, encode(args, self._by_rows))
        return _digest(type(node).__name__, encode(args, self._whole))

    def _columns(self, node: Any) -> Mapping[str, str]:
        if isinstance(node, ops.UnboundTable):
            return {name: _digest("column", node.name, name, encode(dtype)) for name, dtype in node.schema.items()}
        if isinstance(node, ops.Project | ops.JoinChain):
            return {name: self.values[id(value)] for name, value in node.values.items()}
        if isinstance(node, THROUGH):
            through = self.tables[id(node.parent)][1]
            return {name: through[name] for name in node.schema.names}
        if isinstance(node, ops.Reference):
            seen = self.tables[id(node.parent)][1]
            return {name: _digest("reference", node.identifier, told) for name, told in seen.items()}
        rows = self._rows(node)
        return {name: _digest("made", rows, name) for name in node.schema.names}

    def _value(self, node: Any) -> str:
        if isinstance(node, ops.Field):
            return self.tables[id(node.rel)][1][node.name]
        args = arguments(node)
        if isinstance(node, ops.InValues):
            args["options"] = options_of(node)
        elif isinstance(node, ops.CountStar):
            del args["arg"]  # the rows that it counts, which are said beside it
        told = [type(node).__name__, encode(args, self._by_rows if isinstance(node, ops.JoinLink) else self._whole)]
        if isinstance(node, ops.WindowFunction):  # looks at other rows than its own
            told.append(sorted(self.tables[id(relation)][0] for relation in node.relations))
        return _digest(*told)

    def _by_rows(self, value: Any) -> JSON:
        """A table stands for its rows."""
        return {"rows": self.tables[id(value)][0]} if isinstance(value, ops.Relation) else self._told(value)

    def _whole(self, value: Any) -> JSON:
        """A table stands for its rows and all of its columns."""
        if not isinstance(value, ops.Relation):
            return self._told(value)
        rows, columns = self.tables[id(value)]
        return {"rows": rows, "columns": sorted(columns.items())}

    def _told(self, value: Any) -> JSON:
        return {"value": self.values[id(value)]} if isinstance(value, ops.Node) else no_identity(value)


def _changes_rows(node: Any) -> bool:
    """Whether a projection gives more rows than it reads: one with `unnest` does."""
    return isinstance(node, ops.Project) and any(value.find(ops.Unnest) for value in node.values.values())


def _digest(*told: JSON) -> str:
    return hashlib.sha256(canonical(list(told)).encode()).hexdigest()
