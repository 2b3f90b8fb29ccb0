"""Events of a few rows' keys, sorted, of which a try takes those that its rules can reach: mostly a small part.

An event of time `e` counts for cutoffs `c` with `e + lo <= c < e + hi` (fsnb.pit.planning); so for each row the events
in `(c - hi, c - lo]` of its key are enough, and what a join is given is their union over the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
import numpy as np
import polars as pl
import pyarrow as pa

from fsnb.model import FeatureView, Spine
from fsnb.pit import ViewPlan
from fsnb.pit.choosing import Estimate
from fsnb.pit.events import hull
from fsnb.pit.ranges import Line
from fsnb.pit.read import upload
from fsnb.pit.tiles import LARGEST
from fsnb.training.audit_sample import NEVER, cutoffs

CODE, PLACE = "_fsnb_code", "_fsnb_place"


@dataclass(frozen=True, eq=False, slots=True)
class Nearby:
    """Events in order of key and event time, each at its place on one line, and the key and time of each row.

    The last ones have no event time, so no place. `line` is None where the calendar is too long for keys and times in
    an int64; then every event is taken.
    """

    events: pl.DataFrame
    places: np.ndarray
    line: Line | None
    codes: np.ndarray
    asked: pa.ChunkedArray

    @classmethod
    def of(cls, rows: pl.DataFrame, view: FeatureView, asked: pa.Table, spine: Spine) -> Nearby:
        """The events of a view that has event times, and the rows that ask; a NULL key reaches nothing."""
        keys, clock = list(view.entity.keys), str(view.source.event_time)
        events = rows.drop_nulls(keys).with_columns(pl.struct(keys).rank("dense").cast(pl.Int64).alias(CODE))
        events = events.sort(pl.col(clock).is_null(), CODE, clock)
        codes = _codes(events, keys, pl.DataFrame(asked.select([spine.key_column(key) for key in keys])))
        timed = events.filter(pl.col(clock).is_not_null())
        key, time = timed[CODE].to_numpy(), timed[clock].dt.epoch("us").to_numpy()
        line = Line.over(time)
        fits = (int(key.max(initial=0)) + 1) * (line.length + 3) < LARGEST
        places = line.place(key, time) if fits else np.zeros(0, dtype="int64")
        return cls(events.drop(CODE), places, line if fits else None, codes, asked[spine.at])

    def table(self, con: Any, part: ViewPlan) -> tuple[ir.Table, Estimate | None]:
        """The events that the rows can reach by a plan of the view, as a table of a Polars connection.

        And what meets there, twice of it: a join's bands meet their neighbours too. None where all events are taken.
        """
        span = hull(part) if part.primitives else part.span(None)
        if self.line is None or span.hi is None:
            return upload(con, self.events), None
        first, end = self._stretches(self.line, part, span.lo, span.hi)
        steps = np.bincount(first, minlength=len(self.places) + 1) - np.bincount(end, minlength=len(self.places) + 1)
        reached = np.flatnonzero(np.cumsum(steps)[:-1])
        met = Estimate(asks=len(first), events=len(reached), all_pairs=2 * int((end - first).sum()), reach=0)
        return upload(con, self.events[reached]), met

    def _stretches(self, line: Line, part: ViewPlan, lo: int, hi: int) -> tuple[np.ndarray, np.ndarray]:
        """Of each row that asks the first of the places that it looks back over, and the one after the last."""
        cut = cutoffs(part, self.asked)
        asks = (self.codes >= 0) & (cut != NEVER)
        codes, cut = self.codes[asks], cut[asks]
        first, end = (np.searchsorted(self.places, line.place(codes, cut - edge), "right") for edge in (hi, lo))
        return first, end


def _codes(events: pl.DataFrame, keys: Sequence[str], asked: pl.DataFrame) -> np.ndarray:
    """The number of each row's key among those of the events; -1 where there is none."""
    known = events.select(*keys, CODE).unique()
    named = asked.rename(dict(zip(asked.columns, keys, strict=True))).cast({key: known.schema[key] for key in keys})
    return named.join(known, on=keys, how="left", maintain_order="left")[CODE].fill_null(-1).to_numpy()
