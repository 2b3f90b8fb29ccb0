"""Why a value was chosen: the rows considered for one spine row, each with its outcome.

The rows come from the engine through the very relation that the join reads; their outcomes are judged by the same
`Span` arithmetic as the join, on plain integers. Tests hold both to the oracle and to the joined value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

import ibis.expr.operations as ops
import ibis.expr.types as ir
import numpy as np

from fsnb.model import FeatureView, Output
from fsnb.pit.around import Fetch, Rows, fetched, to_micros, to_moment
from fsnb.pit.clocks import cutoff
from fsnb.pit.events import AVAILABLE, EVENT, event_columns, order_names
from fsnb.pit.planning import Span, ViewPlan

USED, SUPERSEDED, FUTURE, NOT_YET_KNOWN, EXPIRED, OUTSIDE, NO_TIME, NO_VALUE = (
    "used",
    "superseded",
    "future",
    "not yet known",
    "expired",
    "outside the window",
    "no event time",
    "no value",
)
Array = np.ndarray[Any, Any]
NEVER = np.iinfo("int64").min


class Considered(NamedTuple):  # a card has thousands of them, and a frozen dataclass takes five times as long to make
    """One row that was looked at: its clocks (naive UTC), the columns its feature reads, its outcome.

    `leaks`: the rules refuse it, and a join on event time alone, at the asking time itself, would have used it.
    """

    event_time: datetime | None
    available: datetime | None
    values: tuple[tuple[str, Any], ...]
    outcome: str
    leaks: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """All rows considered for one spine row and feature, oldest first; `left_out` counts those not fetched."""

    cutoff: datetime | None
    rows: tuple[Considered, ...]
    left_out: int


def considered(
    part: ViewPlan, output: Output, relation: ir.Table, keys: Sequence[Any], at: datetime | None
) -> Judgement:
    """Judge the rows of one key for one asking time and one feature; see `considered_by`."""
    return considered_by(part, [output], relation, keys, at)[output.name]


def considered_by(
    part: ViewPlan,
    outputs: Sequence[Output],
    relation: ir.Table,
    keys: Sequence[Any],
    at: datetime | None,
    fetch: Fetch = fetched,
) -> dict[str, Judgement]:
    """Judge the rows of one key for one asking time, for several features of a view; the rows are read once.

    Parameters
    ----------
    part, outputs
        The view's plan and features of it.
    relation
        The view's relation, bound to an engine.
    keys
        The entity's key values; a NULL among them matches nothing.
    at
        The asking time; naive is UTC.
    fetch
        How the rows are read; a `Kept` reads them for the first question alone.

    Returns
    -------
    dict of Judgement
        By the feature's name: at most 2,000 rows up to the cutoff, up to 500 between it and the asking time, and the
        next 50 after that.
    """
    t = None if at is None else to_micros(at)
    c = None if t is None else cutoff(t, part.lag, part.refresh)
    if any(key is None for key in keys) or (c is None and part.view.kind != "static"):
        return {output.name: Judgement(_moment(c), (), 0) for output in outputs}
    rows, left_out = fetch(lambda: _of_key(part, outputs, relation, keys), c, t)
    judge = _Judge(part, rows, c, t)
    return {
        output.name: Judgement(_moment(c), judge.considered(output, tuple(_read_by(part, output))), left_out)
        for output in outputs
    }


def _moment(c: int | None) -> datetime | None:
    return None if c is None else to_moment(c)


def _of_key(part: ViewPlan, outputs: Sequence[Output], relation: ir.Table, keys: Sequence[Any]) -> ir.Table:
    """The rows of one key: what ranks them, and the columns that the features read."""
    chosen = relation.filter([relation[name] == key for name, key in zip(part.view.entity.keys, keys, strict=True)])
    columns, _ = event_columns(part, chosen, lambda value: value)
    ranks = {EVENT, AVAILABLE} if part.view.kind == "window" else {EVENT, *order_names(part)}
    wanted = {name: value for name, value in columns.items() if name in ranks}
    for output in outputs:
        wanted |= {shown: chosen[name] for shown, name in _read_by(part, output).items()}
    return chosen.select(**wanted)


def _read_by(part: ViewPlan, output: Output) -> dict[str, str]:
    """The relation's columns that the feature reads, under `=name`, so that they never meet our own names."""
    return {f"={name}": name for name in columns_read(part.view, output)}


def columns_read(view: FeatureView, output: Output) -> tuple[str, ...]:
    """The columns of its view's relation that a feature reads, each once."""
    fields = output.value.op().find(ops.Field, filter=ops.Value)
    return tuple(dict.fromkeys(field.name for field in fields if field.rel == view.relation.op()))


class _Judge:
    """The rows of one key at one cutoff; features that take the same windows, or read the same columns, share."""

    def __init__(self, part: ViewPlan, rows: Rows, c: int | None, t: int | None) -> None:
        self.part, self.c, self.t, self.rows = part, c, t, rows
        self.event = None if part.view.kind == "static" else _micros(rows, EVENT)
        self.available = None if part.view.source.available is None else _micros(rows, AVAILABLE)
        self.clocks = [(row.get(EVENT), row.get(AVAILABLE)) for row in rows]
        self.found: dict[Any, list[tuple[str, bool]]] = {}
        self.made: dict[Any, tuple[Considered, ...]] = {}

    def considered(self, output: Output, shown: tuple[str, ...]) -> tuple[Considered, ...]:
        judged = self._judged(output)
        same = (id(judged), shown)
        if same not in self.made:
            self.made[same] = self._rows(judged, shown)
        return self.made[same]

    def _rows(self, judged: list[tuple[str, bool]], shown: tuple[str, ...]) -> tuple[Considered, ...]:
        """What is the same in another window is the same object: thousands of them make the garbage collector slow."""
        made = next((rows for (_, columns), rows in self.made.items() if columns == shown), None)
        if made is None:
            found = zip(self.clocks, self._values(shown), judged, strict=True)
            return tuple([Considered(*clocks, values, *told) for clocks, values, told in found])
        both = zip(made, judged, strict=True)
        return tuple([row if row[3:] == told else row._replace(outcome=told[0], leaks=told[1]) for row, told in both])

    def _values(self, shown: tuple[str, ...]) -> list[tuple[tuple[str, Any], ...]]:
        names = [(name.removeprefix("="), name) for name in shown]
        return [tuple([(word, row[name]) for word, name in names]) for row in self.rows]

    def _judged(self, output: Output) -> list[tuple[str, bool]]:
        same = output.windows if self.part.view.kind == "window" else self.part.view.skip_nulls and output.name
        if same not in self.found:
            outcomes = self._outcomes(output, self.c, self.available)
            careless = self._outcomes(output, self.t, None)
            refused = (FUTURE, NOT_YET_KNOWN)
            leaks = (then == USED and now in refused for now, then in zip(outcomes, careless, strict=True))
            self.found[same] = list(zip(outcomes, leaks, strict=True))
        return self.found[same]

    def _outcomes(self, output: Output, c: int | None, available: Array | None) -> list[str]:
        if self.part.view.kind == "window":
            inside = self._inside([self.part.span(window) for window in output.windows], c)
            return self._seen(c, available, np.where(inside, USED, OUTSIDE))
        return self._latest(output, c, self._seen(c, available, np.full(len(self.rows), SUPERSEDED)))

    def _inside(self, spans: Sequence[Span], c: int | None) -> Array:
        """Which events lie in any of the windows."""
        assert c is not None
        assert self.event is not None
        inside = np.zeros(len(self.rows), dtype=bool)
        for span in spans:
            inside |= (self.event <= c - span.lo) & (True if span.hi is None else self.event > max(NEVER, c - span.hi))
        return inside

    def _seen(self, c: int | None, available: Array | None, told: Array) -> list[str]:
        """What is told of the rows that are visible, and of the others why they are not."""
        if self.event is None:
            return told.tolist()
        assert c is not None
        late = available is not None and (available > c) | (available == NEVER)
        why = [
            (self.event == NEVER, NO_TIME),
            (self.event > c - self.part.span(None).lo, FUTURE),
            (late, NOT_YET_KNOWN),
        ]
        said = told.astype("U32")
        for holds, word in reversed(why):
            said[holds] = word
        return said.tolist()

    def _latest(self, output: Output, c: int | None, outcomes: list[str]) -> list[str]:
        """Of the rows that are visible the one that is used, or has expired."""
        skips, value = self.part.view.skip_nulls, output.name
        visible = [i for i, outcome in enumerate(outcomes) if outcome == SUPERSEDED]
        best = self._best([i for i in visible if not skips or self.rows[i][value] is not None])
        if skips:
            for i in visible:
                if self.rows[i][value] is None and (best is None or self._rank(i) > self._rank(best)):
                    outcomes[i] = NO_VALUE
        if best is not None:
            outcomes[best] = EXPIRED if self._expired(best, c) else USED
        return outcomes

    def _best(self, able: list[int]) -> int | None:
        """The one that ranks highest; only the latest are ranked in full."""
        if self.event is not None and able:
            newest = self.event[able].max()
            able = [i for i in able if self.event[i] == newest]
        return max(able, key=self._rank, default=None)

    @cached_property
    def _ranking(self) -> list[str]:
        return order_names(self.part)

    def _rank(self, i: int) -> tuple[tuple[bool, Any], ...]:
        """Event time, available time, tie-break, then all values; NULL lowest."""
        row = self.rows[i]
        return tuple((row[name] is not None, row[name]) for name in self._ranking)

    def _expired(self, i: int, c: int | None) -> bool:
        hi = None if self.event is None else self.part.span(None).hi
        return hi is not None and c is not None and c >= int(self.event[i]) + hi  # type: ignore[index]


def _micros(rows: Rows, name: str) -> Array:
    """A clock in microseconds, NEVER where it is NULL."""
    return np.array([NEVER if row[name] is None else to_micros(row[name]) for row in rows], dtype="int64")
