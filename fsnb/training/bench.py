"""A few rows of a training set beside the events of their keys, so that other rules of time are tried in an instant.

What a view reads (the rows and columns that its expressions stand on, for the keys that these rows ask for) is copied
once from the training set's engine to a Polars connection of its own. There the view stands on that copy, is restated,
planned and lowered like any other: nothing is computed a second way. A copy is trusted only once it gives, under the
view's own rules, the very values that the engine gives for these rows. Where it does not, or cannot (an operation that
Polars lacks, too many events), the engine itself does the work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import polars as pl
import pyarrow as pa

from fsnb.errors import FsnbError
from fsnb.identity import bind
from fsnb.model import Feature, FeatureView, Source
from fsnb.pit import JoinPlan, ViewPlan, attach, collect, columns_read, on, plan, read_source
from fsnb.pit.around import Kept
from fsnb.pit.choosing import Estimate
from fsnb.pit.read import upload
from fsnb.training.audit_sample import numbered, temporary
from fsnb.training.comparing import differ
from fsnb.training.nearby import Nearby
from fsnb.training.restating import restated, under
from fsnb.training.why import Why, explain

if TYPE_CHECKING:
    from fsnb.training.training_set import TrainingSet

MOST_EVENTS = 2_000_000
KEPT = 4
"""Of each feature the values under the last rules that were tried."""
CANNOT = (FsnbError, ibis.common.exceptions.IbisError, pl.exceptions.PolarsError, NotImplementedError)
Change = Callable[[FeatureView], FeatureView]


@dataclass(frozen=True, eq=False)
class Bench:
    """Rows of one view: their numbers, their values under its own rules, and where other rules are tried.

    `train` is the training set of these rows alone, on a copy or on the engine; `nearby` are the events that were
    copied, None where the engine does the work.
    """

    numbers: np.ndarray
    values: pa.Table
    train: TrainingSet
    nearby: Nearby | None
    _met: Kept = field(default_factory=Kept)
    _known: dict[Any, pa.ChunkedArray] = field(default_factory=dict)

    @property
    def events(self) -> int | None:
        """How many events were copied."""
        return None if self.nearby is None else len(self.nearby.events)

    def under(self, change: Change) -> Mapping[str, pa.ChunkedArray]:
        """The values of each feature under other rules."""
        return self._filled(under(self.train, change).plan.features)

    def explained(self, change: Change, row: int) -> tuple[Why, ...]:
        """The features of the one row here under other rules; `row` is its number in the whole set."""
        train = under(self.train, change)
        if self.nearby is None:
            whys = explain(train, 0, train.plan.features)
        else:
            whys = explain(train, 0, train.plan.features, join=self._joined, fetch=self._met)
        return tuple(replace(why, row=row) for why in whys)

    def _joined(self, features: Sequence[Feature]) -> dict[str, Any]:
        return {name: values[0].as_py() for name, values in self._filled(features).items()}

    def _filled(self, features: Sequence[Feature]) -> dict[str, pa.ChunkedArray]:
        """Values of the rows; what a slider does not touch is not computed anew."""
        keys = {feature: _rules(feature) for feature in features}
        new = [feature for feature in features if keys[feature] not in self._known]
        found = {keys[feature]: self._known[keys[feature]] for feature in features if feature not in new}
        if new:
            rows = self.filled(plan(self.train.plan.spine, new))
            found |= {keys[feature]: rows[feature.column] for feature in new}
        self._known.update(found)
        for key in list(self._known)[: -KEPT * len(features)]:
            del self._known[key]
        return {feature.column: found[keys[feature]] for feature in features}

    def filled(self, plan: JoinPlan) -> pa.Table:
        """The rows by a plan on the view as it stands here."""
        with temporary(self.train.con):
            return self._near(plan).to_arrow()

    def _near(self, plan: JoinPlan) -> TrainingSet:
        if self.nearby is None:
            return planned(self.train, plan)
        (part,) = plan.views
        table, met = self.nearby.table(self.train.con, part)
        near = replace(self.train, tables={part.view.source.name: table})
        return planned(near, plan, {part.view.name: met} if met else None)


def _rules(feature: Feature) -> tuple[Any, ...]:
    """What decides a feature's values, of the views that stand here: they differ in rules and in their source alone."""
    view, output = feature.view, feature.view.output(feature.name)
    return feature.column, view.source, view.lag, view.refresh, view.ttl, output.windows, output.value.op()


def bench(train: TrainingSet, part: ViewPlan, numbers: Sequence[int]) -> Bench:
    """The bench of one view for rows given by their numbers, in order."""
    found = np.array(sorted(numbers), dtype="int64")
    asked = _numbered(train.spine_rows(found.tolist()))
    here = replace(train, spine=attach(train.con, asked, "rows"))
    there = planned(here, plan(train.plan.spine, part.features))
    values = there.to_arrow()
    on_engine = Bench(found, values, there, None)
    return on_engine if part.view.kind == "static" else _copied(on_engine, part, asked) or on_engine


def _numbered(asked: pa.Table) -> pa.Table:
    return numbered(asked, np.arange(asked.num_rows))


def planned(train: TrainingSet, plan: JoinPlan, known: Mapping[str, Estimate | None] | None = None) -> TrainingSet:
    """The rows of a training set under another plan, by the strategies that fit these rows; no catalog hears of it.

    `known` says what its views meet there, where that need not be counted.
    """
    return replace(train, plan=on(plan, train.con, train.tables, train.spine, known=known), catalog=None)


# ---------------------------------------------------------------------- the copy


def _copied(bench: Bench, part: ViewPlan, asked: pa.Table) -> Bench | None:
    """The same rows beside a copy of what their view reads, if that gives the same values."""
    try:
        rows = _read(bench.train, part.view)
        if rows.num_rows > MOST_EVENTS or _nan(rows):
            return None
        con, view = ibis.polars.connect(), _standing_on(part.view, rows)
        table = read_source(con, view.source, data=rows)
        nearby = Nearby.of(con.compile(table).collect(), view, asked, bench.train.plan.spine)
        features = [view[feature.name].named(feature.column) for feature in part.features]
        train = replace(
            bench.train,
            con=con,
            tables={view.source.name: upload(con, nearby.events)},
            spine=attach(con, asked, "rows"),
        )
        copy = replace(bench, train=planned(train, plan(train.plan.spine, features)), nearby=nearby)
        values = copy.filled(copy.train.plan)
        same = all(not differ(bench.values[name], values[name]).any() for name in train.features)
    except CANNOT:
        return None
    return copy if same else None


def _read(train: TrainingSet, view: FeatureView) -> pa.Table:
    """What a view's expressions stand on: of the keys that are asked for, the columns that anything reads."""
    source, relation = view.source, bind(view.relation, train.tables)
    clocks = [clock for clock in (source.event_time, source.available) if clock]
    read = [name for output in view.outputs for name in columns_read(view, output)]
    rows = relation.select(*dict.fromkeys([*view.entity.keys, *clocks, *source.tie_break, *read]))
    columns = {train.plan.spine.key_column(key): key for key in view.entity.keys}
    keys = train.spine.select(*columns).distinct()
    pairs = [rows[key] == keys[column] for column, key in columns.items()]
    return collect(train.con, rows.semi_join(keys, pairs).limit(MOST_EVENTS + 1))


def _nan(rows: pa.Table) -> bool:
    """Whether an expression has made a NaN, which a source that is read anew would not have."""
    return any(pa.types.is_floating(column.type) and pl.Series(column).is_nan().any() for column in rows.columns)


def _standing_on(view: FeatureView, rows: pa.Table) -> FeatureView:
    """The view's expressions on a source that is these rows."""
    own = view.source
    source = Source(
        own.name,
        None,
        event_time=own.event_time,
        available=own.available,
        tie_break=own.tie_break,
        schema=ibis.Schema.from_pyarrow(rows.schema),
    )
    moved = {view.relation.op(): source.table.op()}
    features = {output.base: output.value.op().replace(moved).to_expr() for output in view.outputs}
    return restated(view, source=source, features=features)
