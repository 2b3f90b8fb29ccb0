"""The metamorphic proof: without the future, or with another one, the features are what they were.

At a sample of cutoffs every source that has a clock is cut (the rows not visible then are deleted) and scrambled (they
get other values), and the features of the rows that asked by then are computed again: the same views, the same
`lower()`, the same engine. A value that changes came from what could not be known.

It holds of a view's own expression too, which the join cannot see into: a window written by hand, a total joined back,
a second source joined by its event time look at rows that no rule of time keeps out.

The idea is metamorphic testing (Chen, Cheung, Yiu 1998): no right answer is needed, only two runs that must agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from fsnb.model import Source
from fsnb.pit import ROW, JoinPlan, ViewPlan, attach, plan
from fsnb.training.audit_hiding import Clocked, clocked, cut, hidden_rows, scrambled
from fsnb.training.audit_sample import Moment, moments, numbered, temporary
from fsnb.training.comparing import differ
from fsnb.training.filling import filled

if TYPE_CHECKING:
    from fsnb.training.training_set import TrainingSet

Progress = Callable[[str], object]
MANIPULATIONS: Mapping[str, Callable[..., ir.Table]] = {"cut": cut, "scrambled": scrambled}
UNTOUCHED = "untouched"


@dataclass(frozen=True, slots=True)
class Change:
    """A value that came out otherwise when what was not visible at `cutoff` was deleted ("cut") or overwritten."""

    row: int
    feature: str
    view: str
    cutoff: datetime
    before: Any
    after: Any
    manipulation: str


@dataclass(frozen=True, slots=True)
class Proof:
    """One view: how much was checked, and what changed.

    `rows` and `values` count each cutoff by itself; a value is computed once per manipulation. `hidden` is the fewest
    and the most source rows that one cutoff hid, by source; `open` names the sources without a clock, which hide
    nothing. `unstable` are values that came out otherwise with nothing hidden at all: the source has changed since the
    rows were collected, or the expression gives another answer each time. They are not counted as changes.
    """

    view: str
    features: tuple[str, ...]
    cutoffs: tuple[datetime, ...]
    rows: int
    values: int
    hidden: tuple[tuple[str, int, int], ...]
    open: tuple[str, ...]
    changes: tuple[Change, ...]
    unstable: tuple[Change, ...]

    @property
    def changed(self) -> int:
        """Values that some manipulation changed, of `values`."""
        return len({(change.row, change.feature, change.cutoff) for change in self.changes})

    @property
    def proven(self) -> bool:
        """Whether anything was hidden that could have changed a value."""
        return self.values > 0 and any(most for _, _, most in self.hidden)


def prove(
    train: TrainingSet, part: ViewPlan, *, cutoffs: int, rows: int, seed: int, progress: Progress | None = None
) -> Proof:
    """Cut and scramble the sources of one view at several cutoffs, and look for values that change."""
    sample = moments(part, train.to_arrow()[train.plan.spine.at], cutoffs, rows, seed)
    sources = {name: _definition(train, part, name) for name in part.view.sources}
    hiding = [
        clocked(part.view, source, train.tables[name])
        for name, source in sources.items()
        if source is not None and source.event_time is not None
    ]
    run = _Run(train, part, plan(train.plan.spine, part.features), tuple(hiding), progress or (lambda step: None))
    unstable = tuple(run.control(sample)) if sample else ()
    shaky = {(change.row, change.feature) for change in unstable}
    found = [
        change
        for i, moment in enumerate(sample if hiding else ())
        for change in run.at(moment, f"{i + 1} of {len(sample)}")
        if (change.row, change.feature) not in shaky
    ]
    checked = sum(len(moment.rows) for moment in sample) if hiding else 0
    return Proof(
        view=part.view.name,
        features=tuple(feature.column for feature in part.features),
        cutoffs=tuple(moment.at for moment in sample),
        rows=checked,
        values=checked * len(part.features),
        hidden=tuple(run.hidden(sample)),
        open=tuple(name for name in sources if name not in {one.source.name for one in hiding}),
        changes=tuple(found),
        unstable=unstable,
    )


def _definition(train: TrainingSet, part: ViewPlan, name: str) -> Source | None:
    """The source of that name, with its clocks; None where nobody has told them."""
    views = [part.view, *(other.view for other in train.plan.views)]
    own = next((view.source for view in views if view.source.name == name), None)
    return own or train.sources.get(name)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """One view of a training set on its engine."""

    train: TrainingSet
    part: ViewPlan
    plan: JoinPlan
    hiding: tuple[Clocked, ...]
    progress: Progress

    @property
    def before(self) -> bool:
        """Whether an event at exactly the cutoff is not visible."""
        return self.part.span(None).lo > 0

    def hidden(self, sample: list[Moment]) -> Iterator[tuple[str, int, int]]:
        for one in self.hiding if sample else ():
            counts = hidden_rows(one, [moment.at for moment in sample], before=self.before)
            yield one.source.name, min(counts), max(counts)

    def control(self, sample: list[Moment]) -> Iterator[Change]:
        """Values that come out otherwise though nothing is hidden."""
        self.progress(f"{self.part.view.name}: the same again")
        rows = np.unique(np.concatenate([moment.rows for moment in sample]))
        yield from self._changes(Moment(sample[-1].at, rows), UNTOUCHED, self.train.tables)

    def at(self, moment: Moment, number: str) -> Iterator[Change]:
        self.progress(f"{self.part.view.name}: cutoff {number}")
        for name, hide in MANIPULATIONS.items():
            hidden = {one.source.name: hide(one, moment.at, before=self.before) for one in self.hiding}
            yield from self._changes(moment, name, {**self.train.tables, **hidden})

    def _changes(self, moment: Moment, manipulation: str, tables: Mapping[str, ir.Table]) -> Iterator[Change]:
        rows = self.train.to_arrow().take(pa.array(moment.rows))
        asked = numbered(self.train.to_arrow().select(self.train.plan.spine.columns), moment.rows)
        with temporary(self.train.con):
            again = filled(self.train, self.plan, attach(self.train.con, asked, "audited rows"), tables).sort_by(ROW)
        for feature in self.plan.features:
            before, after = rows[feature.column], again[feature.column].cast(rows.schema.field(feature.column).type)
            for i in np.flatnonzero(differ(before, after)).tolist():
                values = before[i].as_py(), after[i].as_py()
                yield Change(int(moment.rows[i]), feature.column, self.part.view.name, moment.at, *values, manipulation)
