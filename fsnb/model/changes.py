"""What differs between two definitions, and whether who reads the old one can go on with the new one.

A change is *breaking* where a reader could see another value, another type or a missing column under a name that it
knows. Each feature is judged by itself (`fsnb.identity.meaning`): a column that was added to the source, or to the
table that features stand on, changes none of them. What cannot be told apart counts as changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import ibis.expr.types as ir

from fsnb.identity import Over, meaning
from fsnb.model.data import normal_type
from fsnb.model.definition import Output
from fsnb.model.durations import show_duration
from fsnb.model.entity import Window
from fsnb.model.source import Source
from fsnb.model.spelled import spelled, steps
from fsnb.model.view import FeatureView

NONE = "none"
_Digests = Sequence[Sequence[Mapping[str, str]]]  # digests by value: as they are and bare of windows, each old and new


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two definitions.

    Attributes
    ----------
    kind
        Of a view: "feature", "type", "meaning", "window", "fill" (of one feature or key column); "rows" (a filter or
        join before the features), "kind", "keys", "lag", "ttl", "refresh", "closed", "skip_nulls". Of a source, or of
        a view's source: "source" (its name), "column", "type", "event_time", "available", "tie_break". For people
        alone, never breaking: "name", "entity", "description", "owner", "tags", "location".
    what
        The feature, the column, or the name of the view or source.
    old, new
        Before and after, as text; None where it is not there. What is there and not set is "none".
    breaking
        Whether readers of the old one could see another value or type, or miss a column.
    """

    kind: str
    what: str
    old: str | None
    new: str | None
    breaking: bool

    def __str__(self) -> str:
        end = " (breaking)" if self.breaking else ""
        if self.old is None:
            return f"{self.kind} {self.what!r} added: {self.new}{end}"
        if self.new is None:
            return f"{self.kind} {self.what!r} removed: it was {self.old}{end}"
        return f"{self.kind} of {self.what!r} was {self.old}, is {self.new}{end}"

    def to_doc(self) -> dict[str, Any]:
        """The change as JSON; `Change(**doc)` reads it back."""
        return asdict(self)


def changes(old: FeatureView, new: FeatureView) -> tuple[Change, ...]:
    """What differs between two definitions of a feature view, in words, each compatible or breaking.

    Breaking: a feature removed or renamed; its type, expression, window or `fill` changed; the keys, their types, the
    rows or clocks that features are computed from; lag, ttl, refresh, closed, skip_nulls, the source's name or clocks,
    its tie-break in an as-of view. Compatible: a feature or a column added, a column removed that no feature reads,
    and what people read (name of the entity, description, owner, tags). Two views of different names are compared by
    what they compute, and the name is said to differ.

    Returns
    -------
    tuple of Change
        Breaking ones first: features in the order of the old view, then the rest. Empty where nothing differs, which
        may be of two fingerprints: another order of features or of columns is a difference to nobody.
    """
    found = (*_features(old, new), *_standing_on(old, new), *_said(old, new, _SETTINGS), *_view_source(old, new))
    return _ordered((*found, *_said(old, new, _WORDS, breaking=False)))


def source_changes(old: Source, new: Source) -> tuple[Change, ...]:
    """What differs between two definitions of a source, each compatible or breaking for who reads its columns.

    Breaking: a column removed or of another type, the event time, the available time or the tie-break changed.
    Compatible: a column added, another location or description. The order of columns does not count.
    """
    found = (*_said(old, new, _CLOCKS), *_columns(old, new, breaking=True))
    return _ordered((*found, *_said(old, new, _SOURCE_WORDS, breaking=False)))


def _ordered(found: tuple[Change, ...]) -> tuple[Change, ...]:
    return tuple(sorted(found, key=lambda change: not change.breaking))


# ---------------------------------------------------------------------- features


def _features(old: FeatureView, new: FeatureView) -> Iterator[Change]:
    before, after = ({output.name: output for output in view.outputs} for view in (old, new))
    meant = [[_meant(view, bare=bare) for view in (old, new)] for bare in (False, True)]
    for name in dict.fromkeys((*before, *after)):
        types = [str(view.schema[name]) if name in view.schema else None for view in (old, new)]
        if None in types:
            yield from _differ("feature", name, types, breaking=types[1] is None)
            continue
        yield from _differ("type", name, types)
        yield from _meanings(name, (before[name], after[name]), meant)
        yield from _differ(
            "fill", name, [repr(dict(view.fill)[name]) if name in dict(view.fill) else NONE for view in (old, new)]
        )


def _meanings(name: str, outputs: tuple[Output, Output], meant: _Digests) -> Iterator[Change]:
    """Whether the windows of one feature changed, what is computed over them, or both."""
    windows = [_windows(output) for output in outputs]
    whole, bare = ([known[output.base] for known, output in zip(each, outputs, strict=True)] for each in meant)
    yield from _differ("window", name, windows)
    if bare[0] != bare[1] or windows[0] == windows[1]:
        yield from _meant_otherwise(name, [output.value for output in outputs], whole)


def _meant(view: FeatureView, *, bare: bool = False) -> Mapping[str, str]:
    """What each value means; `bare` of windows of its own."""
    values = {output.base: output.value for output in view.outputs}
    if bare:
        values = {name: value.op().replace(_without_window).to_expr() for name, value in values.items()}
    return meaning(values, view.relation).values


def _without_window(node: Any, kwargs: Mapping[str, Any] | None) -> Any:
    node = node.__recreate__(kwargs) if kwargs else node
    return node.arg if isinstance(node, Over) else node


def _windows(output: Output) -> str:
    return ", ".join(NONE if window is None else _span(window) for window in output.windows) or NONE


def _span(window: Window) -> str:
    back = f", offset {show_duration(window.offset)}" if window.offset else ""
    return f"{show_duration(window.size)}{back}"


# ---------------------------------------------------------------------- what features stand on


def _standing_on(old: FeatureView, new: FeatureView) -> Iterator[Change]:
    """The rows, and the columns that the rules of time read: keys, clocks, tie-break."""
    before, after = (meaning({}, view.relation) for view in (old, new))
    yield from _apart("rows", new.name, [steps(view.relation) for view in (old, new)], [before.rows, after.rows])
    for name in [name for name in _roles(old) if name in _roles(new)]:
        columns = [view.relation[name] for view in (old, new)]
        types = [str(normal_type(column.type())) for column in columns]
        yield from _differ("type", name, types)
        if types[0] == types[1]:
            yield from _meant_otherwise(name, columns, [before.columns[name], after.columns[name]])


def _roles(view: FeatureView) -> tuple[str, ...]:
    ties = view.source.tie_break if view.kind == "asof" else ()
    clocks = (view.source.event_time, view.source.available)
    return tuple(dict.fromkeys((*view.entity.keys, *(clock for clock in clocks if clock), *ties)))


# ---------------------------------------------------------------------- settings, source, words


def _view_source(old: FeatureView, new: FeatureView) -> Iterator[Change]:
    """As readers of the view see it: a column counts through the features that read it, the tie-break as-of alone."""
    yield from _differ("source", new.name, [old.source.name, new.source.name])
    for change in _said(old.source, new.source, _CLOCKS):
        yield replace(change, breaking=change.kind != "tie_break" or new.kind == "asof")
    yield from _columns(old.source, new.source, breaking=False)


def _columns(old: Source, new: Source, *, breaking: bool) -> Iterator[Change]:
    for name in dict.fromkeys((*old.schema.names, *new.schema.names)):
        types = [str(source.schema[name]) if name in source.schema else None for source in (old, new)]
        yield from _differ("column", name, types, breaking=breaking and types[0] is not None)


def _said(old: Any, new: Any, shown: Mapping[str, Callable[[Any], str]], *, breaking: bool = True) -> Iterator[Change]:
    for kind, show in shown.items():
        yield from _differ(kind, new.name, [show(old) or NONE, show(new) or NONE], breaking=breaking)


def _differ(kind: str, what: str, shown: Sequence[str | None], *, breaking: bool = True) -> Iterator[Change]:
    old, new = shown
    if old != new:
        yield Change(kind, what, old, new, breaking)


def _meant_otherwise(name: str, values: Sequence[ir.Value], digests: Sequence[str]) -> Iterator[Change]:
    yield from _apart("meaning", name, [spelled(value) for value in values], digests)


def _apart(kind: str, what: str, shown: Sequence[str], digests: Sequence[str]) -> Iterator[Change]:
    """Digests decide; where words do not tell the two apart, the digests' first digits do."""
    if digests[0] != digests[1]:
        alike = shown[0] == shown[1]
        yield from _differ(
            kind, what, [f"{text} [{d[:8]}]" if alike else text for text, d in zip(shown, digests, strict=True)]
        )


def _length(value: timedelta | None) -> str:
    return NONE if value is None else show_duration(value)


_SETTINGS: Mapping[str, Callable[[FeatureView], str]] = {
    "kind": lambda view: view.kind,
    "keys": lambda view: ", ".join(view.entity.keys),
    "lag": lambda view: _length(view.lag),
    "ttl": lambda view: _length(view.ttl),
    "refresh": lambda view: _length(view.refresh),
    "closed": lambda view: view.closed,
    "skip_nulls": lambda view: str(view.skip_nulls),
}
_CLOCKS: Mapping[str, Callable[[Source], str]] = {
    "event_time": lambda source: source.event_time or "",
    "available": lambda source: source.available or "",
    "tie_break": lambda source: ", ".join(source.tie_break),
}
_WORDS: Mapping[str, Callable[[FeatureView], str]] = {
    "name": lambda view: view.name,
    "entity": lambda view: view.entity.name,
    "description": lambda view: view.description,
    "owner": lambda view: view.owner,
    "tags": lambda view: ", ".join(view.tags),
}
_SOURCE_WORDS: Mapping[str, Callable[[Source], str]] = {
    "name": lambda source: source.name,
    "description": lambda source: source.description,
    "location": lambda source: source.location or "",
}
