"""The leak meter: what other rules of time would have put into the same rows, and what that would have seemed worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa

from fsnb.errors import UnknownName
from fsnb.model import FeatureView, Spine, parse_duration, show_duration
from fsnb.pit import ROW, attach
from fsnb.training import audit_html, audit_text
from fsnb.training.audit_sample import numbered, sample, temporary
from fsnb.training.audit_score import Score, score
from fsnb.training.comparing import differ
from fsnb.training.filling import filled
from fsnb.training.restating import by_event_time, ignoring_availability, restated, under

if TYPE_CHECKING:
    from fsnb.training.training_set import TrainingSet

EXAMPLES = 3
EFFECT = {
    "rules": pl.String,
    "feature": pl.String,
    "view": pl.String,
    "rows": pl.Int64,
    "changed": pl.Int64,
    "share": pl.Float64,
    "measure": pl.String,
    "now": pl.Float64,
    "then": pl.Float64,
}
Rows = np.ndarray


@dataclass(frozen=True, slots=True)
class FeatureEffect:
    """One feature under other rules: in how many rows it differs, and the first as (row, value now, value then).

    `now` and `then` say how well the feature alone tells the first label, where there is one.
    """

    feature: str
    view: str
    changed: int
    first: tuple[tuple[int, Any, Any], ...]
    now: Score | None
    then: Score | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What other rules would have changed: `changed` of `rows` training rows differ in at least one feature.

    `rows` is how many were compared: all rows of the training set (`of`), or a sample of them.
    """

    name: str
    about: str
    of: int
    rows: int
    changed: int
    features: tuple[FeatureEffect, ...]

    @property
    def share(self) -> float:
        """Changed rows among those compared; 0.0 of none."""
        return self.changed / self.rows if self.rows else 0.0

    def to_polars(self) -> pl.DataFrame:
        """One row per feature: changed rows, their share, the score now and then (NULL without a label)."""
        return pl.DataFrame([self._record(one) for one in self.features], schema=EFFECT, orient="row")

    def _record(self, one: FeatureEffect) -> tuple[Any, ...]:
        measure = next((found.measure for found in (one.now, one.then) if found), None)
        scores = (found.value if found else None for found in (one.now, one.then))
        share = one.changed / self.rows if self.rows else 0.0
        return self.name, one.feature, one.view, self.rows, one.changed, share, measure, *scores

    def _repr_html_(self) -> str:
        return audit_html.effect_page(self)

    def __str__(self) -> str:
        said = f"{self.name}: {audit_text.compared(self)}"
        touched = [one for one in self.features if one.changed]
        return "\n".join([said, *(f"  {one.feature}: {one.changed:,}{_scores(one)}" for one in touched)])

    __repr__ = __str__


def _scores(one: FeatureEffect) -> str:
    if one.now is None or one.then is None:
        return ""
    return f", {one.now.measure} {one.now.value:.3f} -> {one.then.value:.3f}"


# ---------------------------------------------------------------------- effects


def effect(
    train: TrainingSet,
    name: str,
    about: str,
    change: Callable[[FeatureView], FeatureView],
    *,
    rows: Rows,
    at: str | None = None,
    views: tuple[str, ...] | None = None,
) -> Effect:
    """Compute the numbered rows again under changed rules, and compare with the rows as collected.

    `at` is another column of the spine to look back from; `views` are those that count, all by default.
    """
    spine = asking_at(train.plan.spine, at) if at else None
    other = under(train, change, spine)
    mine = [feature for feature in train.plan.features if views is None or feature.view.name in views]
    columns = [feature.column for feature in mine]
    then, now = _filled(other, train, rows), train.to_arrow().take(pa.array(rows))
    differs = {column: differ(now[column], then[column].cast(now.schema.field(column).type)) for column in columns}
    label = now[train.labels[0]] if train.labels else None
    found = tuple(
        FeatureEffect(
            feature=feature.column,
            view=feature.view.name,
            changed=int(differs[feature.column].sum()),
            first=tuple(_first(rows, now[feature.column], then[feature.column], differs[feature.column])),
            now=score(now[feature.column], label),
            then=score(then[feature.column], label),
        )
        for feature in mine
    )
    changed = np.any(list(differs.values()), axis=0) if differs else np.zeros(len(rows), dtype=bool)
    return Effect(name, about, len(train), len(rows), int(changed.sum()), found)


def asking_at(spine: Spine, at: str) -> Spine:
    return Spine(spine.data, at=at, label=spine.label, keys=dict(spine.keys))


def _filled(other: TrainingSet, train: TrainingSet, rows: Rows) -> pa.Table:
    asked = numbered(train.to_arrow().select(train.plan.spine.columns), rows)
    with temporary(train.con):
        return filled(train, other.plan, attach(train.con, asked, "rows")).sort_by(ROW)


def _first(rows: Rows, now: Any, then: Any, differs: np.ndarray) -> Iterator[tuple[int, Any, Any]]:
    for i in np.flatnonzero(differs)[:EXAMPLES].tolist():
        yield int(rows[i]), now[i].as_py(), then[i].as_py()


def careless(train: TrainingSet, rows: Rows) -> list[Effect]:
    """By event time alone, and without lag: each where the views have something to ignore."""
    found = []
    late = tuple(part.view.name for part in train.plan.views if part.view.source.available)
    if late:
        about = "joined by event time alone, as if every row had been known when it happened"
        found.append(effect(train, "availability ignored", about, ignoring_availability, rows=rows, views=late))
    lagged = tuple(part.view.name for part in train.plan.views if part.view.lag)
    if lagged:
        about = "up to the asking time itself"
        found.append(effect(train, "lag ignored", about, lambda v: restated(v, lag="0s"), rows=rows, views=lagged))
    return found


def lag_effect(
    train: TrainingSet,
    lag: str | timedelta,
    *,
    source: str | None = None,
    instead_of_available: bool = False,
    rows: int | None = None,
    seed: int = 0,
) -> Effect:
    """What `TrainingSet.lag_effect` says."""
    views = tuple(part.view.name for part in train.plan.views if source in (None, part.view.source.name))
    if not views:
        names = {part.view.source.name for part in train.plan.views}
        raise UnknownName.among("the training set", "source", str(source), sorted(names))
    length = parse_duration(lag, "lag")

    def change(view: FeatureView) -> FeatureView:
        if view.name not in views or view.kind == "static":
            return view
        return restated(view, lag=length, source=by_event_time(view.source) if instead_of_available else view.source)

    name = f"lag {show_duration(length)}" + (" instead of availability" if instead_of_available else "")
    about = "joined by event time, so much before the asking time" if instead_of_available else "in place of each lag"
    return effect(train, name, about, change, rows=sample(len(train), rows, seed), views=views)


# ---------------------------------------------------------------------- one row, for the report on own rows


def at_its_own_moment(train: TrainingSet, part_names: tuple[str, ...], at: str, rows: Rows) -> Effect:
    """The views as a join on the event's own time gives them: whatever happened by then, the row itself included."""

    def change(view: FeatureView) -> FeatureView:
        if view.kind == "static":
            return view
        open_ = {"lag": "0s", "refresh": None, "closed": "right", "source": by_event_time(view.source)}
        return restated(view, **open_)

    about = f"joined at the row's own {at}, as if its own event had been known"
    return effect(train, "own row included", about, change, rows=rows, at=at, views=part_names)
