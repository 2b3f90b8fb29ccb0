"""Why a training row has the value it has: the rows considered, what each came to, and the value of the real join.

The value is not worked out from the rows shown: it comes from the same `lower()` that makes the training set, run on
this one spine row. So what a reader sees is evidence, not a second implementation that might agree with itself. What
would have leaked is joined too, by the view restated without lag, refresh and available time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from fsnb.identity import bind
from fsnb.model import Feature, FeatureView, Output, Window, parse_duration, show_duration
from fsnb.model.moments import naive_utc
from fsnb.model.words import rules
from fsnb.pit import Considered, Judgement, ViewPlan, attach, considered_by, plan
from fsnb.pit.around import Fetch, fetched
from fsnb.training import html, text
from fsnb.training.audit_sample import temporary
from fsnb.training.filling import filled
from fsnb.training.restating import by_event_time, restated

if TYPE_CHECKING:
    from fsnb.training.training_set import TrainingSet

Join = Callable[[Sequence[Feature]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Why:
    """One spine row, one feature: the rows considered, oldest first, with outcomes, and the value that was joined.

    `band` is the stretch of event time in which a row could be used: a window, or the ttl; an open end is None.
    `left_out` says how many rows of the key were too far away to fetch. `careless` is the value of a join on event
    time alone, at the asking time itself, without available time, lag and refresh; None where nothing would leak.
    """

    row: int
    spine: Mapping[str, Any]
    at: str
    feature: str
    view: str
    kind: str
    keys: tuple[tuple[str, Any], ...]
    clocks: tuple[str, ...]
    rules: str
    cutoff: datetime | None
    band: tuple[datetime | None, datetime | None] | None
    band_name: str
    value: Any
    fill: Any
    rows: tuple[Considered, ...]
    left_out: int
    careless: Any = None

    @property
    def asked(self) -> datetime | None:
        """The time to look back from, as naive UTC."""
        return naive_utc(self.spine[self.at])

    @property
    def used(self) -> tuple[Considered, ...]:
        return tuple(row for row in self.rows if row.outcome == "used")

    @property
    def outcomes(self) -> Counter[str]:
        """How many rows came to each outcome."""
        return Counter(row.outcome for row in self.rows)

    @property
    def sentence(self) -> str:
        """What was picked and what was refused, in plain words."""
        return text.sentence(self)

    @property
    def leaked(self) -> tuple[Considered, ...]:
        """The rows refused that a join on event time alone would have used."""
        return tuple(row for row in self.rows if row.leaks)

    @property
    def leak(self) -> str:
        """What would have leaked, in plain words; nothing where nothing would."""
        return text.leak(self)

    def to_polars(self) -> pl.DataFrame:
        """The rows considered: event time, available time, the columns that the feature reads, the outcome."""
        return pl.DataFrame(text.records(self), schema=text.columns(self), orient="row", infer_schema_length=None)

    def __str__(self) -> str:
        return text.table(self)

    def _repr_html_(self) -> str:
        return html.page((self,))


def explain(
    train: TrainingSet, row: int, features: Sequence[Feature], *, join: Join | None = None, fetch: Fetch = fetched
) -> tuple[Why, ...]:
    """Judge every row that the features of one spine row could have met, and join that row for real.

    `join` and `fetch` are how it is joined and how its events are read, where something of it is kept.
    """
    number, asked = train.spine_row(row)
    spine = asked.to_pylist()[0]
    join = join or partial(_joined, train, asked)
    joined = join(features)
    judged = _judged(train, spine, features, fetch)
    leaky = [feature for feature in features if any(row.leaks for row in judged[feature.column].rows)]
    careless = join([_by_event_time(feature) for feature in leaky]) if leaky else {}
    return tuple(
        _why(train, number, spine, feature, joined[feature.column], judged[feature.column], careless)
        for feature in features
    )


def _joined(train: TrainingSet, asked: pa.Table, features: Sequence[Feature]) -> dict[str, Any]:
    """The features of one spine row, by the same plan and lowering as the whole training set."""
    with temporary(train.con):
        one = attach(train.con, asked, "spine row")
        return filled(train, plan(train.plan.spine, features), one).to_pylist()[0]


def _by_event_time(feature: Feature) -> Feature:
    view = restated(feature.view, lag="0s", refresh=None, source=by_event_time(feature.view.source))
    return view[feature.name].named(feature.column)


def _judged(
    train: TrainingSet, spine: Mapping[str, Any], features: Sequence[Feature], fetch: Fetch
) -> dict[str, Judgement]:
    """By column; the rows of a view are read once."""
    found: dict[str, Judgement] = {}
    for view in dict.fromkeys(feature.view for feature in features):
        mine = [feature for feature in features if feature.view == view]
        outputs = [view.output(name) for name in dict.fromkeys(feature.name for feature in mine)]
        keys = [spine[train.plan.spine.key_column(key)] for key in view.entity.keys]
        relation = bind(view.relation, train.tables)
        judged = considered_by(_part(train, view), outputs, relation, keys, spine[train.plan.spine.at], fetch)
        found |= {feature.column: judged[feature.name] for feature in mine}
    return found


def _part(train: TrainingSet, view: FeatureView) -> ViewPlan:
    return next(part for part in train.plan.views if part.view == view)


def _why(
    train: TrainingSet,
    number: int,
    spine: Mapping[str, Any],
    feature: Feature,
    value: Any,
    judged: Judgement,
    careless: Mapping[str, Any],
) -> Why:
    part = _part(train, feature.view)
    view, output = part.view, part.view.output(feature.name)
    keys = tuple((column := train.plan.spine.key_column(key), spine[column]) for key in view.entity.keys)
    band, band_name = _band(part, output, judged.cutoff)
    return Why(
        row=number,
        spine=spine,
        at=train.plan.spine.at,
        feature=feature.column,
        view=view.name,
        kind=view.kind,
        keys=keys,
        clocks=tuple(clock for clock in (view.source.event_time, view.source.available) if clock),
        rules=_rules(part, output),
        cutoff=judged.cutoff,
        band=band,
        band_name=band_name,
        value=value,
        fill=dict(view.fill).get(feature.name),
        rows=judged.rows,
        left_out=judged.left_out,
        careless=careless.get(feature.column),
    )


def _band(
    part: ViewPlan, output: Output, cutoff: datetime | None
) -> tuple[tuple[datetime | None, datetime | None] | None, str]:
    """Event times between which a row could be used, and what that stretch is called."""
    if cutoff is None:
        return None, ""
    if part.view.kind != "window":
        ttl = part.view.ttl
        return ((_back(cutoff, ttl), cutoff), f"ttl {show_duration(ttl)}") if ttl else (None, "")
    if None in output.windows:
        return (None, cutoff), "whole history"
    windows = [window for window in output.windows if window]
    end = _back(cutoff, min(window.offset for window in windows))
    start = _back(cutoff, max(window.offset + window.size for window in windows))
    return (start, end), f"window {' and '.join(map(_named, windows))}"


def _named(window: Window) -> str:
    """Its label, and its length where another one is tried."""
    label, _, offset = window.label.partition("_offset_")
    now = f" of {show_duration(window.size)}" if window.size != parse_duration(label.replace("_", "."), "") else ""
    return f"{label}{f', offset {offset}' if offset else ''}{now}"


def _back(moment: datetime, length: timedelta) -> datetime | None:
    """None where the calendar has no such time."""
    try:
        return moment - length
    except OverflowError:
        return None


def _rules(part: ViewPlan, output: Output) -> str:
    """The view's rules of time, with the windows of this feature alone."""
    return "; ".join(rules(part.view, output.windows))
