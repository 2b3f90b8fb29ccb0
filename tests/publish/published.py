"""A view's published tables without a target around them: many runs, quickly, and what is read from them."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pyarrow as pa

from fsnb.model import FeatureView
from fsnb.pit import read_source
from fsnb.pit.oracle import oracle
from fsnb.publish.certifying import empty_values
from fsnb.publish.materialize import materialize
from fsnb.publish.runs import Run, Written
from tests.publish.support import HOUR, MICROSECOND, TYPES, Row, asof, fetch, same, table

EARLY = datetime(1969, 12, 31, 22)  # ticks on both sides of the epoch
LAST = EARLY + 40 * HOUR
KEYS = ("1", "11", "é")
ALL_TYPES = TYPES | {"tie": pa.int64()}
NUMBERS = itertools.count()


class Published:
    """A view's published tables, in a schema of its own, and what is read from them."""

    def __init__(self, con: Any, view: FeatureView) -> None:
        self.con, self.view, self.schema = con, view, f"s{next(NUMBERS)}"
        self.missing = empty_values(view, con, self.tables([]))

    def tables(self, found: list[Row]) -> dict[str, Any]:
        return {"events": read_source(self.con, self.view.source, table(found, ALL_TYPES))}

    def run(self, found: list[Row], now: datetime, **options: Any) -> Written:
        run = Run(f"run {next(NUMBERS)}", **{"end": now, "now": now} | options)
        return materialize(self.view, self.con, self.tables(found), self.schema, run, clock=lambda: now)

    @property
    def history(self) -> list[Row]:
        return fetch(self.con, self.schema, "v_history")

    @property
    def told(self) -> list[tuple[Any, ...]]:
        """What the history says, and from when on, whichever run said it; floats but for their last digits."""
        rows = [{name: value for name, value in each.items() if name != "fsnb_run_id"} for each in self.history]
        return sorted((tuple(map(_rounded, each.values())) for each in rows), key=repr)

    @property
    def ledger(self) -> dict[float, Row]:
        """The ledger's rows by the hour, from EARLY, at which each interval begins."""
        rows = fetch(self.con, self.schema, "fsnb_intervals")
        return {(each["interval_start"] - EARLY) / HOUR: each for each in rows}

    def assert_ledger_counts_the_rows(self) -> None:
        for each in self.ledger.values():
            inside = [r for r in self.history if each["interval_start"] < r["event_time"] <= each["interval_end"]]
            assert len(inside) == each["rows"], each

    def assert_equals_the_oracle(self, found: list[Row], until: datetime = LAST) -> None:
        self._assert_reads(self.history, found, until)

    def _assert_reads(self, history: list[Row], found: list[Row], until: datetime) -> None:
        marks = [EARLY + half * HOUR / 2 + us * MICROSECOND for half in range(-2, 26) for us in (-1, 0, 1)]
        asks = [{"k": key, "at": at} for key in (*KEYS, "nobody") for at in marks if at <= until]
        for ask, want in zip(asks, oracle(self.view, asks, {"events": found}, at="at"), strict=True):
            got = asof(self.view, history, self.missing, {"k": ask["k"]}, ask["at"])
            for name in self.view.features:
                assert same(got[name], want[name]), f"{ask}, {name}: read {got[name]!r}, oracle {want[name]!r}"

    def assert_last_told_equals_the_oracle(self, found: list[Row]) -> None:
        """What a view told in ticks says now of all times, whenever it came to say so."""
        history = [each | {"available_time": each["fsnb_known_time"]} for each in self._last_told()]
        self._assert_reads(history, found, LAST)

    def _last_told(self) -> list[Row]:
        last: dict[Any, Row] = {}
        for each in sorted(self.history, key=lambda row: row["available_time"]):
            last[(each["k"], each["event_time"])] = each
        return list(last.values())

    def assert_current_is_the_latest(self, now: datetime) -> None:
        history, current = self.history, fetch(self.con, self.schema, "v")
        seen = [each for each in history if each["available_time"] <= now]
        assert sorted(each["k"] for each in current) == sorted({each["k"] for each in seen})
        for each in current:
            mine = [other for other in seen if other["k"] == each["k"]]
            best = max(mine, key=lambda other: (other["event_time"], other["available_time"]))
            assert each == {name: best[name] for name in each}


def _rounded(value: Any) -> Any:
    return float(f"{value:.9g}") if isinstance(value, float) else value
