"""FeatureView: named expressions over a source for one entity, with their rules of time.

The user's function gets the source as an unbound Ibis table and returns a mapping of names to Ibis values on *one*
table: that table (the `relation`) is what the rules of time see, so it must keep the keys, clocks and tie-break.
Reductions (or arithmetic over them) make a windowed view, plain columns an as-of view; a view is one or the other,
because a windowed feature and an as-of feature answer different questions about the same cutoff.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from fsnb import shells
from fsnb.errors import DefinitionError, UnknownName, hint, listed
from fsnb.identity import fingerprint, from_json, tables_of, to_json
from fsnb.model.checking import Check
from fsnb.model.code import view_code
from fsnb.model.data import TIMESTAMP, normal_type
from fsnb.model.definition import (
    Output,
    as_table,
    common_relation,
    kind_of,
    made_portable,
    name_outputs,
    need_columns,
    only_where,
    positive,
    read_fill,
    read_values,
    read_windows,
    taken_apart,
)
from fsnb.model.durations import parse_duration, show_duration
from fsnb.model.entity import Entity, Window, check_name, names
from fsnb.model.over import over_others
from fsnb.model.placing import placed
from fsnb.model.source import Source
from fsnb.model.words import rules

CLOSED = ("right", "left", "both", "neither")
RULES = ("lag", "ttl", "refresh", "windows", "closed", "skip_nulls", "fill")


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

    def _repr_html_(self) -> str:
        return shells.html(self)


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
        over the whole visible history. `fsnb.over` gives one aggregate a window of its own.
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
        `fsnb.check("fares are positive", _.fare > 0)` and those of `fsnb.checks`: on the result (keys, event time,
        available time, features) where it has a check's columns, else on the source. Publishing runs them. Not part
        of the identity.

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
    checks: tuple[Check, ...]
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
        given = read_values(features, source, who)
        standing_on = common_relation(given, who)
        need_columns(standing_on, entity, source, who)
        kind = kind_of(given, source, who)
        relation, values = made_portable(given, standing_on)
        if closed not in CLOSED:
            raise DefinitionError(
                f"{who}: closed={closed!r} is not one of {', '.join(CLOSED)}.{hint(str(closed), CLOSED)}"
            )
        windows = read_windows(windows, kind, who)
        outputs = name_outputs(values, windows, who)
        set_ = {
            "name": name,
            "entity": entity,
            "source": source,
            "kind": kind,
            "relation": relation,
            "outputs": outputs,
            "windows": windows,
            "lag": parse_duration(lag, f"{who}: lag"),
            "ttl": positive(ttl, f"{who}: ttl"),
            "refresh": positive(refresh, f"{who}: refresh"),
            "closed": closed,
            "skip_nulls": skip_nulls,
            "fill": read_fill(fill or {}, outputs, who),
            "description": description,
            "owner": owner,
            "tags": names(tags, f"{who}: tags"),
        }
        for key, value in set_.items():
            object.__setattr__(self, key, value)
        only_where(kind, "asof", who, ttl=self.ttl, skip_nulls=self.skip_nulls)
        object.__setattr__(self, "checks", placed(checks, {"result": self.result, "source": source.table}, who))
        object.__setattr__(self, "_fingerprint", fingerprint(self._identity()))

    # ------------------------------------------------------------------ reading

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(output.name for output in self.outputs)

    @property
    def used_windows(self) -> tuple[Window | None, ...]:
        """Every window that the features take, those of `over` too; None is the whole visible history."""
        found = (window for output in self.outputs for window in output.windows)
        return tuple(dict.fromkeys(found)) if self.kind == "window" else ()

    @property
    def schema(self) -> ibis.Schema:
        """Feature names and types as they come out: floats and decimals as float64, times as naive UTC."""
        return ibis.schema({output.name: normal_type(output.value.type()) for output in self.outputs})

    @property
    def result(self) -> ir.Table:
        """What publishing tells of the view, as an unbound table: keys, event time, available time, features."""
        keys = {key: self.relation[key].type() for key in self.entity.keys}
        clocks = dict.fromkeys(("event_time", "available_time"), TIMESTAMP)
        return ibis.table(keys | clocks | dict(self.schema.items()), name=self.name)

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
        return "; ".join(rules(self))

    def _unknown(self, name: str) -> UnknownName:
        return UnknownName.among(f"feature view {self.name!r}", "feature", name, self.features)

    def described(
        self, *, description: str | None = None, owner: str | None = None, tags: str | Sequence[str] | None = None
    ) -> FeatureView:
        """The same view in other words for people; what it computes, and so its fingerprint, stays.

        Whatever is not given stays as it is; "" and () take words away.
        """
        told: dict[str, Any] = {"description": description, "owner": owner}
        told["tags"] = None if tags is None else names(tags, f"feature view {self.name!r}: tags")
        other = copy(self)
        for key, value in told.items():
            if value is not None:
                object.__setattr__(other, key, value)
        return other

    def with_rules(self, *, over: Mapping[str, str | timedelta] | None = None, **rules: Any) -> FeatureView:
        """The same expressions under other rules of time: another definition, with a fingerprint of its own.

        Whatever is not given stays as it is, words for people and checks too. Features are named for their windows, so
        other `windows` name them anew.

        Parameters
        ----------
        over
            Other lengths for the windows that `fsnb.over` gives to aggregates: `{"7d": "3d"}`, by length, or
            `"7d_offset_1d"`. An offset stays; so do the features' names.
        **rules
            Of `lag`, `ttl`, `refresh`, `windows`, `closed`, `skip_nulls`, `fill`: what `FeatureView` takes.

        Raises
        ------
        UnknownName
            Not a rule, or no window that `fsnb.over` gives.
        DefinitionError
            As when a view is made; among others, a check or `fill` of a feature that would not be there any more.
        """
        for name in rules:
            if name not in RULES:
                raise UnknownName.among(f"feature view {self.name!r}", "rule", name, (*RULES, "over"))
        values = {output.base: output.value for output in self.outputs}
        return self._made_anew(over_others(values, over or {}, f"feature view {self.name!r}"), rules)

    def with_values(self, values: Mapping[str, ir.Value]) -> FeatureView:
        """Other expressions under the same rules of time, words and checks; a mapping `name -> Ibis value`."""
        return self._made_anew(values, {})

    def _made_anew(self, values: Mapping[str, ir.Value], rules: dict[str, Any]) -> FeatureView:
        same: dict[str, Any] = {
            "entity": self.entity,
            "source": self.source,
            "fill": dict(self.fill),
            "checks": self.checks,
        }
        same |= {name: getattr(self, name) for name in (*RULES, "description", "owner", "tags") if name != "fill"}
        return FeatureView(self.name, features=values, **(same | rules))

    # ------------------------------------------------------------------ documents and code

    def code(self) -> str:
        """The Python that defines the view, its entity and its source; run where `store` is one, it gives this view.

        Windows, rules of time, words for people and checks stand in it, and each expression as a call of Ibis. What
        is written is built again and held to the fingerprint; nothing is executed as text.

        Raises
        ------
        NotSupported
            Something in it has no Python that fsnb can write, such as a window function; the message names it.
        """
        return view_code(self)

    @property
    def expression(self) -> ir.Table:
        """All features as one unbound table: an aggregation of reductions, or a projection of columns."""
        return as_table({output.base: output.value for output in self.outputs}, self.relation)

    def _identity(self) -> dict:
        return {
            "keys": list(self.entity.keys),
            "source": self.source.fingerprint,
            "expression": to_json(self.expression),
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
            "expression": to_json(self.expression),
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
            **({"checks": [check.to_doc() for check in self.checks]} if self.checks else {}),
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
        _, values = taken_apart(from_json(doc["expression"]))
        return cls(
            doc["name"],
            entity=Entity.from_doc(doc["entity"]),
            source=source,
            features=values,
            windows=[_window_from_doc(w) for w in doc["windows"]],
            **{key: doc[key] for key in ("lag", "ttl", "refresh", "closed", "skip_nulls", "fill")},
            **{key: doc[key] for key in ("description", "owner", "tags")},
            checks=[Check.from_doc(each) for each in doc.get("checks", ())],
        )

    def _repr_html_(self) -> str:
        return shells.html(self)


def feature_view(**definition: Any) -> Callable[[Callable[[ir.Table], Mapping[str, Any]]], FeatureView]:
    """Decorate a function from the source's table to features: the view takes its name and docstring.

    Takes what `FeatureView` takes, but for `features`.
    """

    def decorate(function: Callable[[ir.Table], Mapping[str, Any]]) -> FeatureView:
        own = {"name": function.__name__, "description": (function.__doc__ or "").strip()}
        return FeatureView(features=function, **(own | definition))

    return decorate


def _window_from_doc(doc: Mapping[str, str]) -> Window:
    window = Window(doc["size"], doc["offset"])
    object.__setattr__(window, "label", doc["label"])
    return window
