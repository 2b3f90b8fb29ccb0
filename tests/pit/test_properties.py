"""Every engine against the oracle, on small colliding domains: ties, NULLs, NaN, late rows, look-alike keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st
from ibis import _

from fsnb.model import Entity, FeatureView, Source, Spine, Window, over
from tests.pit.engines import assert_same, expected, run, table

START = datetime(1969, 12, 31, 22)  # the epoch lies in the middle: ticks and bands before 1970 too
STEPS = [timedelta(hours=hours) for hours in range(9)]
JITTER = [timedelta(0)] * 4 + [timedelta(microseconds=1), timedelta(microseconds=-1)]
LATE = [timedelta(0), timedelta(hours=-1), timedelta(hours=1), timedelta(hours=3)]
FIRST = ["1", "11", "1", "11", "é,\x1f", None]
SECOND = ["11", "1", "11", "1", None]
DURATIONS = ["0s", "30m", "1h", "2h"]

EVENT_TYPES = {
    "k": pa.string(),
    "k2": pa.string(),
    "ts": pa.timestamp("us"),
    "known": pa.timestamp("us", tz="UTC"),
    "x": pa.float64(),
    "n": pa.int32(),
    "b": pa.bool_(),
    "tie": pa.int64(),
    "s": pa.string(),
    "when": pa.timestamp("us"),
}
SPINE_TYPES = {"row": pa.int64(), "key": pa.string(), "k2": pa.string(), "at": pa.timestamp("us")}


Pick = Callable[[Sequence[Any]], Any]


def _time(pick: Pick, nulls: int) -> datetime | None:
    return None if pick(range(nulls)) == 0 else START + pick(STEPS) + pick(JITTER)


def _event(pick: Pick) -> dict[str, Any]:
    ts = _time(pick, 12)
    known = None if ts is None or pick(range(12)) == 0 else (ts + pick(LATE)).replace(tzinfo=UTC)
    return {
        "k": pick(FIRST),
        "k2": pick(SECOND),
        "ts": ts,
        "known": known,
        "x": pick([1.5, -2.0, 0.0, 1e6, float("nan"), None]),
        "n": pick([0, 1, 7, -3, None]),
        "b": pick([True, False, None]),
        "tie": pick([None, 0, 1, 2]),
        "s": pick(["a", "b", "ba", "é", "", None]),
        "when": pick([None, START, START + STEPS[1], START + STEPS[2]]),
    }


def _ask(pick: Pick) -> dict[str, Any]:
    return {"row": pick(range(2)), "key": pick(FIRST), "k2": pick(SECOND), "at": _time(pick, 12)}


def _tables(
    row: Callable[[Pick], dict[str, Any]], many: int, types: dict[str, pa.DataType]
) -> st.SearchStrategy[pa.Table]:
    """Mostly many rows from a seed, since collisions find mistakes; sometimes few, which shrink well."""

    @st.composite
    def few(draw: Any) -> list[dict[str, Any]]:
        return [row(lambda values: draw(st.sampled_from(values))) for _ in range(draw(st.integers(0, 4)))]

    def dense(seed: int) -> list[dict[str, Any]]:
        return [row(Random(f"{seed} {number}").choice) for number in range(many)]

    rows = st.integers(0, 3).flatmap(lambda kind: few() if kind == 0 else st.integers(0, 10**6).map(dense))
    return rows.map(lambda found: table(found, **types))


EVENTS = _tables(_event, 60, EVENT_TYPES)
SPINES = _tables(_ask, 40, SPINE_TYPES)


@st.composite
def rules(draw: Any) -> dict[str, Any]:
    return {
        "closed": draw(st.sampled_from(["right", "left", "both", "neither"])),
        "lag": draw(st.sampled_from(DURATIONS)),
        "refresh": draw(st.sampled_from([None, None, "1h", "3h"])),
    }


@st.composite
def sources(draw: Any) -> tuple[Source, Entity]:
    source = Source(
        "events",
        draw(EVENTS),
        event_time="ts",
        available=draw(st.sampled_from([None, "known", "known"])),
        tie_break=draw(st.sampled_from([(), ("tie",)])),
    )
    return source, Entity("thing", draw(st.sampled_from(["k", ("k", "k2")])))


def _spine(data: pa.Table) -> Spine:
    return Spine(data, at="at", keys={"k": "key"})


WINDOWED = {
    "rows": _.count(),
    "some": _.n.count(),
    "big": _.count(where=_.x > 1),
    "sum_x": _.x.sum(),
    "sum_n": _.n.sum(where=_.b),
    "mean": _.x.mean(),
    "share": (_.n > 0).mean(),
    "low": _.x.min(),
    "high": _.n.max(),
    "std": _.x.std(),
    "var": _.n.var(how="pop"),
    "kinds": _.x.nunique(),
    "ratio": _.n.sum() / _.count(),
    "spread": (_.x.max() - _.x.min()).coalesce(-1.0),
    "any": _.b.any(),
    "all": _.b.all(),
}
PICKED = {
    "low_s": _.s.min(),
    "high_when": _.when.max(where=_.b),
    "first": _.x.first(),
    "last": _.x.last(),
    "last_n_if": _.n.last(where=_.b),
    "last_b": _.b.last(),
    "last_s": _.s.last(include_null=True),
    "first_when_if": _.when.first(include_null=True, where=_.n > 0),
    "last_by_clock": _.s.last(order_by=_.ts),
    "first_by_n": _.s.first(order_by=_.n),
    "last_by_n_down": _.s.last(order_by=[_.n.desc(), _.s.asc(nulls_first=True)]),
    "first_by_when_down": _.x.first(order_by=_.when.desc(nulls_first=True), where=_.n < 5),
    "argmax": _.s.argmax(_.n),
    "argmin": _.x.argmin(_.n, where=_.b),
    "argmax_s": _.when.argmax(_.s),
    "argmin_when": _.n.argmin(_.when),
    "argmax_x": _.b.argmax(_.x),
    "median": _.x.median(),
    "median_n": _.n.median(where=_.b),
    "quantile": _.x.quantile(0.3),
    "tail": _.n.quantile(0.95, where=_.x < 10),
    "end": _.x.quantile(1),
    "mode_x": _.x.mode(),
    "mode_n": _.n.mode(where=_.b),
    "mode_s": _.s.mode(),
    "mode_b": _.b.mode(),
    "mode_when": _.when.mode(),
    "hot": (_.n.max() > 3).ifelse(_.x.last(), _.x.first()),
    "level": ibis.cases((_.x.median() > 1, "high"), (_.x.median() <= 1, "low"), else_="none"),
    "clamped": ibis.coalesce(_.s.argmax(_.n), _.s.mode(), "nobody"),
    "share_of_3h": _.count() / over(_.count(), "3h"),
    "hour": over(_.n.sum(), "1h"),
    "change": over(_.x.mean(), "1h") - over(_.x.mean(where=_.b), Window("2h", offset="1h")),
    "news": over(_.s.last(), "1h") != over(_.s.mode(), "4h"),
    "spread_1h": over(_.x.max() - _.x.min(), "1h") / over(_.x.std(), "4h").nullif(0),
}
SHAPES = [
    (),
    (),
    ("1h",),
    ("2h", "90m"),
    (Window("1h", offset="1h"), Window("4h")),
    ("1s", Window("3h", offset="30m")),
]

# the engine is made once and outlives the examples: that is what a notebook does too
COMMON = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
# each example runs four or six plans, of kinds that the other properties hold to the oracle
FEWER = settings(COMMON, max_examples=max(1, settings.default.max_examples // 4))


@pytest.mark.capability("windows, several at once, with offsets", "whole history")
@pytest.mark.capability("two clocks: event time and available time", "lag", "refresh", "closed: all four")
@COMMON
@given(
    made=sources(),
    spine=SPINES,
    rule=rules(),
    windows=st.sampled_from(SHAPES),
    names=st.sets(st.sampled_from([*WINDOWED]), min_size=1),
)
def test_windowed_features_equal_the_oracle(
    engine: Any, made: Any, spine: pa.Table, rule: Any, windows: Any, names: Any
) -> None:
    _hold_to_the_oracle(engine, made, spine, rule, windows, {name: WINDOWED[name] for name in sorted(names)})


@COMMON
@given(
    made=sources(),
    spine=SPINES,
    rule=rules(),
    windows=st.sampled_from(SHAPES),
    names=st.sets(st.sampled_from([*PICKED]), min_size=1, max_size=8),
)
def test_picks_and_windows_of_their_own_equal_the_oracle(
    engine: Any, made: Any, spine: pa.Table, rule: Any, windows: Any, names: Any
) -> None:
    features = {name: PICKED[name] for name in sorted(names)} | {"rows": _.count()}
    _hold_to_the_oracle(engine, made, spine, rule, windows, features)


def _hold_to_the_oracle(engine: Any, made: Any, spine: pa.Table, rule: Any, windows: Any, features: Any) -> None:
    source, entity = made
    view = FeatureView("v", entity=entity, source=source, features=features, windows=windows, **rule)
    note(view.rules())
    assert_same(run(engine, _spine(spine), [view]), expected(view, _spine(spine)))


@pytest.mark.capability("as-of", "ttl", "tie_break", "skip_nulls", "fill")
@pytest.mark.capability("two clocks: event time and available time", "lag", "refresh", "closed: all four")
@COMMON
@given(
    made=sources(),
    spine=SPINES,
    rule=rules(),
    ttl=st.sampled_from([None, "1h", "90m", "2h"]),
    skip=st.booleans(),
    fill=st.booleans(),
)
def test_asof_features_equal_the_oracle(
    engine: Any, made: Any, spine: pa.Table, rule: Any, ttl: Any, skip: bool, fill: bool
) -> None:
    source, entity = made
    view = FeatureView(
        "v",
        entity=entity,
        source=source,
        features={"x": _.x, "double": _.n * 2, "flag": _.b & (_.n > 0), "when": _.ts},
        ttl=ttl,
        skip_nulls=skip,
        fill={"x": -1.0} if fill else None,
        **rule,
    )
    note(view.rules())
    assert_same(run(engine, _spine(spine), [view]), expected(view, _spine(spine)))


@FEWER
@given(made=sources(), spine=SPINES, rule=rules())
def test_choice_does_not_depend_on_which_features_are_asked_for(
    engine: Any, made: Any, spine: pa.Table, rule: Any
) -> None:
    source, entity = made
    view = FeatureView("v", entity=entity, source=source, features={"x": _.x, "n": _.n, "b": _.b}, **rule)
    whole = run(engine, _spine(spine), [view])
    for name in view.features:
        assert_same(run(engine, _spine(spine), [view[name]]), [{name: row[name]} for row in whole])


@pytest.mark.capability("static tables, no time rule")
@COMMON
@given(made=sources(), spine=SPINES)
def test_static_lookup_ignores_time(engine: Any, made: Any, spine: pa.Table) -> None:
    source, entity = made
    static = Source("events", source.data, event_time=None, tie_break=source.tie_break)
    view = FeatureView("v", entity=entity, source=static, features={"x": _.x, "n": _.n})
    assert_same(run(engine, _spine(spine), [view]), expected(view, _spine(spine)))


@pytest.mark.capability("what lies after the cutoff changes nothing")
@FEWER
@given(made=sources(), spine=SPINES, rule=rules(), seed=st.integers(0, 3))
def test_nothing_after_the_cutoffs_changes_a_row(engine: Any, made: Any, spine: pa.Table, rule: Any, seed: int) -> None:
    """Metamorphic: delete or scramble all that no row may see, and the training set stays the same."""
    source, entity = made
    asked = [at for at in spine["at"].to_pylist() if at is not None]
    assume(asked)
    last = max(asked)
    rows = source.data.to_pylist()
    hidden = [
        row["ts"] is None
        or row["ts"] > last
        or (source.available and (row["known"] is None or row["known"].replace(tzinfo=None) > last))
        for row in rows
    ]
    cut = [row for row, hide in zip(rows, hidden, strict=True) if not hide]
    scrambled = [
        row | {"x": 99.0, "n": seed, "b": True} if hide else row for row, hide in zip(rows, hidden, strict=True)
    ]
    windows = {"rows": _.count(), "sum": _.x.sum(), "kinds": _.n.nunique()}
    for features, shape in ((windows, ("1h", "3h")), ({"x": _.x, "n": _.n}, ())):
        view = FeatureView("v", entity=entity, source=source, features=features, windows=shape, **rule)
        before = run(engine, _spine(spine), [view])
        for changed in (cut, scrambled):
            assert_same(run(engine, _spine(spine), [view], {"events": table(changed, **EVENT_TYPES)}), before)


@pytest.mark.parametrize("rows", [0, 1])
def test_empty_source_gives_zero_counts_and_nulls(engine: Any, rows: int) -> None:
    source = Source("events", table([], **EVENT_TYPES), event_time="ts")
    spine = _spine(table([{"row": 0, "key": "1", "k2": "1", "at": START}] * rows, **SPINE_TYPES))
    view = FeatureView(
        "v", entity=Entity("thing", "k"), source=source, features={"rows": _.count(), "sum": _.n.sum()}, windows="1h"
    )
    latest = FeatureView("w", entity=Entity("thing", "k"), source=source, features={"x": _.x})
    assert run(engine, spine, [view, latest]) == [{"rows_1h": 0, "sum_1h": None, "x": None}] * rows
