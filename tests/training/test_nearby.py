"""A try reads the events that its rules can reach, and no other; what it gives is what all events give."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import ibis
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibis import _

from fsnb.model import Entity, FeatureView, Source, Window, over
from fsnb.pit import plan, read_source, read_spine
from fsnb.training import TrainingSet
from fsnb.training.nearby import Nearby
from fsnb.training.restating import restated
from tests.training.conftest import asof_view, at, legs, spine, train_on, window_view
from tests.training.test_preview import MANY, QUESTIONS

HOURS = st.integers(0, 40)
FEW = settings(max_examples=10, deadline=None)


def nearby(view: FeatureView, asked: pl.DataFrame = QUESTIONS) -> Nearby:
    events = MANY.filter(pl.col("tail").is_in(asked["tail"].implode()))
    return Nearby.of(events, view, asked.to_arrow(), spine(asked))


def taken(view: FeatureView, asked: pl.DataFrame = QUESTIONS) -> pl.DataFrame:
    part = plan(spine(asked), [view]).views[0]
    return nearby(view, asked).table(ibis.polars.connect(), part)[0].to_polars()


def test_events_out_of_reach_are_left_out() -> None:
    one = QUESTIONS.filter(tail="t3", asked=at(3 * 3.1))
    view = window_view(legs(MANY)).with_rules(windows=["1d"], lag="2h", fill={})
    reached = taken(view, one)
    cutoff = at(3 * 3.1) - timedelta(hours=2)
    wanted = MANY.filter(tail="t3").filter(
        pl.col("left").is_between(cutoff - timedelta(days=1), cutoff, closed="right")
    )
    assert reached.sort("left").equals(wanted)
    assert 0 < reached.height < MANY.filter(tail="t3").height


def test_what_meets_is_counted_without_a_query() -> None:
    view = window_view(legs(MANY)).with_rules(windows=["1d"], lag="2h", fill={})
    part = plan(spine(QUESTIONS), [view]).views[0]
    reached, met = nearby(view).table(ibis.polars.connect(), part)
    assert met is not None
    cutoff = pl.col("asked") - timedelta(hours=2)
    inside = pl.col("left").is_between(cutoff - timedelta(days=1), cutoff, closed="right")
    met_by = QUESTIONS.join(MANY, on="tail")
    asks, events = met_by.unique(["tail", "asked"]).height, reached.count().to_pyarrow().as_py()
    assert (met.asks, met.events, met.pairs(None)) == (asks, events, 2 * met_by.filter(inside).height)


@FEW
@given(lag=HOURS, size=st.integers(1, 40), offset=HOURS, closed=st.sampled_from(["right", "left", "both", "neither"]))
def test_window_over_the_events_taken_is_that_over_all(lag: int, size: int, offset: int, closed: str) -> None:
    window = Window(f"{size}h", offset=f"{offset}h")
    assert_same(window_view(legs(MANY)).with_rules(windows=[window], lag=f"{lag}h", closed=closed, fill={}))


@FEW
@given(lag=HOURS, ttl=st.integers(1, 40), skip=st.booleans(), closed=st.sampled_from(["right", "left"]))
def test_as_of_over_the_events_taken_is_that_over_all(lag: int, ttl: int, skip: bool, closed: str) -> None:
    assert_same(asof_view(legs(MANY), lag=f"{lag}h", ttl=f"{ttl}h", skip_nulls=skip, closed=closed))


def assert_same(view: FeatureView) -> None:
    few = Source("legs", taken(view), event_time="left", available="landed")
    there, here = (
        train_on(ibis.polars.connect(), [each], spine(QUESTIONS)) for each in (view, restated(view, source=few))
    )
    assert here.to_polars().equals(there.to_polars())


def test_rows_without_key_time_or_events_reach_nothing() -> None:
    asked = pl.DataFrame({"tail": [None, "t1", "nobody"], "asked": [at(50), None, at(50)], "late": [0, 0, 0]})
    assert taken(window_view(legs(MANY)), asked).height == 0


def test_what_has_no_end_takes_every_event() -> None:
    for view in (asof_view(legs(MANY)), window_view(legs(MANY)).with_rules(windows=[], fill={})):
        assert taken(view).height == MANY.height


def test_a_calendar_too_long_for_one_line_takes_every_event() -> None:
    far = MANY.with_columns(left=pl.when(pl.col("seats") == 0).then(datetime(9000, 1, 1)).otherwise("left"))
    many_keys = pl.concat([far.with_columns(tail=pl.col("tail") + f"-{i}") for i in range(40)])
    found = Nearby.of(many_keys, window_view(legs(MANY)), QUESTIONS.to_arrow(), spine(QUESTIONS))
    assert found.line is None


PLANES = Source(
    "planes",
    pl.DataFrame({"tail": [f"t{i}" for i in range(7)], "heavy": [i * 2 for i in range(7)]}),
    event_time=None,
)


def loads(t: Any) -> dict[str, Any]:
    load = t.join(PLANES.table, "tail").mutate(load=_.seats * _.heavy)
    return {"share": over(load.load.sum(), "6h") / over(load.load.sum(), Window("1d", offset="6h"))}


def test_view_on_a_second_source_that_compares_windows_is_tried_on_a_copy() -> None:
    view = FeatureView("loads", entity=Entity("plane", "tail"), source=legs(MANY), features=loads)
    trial = loaded(view).preview(30).what_if(lag="5h")
    assert (trial.engine, trial.changed > 0) == ("polars", True)
    then = loaded(view.with_rules(lag="5h")).to_polars()["share"]
    assert [why.value for why in trial.whys] == pytest.approx([then[30]])
    assert trial.shifts[0].nulls_then == then.null_count()


def test_window_that_an_aggregate_says_is_tried_at_another_length_under_the_same_name() -> None:
    view = FeatureView("loads", entity=Entity("plane", "tail"), source=legs(MANY), features=loads)
    trial = loaded(view).preview(30).what_if(over={"6h": "12h"})
    assert (trial.engine, trial.changed > 0, trial.words) == ("polars", True, "over 6h of 12h instead of 6h")
    then = loaded(view.with_rules(over={"6h": "12h"})).to_polars()["share"]
    assert [why.value for why in trial.whys] == pytest.approx([then[30]])
    assert trial.shifts[0].nulls_then == then.null_count()


def test_lengths_that_become_equal_are_told_apart() -> None:
    weighed = {"n": over(_.count(), "4h") + 100 * over(_.count(), "9h") + 10_000 * over(_.count(), "2d")}
    view = FeatureView("weighed", entity=Entity("plane", "tail"), source=legs(MANY), features=weighed)
    preview = loaded(view).preview(30)
    for lengths in ({"4h": "9h"}, {"4h": "9h", "9h": "2d"}):
        then = loaded(view.with_rules(over=lengths)).to_polars()["n"]
        assert [why.value for why in preview.what_if(over=lengths).whys] == [then[30]]


def loaded(view: FeatureView) -> TrainingSet:
    con, asked = ibis.duckdb.connect(), spine(QUESTIONS)
    tables = {source.name: read_source(con, source) for source in (view.source, PLANES)}
    return TrainingSet(plan(asked, [view]), con, tables, read_spine(con, asked))
