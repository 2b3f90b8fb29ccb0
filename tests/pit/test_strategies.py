"""Every strategy of every engine gives what the oracle gives; which one is chosen is another question."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from ibis import _

from fsnb.model import FeatureView
from tests.pit.engines import assert_same, expected, run
from tests.pit.test_properties import COMMON, SHAPES, SPINES, WINDOWED, rules, sources
from tests.pit.test_properties import _spine as spine_of

WINDOWS = [shape for shape in SHAPES if shape]


@pytest.mark.parametrize("strategy", ["join", "tiles", "cumulative"])
@COMMON
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
    features = {name: WINDOWED[name] for name in sorted(names)}
    view = FeatureView("v", entity=entity, source=source, features=features, windows=windows, **rule)
    note(view.rules())
    assert_same(run(engine, spine_of(spine), [view], strategy=strategy), expected(view, spine_of(spine)))


@pytest.mark.parametrize("strategy", ["asof", "union", "join"])
@COMMON
@given(made=sources(), spine=SPINES, rule=rules(), ttl=st.sampled_from([None, "1h", "90m"]), skip=st.booleans())
def test_latest_row_by_every_strategy(
    engine: Any, strategy: str, made: Any, spine: pa.Table, rule: Any, ttl: Any, skip: bool
) -> None:
    source, entity = made
    features = {"x": _.x, "double": _.n * 2, "flag": _.b & (_.n > 0), "when": _.ts}
    view = FeatureView("v", entity=entity, source=source, features=features, ttl=ttl, skip_nulls=skip, **rule)
    note(view.rules())
    assert_same(run(engine, spine_of(spine), [view], strategy=strategy), expected(view, spine_of(spine)))


@pytest.mark.parametrize("strategy", ["cumulative", "join"])
@COMMON
@given(made=sources(), spine=SPINES, rule=rules(), names=st.sets(st.sampled_from([*WINDOWED]), min_size=1))
def test_whole_history_by_every_strategy(
    engine: Any, strategy: str, made: Any, spine: pa.Table, rule: Any, names: Any
) -> None:
    source, entity = made
    features = {name: WINDOWED[name] for name in sorted(names)}
    view = FeatureView("v", entity=entity, source=source, features=features, **rule)
    assert_same(run(engine, spine_of(spine), [view], strategy=strategy), expected(view, spine_of(spine)))
