"""Tiles in memory answer the same whichever way ranges are reduced: row by row, by tiles, by segments or runs."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import ibis
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibis import _

from fsnb.model import Entity, FeatureView, Source, Spine
from fsnb.pit import plan, ranges, tiles
from fsnb.pit.events import AVAILABLE, CUTOFF, EVENT, VALUE
from fsnb.pit.ranges import KEY
from fsnb.pit.stretches import reduced
from tests.pit.test_properties import COMMON

HOUR = 3_600_000_000
WAYS = {
    "row by row": {"SHORT": 10**6, "SHORT_TO_SPREAD": 10**6},
    "row by row, spreads by tiles": {"SHORT": 10**6, "SHORT_TO_SPREAD": 0},
    "tiles": {"SHORT": 0},
    "tiles, short ones row by row": {"SHORT": 3, "SHORT_TO_SPREAD": 2},
    "segments": {"MANY_ROWS": 0},
}
VALUES = st.sampled_from([None, 0.0, 0.1, 0.25, -3.5, 1e9, 1e9 + 0.125])
ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), VALUES), max_size=40)
LATE_ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(0, 4), VALUES), max_size=40)
ASKS = st.sets(st.tuples(st.integers(0, 2), st.integers(0, 12)), min_size=1, max_size=12)


def _part() -> Any:
    data = ibis.table({"k": "int64", "ts": "timestamp(6)", "x": "float64"}, name="events")
    x = _.x
    features = {"n": x.count(), "s": x.sum(), "low": x.min(), "high": x.max(), "v": x.var(), "u": x.nunique()}
    view = FeatureView(
        "v",
        entity=Entity("key", "k"),
        source=Source("events", data, event_time="ts"),
        features=features,
        windows=["2h", "5h"],
    )
    return plan(Spine(ibis.table({"k": "int64", "at": "timestamp(6)"}, name="spine"), at="at"), view).views[0]


PART = _part()


@pytest.mark.parametrize("way", WAYS)
@COMMON
@given(rows=ROWS, asks=ASKS)
def test_every_way_gives_the_exact_answer(monkeypatch: pytest.MonkeyPatch, way: str, rows: Any, asks: Any) -> None:
    for name, value in WAYS[way].items():
        monkeypatch.setattr(ranges, name, value)
    (name,) = {p.argument for p in PART.primitives}
    events = pl.DataFrame(rows, schema=[KEY, EVENT, name], orient="row").cast({KEY: pl.Int64, name: pl.Float64})
    events = events.with_columns(pl.col(EVENT).cast(pl.Int64) * HOUR)
    asked = pl.DataFrame(sorted(asks), schema=[KEY, CUTOFF], orient="row").with_columns(pl.col(CUTOFF) * HOUR)
    found = tiles.aggregate(PART, events, asked)
    assert found.select(KEY, CUTOFF).equals(asked.sort(KEY, CUTOFF))
    for row in found.to_dicts():
        for p in PART.primitives:
            assert p.window is not None
            since = row[CUTOFF] - round(p.window.size.total_seconds()) * 1_000_000
            met = [x for k, t, x in rows if k == row[KEY] and since < t * HOUR <= row[CUTOFF] and x is not None]
            _assert_same(row[VALUE + p.name], p.function, met)


@pytest.mark.parametrize("least", [0, 1, 10**6], ids=["every run is joined", "long runs are", "none is"])
@COMMON
@given(rows=LATE_ROWS, asks=ASKS)
def test_late_rows_that_cover_the_same_asks_are_joined(
    monkeypatch: pytest.MonkeyPatch, least: int, rows: Any, asks: Any
) -> None:
    monkeypatch.setattr(ranges, "LONG_RUN", least)
    (name,) = {p.argument for p in PART.primitives}
    events = pl.DataFrame(rows, schema=[KEY, EVENT, AVAILABLE, name], orient="row")
    events = events.cast({KEY: pl.Int64, EVENT: pl.Int64, AVAILABLE: pl.Int64, name: pl.Float64})
    events = events.with_columns(pl.col(EVENT) * HOUR, (pl.col(AVAILABLE) + pl.col(EVENT)) * HOUR)
    asked = pl.DataFrame(sorted(asks), schema=[KEY, CUTOFF], orient="row").with_columns(pl.col(CUTOFF) * HOUR)
    for row in tiles.aggregate(PART, events, asked).to_dicts():
        for p in PART.primitives:
            assert p.window is not None
            cutoff, hours = row[CUTOFF] // HOUR, round(p.window.size.total_seconds()) // 3600
            known = [(t, x) for k, t, late, x in rows if k == row[KEY] and t + late <= cutoff and x is not None]
            _assert_same(row[VALUE + p.name], p.function, [x for t, x in known if cutoff - hours < t <= cutoff])


def _assert_same(found: Any, function: str, met: list[float]) -> None:
    if function in ("count", "nunique"):
        assert found == len(met if function == "count" else set(met))
    elif not met or (function == "var_samp" and len(met) < 2):
        assert found is None
    elif function == "var_samp":
        mean = sum(map(Fraction, met)) / len(met)
        exact = float(sum((Fraction(x) - mean) ** 2 for x in met) / (len(met) - 1))
        assert found == pytest.approx(exact, rel=1e-9, abs=0.0), "equal values vary by nothing at all"
    else:
        exact = {"sum": math.fsum, "min": min, "max": max}[function](met)
        assert found == pytest.approx(exact, rel=1e-9, abs=1e-6)


def test_nothing_is_reduced_to_nothing() -> None:
    none = pl.Series([], dtype=pl.Int64).to_numpy()
    assert len(reduced(max, none, none, none)) == 0
