"""What a user's function returned, checked and made into outputs: every refusal of a feature view's definition.

A view is checked whole when it is made, so that what exists can be planned, published and stored without asking again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.common.deferred import Deferred

from fsnb.errors import DefinitionError, UnknownName, listed
from fsnb.identity import portable
from fsnb.model.asked import not_there
from fsnb.model.data import RESERVED, normal_type
from fsnb.model.durations import parse_duration
from fsnb.model.entity import Entity, Window, check_name
from fsnb.model.over import check_over, windows_of
from fsnb.model.source import Source


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """One feature: its name, the name it was given before the window's label, its value, its window."""

    name: str
    base: str
    value: ir.Value
    window: Window | None

    @property
    def windows(self) -> tuple[Window | None, ...]:
        """Every window that its aggregates take; None is the whole visible history."""
        return windows_of(self.value, self.window)


def read_values(features: Any, source: Source, who: str) -> dict[str, ir.Value]:
    if not isinstance(source, Source):
        raise DefinitionError(f"{who}: source is a {type(source).__name__}; give what store.source(...) returned.")
    table = source.table
    try:
        found = features(table) if callable(features) and not isinstance(features, Mapping) else features
        if not isinstance(found, Mapping):
            raise DefinitionError(
                f"{who}: the features are a {type(found).__name__}, not a mapping of name -> Ibis value."
            )
        found = {name: _resolved(value, table) for name, value in found.items()}
    except AttributeError as error:
        told = not_there(error, who, f"source {source.name!r}")
        if told is None:
            raise
        raise told from error
    if not found:
        raise DefinitionError(f"{who} has no features. Return at least one, e.g. {{'events': t.count()}}.")
    for name, value in found.items():
        check_name(name, f"{who}: feature")
        if name.startswith(RESERVED):
            raise DefinitionError(f"{who}: feature {name!r} starts with {RESERVED!r}, which fsnb keeps for itself.")
        if not isinstance(value, ir.Value):
            raise DefinitionError(f"{who}: feature {name!r} is {value!r}, not an Ibis value such as t.amount.sum().")
    return found


def as_table(values: Mapping[str, ir.Value], relation: ir.Table) -> ir.Table:
    """All values as one expression: an aggregation of reductions, or a projection of columns.

    Made of operations, since `select` on a join would merge the values into the join.
    """
    named = {name: value.op() for name, value in values.items()}
    if all(isinstance(value, ir.Scalar) for value in values.values()):
        return ops.Aggregate(relation.op(), groups={}, metrics=named).to_expr()
    return ops.Project(relation.op(), named).to_expr()


def taken_apart(expression: ir.Table) -> tuple[ir.Table, dict[str, ir.Value]]:
    node = expression.op()
    values = node.metrics if isinstance(node, ops.Aggregate) else node.values
    return node.parent.to_expr(), {name: value.to_expr() for name, value in values.items()}


def made_portable(values: Mapping[str, ir.Value], relation: ir.Table) -> tuple[ir.Table, dict[str, ir.Value]]:
    """Relation and values without connection and catalog, in one walk."""
    return taken_apart(portable(as_table(values, relation)))


def _resolved(value: Any, table: ir.Table) -> Any:
    return value.resolve(table) if isinstance(value, Deferred) else value


def common_relation(values: Mapping[str, ir.Value], who: str) -> ir.Table:
    found: dict[Any, list[str]] = {}
    for name, value in values.items():
        for relation in value.op().relations:
            found.setdefault(relation, []).append(name)
    if not found:
        raise DefinitionError(f"{who}: no feature depends on the source.")
    if len(found) > 1:
        groups = "; ".join(f"{', '.join(sorted(set(names)))}" for names in found.values())
        raise DefinitionError(
            f"{who}: its features stand on {len(found)} different tables ({groups}). "
            "Filter, mutate or join first, then build every feature on that one table."
        )
    constant = [name for name, value in values.items() if not value.op().relations]
    if constant:
        raise DefinitionError(f"{who}: feature {constant[0]!r} does not depend on the source.")
    return next(iter(found)).to_expr()


def need_columns(relation: ir.Table, entity: Entity, source: Source, who: str) -> None:
    if not isinstance(entity, Entity):
        raise DefinitionError(f"{who}: entity is a {type(entity).__name__}; give an fsnb.Entity.")
    clocks = [column for column in (source.event_time, source.available) if column]
    for role, columns in (("key", entity.keys), ("clock", clocks), ("tie_break", source.tie_break)):
        for column in columns:
            if column not in relation.columns:
                raise UnknownName.among(
                    f"{who}: the table its features stand on",
                    f"{role} column",
                    column,
                    relation.columns,
                    "Keys, clocks and tie-break must stay in it.",
                )
    for column in clocks:
        if not relation[column].type().is_timestamp():
            raise DefinitionError(f"{who}: {column!r} became {relation[column].type()}; a clock must stay a timestamp.")


def _is_reduction(value: ir.Value) -> bool:
    return isinstance(value, ir.Scalar)


def kind_of(values: Mapping[str, ir.Value], source: Source, who: str) -> str:
    reduced = [name for name, value in values.items() if _is_reduction(value)]
    plain = [name for name in values if name not in reduced]
    mixed = [name for name in plain if values[name].op().find(ops.Reduction, filter=_in_values)]
    if mixed:
        raise DefinitionError(f"{who}: feature {mixed[0]!r} mixes a reduction and plain columns in one expression.")
    if reduced and plain:
        raise DefinitionError(
            f"{who} mixes reductions ({listed(reduced)}) and plain columns ({listed(plain)}). "
            "Make two views: one of windowed aggregates, one of as-of columns."
        )
    if source.event_time is None:
        if reduced:
            raise DefinitionError(
                f"{who}: source {source.name!r} has no event_time, so {reduced[0]!r} has no window. Give plain columns."
            )
        return "static"
    return "window" if reduced else "asof"


def _in_values(node: Any) -> bool:
    """Follow values only: a reduction inside the prepared table is not one of the feature's."""
    return isinstance(node, ops.Value) and not isinstance(node, ops.WindowFunction)


def read_windows(windows: Any, kind: str, who: str) -> tuple[Window, ...]:
    given = (windows,) if isinstance(windows, (str, timedelta, Window)) else tuple(windows)
    found = tuple(window if isinstance(window, Window) else Window(window) for window in given)
    if found and kind != "window":
        raise DefinitionError(
            f"{who} has windows but no reductions. Aggregate, e.g. t.amount.sum(), or leave windows out."
        )
    for position, window in enumerate(found):
        if window in found[:position]:
            raise DefinitionError(f"{who} has the window {window.label} twice.")
    return found


def name_outputs(values: Mapping[str, ir.Value], windows: tuple[Window, ...], who: str) -> tuple[Output, ...]:
    outputs = tuple(output for name, value in values.items() for output in _outputs(name, value, windows, who))
    if windows and all(output.window is None for output in outputs):
        raise DefinitionError(f"{who} has windows, but each of its features says its own with over(). Leave one out.")
    all_names = [output.name for output in outputs]
    twice = sorted({name for name in all_names if all_names.count(name) > 1})
    if twice:
        raise DefinitionError(f"{who} would have two features named {twice[0]!r}. Rename one.")
    return outputs


def _outputs(name: str, value: ir.Value, windows: tuple[Window, ...], who: str) -> list[Output]:
    """One output per window of the view, or just one where the aggregates all have windows of their own."""
    check_over(value, f"{who}: feature {name!r}")
    if not windows or None not in windows_of(value, None):
        return [Output(name, name, value, None)]
    return [Output(f"{name}_{window.label}", name, value, window) for window in windows]


def positive(value: str | timedelta | None, what: str) -> timedelta | None:
    if value is None:
        return None
    length = parse_duration(value, what)
    if not length:
        raise DefinitionError(f"{what} is zero. Give a length of time, or leave it out.")
    return length


def read_fill(fill: Mapping[str, Any], outputs: tuple[Output, ...], who: str) -> tuple[tuple[str, Any], ...]:
    types = {output.name: output.value.type() for output in outputs}
    for name, value in fill.items():
        if name not in types:
            raise UnknownName.among(f"{who}: fill", "feature", name, types)
        if value is None:
            raise DefinitionError(f"{who}: fill[{name!r}] is None, which is what an empty window gives anyway.")
        if not ibis.literal(value).type().castable(normal_type(types[name])):
            raise DefinitionError(f"{who}: fill[{name!r}] is {value!r}, but the feature is {types[name]}.")
    return tuple(fill.items())


def only_where(kind: str, wanted: str, who: str, **given: Any) -> None:
    for option, value in given.items():
        if value and kind != wanted:
            raise DefinitionError(f"{who}: {option} is for as-of features; this is a {kind} view.")
