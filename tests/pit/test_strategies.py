"""Every strategy of every engine gives what the oracle gives; which one is chosen is another question."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from ibis import _

from fsnb.errors import NotSupported, PlanTooLarge, UnknownName
from fsnb.model import Entity, FeatureView, Source, Spine
from fsnb.pit import EnginePlan, execution, lowering_few, memory, on, plan, read_source, read_spine, strategies, tiles
from tests.pit.engines import assert_same, expected, run, table
from tests.pit.test_properties import EVENT_TYPES, FEWER, SHAPES, SPINE_TYPES, SPINES, START, WINDOWED, rules, sources
from tests.pit.test_properties import _spine as spine_of

WINDOWS = [shape for shape in SHAPES if shape]


@pytest.mark.parametrize("strategy", ["join", "tiles", "cumulative"])
@FEWER
@given(
    made=sources(),
    spine=SPINES,
    rule=rules(),
    windows=st.sampled_from(WINDOWS),
    names=st.sets(st.sampled_from([*WINDOWED]), min_size=1),
)
def test_windows_by_every_strategy(
    engine: Any, strategy: str, made: Any, spine: pa.Table, rule: Any, windows: Any, names: Any
) -> None:
    source, entity = made
    features = {name: WINDOWED[name] for name in sorted(names | {"rows"})}
    view = FeatureView("v", entity=entity, source=source, features=features, windows=windows, **rule)
    note(view.rules())
    _assert_as_the_oracle(engine, strategy, view, spine_of(spine))


@pytest.mark.parametrize("strategy", ["asof", "cells", "union", "join"])
@FEWER
@given(
    made=sources(),
    spine=SPINES,
    rule=rules(),
    ttl=st.sampled_from([None, "1h", "90m"]),
    skip=st.booleans(),
    cell=st.sampled_from([20, 31, 33]),
)
def test_latest_row_by_every_strategy(
    engine: Any, strategy: str, made: Any, spine: pa.Table, rule: Any, ttl: Any, skip: bool, cell: int
) -> None:
    source, entity = made
    features = {"x": _.x, "double": _.n * 2, "flag": _.b & (_.n > 0), "when": _.ts}
    view = FeatureView("v", entity=entity, source=source, features=features, ttl=ttl, skip_nulls=skip, **rule)
    note(view.rules())
    with patch.object(lowering_few, "CELL_BITS", cell):
        _assert_as_the_oracle(engine, strategy, view, spine_of(spine))


@pytest.mark.parametrize("strategy", ["cumulative", "join"])
@FEWER
@given(made=sources(), spine=SPINES, rule=rules(), names=st.sets(st.sampled_from([*WINDOWED]), min_size=1))
def test_whole_history_by_every_strategy(
    engine: Any, strategy: str, made: Any, spine: pa.Table, rule: Any, names: Any
) -> None:
    source, entity = made
    features = {name: WINDOWED[name] for name in sorted(names | {"rows"})}
    view = FeatureView("v", entity=entity, source=source, features=features, **rule)
    _assert_as_the_oracle(engine, strategy, view, spine_of(spine))


def _assert_as_the_oracle(engine: Any, strategy: str, view: FeatureView, spine: Spine) -> None:
    (part,) = plan(spine, view).views
    if strategy in strategies.available(engine.name, strategies.shape(part, *part.primitives[:1])):
        assert_same(run(engine, spine, [view], strategy=strategy), expected(view, spine))
    else:
        with pytest.raises(NotSupported, match=f"'{strategy}' computes none of v on {engine.name}"):
            run(engine, spine, [view], strategy=strategy)


EVENTS = [{"k": "1", "ts": START + timedelta(seconds=number % 50), "x": float(number)} for number in range(3000)]


def _crowded(spine_rows: int, **features: Any) -> tuple[FeatureView, Spine]:
    source = Source("events", table(EVENTS, **EVENT_TYPES), event_time="ts")
    rows = [{"key": "1", "at": START + timedelta(seconds=number)} for number in range(spine_rows)]
    view = FeatureView("v", entity=Entity("thing", "k"), source=source, features=features, windows="1h")
    return view, spine_of(table(rows, **SPINE_TYPES))


def _on(engine: Any, view: FeatureView, spine: Spine, **how: Any) -> EnginePlan:
    return on(plan(spine, view), engine, {"events": read_source(engine, view.source)}, read_spine(engine, spine), **how)


def test_many_pairs_are_not_joined(engine: Any) -> None:
    (choice,) = _on(engine, *_crowded(1000, n=_.count(), high=_.x.max())).choices.values()
    assert "join" not in choice.names


def test_few_pairs_are_joined(engine: Any) -> None:
    (choice,) = _on(engine, *_crowded(200, n=_.count(), high=_.x.max())).choices.values()
    assert choice.names == ("join",)


def test_few_asks_are_looked_for_first(engine: Any) -> None:
    """In memory one scan for their keys answers them, and counting pairs would be another."""
    made = _on(engine, *_crowded(10, n=_.count(), high=_.x.max()))
    (choice,) = made.choices.values()
    local = engine.name in strategies.ENGINES
    assert choice.names == (("tiles",) if local else ("join",))
    assert made.asks_few(made.views[0]) == local


def test_explain_says_what_was_counted_and_chosen(engine: Any) -> None:
    said = _on(engine, *_crowded(1000, n=_.count())).explain()
    assert "1,000 asks and 3,000 events of their keys: a join would meet about 3,000,000 pairs" in said
    assert f"on {engine.name}" in said


def test_a_join_over_the_limit_is_refused_with_the_way_out(engine: Any) -> None:
    made = _on(engine, *_crowded(1000, n=_.count()), strategy="join", max_pairs=1000)
    with pytest.raises(PlanTooLarge, match=r"view 'v'.*about 3,000,000 pairs.*limit on \w+ is 1,000\..*max_pairs="):
        made.explain()


def test_unknown_strategies_and_views_are_named(engine: Any) -> None:
    view, spine = _crowded(1, n=_.count())
    with pytest.raises(UnknownName, match=r"strategy 'tile'.*Did you mean 'tiles'"):
        _on(engine, view, spine, strategy="tile")
    with pytest.raises(UnknownName, match=r"feature view 'w'.*It has: v"):
        _on(engine, view, spine, strategy={"w": "join"})


@FEWER
@given(made=sources(), spine=SPINES, rule=rules())
def test_tiles_in_buckets(engine: Any, monkeypatch: pytest.MonkeyPatch, made: Any, spine: pa.Table, rule: Any) -> None:
    """A table too large to hold goes through memory by ranges of keys."""
    monkeypatch.setattr(memory, "WHOLE", 10)
    monkeypatch.setattr(memory, "BUCKET", 20)
    source, entity = made
    features = {name: WINDOWED[name] for name in ("rows", "sum_x", "high", "std", "kinds")}
    view = FeatureView("v", entity=entity, source=source, features=features, windows=("1h", "4h"), **rule)
    assert_same(run(engine, spine_of(spine), [view], strategy="tiles"), expected(view, spine_of(spine)))


@FEWER
@given(made=sources(), spine=SPINES, rule=rules())
def test_tiles_over_keys_whose_times_fill_an_int64(
    engine: Any, monkeypatch: pytest.MonkeyPatch, made: Any, spine: pa.Table, rule: Any
) -> None:
    """Key and time share one int64; where they do not fit, keys go by in pieces."""
    monkeypatch.setattr(tiles, "LARGEST", 2 * 24 * 3_600_000_000)
    source, entity = made
    features = {name: WINDOWED[name] for name in ("rows", "sum_x", "high", "kinds")}
    view = FeatureView("v", entity=entity, source=source, features=features, windows=("1h", "4h"), **rule)
    assert_same(run(engine, spine_of(spine), [view], strategy="tiles"), expected(view, spine_of(spine)))


def test_few_asks_of_many_events_are_met_in_cells(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it pays: from as many events on as take time to sort."""
    monkeypatch.setattr(execution, "SMALL", 2_000)
    source = Source("events", table(EVENTS, **EVENT_TYPES), event_time="ts")
    view = FeatureView("v", entity=Entity("thing", "k"), source=source, features={"x": _.x})
    rows = [{"key": "1", "at": START + timedelta(seconds=number)} for number in range(10)]
    made = _on(engine, view, spine_of(table(rows, **SPINE_TYPES)))
    assert ("cells" in made.choices["v"].names) == ("cells" in strategies.available(engine.name, "asof"))
    monkeypatch.setattr(execution, "SMALL", 3_000)
    made = _on(engine, view, spine_of(table(rows, **SPINE_TYPES)))
    assert "cells" not in made.choices["v"].names
