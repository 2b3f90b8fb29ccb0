"""FeatureView: named expressions over a source for one entity, with their rules of time.

The user's function gets the source as an unbound Ibis table and returns a mapping of names to Ibis values on *one*
table: that table (the `relation`) is what the rules of time see, so it must keep the keys, clocks and tie-break.
Reductions (or arithmetic over them) make a windowed view, plain columns an as-of view; a view is one or the other,
because a windowed feature and an as-of feature answer different questions about the same cutoff.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.common.deferred import Deferred

from fsnb.errors import DefinitionError, UnknownName, hint, listed
from fsnb.identity import fingerprint, from_json, portable, tables_of, to_json
from fsnb.model.data import RESERVED, normal_type
from fsnb.model.durations import parse_duration, show_duration
from fsnb.model.entity import Entity, Window, check_name, names
from fsnb.model.source import Source

CLOSED = ("right", "left", "both", "neither")


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """One feature: its name, the name it was given before the window's label, its value, its window."""

    name: str
    base: str
    value: ir.Value
    window: Window | None


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """One feature of a view, as asked for in a training set; `.named()` renames its column."""

    view: FeatureView
    name: str
    alias: str | None = None

    @property
    def column(self) -> str:
        return self.alias or self.name

    def named(self, alias: str) -> Feature:
        """The same feature under another column name, where two views use one name."""
        return Feature(self.view, self.name, check_name(alias, "feature name"))

    def __repr__(self) -> str:
        return f"{self.view.name}[{self.name!r}]"


@dataclass(frozen=True, slots=True, eq=False, init=False)
class FeatureView:
    """Named expressions over a source for one entity.

    Parameters
    ----------
    name
        A name for the catalog and the published tables.
    entity
        Whose features these are; its keys must be columns of the table that the expressions stand on.
    source
        The events or states.
    features
        A function from the source's table to a mapping `name -> Ibis value`, or the mapping itself with deferred
        values (`{"legs": _.count()}`).
    windows
        Lengths ("7d") or `Window`s, for reductions. Features are named `{name}_{window}`; without windows, `{name}`
        over the whole visible history.
    lag
        How long before the asking time the features stop: the cutoff is `c = t - lag`.
    ttl
        As-of only: a match that is not in `(c - ttl, c]` has expired and gives NULL, never an older row.
    refresh
        The cadence of a batch: `c = floor((t - lag) / refresh) * refresh`, from the epoch, UTC.
    closed
        Which ends of a window `(c - offset - size, c - offset]` belong to it: "right" (default), "left", "both",
        "neither". The right end also rules whether a row at exactly `c` is seen.
    skip_nulls
        As-of only: per column the latest value that is not NULL; by default the latest row as it is.
    fill
        `{feature: value}` in place of NULL. Counts of an empty window are 0 anyway.
    description, owner, tags
        For people and search; not part of the identity.
    checks
        Checks on the source or the result, run at publishing.

    Raises
    ------
    DefinitionError, UnknownName, TypeMismatch, NoStableIdentity
    """

    name: str
    entity: Entity
    source: Source
    kind: str
    relation: ir.Table
    outputs: tuple[Output, ...]
    windows: tuple[Window, ...]
    lag: timedelta
    ttl: timedelta | None
    refresh: timedelta | None
    closed: str
    skip_nulls: bool
    fill: tuple[tuple[str, Any], ...]
    description: str
    owner: str
    tags: tuple[str, ...]
    checks: tuple[Any, ...]
    _fingerprint: str

    def __init__(
        self,
        name: str,
        *,
        entity: Entity,
        source: Source,
        features: Callable[[ir.Table], Mapping[str, Any]] | Mapping[str, Any],
        windows: Sequence[str | timedelta | Window] | str = (),
        lag: str | timedelta = "0s",
        ttl: str | timedelta | None = None,
        refresh: str | timedelta | None = None,
        closed: str = "right",
        skip_nulls: bool = False,
        fill: Mapping[str, Any] | None = None,
        description: str = "",
        owner: str = "",
        tags: str | Sequence[str] = (),
        checks: Sequence[Any] = (),
    ) -> None:
        who = f"feature view {check_name(name, 'feature view')!r}"
        given = _values(features, source, who)
        standing_on = _relation(given, who)
        _need_columns(standing_on, entity, source, who)
        kind = _kind(given, source, who)
        relation, values = _portable(given, standing_on)
        if closed not in CLOSED:
            raise DefinitionError(
                f"{who}: closed={closed!r} is not one of {', '.join(CLOSED)}.{hint(str(closed), CLOSED)}"
            )
        windows = _windows(windows, kind, who)
        outputs = _outputs(values, windows, who)
        set_ = {
            "name": name,
            "entity": entity,
            "source": source,
            "kind": kind,
            "relation": relation,
            "outputs": outputs,
            "windows": windows,
            "lag": parse_duration(lag, f"{who}: lag"),
            "ttl": _positive(ttl, f"{who}: ttl"),
            "refresh": _positive(refresh, f"{who}: refresh"),
            "closed": closed,
            "skip_nulls": skip_nulls,
            "fill": _fill(fill or {}, outputs, who),
            "description": description,
            "owner": owner,
            "tags": names(tags, f"{who}: tags"),
            "checks": tuple(checks),
        }
        for key, value in set_.items():
            object.__setattr__(self, key, value)
        _only_where(kind, "asof", who, ttl=self.ttl, skip_nulls=self.skip_nulls)
        object.__setattr__(self, "_fingerprint", fingerprint(self._identity()))

    # ------------------------------------------------------------------ reading

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(output.name for output in self.outputs)

    @property
    def schema(self) -> ibis.Schema:
        """Feature names and types as they come out: floats and decimals as float64, times as naive UTC."""
        return ibis.schema({output.name: normal_type(output.value.type()) for output in self.outputs})

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of all tables that the expressions read, the view's own source first."""
        others = [table.name for table in tables_of(self.relation) if table.name != self.source.name]
        return (self.source.name, *others)

    @property
    def fingerprint(self) -> str:
        """Identity of what is computed: keys, source, expressions, rules of time. Not the name or the description."""
        return self._fingerprint

    def output(self, name: str) -> Output:
        for output in self.outputs:
            if output.name == name:
                return output
        raise self._unknown(name)

    def __getitem__(self, name: str) -> Feature:
        if name not in self.features:
            raise self._unknown(name)
        return Feature(self, name)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.features)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FeatureView) and (other.name, other.fingerprint) == (self.name, self.fingerprint)

    def __hash__(self) -> int:
        return hash((self.name, self.fingerprint))

    def __repr__(self) -> str:
        return f"<FeatureView {self.name}: {listed(self.features)}; per {self.entity.name}; {self.rules()}>"

    def rules(self) -> str:
        """The rules of time in words."""
        return "; ".join(_rules(self))

    def _unknown(self, name: str) -> UnknownName:
        return UnknownName.among(f"feature view {self.name!r}", "feature", name, self.features)

    # ------------------------------------------------------------------ documents

    def _expression(self) -> ir.Table:
        return _as_table({output.base: output.value for output in self.outputs}, self.relation)

    def _identity(self) -> dict:
        return {
            "keys": list(self.entity.keys),
            "source": self.source.fingerprint,
            "expression": to_json(self._expression()),
            "windows": [window.to_doc() for window in self.windows],
            "lag": self.lag,
            "ttl": self.ttl,
            "refresh": self.refresh,
            "closed": self.closed,
            "skip_nulls": self.skip_nulls,
            "fill": dict(self.fill),
        }

    def to_doc(self) -> dict:
        """The whole definition as JSON; `from_doc` loads it without executing code."""
        return {
            "name": self.name,
            "description": self.description,
            "owner": self.owner,
            "tags": list(self.tags),
            "kind": self.kind,
            "entity": self.entity.to_doc(),
            "source": self.source.to_doc(),
            "expression": to_json(self._expression()),
            "windows": [
                {"size": show_duration(w.size), "offset": show_duration(w.offset), "label": w.label}
                for w in self.windows
            ],
            "lag": show_duration(self.lag),
            "ttl": self.ttl and show_duration(self.ttl),
            "refresh": self.refresh and show_duration(self.refresh),
            "closed": self.closed,
            "skip_nulls": self.skip_nulls,
            "fill": dict(self.fill),
            "features": list(self.features),
            "schema": {name: str(dtype) for name, dtype in self.schema.items()},
            "sources": list(self.sources),
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any], sources: Mapping[str, Source] | None = None) -> FeatureView:
        """The view of a document, on the given sources or on the one in the document.

        Raises
        ------
        NotSupported
            The document holds an operation that is not on the list of what may be loaded.
        """
        source = (sources or {}).get(doc["source"]["name"]) or Source.from_doc(doc["source"])
        _, values = _taken_apart(from_json(doc["expression"]))
        return cls(
            doc["name"],
            entity=Entity.from_doc(doc["entity"]),
            source=source,
            features=values,
            windows=[_window_from_doc(w) for w in doc["windows"]],
            **{key: doc[key] for key in ("lag", "ttl", "refresh", "closed", "skip_nulls", "fill")},
            **{key: doc[key] for key in ("description", "owner", "tags")},
        )


def feature_view(**definition: Any) -> Callable[[Callable[[ir.Table], Mapping[str, Any]]], FeatureView]:
    """Decorate a function from the source's table to features: the view takes its name and docstring.

    Takes what `FeatureView` takes, but for `features`.
    """

    def decorate(function: Callable[[ir.Table], Mapping[str, Any]]) -> FeatureView:
        own = {"name": function.__name__, "description": (function.__doc__ or "").strip()}
        return FeatureView(features=function, **(own | definition))

    return decorate


# ---------------------------------------------------------------------- checks at definition time


def _values(features: Any, source: Source, who: str) -> dict[str, ir.Value]:
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
        raise _missing_column(error, source, who) from error
    if not found:
        raise DefinitionError(f"{who} has no features. Return at least one, e.g. {{'events': t.count()}}.")
    for name, value in found.items():
        check_name(name, f"{who}: feature")
        if name.startswith(RESERVED):
            raise DefinitionError(f"{who}: feature {name!r} starts with {RESERVED!r}, which fsnb keeps for itself.")
        if not isinstance(value, ir.Value):
            raise DefinitionError(f"{who}: feature {name!r} is {value!r}, not an Ibis value such as t.amount.sum().")
    return found


def _as_table(values: Mapping[str, ir.Value], relation: ir.Table) -> ir.Table:
    """All values as one expression: an aggregation of reductions, or a projection of columns.

    Made of operations, since `select` on a join would merge the values into the join.
    """
    named = {name: value.op() for name, value in values.items()}
    if all(isinstance(value, ir.Scalar) for value in values.values()):
        return ops.Aggregate(relation.op(), groups={}, metrics=named).to_expr()
    return ops.Project(relation.op(), named).to_expr()


def _taken_apart(expression: ir.Table) -> tuple[ir.Table, dict[str, ir.Value]]:
    node = expression.op()
    values = node.metrics if isinstance(node, ops.Aggregate) else node.values
    return node.parent.to_expr(), {name: value.to_expr() for name, value in values.items()}


def _portable(values: Mapping[str, ir.Value], relation: ir.Table) -> tuple[ir.Table, dict[str, ir.Value]]:
    """Relation and values without connection and catalog, in one walk."""
    return _taken_apart(portable(_as_table(values, relation)))


def _resolved(value: Any, table: ir.Table) -> Any:
    return value.resolve(table) if isinstance(value, Deferred) else value


def _missing_column(error: AttributeError, source: Source, who: str) -> Exception:
    """An unknown column reads as an unknown attribute of the table; other attribute errors are the user's own."""
    name = getattr(error, "name", None)
    if not isinstance(getattr(error, "obj", None), ir.Table) or not name:
        return error
    return UnknownName.among(f"{who}: source {source.name!r}", "column", name, error.obj.columns)


def _relation(values: Mapping[str, ir.Value], who: str) -> ir.Table:
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


def _need_columns(relation: ir.Table, entity: Entity, source: Source, who: str) -> None:
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


def _kind(values: Mapping[str, ir.Value], source: Source, who: str) -> str:
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


def _windows(windows: Any, kind: str, who: str) -> tuple[Window, ...]:
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


def _outputs(values: Mapping[str, ir.Value], windows: tuple[Window, ...], who: str) -> tuple[Output, ...]:
    outputs = tuple(
        Output(f"{name}_{window.label}" if window else name, name, value, window)
        for name, value in values.items()
        for window in (windows or (None,))
    )
    all_names = [output.name for output in outputs]
    twice = sorted({name for name in all_names if all_names.count(name) > 1})
    if twice:
        raise DefinitionError(f"{who} would have two features named {twice[0]!r}. Rename one.")
    return outputs


def _positive(value: str | timedelta | None, what: str) -> timedelta | None:
    if value is None:
        return None
    length = parse_duration(value, what)
    if not length:
        raise DefinitionError(f"{what} is zero. Give a length of time, or leave it out.")
    return length


def _fill(fill: Mapping[str, Any], outputs: tuple[Output, ...], who: str) -> tuple[tuple[str, Any], ...]:
    types = {output.name: output.value.type() for output in outputs}
    for name, value in fill.items():
        if name not in types:
            raise UnknownName.among(f"{who}: fill", "feature", name, types)
        if value is None:
            raise DefinitionError(f"{who}: fill[{name!r}] is None, which is what an empty window gives anyway.")
        if not ibis.literal(value).type().castable(normal_type(types[name])):
            raise DefinitionError(f"{who}: fill[{name!r}] is {value!r}, but the feature is {types[name]}.")
    return tuple(fill.items())


def _only_where(kind: str, wanted: str, who: str, **given: Any) -> None:
    for option, value in given.items():
        if value and kind != wanted:
            raise DefinitionError(f"{who}: {option} is for as-of features; this is a {kind} view.")


def _window_from_doc(doc: Mapping[str, str]) -> Window:
    window = Window(doc["size"], doc["offset"])
    object.__setattr__(window, "label", doc["label"])
    return window


def _rules(view: FeatureView) -> list[str]:
    if view.kind == "static":
        return ["one row per key, no time rule"]
    cutoff = "t" if not view.lag else f"t - {show_duration(view.lag)}"
    if view.refresh:
        cutoff = f"the last {show_duration(view.refresh)} tick at or before {cutoff}"
    seen = "<=" if view.closed in ("right", "both") else "<"
    said = [f"cutoff c = {cutoff}", f"sees {view.source.event_time} {seen} c"]
    if view.source.available:
        said[-1] += f" and {view.source.available} <= c"
    if view.kind == "window":
        left, right = ("[" if view.closed in ("left", "both") else "("), ("]" if seen == "<=" else ")")
        said += [f"window {left}c - {_back(w.offset + w.size)}, c{_minus(w.offset)}{right}" for w in view.windows]
        said += [] if view.windows else ["whole visible history"]
        return said
    said.append("the latest value that is not NULL, per column" if view.skip_nulls else "the latest row")
    return said + ([f"NULL when older than {show_duration(view.ttl)}"] if view.ttl else [])


def _back(length: timedelta) -> str:
    return show_duration(length)


def _minus(offset: timedelta) -> str:
    return f" - {show_duration(offset)}" if offset else ""
