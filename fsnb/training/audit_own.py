"""Rows that could see their own outcome: the event of the row's own keys and moment, and whether it was visible then.

A spine is often made from the very events that features are computed on. Its row then has an event of its own: the
source row with the same keys at the time that the spine calls by the same name (`scheduled_at`), or else at the asking
time. What that event says of the outcome is hidden only while the rules of time hide the event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fsnb.model import Feature, FeatureView, Window
from fsnb.pit import ROW, ViewPlan, attach, plan
from fsnb.training.audit_meter import Effect, Rows, asking_at, at_its_own_moment
from fsnb.training.audit_sample import cutoffs, numbered, temporary
from fsnb.training.filling import filled
from fsnb.training.restating import by_event_time

if TYPE_CHECKING:
    from fsnb.training.training_set import TrainingSet

COUNT, KNOWN = "own_rows_found", "own_rows_known"
SHARE = 0.5


@dataclass(frozen=True, slots=True)
class OwnRows:
    """One view: of `rows` compared, `found` have an event of their own at the spine's `at`; the view sees `seen`."""

    view: str
    source: str
    at: str
    rows: int
    found: int
    seen: int


def own_rows(train: TrainingSet, rows: Rows) -> tuple[list[OwnRows], list[Effect]]:
    """The views whose rows mostly have an event of their own, and what the hidden ones would have changed.

    A few matches are chance (weather is observed on the hour, and some flights are asked for on the hour): with matches
    for less than half of the rows a view is left out.
    """
    found: list[OwnRows] = []
    hidden: dict[str, list[tuple[str, np.ndarray]]] = {}
    for part in train.plan.views:
        if part.view.kind == "static":
            continue
        at = _own_time(train, part)
        there, seen = _met(train, part, at, rows)
        if there.sum() >= SHARE * len(rows) and len(rows):
            own = OwnRows(part.view.name, part.view.source.name, at, len(rows), int(there.sum()), int(seen.sum()))
            found.append(own)
            hidden.setdefault(at, []).append((part.view.name, there & ~seen))
    return found, [one for at, views in hidden.items() for one in _effects(train, at, views, rows)]


def _own_time(train: TrainingSet, part: ViewPlan) -> str:
    """The spine's column that says when the row's own event happens."""
    name, spine = part.view.source.event_time, train.plan.spine
    return name if name and name in spine.schema and spine.schema[name].is_timestamp() else spine.at


def _effects(train: TrainingSet, at: str, views: list[tuple[str, np.ndarray]], rows: Rows) -> list[Effect]:
    names = tuple(name for name, hidden in views if hidden.any())
    if not names:
        return []
    any_hidden = np.any([hidden for _, hidden in views], axis=0)
    return [at_its_own_moment(train, names, at, rows[any_hidden])]


def _met(train: TrainingSet, part: ViewPlan, at: str, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Whether each row has an event of its own, and whether that event is visible at the row's cutoff."""
    view, table = part.view, train.to_arrow()
    looking = _at_that_moment(view)
    spine = asking_at(train.plan.spine, at)
    asked = numbered(table.select(train.plan.spine.columns), rows)
    with temporary(train.con):
        made = filled(train, plan(spine, _renamed(looking)), attach(train.con, asked, "rows"))
        met = pl.DataFrame(made.sort_by(ROW))
    there = (met[COUNT] > 0).to_numpy()
    event = met[at].dt.epoch("us").fill_null(0).to_numpy()
    known = met[KNOWN].dt.epoch("us") if view.source.available else pl.Series(event)
    c, lo = cutoffs(part, table[train.plan.spine.at])[rows], part.span(None).lo
    in_time = known.is_not_null().to_numpy() & (known.fill_null(0).to_numpy() <= c)
    return there, there & (event + lo <= c) & in_time


def _at_that_moment(view: FeatureView) -> FeatureView:
    """A view that counts the events of exactly the asking time, and says when the first of them was known."""
    source, relation = view.source, view.relation
    values = {COUNT: relation.count()}
    if source.available is not None:
        values[KNOWN] = relation[source.available].min()
    return FeatureView(
        view.name,
        entity=view.entity,
        source=by_event_time(source),
        features=values,
        windows=[Window(timedelta(microseconds=1))],
    )


def _renamed(view: FeatureView) -> list[Feature]:
    return [view[output.name].named(output.base) for output in view.outputs]
