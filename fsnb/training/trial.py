"""One view under other rules of time: what a row would get, and what a sample of the rows would.

The view is restated, planned and lowered like any other; see `bench` for where. A restated window keeps its label, so
that a feature keeps its name while its window is tried at another length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from fsnb.errors import UnknownName, UsageError
from fsnb.model import FeatureView, Window, parse_duration, show_duration
from fsnb.model.over import over_others, said_windows
from fsnb.training.bench import Bench
from fsnb.training.comparing import differ
from fsnb.training.restating import restated
from fsnb.training.why import Why

Lengths = tuple[tuple[str, timedelta], ...]
SHIFTS = {"feature": pl.String, "rows": pl.Int64, "changed": pl.Int64, "nulls": pl.Int64, "nulls_then": pl.Int64}


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of time that can be tried: the lag, the length of each window by its label, the ttl (None: none).

    `over` has the lengths of the windows that `fsnb.over` gives to aggregates, by their labels.
    """

    lag: timedelta
    windows: Lengths
    ttl: timedelta | None
    over: Lengths = ()

    @classmethod
    def of(cls, view: FeatureView) -> Rules:
        """A view's own."""
        windows = tuple((window.label, window.size) for window in view.windows)
        said = said_windows(output.value for output in view.outputs)
        return cls(view.lag, windows, view.ttl, tuple((label, window.size) for label, window in said.items()))

    def but(
        self,
        lag: Any = None,
        windows: Mapping[str, Any] | None = None,
        ttl: Any = None,
        over: Mapping[str, Any] | None = None,
    ) -> Rules:
        """Others: what is given in place of what there is; a `ttl` of "none" takes it away."""
        wanted = self.ttl if ttl is None else None if ttl == "none" else parse_duration(ttl, "ttl")
        own = self.lag if lag is None else parse_duration(lag, "lag")
        return Rules(
            own, _other(self.windows, windows, "window"), wanted, _other(self.over, over, "window of fsnb.over")
        )

    def applied(self, view: FeatureView) -> FeatureView:
        """The view under these rules, its features under the names they have."""
        values = {output.base: output.value for output in view.outputs}
        features = over_others(values, dict(self.over), f"feature view {view.name!r}")
        return restated(view, lag=self.lag, windows=self.resized(view), ttl=self.ttl, features=features)

    def resized(self, view: FeatureView) -> list[Window]:
        sizes = dict(self.windows)
        return [window.resized(sizes[window.label]) for window in view.windows]

    def words(self, own: Rules) -> str:
        """What differs from the view's own: `lag 2h instead of 15m`."""
        said = [f"lag {_instead(self.lag, own.lag)}"] if self.lag != own.lag else []
        said += _changed("window", self.windows, own.windows) + _changed("over", self.over, own.over)
        said += [f"ttl {_instead(self.ttl, own.ttl)}"] if self.ttl != own.ttl else []
        return ", ".join(said)


def _other(own: Lengths, given: Mapping[str, Any] | None, kind: str) -> Lengths:
    sizes = dict(own)
    for label, size in (given or {}).items():
        if label not in sizes:
            raise UnknownName.among("the feature view", kind, label, sizes)
        sizes[label] = parse_duration(size, f"{kind} {label}")
    return tuple(sizes.items())


def _changed(kind: str, then: Lengths, own: Lengths) -> list[str]:
    mine = dict(own)
    return [f"{kind} {label} of {_instead(size, mine[label])}" for label, size in then if size != mine[label]]


def _instead(then: timedelta | None, now: timedelta | None) -> str:
    return f"{shown(then)} instead of {shown(now)}"


def shown(length: timedelta | None) -> str:
    return "none" if length is None else show_duration(length)


@dataclass(frozen=True, slots=True)
class Shift:
    """One feature of the sample: rows that other rules change, rows that are NULL under its own rules and then."""

    feature: str
    rows: int
    changed: int
    nulls: int
    nulls_then: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What other rules of time do to one view: to the row in view (`whys`), and to a sample of the training rows.

    `rows` of the set's `of` rows were compared, `changed` of them differ in at least one feature of the view.
    `engine` says where it was computed: on the training set's engine, or on a Polars copy of `events` events that gives
    the engine's own values for these rows under the view's own rules.
    """

    view: str
    rules: Rules
    words: str
    whys: tuple[Why, ...]
    of: int
    rows: int
    changed: int
    shifts: tuple[Shift, ...]
    engine: str
    events: int | None
    differs: np.ndarray = field(repr=False, compare=False)

    def to_polars(self) -> pl.DataFrame:
        """One row per feature: rows compared, rows changed, rows that are NULL now and then."""
        records = [(s.feature, s.rows, s.changed, s.nulls, s.nulls_then) for s in self.shifts]
        return pl.DataFrame(records, schema=SHIFTS, orient="row")

    def __str__(self) -> str:
        said = f"{self.view}, {self.words or 'its own rules'}: {self.changed:,} of {self.rows:,} rows change"
        lines = (f"  {s.feature}: {s.changed:,} changed, NULL {s.nulls:,} -> {s.nulls_then:,}" for s in self.shifts)
        return "\n".join([said, *lines])

    __repr__ = __str__


def try_out(view: FeatureView, rules: Rules, row: int, one: Bench, sample: Bench, of: int) -> Trial:
    """A view under other rules, on the bench of one row and on that of the sample.

    Raises
    ------
    UsageError
        The view has no time rule, so no other rules.
    DefinitionError
        Rules that the view cannot have: a window that it has already, a ttl of zero.
    """
    if view.kind == "static":
        raise UsageError(f"feature view {view.name!r} is static: it has one row per key and no rules of time to try.")
    own = Rules.of(view)
    then: Mapping[str, pa.ChunkedArray] = {name: sample.values[name] for name in sample.train.features}
    then = then if rules == own else sample.under(rules.applied)
    differs = {name: differ(sample.values[name], then[name]) for name in sample.train.features}
    either = np.any(list(differs.values()), axis=0)
    return Trial(
        view=view.name,
        rules=rules,
        words=rules.words(own),
        whys=one.explained(rules.applied, row),
        of=of,
        rows=len(sample.numbers),
        changed=int(either.sum()),
        shifts=tuple(_shift(name, sample.values[name], then[name], differs[name]) for name in differs),
        engine=sample.train.con.name,
        events=sample.events,
        differs=either,
    )


def _shift(name: str, now: pa.ChunkedArray, then: pa.ChunkedArray, differs: np.ndarray) -> Shift:
    return Shift(name, len(now), int(differs.sum()), now.null_count, then.null_count)
