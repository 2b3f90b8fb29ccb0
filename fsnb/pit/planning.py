"""Spine + features -> JoinPlan: what may meet what, before any engine is chosen.

All rules of time of a view come down to one shift on the spine's side and two bounds on the event's side, in whole
microseconds: the cutoff `c` (Cutoff), and the span of cutoffs `[e + lo, e + hi)` at which an event of time `e` counts
(Span). Available time only raises the lower bound: `c >= available`. So windows, ttl, `closed` and two clocks become
one half-open interval per event, which every strategy can work with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ibis.expr.types as ir

from fsnb import shells
from fsnb.errors import DefinitionError, TypeMismatch, UnknownName
from fsnb.identity import fingerprint
from fsnb.model import Feature, FeatureView, Output, Spine, Window, micros
from fsnb.pit.primitives import Order, Primitive, clean
from fsnb.pit.recipes import take_apart


@dataclass(frozen=True, slots=True)
class Span:
    """An event of time `e` counts for the cutoffs `c` with `e + lo <= c < e + hi`; `hi` None: for ever."""

    lo: int
    hi: int | None


@dataclass(frozen=True, slots=True, eq=False)
class ViewPlan:
    """What one view contributes: arguments to read per event, their orders, primitives to compute, values to give."""

    view: FeatureView
    features: tuple[Feature, ...]
    arguments: tuple[tuple[str, ir.Value], ...]
    primitives: tuple[Primitive, ...]
    values: tuple[tuple[str, ir.Value], ...]
    orders: tuple[Order, ...] = ()

    @property
    def windows(self) -> tuple[Window | None, ...]:
        """The windows of its primitives, each once; None is the whole visible history."""
        return tuple(dict.fromkeys(primitive.window for primitive in self.primitives))

    @property
    def lag(self) -> int:
        return micros(self.view.lag)

    @property
    def refresh(self) -> int | None:
        return micros(self.view.refresh) if self.view.refresh else None

    @property
    def outputs(self) -> tuple[Output, ...]:
        return tuple(self.view.output(feature.name) for feature in self.features)

    def span(self, window: Window | None) -> Span:
        """The cutoffs at which an event counts for a window; None: from when it is seen, for ever (or for the ttl)."""
        late = 1 if self.view.closed in ("left", "neither") else 0
        kept = 1 if self.view.closed in ("left", "both") else 0
        if window is not None:
            offset = micros(window.offset)
            return Span(offset + late, offset + micros(window.size) + kept)
        return Span(late, micros(self.view.ttl) + kept if self.view.ttl else None)


@dataclass(frozen=True, eq=False)
class JoinPlan:
    """Spine and features, resolved. Independent of any engine; `str(plan)` explains it."""

    spine: Spine
    features: tuple[Feature, ...]
    views: tuple[ViewPlan, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the result: the spine's first, then the features as asked for."""
        return (*self.spine.columns, *(feature.column for feature in self.features))

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of every table that the views read."""
        return tuple(dict.fromkeys(name for part in self.views for name in part.view.sources))

    @cached_property
    def fingerprint(self) -> str:
        """Identity of what is computed: the spine's shape, each feature's view and name. Not of the data."""
        return fingerprint(
            {
                "spine": self.spine.to_doc(),
                "features": [[feature.view.fingerprint, feature.name, feature.column] for feature in self.features],
            }
        )

    def to_doc(self) -> dict[str, Any]:
        return {
            "fingerprint": self.fingerprint,
            "spine": self.spine.to_doc(),
            "views": {part.view.name: part.view.to_doc() for part in self.views},
            "features": [
                {"view": feature.view.name, "feature": feature.name, "column": feature.column}
                for feature in self.features
            ],
        }

    def __str__(self) -> str:
        return "\n".join(_explained(self))

    def _repr_html_(self) -> str:
        return shells.html(self)


def plan(spine: Spine, features: Sequence[Feature | FeatureView] | Feature | FeatureView) -> JoinPlan:
    """Resolve what a training set asks for.

    Parameters
    ----------
    spine
        The rows to fill.
    features
        Features (`view["name"]`) or whole views; columns come out in this order, after the spine's.

    Raises
    ------
    UnknownName
        The spine lacks an entity key.
    TypeMismatch
        A key's type differs between spine and source.
    DefinitionError
        Two columns of one name; two views of one name.
    NotSupported
        An aggregate that is not supported over a window.
    """
    if not isinstance(spine, Spine):
        raise DefinitionError(
            f"a training set needs an fsnb.Spine, not a {type(spine).__name__}: fsnb.Spine(data, at='asked_at')."
        )
    asked = tuple(_features(features))
    if not asked:
        raise DefinitionError("a training set needs at least one feature: [view['name'], ...] or whole views.")
    _check_columns(spine, asked)
    views = dict.fromkeys(feature.view for feature in asked)
    for view in views:
        _check_view(spine, view, views)
    parts = tuple(_view_plan(view, tuple(f for f in asked if f.view == view)) for view in views)
    return JoinPlan(spine, asked, parts)


def _features(features: Any) -> list[Feature]:
    found: list[Feature] = []
    for item in (features,) if isinstance(features, (Feature, FeatureView)) else features:
        if isinstance(item, FeatureView):
            found += [item[name] for name in item.features]
        elif isinstance(item, Feature):
            found.append(item)
        else:
            raise DefinitionError(f"features: {item!r} is not a feature. Give view['name'] or a view.")
    return found


def _check_columns(spine: Spine, features: tuple[Feature, ...]) -> None:
    taken: dict[str, str] = dict.fromkeys(spine.columns, "the spine")
    for feature in features:
        if feature.column in taken:
            raise DefinitionError(
                f"two columns would be named {feature.column!r}: {taken[feature.column]}'s and {feature!r}. "
                f"Rename one: {feature!r}.named('{feature.view.name}_{feature.name}')."
            )
        taken[feature.column] = repr(feature)


def _check_view(spine: Spine, view: FeatureView, views: dict[FeatureView, None]) -> None:
    if sum(other.name == view.name for other in views) > 1:
        raise DefinitionError(f"two different views are named {view.name!r}. Rename one.")
    for key in view.entity.keys:
        column = spine.key_column(key)
        if column not in spine.schema:
            raise UnknownName.among(
                "spine",
                "column",
                column,
                spine.columns,
                f"Feature view {view.name!r} joins on it; where it has another name: keys={{{key!r}: 'its name'}}.",
            )
        mine, theirs = spine.schema[column], view.relation[key].type()
        if _family(mine) != _family(theirs):
            raise TypeMismatch(
                f"spine key {column!r} is {mine}, but {key!r} of source {view.source.name!r} is {theirs}. Cast one."
            )


def _family(dtype: Any) -> str:
    for family in ("integer", "floating", "string", "timestamp"):
        if getattr(dtype, f"is_{family}")():
            return family
    return str(dtype.copy(nullable=True))


def _view_plan(view: FeatureView, features: tuple[Feature, ...]) -> ViewPlan:
    outputs = tuple(view.output(name) for name in dict.fromkeys(feature.name for feature in features))
    if view.kind == "window":
        parts = take_apart(outputs)
        return ViewPlan(view, features, parts.arguments, parts.primitives, parts.values, parts.orders)
    return ViewPlan(view, features, tuple((output.name, clean(output.value)) for output in outputs), (), ())


def _explained(plan: JoinPlan) -> list[str]:
    lines = [
        f"JoinPlan {plan.fingerprint[:12]}",
        f"spine: {len(plan.spine.columns)} columns, t = {plan.spine.at}" + _labels(plan.spine),
        "one row out per spine row, spine columns first",
    ]
    for part in plan.views:
        keys = ", ".join(_key(plan.spine, key) for key in part.view.entity.keys)
        lines += [f"{part.view.name}: per {part.view.entity.name} on {keys}, from {part.view.source.name}"]
        lines += [f"  {rule}" for rule in part.view.rules().split("; ")]
        lines += [f"  -> {feature.column}: {part.view.schema[feature.name]}" for feature in part.features]
    return lines


def _labels(spine: Spine) -> str:
    return f", label {', '.join(spine.label)}" if spine.label else ""


def _key(spine: Spine, key: str) -> str:
    column = spine.key_column(key)
    return key if column == key else f"{key} = spine {column}"
