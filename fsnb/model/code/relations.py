"""The table that features stand on, as lines of code: each step of it gives `t`, or a name of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import ibis
import ibis.expr.operations as ops

from fsnb.model.code.literals import plain
from fsnb.model.code.said import Said, Unwritable, function, several, text
from fsnb.model.code.values import Values

STEPS_IN_PLACE = "t"


class Relations:
    """Writes relations from the tables that it is given on.

    Parameters
    ----------
    root
        What is to be written in the end.
    tables
        Unbound tables that have a name in the code already.
    taken
        Names that a variable must not have.
    """

    def __init__(self, root: Any, tables: Mapping[Any, Said], taken: Sequence[str] = ()) -> None:
        self.lines: list[str] = []
        self.tables: dict[Any, Said] = dict(tables)
        self.values = Values(self.tables)
        self._taken = {*taken, *(said.text for said in tables.values())}
        self._readers = Counter(child for node in root.find(ops.Relation) for child in _parents(node))

    def named(self, node: Any) -> Said:
        """A relation as a variable; what makes it goes into `lines`."""
        if node not in self.tables:
            self.tables[node] = self._assigned(node)
        return self.tables[node]

    def _assigned(self, node: Any) -> Said:
        parents = [self.named(parent) for parent in _parents(node)]
        said = self._made(node)
        variable = self._variable(node, parents)
        self.lines.append(f"{variable} = {said.text}")
        return Said(variable, said.value)

    def _variable(self, node: Any, parents: Sequence[Said]) -> str:
        """That of its parent, where nobody else needs the parent by it."""
        if parents and self._readers[_parents(node)[0]] == 1:
            return parents[0].text
        name = node.name if isinstance(node, ops.UnboundTable) and _is_variable(node.name) else STEPS_IN_PLACE
        numbered = (f"{name}_{number}" for number in range(2, len(self._taken) + 3))
        found = next(each for each in (name, *numbered) if each not in self._taken)
        self._taken.add(found)
        return found

    def _made(self, node: Any) -> Said:
        if type(node) not in WAYS:
            raise Unwritable(f"no Python that fsnb knows gives the table {type(node).__name__}")
        for way in WAYS[type(node)]:
            with suppress(TypeError, ValueError, AttributeError, KeyError, ibis.common.exceptions.IbisError):
                said = way(self, node)
                if said.value.op() == node:
                    return said
        raise Unwritable(f"no Python that fsnb knows gives this {type(node).__name__}")


def _parents(node: Any) -> tuple[Any, ...]:
    """The relations that a relation is made of, the first of them first; those that joins refer to by their tables."""
    if isinstance(node, ops.JoinChain):
        return (node.first.parent, *(link.table.parent for link in node.rest))
    if isinstance(node, ops.Set):
        return (node.left, node.right)
    return (node.parent,) if hasattr(node, "parent") else ()


def _is_variable(name: str) -> bool:
    return name.isidentifier() and name.isascii()


# ---------------------------------------------------------------------- one way or several for each


def _table(made: Relations, node: ops.UnboundTable) -> Said:
    columns = {name: str(dtype) for name, dtype in node.schema.items()}
    shown = ", ".join(f"{text(name)}: {text(dtype)}" for name, dtype in columns.items())
    return function("ibis.table", ibis.table, Said(f"{{{shown}}}", columns), name=plain(node.name))


def _filter(made: Relations, node: ops.Filter) -> Said:
    return made.named(node.parent).call("filter", *map(made.values.expression, node.predicates))


def _mutate(made: Relations, node: ops.Project) -> Said:
    new = {name: value for name, value in node.values.items() if not _same(node.parent, name, value)}
    return made.named(node.parent).call("mutate", **_by_name(made, new))


def _select(made: Relations, node: ops.Project) -> Said:
    """Columns as they are by their names, as long as nothing new stands before them."""
    return made.named(node.parent).call("select", *_listed(made, node.parent, node.values))


def _select_by_name(made: Relations, node: ops.Project) -> Said:
    same = [name for name, value in node.values.items() if _same(node.parent, name, value)]
    new = {name: value for name, value in node.values.items() if name not in same}
    return made.named(node.parent).call("select", *map(plain, same), **_by_name(made, new))


def _aggregate(made: Relations, node: ops.Aggregate) -> Said:
    groups = _listed(made, node.parent, node.groups)
    by = {"by": several(groups)} if groups else {}
    return made.named(node.parent).call("aggregate", **by, **_by_name(made, node.metrics))


def _sort(made: Relations, node: ops.Sort) -> Said:
    return made.named(node.parent).call("order_by", *map(made.values.expression, node.keys))


def _distinct(made: Relations, node: ops.Distinct) -> Said:
    return made.named(node.parent).call("distinct")


def _drop(made: Relations, node: ops.DropColumns) -> Said:
    return made.named(node.parent).call("drop", *map(plain, node.columns_to_drop))


def _fill(made: Relations, node: ops.FillNull) -> Said:
    if not isinstance(node.replacements, Mapping):
        return made.named(node.parent).call("fill_null", plain(node.replacements))
    shown = ", ".join(f"{text(name)}: {plain(value).text}" for name, value in node.replacements.items())
    return made.named(node.parent).call("fill_null", Said(f"{{{shown}}}", dict(node.replacements)))


def _drop_null(made: Relations, node: ops.DropNull) -> Said:
    of = [] if node.subset is None else [several([made.values.expression(each) for each in node.subset])]
    return made.named(node.parent).call("drop_null", *of, how=plain(node.how))


def _limit(made: Relations, node: ops.Limit) -> Said:
    offset = {"offset": plain(node.offset)} if node.offset else {}
    return made.named(node.parent).call("limit", plain(node.n), **offset)


def _union(made: Relations, node: Any) -> Said:
    method = {ops.Union: "union", ops.Intersection: "intersect", ops.Difference: "difference"}[type(node)]
    return made.named(node.left).call(method, made.named(node.right), distinct=plain(node.distinct))


def _join(made: Relations, node: ops.JoinChain) -> Said:
    """One join after another; a condition names the tables that are joined, not Ibis's references to them."""
    said = made.named(node.first.parent)
    plainly = _parents_by_reference(node)
    for link in node.rest:
        on = several([made.values.expression(each.replace(plainly)) for each in link.predicates])
        said = said.call("join", made.named(link.table.parent), on, how=plain(link.how))
    return said


def _join_and_select(made: Relations, node: ops.JoinChain) -> Said:
    kept = [name for name, value in node.values.items() if _same(node.first, name, value)]
    plainly = _parents_by_reference(node)
    new = {name: value.replace(plainly) for name, value in node.values.items() if name not in kept}
    return _join(made, node).call("select", *map(plain, kept), **_by_name(made, new))


def _parents_by_reference(node: ops.JoinChain) -> dict[Any, Any]:
    return {reference: reference.parent for reference in (node.first, *(link.table for link in node.rest))}


def _same(parent: Any, name: str, value: Any) -> bool:
    return isinstance(value, ops.Field) and value.rel == parent and value.name == name


def _by_name(made: Relations, values: Mapping[str, Any]) -> dict[str, Said]:
    """`name=value` each; refused where a name is none of Python's."""
    for name in values:
        if not _is_variable(name):
            raise Unwritable(f"a column is named {name[:80]!r}")
    return {name: made.values.expression(value) for name, value in values.items()}


def _listed(made: Relations, parent: Any, values: Mapping[str, Any]) -> list[Said]:
    return list(_each(made, parent, values))


def _each(made: Relations, parent: Any, values: Mapping[str, Any]) -> Iterator[Said]:
    for name, value in values.items():
        if _same(parent, name, value):
            yield plain(name)
        else:
            yield made.values.expression(value).call("name", plain(name))


WAYS: Mapping[type, Sequence[Callable[[Relations, Any], Said]]] = {
    ops.Aggregate: (_aggregate,),
    ops.Difference: (_union,),
    ops.Distinct: (_distinct,),
    ops.DropColumns: (_drop,),
    ops.DropNull: (_drop_null,),
    ops.FillNull: (_fill,),
    ops.Filter: (_filter,),
    ops.Intersection: (_union,),
    ops.JoinChain: (_join, _join_and_select),
    ops.Limit: (_limit,),
    ops.Project: (_mutate, _select_by_name, _select),
    ops.Sort: (_sort,),
    ops.UnboundTable: (_table,),
    ops.Union: (_union,),
}
