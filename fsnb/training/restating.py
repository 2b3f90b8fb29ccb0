"""The same training set under other rules of time: what a careless join, or another lag, would give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fsnb.model import FeatureView, Source, Spine
from fsnb.pit import plan

if TYPE_CHECKING:
    from fsnb.training.training_set import TrainingSet


def restated(view: FeatureView, **rules: Any) -> FeatureView:
    """The view's expressions under other rules: what `FeatureView` takes, in place of what the view has."""
    own = {
        "entity": view.entity,
        "source": view.source,
        "features": {output.base: output.value for output in view.outputs},
        "fill": dict(view.fill),
        **{name: getattr(view, name) for name in ("windows", "lag", "ttl", "refresh", "closed", "skip_nulls")},
    }
    return FeatureView(view.name, **(own | rules))


def by_event_time(source: Source) -> Source:
    """The source as if every row had been known when it happened; ties are decided as before."""
    ties = source.tie_break
    if source.available is not None:
        ties = (source.available, *(name for name in ties if name != source.available))
    return Source(source.name, None, event_time=source.event_time, tie_break=ties, schema=source.schema)


def ignoring_availability(view: FeatureView) -> FeatureView:
    """The view joined by event time alone."""
    return restated(view, source=by_event_time(view.source))


def under(train: TrainingSet, change: Callable[[FeatureView], FeatureView], spine: Spine | None = None) -> TrainingSet:
    """The training set with every view changed: same rows, same columns, same engine; nobody's catalog hears of it."""
    changed = {part.view: change(part.view) for part in train.plan.views}
    features = [changed[feature.view][feature.name].named(feature.column) for feature in train.plan.features]
    return replace(train, plan=plan(spine or train.plan.spine, features), catalog=None)
