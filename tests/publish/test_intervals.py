"""Only what is due is told, and the published state is the one that telling everything would give."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from ibis import _

from fsnb.errors import PublishError
from fsnb.model import FeatureView, Source, Window
from fsnb.pit.read import upload
from fsnb.publish.inputs import in_ticks
from fsnb.publish.intervals import DAY, Done, Grid, Group, Mark, Wanted, due, marks, ranges, usual_interval
from fsnb.publish.materialize import materialize
from fsnb.publish.runs import Run
from tests.publish.published import ALL_TYPES, EARLY, LAST, Published
from tests.publish.support import HOUR, THING, Row, table
from tests.publish.test_history import rows, views

FOR_EVER = timedelta(days=40_000)  # all times on either side of the epoch
FEW = settings(
    max_examples=max(settings.default.max_examples // 6, 1),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SOURCE = Source("events", table([], ALL_TYPES), event_time="ts", tie_break="tie")
KNOWN = Source("events", table([], ALL_TYPES), event_time="ts", available="known", tie_break="tie")
COUNTS = {"rows": _.count(), "sum": _.x.sum()}


def event(key: str, hour: float, x: float = 1.0, known: float | None = None, tie: int = 0) -> Row:
    seen = EARLY + (hour if known is None else known) * HOUR
    return {"k": key, "ts": EARLY + hour * HOUR, "known": seen, "x": x, "n": 1, "tie": tie}


# ---------------------------------------------------------------------- against telling everything


@st.composite
def streams(draw: Any) -> list[tuple[datetime, list[Row]]]:
    """What a source holds at some moments: rows come late, are restated, move in time, are taken away."""
    found, steps = draw(rows()), []
    for hour in sorted(draw(st.lists(st.integers(1, 14), min_size=1, max_size=3, unique=True))):
        now = EARLY + hour * HOUR
        if steps:
            found = [each for each in found if draw(st.integers(0, 7))]
            found = [_restated(each, draw) for each in found]
            found += [r | {"tie": 100 * hour + r["tie"]} for r in draw(rows())[:4]]
        steps.append((now, found))
    return [*steps, (LAST, found)]


def _restated(each: Row, draw: Any) -> Row:
    what = draw(st.integers(0, 7))
    if what == 0:
        return each | {"x": 77.0}
    if what == 1 and each["ts"]:
        return each | {"ts": each["ts"] + HOUR}
    return each


@FEW
@given(view=views(), stream=streams(), every=st.sampled_from([timedelta(hours=3), timedelta(hours=4)]))
def test_telling_what_is_due_gives_the_history_of_telling_everything(
    con: Any, view: FeatureView, stream: list[tuple[datetime, list[Row]]], every: timedelta
) -> None:
    note(view.rules())
    some, all_ = Published(con, view), Published(con, view)
    for now, found in stream:
        note(f"{now}: {found}")
        some.run(found, now, every=every)
        all_.run(found, now, every=FOR_EVER, full=True)
        assert some.told == all_.told
        some.assert_ledger_counts_the_rows()
        some.assert_current_is_the_latest(now)
    if in_ticks(view):
        some.assert_last_told_equals_the_oracle(stream[-1][1])
    again = some.run(stream[-1][1], LAST)
    assert (again.due, again.appended) == (0, 0)


# ---------------------------------------------------------------------- which ones are due


def counts(windows: Any, **options: Any) -> FeatureView:
    rules = {"features": COUNTS, "windows": windows, "refresh": "1h"} | options
    return FeatureView("v", entity=THING, **{"source": SOURCE} | rules)


def latest(**options: Any) -> FeatureView:
    return FeatureView("v", entity=THING, **{"source": SOURCE, "features": {"x": _.x}} | options)


FIRST = [event("1", hour) for hour in (1, 5, 9, 13)]
THREE = timedelta(hours=3)  # intervals of the ledger begin at 2, 5, 8, 11, ... hours after EARLY


def told_by_the_second_run(con: Any, view: FeatureView, second: list[Row], **options: Any) -> set[float]:
    published = Published(con, view)
    published.run(FIRST, LAST, every=THREE)
    before = published.ledger
    written = published.run(second, LAST, **options)
    after = published.ledger
    told = {hour for hour, each in after.items() if hour not in before or each["run_id"] != before[hour]["run_id"]}
    assert (written.due, written.told, written.kept) == (len(told), len(told), len(after) - len(told))
    published.assert_ledger_counts_the_rows()
    return told


LATE = [*FIRST, event("2", 6, 7.0)]


@pytest.mark.parametrize(
    ("view", "second", "hours"),
    [
        (latest(), LATE, {5}),
        (latest(ttl="5h"), LATE, {5}),
        (latest(refresh="1h", lag="2h"), LATE, {5}),
        (latest(source=KNOWN), [*FIRST, event("2", 6, 7.0, known=12)], {5}),
        (latest(), [FIRST[0], *FIRST[2:]], {2}),
        (latest(), [FIRST[0] | {"x": 5.0}, *FIRST[1:]], {-1}),
        (latest(), [event("1", 3), *FIRST[1:]], {-1, 2}),
        (latest(skip_nulls=True, ttl="4h"), LATE, {5, 8}),
        (latest(skip_nulls=True), LATE, {5, 8, 11}),
        (counts("4h"), LATE, {5, 8}),
        (counts(("1h", "4h")), LATE, {5, 8}),
        (counts(Window("4h", offset="3h")), LATE, {8, 11}),
        (counts("4h", closed="both"), [*FIRST, event("2", 7, 7.0)], {5, 8, 11}),
        (counts("4h", source=KNOWN), [*FIRST, event("2", 6, 7.0, known=9)], {8}),
        (counts("4h", source=KNOWN), [*FIRST, event("2", 6, 7.0, known=11)], set()),
        (counts(()), LATE, {5, 8, 11}),
        (counts("4h"), [*FIRST[:3], FIRST[3] | {"x": 5.0}], {11, 14}),
    ],
    ids=str,
)
def test_late_or_restated_row_makes_exactly_the_intervals_due_that_it_can_change(
    con: Any, view: FeatureView, second: list[Row], hours: set[float]
) -> None:
    assert told_by_the_second_run(con, view, second) == hours


def test_nothing_is_due_while_nothing_changes(con: Any) -> None:
    for view in (latest(), counts("4h"), counts(())):
        assert told_by_the_second_run(con, view, FIRST) == set()


def test_row_of_another_table_that_the_view_joins_counts_as_an_input(con: Any) -> None:
    names = Source("names", table([event("1", 0)], ALL_TYPES), event_time=None)
    view = FeatureView(
        "v",
        entity=THING,
        source=SOURCE,
        features=lambda t: {"x": t.mutate(tie=t.tie).join(names.table.select("k", y="x"), "k").y},
    )
    published = Published.__new__(Published)
    published.con, published.view, published.schema = con, view, "joined"
    for x, due_ in ((1.0, 4), (1.0, 0), (2.0, 4)):
        tables = published.tables(FIRST) | {"names": upload(con, table([event("1", 0, x)], ALL_TYPES))}
        run = Run(f"run of {x} {due_}", end=LAST, now=LAST, every=THREE)
        assert materialize(view, con, tables, "joined", run, clock=lambda: LAST).due == due_


def test_lookback_looks_at_the_last_of_time_again(con: Any) -> None:
    view = latest()
    assert told_by_the_second_run(con, view, FIRST, lookback=LAST - EARLY - 9 * HOUR) == {8, 11}
    assert told_by_the_second_run(con, view, FIRST, full=True) == {-1, 2, 8, 11}


def test_unfinished_interval_is_told_to_its_end_later(con: Any) -> None:
    published = Published(con, counts("4h"))
    published.run(FIRST, EARLY + 10 * HOUR, every=THREE)
    assert published.ledger[8]["told_until"] == EARLY + 10 * HOUR
    written = published.run(FIRST, EARLY + 12 * HOUR)
    assert (written.due, written.first) == (2, EARLY + 8 * HOUR)
    assert published.ledger[8]["told_until"] == EARLY + 11 * HOUR
    assert published.run(FIRST, EARLY + 9 * HOUR).due == 0


def test_interval_stays_as_it_was_published_first(con: Any) -> None:
    published = Published(con, counts("4h"))
    published.run(FIRST, LAST, every=THREE)
    assert published.run(FIRST, LAST).due == 0
    with pytest.raises(PublishError, match=r"told in intervals of 3h, which stay .* not 6h"):
        published.run(FIRST, LAST, every=timedelta(hours=6))
    with pytest.raises(PublishError, match="an interval of 30m is shorter than its refresh, 1h"):
        Published(con, counts("4h")).run(FIRST, LAST, every=timedelta(minutes=30))


# ---------------------------------------------------------------------- parts of a history


def test_range_tells_its_intervals_and_no_others(con: Any) -> None:
    published = Published(con, latest())
    published.run(FIRST, EARLY + 11 * HOUR, start=EARLY + 5 * HOUR, every=THREE)
    assert set(published.ledger) == {8}
    assert {each["event_time"] for each in published.history} == {EARLY + 9 * HOUR}
    published.run(FIRST, LAST)
    assert set(published.ledger) == {-1, 2, 8, 11}


@pytest.mark.parametrize(
    ("view", "order"),
    [
        (counts("4h"), (0, 1, 2, 3)),
        (counts("4h"), (3, 1, 0, 2)),
        (counts(()), (2, 0, 3, 1)),
        (counts(("1h", "6h")), (1, 3, 2, 0)),
        (latest(skip_nulls=True), (3, 1, 0, 2)),
    ],
    ids=str,
)
def test_ranges_in_any_order_give_what_the_rules_of_time_give(
    con: Any, view: FeatureView, order: tuple[int, ...]
) -> None:
    found = [*FIRST, event("2", 2.5), event("2", 9.5), event("11", 3)]
    published = Published(con, view)
    for part in order:
        begin = EARLY + (5 * part - 1) * HOUR
        published.run(found, LAST, end=begin + 5 * HOUR, start=begin, every=timedelta(hours=1))
        published.assert_ledger_counts_the_rows()
    published.assert_last_told_equals_the_oracle(found)


def test_late_row_told_before_a_gap_ends_where_what_follows_was_told(con: Any) -> None:
    published = Published(con, counts("4h"))
    published.run(FIRST, LAST, end=EARLY + 20 * HOUR, start=EARLY + 14 * HOUR, every=THREE)
    late = [*FIRST, event("2", 6)]  # leaves its window in the gap, at 10
    published.run(late, LAST, end=EARLY + 8 * HOUR, start=EARLY + 5 * HOUR)
    told = {(each["event_time"], each["rows_4h"]) for each in published.history if each["k"] == "2"}
    assert told == {(EARLY + 6 * HOUR, 1), (EARLY + 15 * HOUR, 0)}
    published.assert_ledger_counts_the_rows()


def test_range_in_the_middle_is_right_by_itself(con: Any) -> None:
    published = Published(con, counts("6h"))
    found = [event("1", 1), event("2", 4), event("1", 9)]
    published.run(found, LAST, end=EARLY + 8 * HOUR, start=EARLY + 5 * HOUR, every=THREE)
    assert {(each["k"], each["event_time"], each["rows_6h"]) for each in published.history} == {
        ("1", EARLY + 6 * HOUR, 1),
        ("1", EARLY + 7 * HOUR, 0),
        ("2", EARLY + 6 * HOUR, 1),
    }


def test_most_takes_the_earliest_that_are_due(con: Any) -> None:
    published = Published(con, latest())
    written = published.run(FIRST, LAST, every=THREE, most=3)
    assert (written.due, written.told, set(published.ledger)) == (4, 3, {-1, 2, 8})
    assert (published.run(FIRST, LAST, most=3).due, set(published.ledger)) == (1, {-1, 2, 8, 11})


# ---------------------------------------------------------------------- numbers


def test_an_interval_is_open_at_its_start_and_closed_at_its_end() -> None:
    grid = Grid(10)
    assert [grid.number(us) for us in (-10, -9, 0, 1, 10, 11)] == [-2, -1, -1, 0, 0, 1]
    assert (grid.start(0), grid.end(0)) == (0, 10)


def test_usual_interval_is_a_day_or_the_days_of_a_refresh() -> None:
    assert [usual_interval(us) for us in (None, 1, DAY, DAY + 1)] == [DAY, DAY, DAY, 2 * DAY]


def test_marks_are_sums_over_what_counts_in_each_interval() -> None:
    groups = [Group(0, 2, 2, Mark(1, 5, 10)), Group(2, 2, 2, Mark(1, 25, 7)), Group(5, 5, None, Mark(3, 50, 100))]
    found = marks(groups, 0, 6)
    assert {number: (mark.rows, mark.latest, mark.hash) for number, mark in found.items()} == {
        0: (1, 5, 10),
        1: (1, 5, 10),
        2: (2, 25, 17),
        5: (3, 50, 100),
    }
    assert set(marks(groups, 1, 4)) == {1, 2}


def test_interval_told_further_than_asked_goes_by() -> None:
    grid, done = Grid(10), {0: Done(10, Mark(1, 5, 3), "f", "run", 1)}
    assert due(grid, {0: Mark(2, 5, 4)}, done, "f", Wanted(8), True) == []
    assert due(grid, {0: Mark(2, 5, 4)}, done, "f", Wanted(8, full=True), True) == [0]
    assert due(grid, {0: Mark(2, 5, 4)}, done, "f", Wanted(12), True) == [0]


def test_ranges_join_neighbours_and_bridge_the_nearest_when_they_are_many() -> None:
    grid = Grid(10)
    assert ranges(grid, [0, 1, 3]) == [(0, 20), (30, 40)]
    many = ranges(grid, [*range(0, 200, 4), 1_000])
    assert many == [(0, 1970), (10_000, 10_010)]
