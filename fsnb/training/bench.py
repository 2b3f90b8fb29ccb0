"""A few rows of a training set beside the events of their keys, so that other rules of time are tried in an instant.

The events are copied to a Polars connection of their own, narrowed to the keys that the rows ask for, and the same plan
is lowered there: nothing is computed a second way. A copy is trusted only once it gives, under the view's own rules,
the very values that the training set's engine gives for these rows. Where it does not, or cannot (a second source,
a key that the view computes, an operation that Polars lacks, too many events), the engine itself does the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import ibis
import numpy as np
import polars as pl
import pyarrow as pa

from fsnb.errors import FsnbError
from fsnb.model import Source
from fsnb.pit import JoinPlan, ViewPlan, attach, collect, on, plan, read_source
from fsnb.training.audit_sample import numbered
from fsnb.training.comparing import differ

if TYPE_CHECKING:
    from fsnb.training.training_set import TrainingSet

MOST_EVENTS = 2_000_000
CANNOT = (FsnbError, ibis.common.exceptions.IbisError, pl.exceptions.PolarsError, NotImplementedError)


@dataclass(frozen=True, eq=False)
class Bench:
    """Rows of one view: their numbers, their values under its own rules, and where other rules are tried.

    `train` is the training set of these rows alone, on a copy or on the engine; `events` is how many were copied, None
    where the engine does the work.
    """

    numbers: np.ndarray
    values: pa.Table
    train: TrainingSet
    events: int | None


def bench(train: TrainingSet, part: ViewPlan, numbers: Sequence[int]) -> Bench:
    """The bench of one view for rows given by their numbers, in order."""
    found = np.array(sorted(numbers), dtype="int64")
    asked = _numbered(train.spine_rows(found.tolist()))
    here = replace(train, spine=attach(train.con, asked, "rows"))
    there = planned(here, plan(train.plan.spine, part.features))
    values = there.to_arrow()
    copy, events = _copied(there, part, asked, values)
    return Bench(found, values, copy or there, events)


def _numbered(asked: pa.Table) -> pa.Table:
    return numbered(asked, np.arange(asked.num_rows))


def planned(train: TrainingSet, plan: JoinPlan) -> TrainingSet:
    """The rows of a training set under another plan, by the strategies that fit these rows; no catalog hears of it."""
    return replace(train, plan=on(plan, train.con, train.tables, train.spine), catalog=None)


def _copied(
    there: TrainingSet, part: ViewPlan, asked: pa.Table, values: pa.Table
) -> tuple[TrainingSet | None, int | None]:
    """The same rows on a copy of their events, if that gives the same values."""
    source = part.view.source
    if len(part.view.sources) > 1 or any(key not in source.schema for key in part.view.entity.keys):
        return None, None
    try:
        events = _events(there, part, source)
        if events.num_rows > MOST_EVENTS:
            return None, None
        con = ibis.polars.connect()
        tables = {source.name: read_source(con, source, data=events)}
        copy = planned(replace(there, con=con, tables=tables, spine=attach(con, asked, "rows")), there.plan)
        same = all(not differ(values[name], copy.to_arrow()[name]).any() for name in there.features)
    except CANNOT:
        return None, None
    return (copy, events.num_rows) if same else (None, None)


def _events(there: TrainingSet, part: ViewPlan, source: Source) -> pa.Table:
    """The source's rows whose keys are asked for."""
    columns = {there.plan.spine.key_column(key): key for key in part.view.entity.keys}
    keys = there.spine.select(*columns).distinct()
    table = there.tables[source.name]
    pairs = [table[key] == keys[column] for column, key in columns.items()]
    return collect(there.con, table.semi_join(keys, pairs).limit(MOST_EVENTS + 1))
