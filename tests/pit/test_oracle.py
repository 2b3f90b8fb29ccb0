"""The slow oracle against numbers worked out by hand, and its interpreter against DuckDB.

The views here are stand-ins with the attributes of `fsnb.FeatureView`: the oracle reads nothing else of it.
"""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from fsnb.errors import NotSupported, UnknownName
from fsnb.pit import oracle as oracle_module
from fsnb.pit import oracle_values
from fsnb.pit.oracle import ambiguous, oracle, outcomes, supports

SCHEMA = {
    "k": "string",
    "ts": "timestamp(6)",
    "seen": "timestamp(6)",
    "n": "int64",
    "x": "float64",
    "s": "string",
    "b": "boolean",
}
HOUR = timedelta(hours=1)
US = timedelta(microseconds=1)
NAN = float("nan")


def day(hour: float, minute: int = 0, microsecond: int = 0) -> datetime:
    return datetime(2024, 3, 10) + timedelta(hours=hour, minutes=minute, microseconds=microsecond)


@dataclass(frozen=True)
class Entity:
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    name: str
    table: ir.Table
    event_time: str | None
    available: str | None
    tie_break: tuple[str, ...]


@dataclass(frozen=True)
class Window:
    size: timedelta
    offset: timedelta = timedelta(0)


@dataclass(frozen=True)
class Output:
    name: str
    base: str
    value: ir.Value
    window: Window | None


@dataclass(frozen=True)
class View:
    kind: str
    entity: Entity
    source: Source
    relation: ir.Table
    outputs: tuple[Output, ...]
    name: str = "view"
    lag: timedelta = timedelta(0)
    ttl: timedelta | None = None
    refresh: timedelta | None = None
    closed: str = "right"
    skip_nulls: bool = False
    fill: tuple[tuple[str, Any], ...] = ()


Make = Callable[[ir.Table], dict[str, ir.Value]]


def build(
    kind: str,
    make: Make,
    *,
    keys: tuple[str, ...] = ("k",),
    schema: dict[str, str] = SCHEMA,
    prepare: Callable[[ir.Table], ir.Table] = lambda t: t,
    available: bool = False,
    tie_break: tuple[str, ...] = (),
    windows: tuple[Window | None, ...] = (None,),
    **rules: Any,
) -> View:
    table = ibis.table(schema, name="ev")
    source = Source("ev", table, None if kind == "static" else "ts", "seen" if available else None, tie_break)
    relation = prepare(table)
    outputs = tuple(
        Output(f"{name}_{number}" if len(windows) > 1 else name, name, value, window)
        for name, value in make(relation).items()
        for number, window in enumerate(windows)
    )
    return View(kind, Entity(keys), source, relation, outputs, **rules)


def asof(make: Make = lambda t: {"x": t.x}, **options: Any) -> View:
    return build("asof", make, **options)


def windowed(make: Make, size: timedelta | None = None, offset: timedelta = timedelta(0), **options: Any) -> View:
    return build("window", make, windows=(Window(size, offset) if size else None,), **options)


def ev(ts: datetime | None, x: float | Decimal | None = None, **columns: Any) -> dict[str, Any]:
    return {"k": "a", "ts": ts, "seen": None, "n": None, "x": x, "s": None, "b": None} | columns


def ask(view: View, events: list[dict], *times: datetime | None, **given: Any) -> list[Any]:
    """The first feature of key "a" at each time."""
    found = oracle(view, [{"k": "a", "at": time} for time in times], {"ev": events}, at="at", **given)
    return [row[view.outputs[0].name] for row in found]


def why(view: View, events: list[dict], time: datetime | None, output: str | None = None) -> list[tuple[Any, str]]:
    output = output or view.outputs[0].name
    rows = outcomes(view, {"k": "a", "at": time}, {"ev": events}, at="at", output=output)
    return [(row["n"], row["outcome"]) for row in rows]


TOTAL: Make = lambda t: {"total": t.x.sum()}  # noqa: E731
COUNT: Make = lambda t: {"count": t.count()}  # noqa: E731


# ---------------------------------------------------------------------- as-of


def test_latest_row_at_or_before_the_time_wins() -> None:
    events = [ev(day(3), 3.0), ev(day(1), 1.0), ev(day(2), 2.0)]
    assert ask(asof(), events, day(0), day(1), day(2, 59), day(3), day(9)) == [None, 1.0, 2.0, 3.0, 3.0]


@pytest.mark.parametrize(("closed", "seen"), [("right", 2.0), ("both", 2.0), ("left", 1.0), ("neither", 1.0)])
def test_closed_rules_a_row_at_exactly_the_cutoff(closed: str, seen: float) -> None:
    assert ask(asof(closed=closed), [ev(day(1), 1.0), ev(day(2), 2.0)], day(2)) == [seen]


def test_one_microsecond_decides() -> None:
    events = [ev(day(1), 1.0), ev(day(1, 0, 1), 2.0)]
    assert ask(asof(), events, day(1) - US, day(1), day(1) + US) == [None, 1.0, 2.0]


def test_microseconds_are_exact_far_from_1970() -> None:
    late = datetime(2999, 12, 31, 23, 59, 59, 999_999)
    assert ask(asof(), [ev(late, 1.0)], late - US, late) == [None, 1.0]


def test_lag_moves_the_cutoff_back() -> None:
    events = [ev(day(1), 1.0), ev(day(2), 2.0)]
    assert ask(asof(lag=HOUR), events, day(2), day(3) - US, day(3)) == [1.0, 1.0, 2.0]


def test_refresh_sees_what_the_last_tick_saw() -> None:
    events = [ev(day(1), 1.0), ev(day(1, 30), 2.0)]
    assert ask(asof(refresh=HOUR), events, day(1, 45), day(2) - US, day(2)) == [1.0, 1.0, 2.0]


def test_refresh_comes_after_lag() -> None:
    # 2:50 less 15 minutes is 2:35, its tick is 2:00; the other way round it would be 1:45
    events = [ev(day(1, 50), 1.0), ev(day(2, 10), 2.0)]
    view = asof(refresh=HOUR, lag=timedelta(minutes=15))
    assert ask(view, events, day(2, 50), day(3, 14), day(3, 15)) == [1.0, 1.0, 2.0]


def test_refresh_ticks_from_the_epoch_not_from_midnight() -> None:
    # 2024-03-10 00:00 is hour 19792 * 24 = 475008 = 7 * 67858 + 2 since 1970: every 7 hours is 22:00, 5:00, 12:00
    events = [ev(day(-2), 1.0), ev(day(0), 2.0)]
    assert ask(asof(refresh=7 * HOUR), events, day(5) - US, day(5)) == [1.0, 2.0]


def test_refresh_floors_before_1970_too() -> None:
    events = [ev(datetime(1969, 12, 31, 23), 1.0), ev(datetime(1969, 12, 31, 23, 20), 2.0)]
    at = datetime(1969, 12, 31, 23, 30), datetime(1970, 1, 1)
    assert ask(asof(refresh=HOUR), events, *at) == [1.0, 2.0]


# ---------------------------------------------------------------------- the second clock


def test_a_late_row_is_hidden_until_it_is_available() -> None:
    events = [ev(day(1), 1.0, seen=day(1)), ev(day(2), 2.0, seen=day(5))]
    assert ask(asof(available=True), events, day(3), day(5) - US, day(5)) == [1.0, 1.0, 2.0]


def test_a_row_that_arrives_late_does_not_replace_a_newer_event() -> None:
    events = [ev(day(2), 2.0, seen=day(2)), ev(day(1), 1.0, seen=day(5))]
    assert ask(asof(available=True), events, day(6)) == [2.0]


def test_available_before_the_event_does_not_show_the_future() -> None:
    events = [ev(day(3), 3.0, seen=day(1))]
    assert ask(asof(available=True), events, day(2), day(3)) == [None, 3.0]


@pytest.mark.parametrize("closed", ["right", "left", "both", "neither"])
def test_available_at_exactly_the_cutoff_is_known_however_closed(closed: str) -> None:
    assert ask(asof(available=True, closed=closed), [ev(day(1), 1.0, seen=day(2))], day(2)) == [1.0]


def test_lag_and_refresh_hold_for_the_available_clock() -> None:
    events = [ev(day(1), 1.0, seen=day(2, 30))]
    assert ask(asof(available=True, lag=HOUR, refresh=HOUR), events, day(3, 59), day(4)) == [None, 1.0]


def test_null_clocks_hide_a_row() -> None:
    events = [ev(None, 1.0, seen=day(1)), ev(day(1), 2.0, seen=None)]
    assert ask(asof(available=True), events, day(9)) == [None]
    assert ask(windowed(COUNT, available=True), events, day(9)) == [0]


def test_available_is_not_looked_at_where_it_is_not_declared() -> None:
    assert ask(asof(), [ev(day(1), 1.0, seen=day(9))], day(2)) == [1.0]


# ---------------------------------------------------------------------- time zones


def test_aware_times_are_converted_to_utc() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    events = [ev(datetime(2024, 3, 10, 12, tzinfo=berlin), 1.0)]  # 11:00 UTC
    assert ask(asof(), events, day(11) - US, day(11)) == [None, 1.0]
    assert ask(asof(), events, datetime(2024, 3, 10, 12, tzinfo=berlin), day(11).replace(tzinfo=UTC)) == [1.0, 1.0]


def test_the_two_hours_of_the_autumn_night_differ() -> None:
    paris = ZoneInfo("Europe/Paris")
    first = datetime(2024, 10, 27, 2, 30, tzinfo=paris)  # 00:30 UTC
    second = first.replace(fold=1)  # 01:30 UTC
    events = [ev(first, 1.0), ev(second, 2.0)]
    assert ask(asof(), events, first, datetime(2024, 10, 27, 1), second) == [1.0, 1.0, 2.0]


def test_a_window_over_the_spring_night_is_24_real_hours() -> None:
    # 2024-03-31 in Paris has 23 hours: noon on the 31st is 10:00 UTC, noon on the 30th 11:00 UTC
    paris = ZoneInfo("Europe/Paris")
    inside, outside = datetime(2024, 3, 30, 11, 30, tzinfo=paris), datetime(2024, 3, 30, 10, 59, tzinfo=paris)
    events = [ev(inside, 1.0), ev(outside, 2.0)]
    assert ask(windowed(TOTAL, 24 * HOUR), events, datetime(2024, 3, 31, 12, tzinfo=paris)) == [1.0]


def test_a_time_feature_comes_out_as_naive_utc() -> None:
    events = [ev(day(1), seen=datetime(2024, 3, 10, 3, tzinfo=ZoneInfo("Africa/Cairo")))]
    assert ask(asof(lambda t: {"seen": t.seen}), events, day(2)) == [day(1)]


# ---------------------------------------------------------------------- keys and the spine


def test_several_keys_match_as_columns_never_as_text() -> None:
    schema = {"k": "string", "k2": "string", "ts": "timestamp(6)", "x": "float64"}
    view = asof(keys=("k", "k2"), schema=schema)
    events = [{"k": "1", "k2": "11", "ts": day(1), "x": 1.0}, {"k": "11", "k2": "1", "ts": day(1), "x": 2.0}]
    spine = [{"k": k, "k2": k2, "at": day(2)} for k, k2 in (("11", "1"), ("1", "11"), ("1", "1"))]
    assert oracle(view, spine, {"ev": events}, at="at") == [{"x": 2.0}, {"x": 1.0}, {"x": None}]


def test_null_in_any_key_never_matches() -> None:
    schema = {"k": "string", "k2": "string", "ts": "timestamp(6)", "x": "float64"}
    view = windowed(lambda t: {"count": t.count(), "total": t.x.sum()}, keys=("k", "k2"), schema=schema)
    events = [{"k": "a", "k2": None, "ts": day(1), "x": 1.0}, {"k": None, "k2": None, "ts": day(1), "x": 2.0}]
    spine = [{"k": "a", "k2": None, "at": day(2)}, {"k": None, "k2": None, "at": day(2)}]
    assert oracle(view, spine, {"ev": events}, at="at") == [{"count": 0, "total": None}] * 2


def test_nan_as_a_key_never_matches() -> None:
    schema = {"k": "float64", "ts": "timestamp(6)", "x": "float64"}
    events = [{"k": NAN, "ts": day(1), "x": 1.0}]
    assert oracle(asof(schema=schema), [{"k": NAN, "at": day(2)}], {"ev": events}, at="at") == [{"x": None}]


def test_null_time_in_the_spine_sees_nothing() -> None:
    events = [ev(day(1), 1.0)]
    assert ask(asof(), events, None) == [None]
    assert ask(windowed(COUNT), events, None) == [0]
    assert ask(windowed(COUNT, HOUR), events, None) == [0]


def test_the_spine_may_name_keys_otherwise() -> None:
    spine = [{"plane": "a", "asked": day(2), "k": "b"}]
    events = [ev(day(1), 1.0), ev(day(1), 2.0, k="b")]
    assert oracle(asof(), spine, {"ev": events}, at="asked", keys={"k": "plane"}) == [{"x": 1.0}]


def test_duplicate_spine_rows_are_kept_in_order() -> None:
    events = [ev(day(1), 1.0), ev(day(3), 3.0)]
    assert ask(asof(), events, day(4), day(1), day(4), day(1)) == [3.0, 1.0, 3.0, 1.0]


def test_empty_spine_and_empty_source() -> None:
    assert oracle(asof(), [], {"ev": [ev(day(1), 1.0)]}, at="at") == []
    assert ask(asof(), [], day(1)) == [None]
    assert ask(windowed(COUNT, HOUR), [], day(1)) == [0]


def test_a_missing_table_is_named() -> None:
    with pytest.raises(UnknownName, match=r"no table 'ev'.*It has: flights"):
        oracle(asof(), [], {"flights": []}, at="at")


# ---------------------------------------------------------------------- ties


def test_ties_on_event_time_go_to_the_latest_available() -> None:
    events = [ev(day(1), 9.0, seen=day(2)), ev(day(1), 1.0, seen=day(3))]
    assert ask(asof(available=True), events, day(2, 30), day(4)) == [9.0, 1.0]


def test_then_to_the_tie_break_columns_in_order_null_lowest() -> None:
    ties = [(9.0, None, "z"), (8.0, 1, "b"), (7.0, 1, "c"), (6.0, 1, None)]
    events = [ev(day(1), x, n=n, s=s) for x, n, s in ties]
    view = asof(tie_break=("n", "s"))
    assert ask(view, events, day(2)) == [7.0]
    assert ask(view, events[::-1], day(2)) == [7.0]


def test_available_decides_before_the_tie_break() -> None:
    events = [ev(day(1), 1.0, seen=day(1), n=9), ev(day(1), 2.0, seen=day(2), n=0)]
    assert ask(asof(available=True, tie_break=("n",)), events, day(3)) == [2.0]


def test_exact_ties_go_to_the_greatest_features_whole_row_whatever_the_order() -> None:
    view = asof(lambda t: {"x": t.x, "n": t.n})
    events = [ev(day(1), None, n=9), ev(day(1), 2.0, n=1), ev(day(1), 2.0, n=3), ev(day(1), 1.0, n=7)]
    for rows in (events, events[::-1]):
        assert oracle(view, [{"k": "a", "at": day(2)}], {"ev": rows}, at="at") == [{"x": 2.0, "n": 3}]


def test_ambiguous_counts_rows_of_undecided_ties() -> None:
    events = [
        *(ev(day(1), 1.0), ev(day(1), 2.0), ev(day(1), 2.0)),  # undecided: three rows
        *(ev(day(2), 1.0), ev(day(2), 1.0)),  # the same features: no harm
        *(ev(day(3), 1.0), ev(day(3), 2.0, k="b")),  # different keys
        *(ev(None, 1.0), ev(None, 2.0)),  # never visible
        *(ev(day(4), 1.0, k=None), ev(day(4), 2.0, k=None)),
        *(ev(day(5), 1.0), ev(day(5), NAN)),  # undecided: a value or NULL
    ]
    assert ambiguous(asof(), {"ev": events}) == 5
    assert ambiguous(asof(skip_nulls=True), {"ev": events}) == 3
    assert ambiguous(windowed(COUNT), {"ev": events}) == 0


def test_a_tie_break_resolves_what_was_ambiguous() -> None:
    events = [ev(day(1), 1.0, n=1, seen=day(1)), ev(day(1), 2.0, n=2, seen=day(1)), ev(day(1), 3.0, n=2, seen=day(2))]
    assert ambiguous(asof(), {"ev": events}) == 3
    assert ambiguous(asof(available=True), {"ev": events}) == 2
    assert ambiguous(asof(tie_break=("n",)), {"ev": events}) == 2
    assert ambiguous(asof(available=True, tie_break=("n",)), {"ev": events}) == 0


# ---------------------------------------------------------------------- ttl and skip_nulls


@pytest.mark.parametrize(("closed", "at_edge"), [("right", None), ("neither", None), ("left", 1.0), ("both", 1.0)])
def test_ttl_edge_follows_closed(closed: str, at_edge: float | None) -> None:
    view = asof(ttl=HOUR, closed=closed)
    assert ask(view, [ev(day(1), 1.0)], day(2) - US, day(2), day(2) + US) == [1.0, at_edge, None]


def test_expired_row_gives_null_not_an_older_row() -> None:
    events = [ev(day(1), 1.0), ev(day(2), 2.0)]
    assert ask(asof(ttl=HOUR), events, day(2, 30), day(3)) == [2.0, None]


def test_ttl_counts_from_the_cutoff_not_from_the_asking_time() -> None:
    assert ask(asof(ttl=HOUR, lag=HOUR), [ev(day(1), 1.0)], day(2), day(3) - US, day(3)) == [1.0, 1.0, None]


def test_ttl_looks_at_event_time_not_at_available() -> None:
    assert ask(asof(ttl=HOUR, available=True), [ev(day(1), 1.0, seen=day(3))], day(3)) == [None]


def test_without_skip_nulls_the_latest_row_stands_as_it_is() -> None:
    view = asof(lambda t: {"x": t.x, "n": t.n})
    events = [ev(day(1), 1.0, n=1), ev(day(2), None, n=2)]
    assert oracle(view, [{"k": "a", "at": day(3)}], {"ev": events}, at="at") == [{"x": None, "n": 2}]


def test_skip_nulls_takes_the_latest_value_of_each_column() -> None:
    view = asof(lambda t: {"x": t.x, "n": t.n}, skip_nulls=True)
    events = [ev(day(1), 1.0, n=1), ev(day(2), None, n=2), ev(day(3), NAN)]
    assert oracle(view, [{"k": "a", "at": day(4)}], {"ev": events}, at="at") == [{"x": 1.0, "n": 2}]


def test_skip_nulls_judges_the_ttl_of_the_row_it_took() -> None:
    view = asof(lambda t: {"x": t.x, "n": t.n}, skip_nulls=True, ttl=2 * HOUR)
    events = [ev(day(1), 1.0), ev(day(2), None, n=2)]
    assert oracle(view, [{"k": "a", "at": day(3)}], {"ev": events}, at="at") == [{"x": None, "n": 2}]


# ---------------------------------------------------------------------- windows


@pytest.mark.parametrize(
    ("closed", "total"),
    [("right", 2 + 4 + 8), ("left", 1 + 2 + 4), ("both", 1 + 2 + 4 + 8), ("neither", 2 + 4)],
)
def test_closed_rules_both_ends_of_a_window(closed: str, total: int) -> None:
    events = [ev(day(1), 1.0), ev(day(1) + US, 2.0), ev(day(2) - US, 4.0), ev(day(2), 8.0), ev(day(2) + US, 16.0)]
    assert ask(windowed(TOTAL, HOUR, closed=closed), events, day(2)) == [total]


@pytest.mark.parametrize(("closed", "total"), [("right", 2 + 4), ("left", 1 + 2), ("both", 1 + 2 + 4), ("neither", 2)])
def test_offset_moves_both_ends_back(closed: str, total: int) -> None:
    # asked at 5:00, offset 2h, size 1h: the window from 2:00 to 3:00
    events = [ev(day(2), 1.0), ev(day(2, 30), 2.0), ev(day(3), 4.0), ev(day(4), 8.0), ev(day(1, 59), 16.0)]
    assert ask(windowed(TOTAL, HOUR, 2 * HOUR, closed=closed), events, day(5)) == [total]


def test_several_windows_of_one_reduction() -> None:
    view = build("window", TOTAL, windows=(Window(HOUR), Window(2 * HOUR), Window(HOUR, HOUR)))
    events = [ev(day(1, 30), 1.0), ev(day(2, 30), 2.0)]
    found = oracle(view, [{"k": "a", "at": day(3)}], {"ev": events}, at="at")
    assert found == [{"total_0": 2.0, "total_1": 3.0, "total_2": 1.0}]


def test_a_late_row_enters_a_window_when_it_is_known() -> None:
    events = [ev(day(1), 1.0, seen=day(1)), ev(day(1, 10), 2.0, seen=day(1, 40))]
    assert ask(windowed(TOTAL, HOUR, available=True), events, day(1, 39), day(1, 40), day(2, 5)) == [1.0, 3.0, 2.0]


def test_refresh_and_lag_move_windows() -> None:
    events = [ev(day(1), 1.0), ev(day(2), 2.0), ev(day(3), 4.0)]
    assert ask(windowed(TOTAL, HOUR, refresh=HOUR, lag=HOUR), events, day(3, 59), day(4)) == [2.0, 4.0]


def test_without_a_window_all_visible_history_counts() -> None:
    events = [ev(datetime(1950, 1, 1), 1.0), ev(day(1), 2.0), ev(day(9), 4.0)]
    assert ask(windowed(TOTAL), events, day(2)) == [3.0]


def test_an_empty_window_counts_zero_and_is_null_otherwise() -> None:
    view = windowed(
        lambda t: {
            "rows": t.count(),
            "values": t.x.count(),
            "distinct": t.s.nunique(),
            "sum": t.x.sum(),
            "mean": t.x.mean(),
            "min": t.x.min(),
            "max": t.x.max(),
            "std": t.x.std(),
            "var": t.x.var(how="pop"),
            "any": t.b.any(),
            "all": t.b.all(),
        },
        HOUR,
    )
    (found,) = oracle(view, [{"k": "a", "at": day(9)}], {"ev": [ev(day(1), 1.0, s="q", b=True)]}, at="at")
    assert found == dict.fromkeys(found) | {"rows": 0, "values": 0, "distinct": 0}


def test_a_window_of_nulls_is_like_an_empty_one_but_for_the_rows() -> None:
    view = windowed(lambda t: {"rows": t.count(), "values": t.x.count(), "sum": t.x.sum(), "distinct": t.x.nunique()})
    found = oracle(view, [{"k": "a", "at": day(9)}], {"ev": [ev(day(1)), ev(day(2), NAN)]}, at="at")
    assert found == [{"rows": 2, "values": 0, "sum": None, "distinct": 0}]


# ---------------------------------------------------------------------- reductions and their types


def one(make: Make, events: list[dict], **options: Any) -> Any:
    return ask(windowed(make, **options), events, day(9))[0]


def same(found: Any, wanted: Any) -> bool:
    return type(found) is type(wanted) and found == wanted


def test_counts_and_sums_of_integers_and_bools_are_integers() -> None:
    events = [ev(day(1), 1.5, n=2**53, b=True), ev(day(2), 2.5, n=1, b=False), ev(day(3), b=None)]
    assert same(one(lambda t: {"f": t.n.sum()}, events), 2**53 + 1)
    assert same(one(lambda t: {"f": (t.x > 2).sum()}, events), 1)
    assert same(one(lambda t: {"f": t.x.sum()}, events), 4.0)
    assert same(one(lambda t: {"f": t.n.mean()}, [ev(day(1), n=1), ev(day(1), n=2)]), 1.5)
    assert same(one(lambda t: {"f": t.n.max()}, events), 2**53)
    assert same(one(lambda t: {"f": t.b.any()}, events), True)
    assert same(one(lambda t: {"f": t.b.all()}, events), False)


def test_min_and_max_keep_the_type() -> None:
    events = [ev(day(1), s="b", seen=day(5)), ev(day(2), s="a", seen=day(4)), ev(day(3))]
    assert one(lambda t: {"f": t.s.min()}, events) == "a"
    assert one(lambda t: {"f": t.seen.max()}, events) == day(5)


def test_float_sums_are_exact() -> None:
    assert one(TOTAL, [ev(day(1), x) for x in (1e16, 1.0, -1e16)]) == 1.0


def test_decimals_read_as_floats() -> None:
    events = [ev(day(1), Decimal("0.5")), ev(day(1), Decimal("NaN"))]
    assert same(one(TOTAL, events), 0.5)
    assert one(lambda t: {"f": t.x.isnull().sum()}, events) == 1


def test_integers_in_a_float_column_read_as_floats() -> None:
    assert same(ask(asof(), [ev(day(1), 7)], day(2))[0], 7.0)


def test_nan_in_a_column_is_null_everywhere() -> None:
    events = [ev(day(1), NAN), ev(day(2), 4.0)]
    assert one(lambda t: {"f": t.x.mean()}, events) == 4.0
    assert one(lambda t: {"f": t.x.max()}, events) == 4.0
    assert one(lambda t: {"f": t.x.isnull().sum()}, events) == 1
    assert one(lambda t: {"f": t.x.isnan().sum()}, events) == 0


def test_a_computed_nan_is_null_at_a_reduction_and_as_a_feature() -> None:
    events = [ev(day(1), 0.0), ev(day(2), 2.0)]
    assert one(lambda t: {"f": (t.x / t.x).sum()}, events) == 1.0
    assert one(lambda t: {"f": (t.x / t.x).count()}, events) == 1
    assert ask(asof(lambda t: {"f": t.x / t.x}), events, day(1), day(2)) == [None, 1.0]
    assert one(lambda t: {"f": t.x.min() / t.x.min()}, events) is None


def test_division_by_zero_is_infinite_and_stays() -> None:
    view = asof(lambda t: {"f": 1 / t.x})
    assert ask(view, [ev(day(1), 0.0), ev(day(2), -0.0)], day(1), day(2)) == [math.inf, -math.inf]
    assert one(TOTAL, [ev(day(1), math.inf), ev(day(1), -math.inf)]) is None


def test_spread_of_one_value_is_null_for_a_sample_and_zero_for_a_population() -> None:
    events = [ev(day(1), 3.0)]
    assert one(lambda t: {"f": t.x.std()}, events) is None
    assert one(lambda t: {"f": t.x.var()}, events) is None
    assert same(one(lambda t: {"f": t.x.std(how="pop")}, events), 0.0)


def test_spread_of_several_values() -> None:
    events = [ev(day(1), x) for x in (2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0)]  # mean 5, squares 32
    assert one(lambda t: {"f": t.x.std(how="pop")}, events) == 2.0
    assert one(lambda t: {"f": t.x.var()}, events) == pytest.approx(32 / 7, rel=1e-15)
    assert one(lambda t: {"f": t.x.std()}, [ev(day(1), 0.1)] * 3) == 0.0


def test_conditions_hold_for_one_reduction_only() -> None:
    events = [ev(day(1), 1.0, b=True), ev(day(2), 2.0, b=False), ev(day(3), 4.0, b=None), ev(day(4), None, b=True)]
    view = windowed(
        lambda t: {
            "rows": t.count(where=t.b),
            "values": t.x.count(where=t.b),
            "sum": t.x.sum(where=~t.b),
            "all": t.x.sum(),
            "none": t.x.sum(where=t.x > 9),
        }
    )
    (found,) = oracle(view, [{"k": "a", "at": day(9)}], {"ev": events}, at="at")
    assert found == {"rows": 2, "values": 1, "sum": 2.0, "all": 7.0, "none": None}


def test_arithmetic_over_reductions() -> None:
    events = [ev(day(1), 1.0, n=3), ev(day(2), 5.0, n=4)]
    assert one(lambda t: {"f": t.x.sum(where=t.n > 3) / t.count()}, events) == 2.5
    assert one(lambda t: {"f": (t.x.max() - t.x.min()).cast("int64")}, events) == 4
    assert one(lambda t: {"f": ibis.ifelse(t.count() > 1, t.x.mean(), 0)}, events) == 3.0
    assert one(lambda t: {"f": t.x.sum().fill_null(0) + 1}, []) == 1.0
    assert one(lambda t: {"f": t.x.sum() / t.count()}, []) is None
    assert one(lambda t: {"f": t.x.count() / t.count()}, []) is None  # 0 / 0


def test_share_of_a_condition_ignores_null() -> None:
    events = [ev(day(1), 20.0), ev(day(2), 10.0), ev(day(3), None), ev(day(4), 16.0), ev(day(5), 1.0)]
    assert one(lambda t: {"late_share": (t.x > 15).mean()}, events) == 0.5


def test_fill_replaces_null_in_every_kind_of_view() -> None:
    assert same(one(TOTAL, [], fill=(("total", 0),)), 0.0)
    assert one(TOTAL, [ev(day(1), 5.0)], fill=(("total", 0),)) == 5.0
    assert ask(asof(ttl=HOUR, fill=(("x", -1),)), [ev(day(1), 1.0)], day(1), day(2), None) == [1.0, -1.0, -1.0]


# ---------------------------------------------------------------------- static


def test_static_knows_no_time() -> None:
    schema = {"k": "string", "n": "int64", "x": "float64"}
    view = build("static", lambda t: {"x": t.x, "twice": t.n * 2}, schema=schema, tie_break=("n",))
    rows = [{"k": "a", "n": 1, "x": 9.0}, {"k": "a", "n": 2, "x": 1.0}, {"k": None, "n": 3, "x": 5.0}]
    spine = [{"k": "a", "at": None}, {"k": "a", "at": datetime(1900, 1, 1)}, {"k": None, "at": None}]
    wanted = [{"x": 1.0, "twice": 4}] * 2 + [{"x": None, "twice": None}]
    assert oracle(view, spine, {"ev": rows}, at="at") == wanted
    assert ambiguous(view, {"ev": rows}) == 0
    found = outcomes(view, {"k": "a"}, {"ev": rows}, at="at", output="x")
    assert [row["outcome"] for row in found] == ["superseded", "used"]


def test_static_duplicates_are_ambiguous() -> None:
    schema = {"k": "string", "x": "float64"}
    rows = [{"k": "a", "x": 1.0}, {"k": "a", "x": 2.0}]
    view = build("static", lambda t: {"x": t.x}, schema=schema)
    assert ambiguous(view, {"ev": rows}) == 2
    assert oracle(view, [{"k": "a"}], {"ev": rows}, at="at") == [{"x": 2.0}]


# ---------------------------------------------------------------------- outcomes


def test_outcomes_of_an_as_of_feature() -> None:
    events = [
        ev(day(1), 1.0, n=1, seen=day(1)),
        ev(day(2), 2.0, n=2, seen=day(2)),
        ev(day(2, 30), 3.0, n=3, seen=day(4)),
        ev(day(3), 4.0, n=4, seen=day(3)),
        ev(day(2), 5.0, n=5, seen=None),
        ev(None, 6.0, n=6, seen=day(1)),
        ev(day(5), 7.0, n=7, seen=None),
        ev(day(2), 8.0, n=8, seen=day(2), k="b"),
        ev(day(2), 8.0, n=9, seen=day(2), k=None),
    ]
    assert why(asof(available=True), events, day(2, 45)) == [
        (1, "superseded"),
        (2, "used"),
        (3, "not yet known"),
        (4, "future"),
        (5, "not yet known"),
        (6, "no event time"),
        (7, "future"),
    ]


def test_outcomes_beyond_the_ttl() -> None:
    events = [ev(day(1), 1.0, n=1), ev(day(2), 2.0, n=2)]
    assert why(asof(ttl=HOUR), events, day(3)) == [(1, "superseded"), (2, "expired")]
    assert why(asof(ttl=HOUR, closed="left"), events, day(3)) == [(1, "superseded"), (2, "used")]


def test_outcomes_of_ties() -> None:
    events = [ev(day(1), 1.0, n=1), ev(day(1), 3.0, n=2), ev(day(1), 2.0, n=3)]
    assert why(asof(), events, day(2)) == [(1, "superseded"), (2, "used"), (3, "superseded")]
    assert why(asof(tie_break=("n",)), events, day(2)) == [(1, "superseded"), (2, "superseded"), (3, "used")]


def test_outcomes_with_skip_nulls_are_per_column() -> None:
    view = asof(lambda t: {"x": t.x, "s": t.s}, skip_nulls=True)
    events = [ev(day(1), None, n=1), ev(day(2), 2.0, n=2), ev(day(3), None, n=3)]
    assert why(view, events, day(4), "x") == [(1, "superseded"), (2, "used"), (3, "no value")]
    assert why(view, events, day(4), "s") == [(1, "no value"), (2, "no value"), (3, "no value")]


def test_outcomes_of_a_window() -> None:
    view = windowed(COUNT, HOUR, HOUR, available=True)
    events = [
        ev(day(1), n=1, seen=day(1)),
        ev(day(1) + US, n=2, seen=day(1)),
        ev(day(2), n=3, seen=day(3)),
        ev(day(2), n=4, seen=day(3) + US),
        ev(day(2) + US, n=5, seen=day(3)),
        ev(day(3) + US, n=6, seen=day(3)),
    ]
    assert [outcome for _, outcome in why(view, events, day(3))] == [
        "outside the window",
        "used",
        "used",
        "not yet known",
        "outside the window",
        "future",
    ]
    assert why(windowed(COUNT), [ev(datetime(1950, 1, 1), n=1)], day(3)) == [(1, "used")]


def test_outcomes_without_an_asking_time_or_key_are_none_at_all() -> None:
    events = [ev(day(1), 1.0, n=1), ev(day(1), 1.0, n=2, k=None)]
    assert why(asof(), events, None) == []
    assert outcomes(asof(), {"k": None, "at": day(2)}, {"ev": events}, at="at", output="x") == []


def test_outcomes_name_the_nearest_feature() -> None:
    view = windowed(TOTAL)
    with pytest.raises(UnknownName, match=r"feature view 'view' has no feature 'totl'. Did you mean 'total'\?"):
        outcomes(view, {"k": "a", "at": day(2)}, {"ev": []}, at="at", output="totl")


# ---------------------------------------------------------------------- the prepared table


def test_filters_and_mutates_are_applied_first() -> None:
    view = windowed(
        lambda t: {"f": t.y.sum()},
        prepare=lambda t: t.filter(t.x > 1, t.b).mutate(y=t.x * 10).drop("s"),
    )
    events = [ev(day(1), 1.0, b=True), ev(day(1), 2.0, b=True), ev(day(1), 4.0, b=None), ev(day(1), NAN, b=True)]
    assert ask(view, events, day(2)) == [20.0]


def test_clocks_may_be_computed() -> None:
    view = asof(prepare=lambda t: t.mutate(ts=t.ts + ibis.interval(hours=2)))
    assert ask(view, [ev(day(1), 1.0)], day(2), day(3)) == [None, 1.0]


def test_left_and_inner_joins_with_another_table() -> None:
    dim = ibis.table({"s": "string", "w": "float64"}, name="dim")
    events = [ev(day(1), s="p"), ev(day(2), s="q"), ev(day(3), s=None)]
    rows = {"ev": events, "dim": [{"s": "p", "w": 1.0}, {"s": "p", "w": 2.0}, {"s": None, "w": 4.0}]}
    make: Make = lambda t: {"rows": t.count(), "w": t.w.sum()}  # noqa: E731
    spine = [{"k": "a", "at": day(9)}]
    left = windowed(make, prepare=lambda t: t.left_join(dim, "s"))
    assert oracle(left, spine, rows, at="at") == [{"rows": 4, "w": 3.0}]
    inner = windowed(make, prepare=lambda t: t.join(dim, [t.s == dim.s, dim.w > 1]))
    assert oracle(inner, spine, rows, at="at") == [{"rows": 1, "w": 2.0}]


def test_distinct_fill_null_drop_null_and_sort() -> None:
    events = [ev(day(1), 1.0), ev(day(1), 1.0), ev(day(2), None), ev(day(2), NAN)]
    assert ask(windowed(COUNT, prepare=lambda t: t.distinct()), events, day(9)) == [2]
    assert ask(windowed(TOTAL, prepare=lambda t: t.fill_null({"x": 5})), events, day(9)) == [12.0]
    assert ask(windowed(COUNT, prepare=lambda t: t.drop_null("x")), events, day(9)) == [2]
    assert ask(windowed(COUNT, prepare=lambda t: t.drop_null(["x", "n"], how="all")), events, day(9)) == [2]
    assert ask(windowed(COUNT, prepare=lambda t: t.drop_null(["x", "n"])), events, day(9)) == [0]
    assert ask(windowed(TOTAL, prepare=lambda t: t.order_by("x")), events, day(9)) == [2.0]


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("view", "name"),
    [
        (windowed(lambda t: {"f": t.x.approx_median()}), "ApproxMedian"),
        (windowed(lambda t: {"f": t.x.sum() + t.x.arbitrary()}), "Arbitrary"),
        (windowed(lambda t: {"f": (t.x - t.x.mean()).sum()}), "Mean"),
        (windowed(lambda t: {"f": t.x.sum(where=t.s.re_search("a"))}), "RegexSearch"),
        (windowed(lambda t: {"f": t.x - t.x.mean()}), "Field"),
        (windowed(COUNT, prepare=lambda t: t.limit(3)), "Limit"),
        (windowed(COUNT, prepare=lambda t: t.mutate(y=t.s.hash())), "Hash"),
        (windowed(COUNT, prepare=lambda t: t.mutate(y=t.x.sum())), "WindowFunction"),
        (windowed(COUNT, prepare=lambda t: t.semi_join(t.view(), "k")), "JoinLink"),
        (
            build(
                "static", lambda t: {"x": t.x}, schema={"k": "int64", "x": "float64"}, prepare=lambda t: t.fill_null(0)
            ),
            "FillNull",
        ),
        (asof(lambda t: {"f": t.x.cast("string")}), "Cast from float64 to string"),
        (asof(lambda t: {"f": t.ts + ibis.interval(months=1)}), "Literal"),
        (asof(lambda t: {"f": t.ts.truncate("M")}), "TimestampTruncate"),
        (asof(lambda t: {"f": t.ts.delta(t.seen, unit="month")}), "TimestampDelta"),
    ],
)
def test_unknown_operations_are_named_and_refused(view: View, name: str) -> None:
    assert supports(view) == name
    with pytest.raises(NotSupported, match=f"feature view 'view': the oracle does not interpret {name}"):
        oracle(view, [], {"ev": []}, at="at")


def test_supports_says_nothing_where_all_is_known() -> None:
    assert supports(asof()) is None
    assert supports(windowed(lambda t: {"f": (t.x > 15).mean()}, prepare=lambda t: t.filter(t.n.isin([1, 2])))) is None


def test_the_oracle_shares_no_code_with_what_it_checks() -> None:
    allowed = {
        "fsnb.errors",
        "fsnb.identity.Over",
        "fsnb.pit.oracle_values",
        "ibis.expr.datatypes",
        "ibis.expr.operations",
    }
    for module in (oracle_module, oracle_values):
        found = set()
        for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            if isinstance(node, ast.ImportFrom):
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
        outside = {name for name in found if name.partition(".")[0] not in sys.stdlib_module_names}
        assert all(name.startswith(tuple(allowed)) for name in outside), (module.__name__, outside)


# ---------------------------------------------------------------------- the interpreter, by hand and against DuckDB

VALUES = {
    "x": [2.5, 3.5, -2.5, -2.7, 0.0, None, 7.0],
    "y": [2.0, None, 1.5, 3.5, 4.0, 2.0, 7.0],
    "n": [7, -7, 3, 0, 5, None, 2],
    "m": [2, 2, -2, 3, 5, 1, None],
    "s": ["Abc", " b ", "é", "", None, "42", "abcabc"],
    "b": [True, False, None, True, False, None, True],
    "c": [True, True, True, False, False, None, None],
    "ts": [
        *(datetime(2024, 2, 29, h, 59, 59, 999_999) for h in (0, 11, 23)),
        datetime(1969, 7, 20),
        None,
        day(1),
        day(2),
    ],
    "tu": [datetime(2024, 2, 28), datetime(2024, 3, 1), None, datetime(1970, 1, 1), day(1), day(1), day(1)],
}
ARROW = pa.table(VALUES)

EXPRESSIONS: dict[str, Callable[[ir.Table], ir.Value]] = {
    "add": lambda t: t.x + t.n,
    "subtract": lambda t: t.n - t.m,
    "multiply": lambda t: t.x * t.m,
    "divide": lambda t: t.n / t.m,
    "divide by zero": lambda t: 1 / t.x,
    "floor divide": lambda t: t.n // t.m,
    "modulus": lambda t: t.n % t.m,
    "modulus of floats": lambda t: t.x % t.y,
    "modulus of zero": lambda t: t.m % t.n,
    "power": lambda t: t.n**2,
    "root of negative by power": lambda t: t.x**0.5,
    "zero to a negative power": lambda t: t.x**-1,
    "negate": lambda t: -t.x,
    "abs": lambda t: t.n.abs(),
    "ceil": lambda t: t.x.ceil(),
    "floor": lambda t: t.x.floor(),
    "round": lambda t: t.x.round(),
    "round to digits": lambda t: (t.x / 10).round(1),
    "sign": lambda t: t.x.sign(),
    "sqrt": lambda t: t.y.sqrt(),
    "exp": lambda t: (t.x * 400).exp(),
    "ln": lambda t: t.y.ln(),
    "log": lambda t: t.y.log(3),
    "natural log": lambda t: t.y.log(),
    "log2": lambda t: t.y.log2(),
    "log10": lambda t: t.y.log10(),
    "equal": lambda t: t.x == t.y,
    "not equal": lambda t: t.x != t.y,
    "less": lambda t: t.x < t.n,
    "at most": lambda t: t.x <= t.y,
    "greater": lambda t: t.s > "b",
    "at least": lambda t: t.ts >= t.tu,
    "time beside text": lambda t: t.ts > "2024-02-29 11:00:00",
    "time beside literal": lambda t: t.ts > datetime(2024, 2, 29, 12),
    "nan is greatest": lambda t: (t.x / t.x) > 5,
    "nan equals nan": lambda t: (t.x / t.x) == (t.x / t.x),
    "identical": lambda t: t.x.identical_to(t.y),
    "and": lambda t: t.b & t.c,
    "or": lambda t: t.b | t.c,
    "xor": lambda t: t.b ^ t.c,
    "not": lambda t: ~t.b,
    "is null": lambda t: t.x.isnull(),
    "not null": lambda t: t.x.notnull(),
    "is nan": lambda t: (t.x / t.x).isnan(),
    "is inf": lambda t: (1 / t.x).isinf(),
    "between": lambda t: t.x.between(t.n, 3),
    "not between": lambda t: ~t.x.between(t.y, 3),
    "among": lambda t: t.m.isin([2, 5]),
    "among with null": lambda t: t.m.isin([2, None]),
    "not among": lambda t: t.s.notin(["42", ""]),
    "coalesce": lambda t: ibis.coalesce(t.n, t.x, 1.5),
    "fill null": lambda t: t.s.fill_null("none"),
    "null if": lambda t: t.x.nullif(7),
    "if else": lambda t: ibis.ifelse(t.b, t.n, t.x),
    "searched case": lambda t: ibis.cases((t.x > 3, "big"), (t.x > 0, "small"), else_="none"),
    "searched case without else": lambda t: ibis.cases((t.b, 1)),
    "simple case": lambda t: t.s.cases(("42", 1), ("é", 2), else_=0),
    "greatest": lambda t: ibis.greatest(t.x, t.y),
    "least": lambda t: ibis.least(t.x, t.n, 3),
    "clip": lambda t: t.x.clip(0, 3),
    "clip below": lambda t: t.x.clip(lower=0),
    "clip by columns": lambda t: t.x.clip(t.y, 6),
    "lower": lambda t: t.s.lower(),
    "upper": lambda t: t.s.upper(),
    "strip": lambda t: t.s.strip(),
    "strip left": lambda t: t.s.lstrip(),
    "strip right": lambda t: t.s.rstrip(),
    "length": lambda t: t.s.length(),
    "contains": lambda t: t.s.contains("b"),
    "starts with": lambda t: t.s.startswith("A"),
    "ends with": lambda t: t.s.endswith("c"),
    "concat": lambda t: t.s + "!" + t.s,
    "substring": lambda t: t.s.substr(1, 2),
    "substring to the end": lambda t: t.s.substr(1),
    "slice": lambda t: t.s[1:3],
    "year": lambda t: t.ts.year(),
    "month": lambda t: t.ts.month(),
    "day": lambda t: t.ts.day(),
    "hour": lambda t: t.ts.hour(),
    "minute": lambda t: t.ts.minute(),
    "second": lambda t: t.ts.second(),
    "microsecond": lambda t: t.ts.microsecond(),
    "day of week": lambda t: t.ts.day_of_week.index(),
    "date": lambda t: t.ts.date(),
    "truncate": lambda t: t.ts.truncate("h"),
    "plus an hour": lambda t: t.ts + ibis.interval(hours=1),
    "minus days": lambda t: t.ts - ibis.interval(days=40),
    "plus a column of seconds": lambda t: t.ts + t.n.as_interval("s"),
    "difference beside interval": lambda t: (t.tu - t.ts) > ibis.interval(seconds=43200),
    "days between": lambda t: t.tu.delta(t.ts, unit="day"),
    "hours between": lambda t: t.tu.delta(t.ts, unit="hour"),
    "to integer": lambda t: t.x.cast("int64"),
    "to float": lambda t: t.n.cast("float64"),
    "to text": lambda t: t.n.cast("string"),
    "bool to text": lambda t: t.b.cast("string"),
    "bool to integer": lambda t: t.b.cast("int64"),
    "integer to bool": lambda t: t.n.cast("boolean"),
    "text to integer": lambda t: ibis.ifelse(t.s == "42", t.s, "-7").cast("int64"),
    "text to float": lambda t: ibis.ifelse(t.s == "42", t.s, "1e3").cast("float64"),
    "text to time": lambda t: ibis.literal("2024-02-29 01:02:03").cast("timestamp"),
    "time to date": lambda t: t.ts.cast("date"),
    "date to time": lambda t: t.ts.date().cast("timestamp"),
    "null literal": lambda t: ibis.ifelse(t.b, ibis.null("int64"), t.n),
    "decimal literal": lambda t: (t.x + Decimal("0.5")).cast("float64"),
}


def interpret(make: Callable[[ir.Table], ir.Value]) -> list[Any]:
    table = ibis.table(ibis.memtable(ARROW).schema(), name="v")
    value = make(table)
    assert oracle_values.first_unknown(value.op(), False) is None
    rows = oracle_values.rows_of(table.op(), {"v": ARROW.to_pylist()})
    return [oracle_values.row_value(value.op(), {table.op(): row}) for row in rows]


def equal(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float) and math.isfinite(left):
        return math.isclose(left, right, rel_tol=1e-12, abs_tol=1e-15)
    return type(left) is type(right) and (left == right or (left != left and right != right))


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_mean_what_duckdb_makes_of_them(name: str) -> None:
    make = EXPRESSIONS[name]
    table = ibis.memtable(ARROW)
    wanted = ibis.duckdb.connect().to_pyarrow(table.select(value=make(table)))["value"].to_pylist()
    found = interpret(make)
    assert all(map(equal, found, wanted)), list(zip(found, wanted, strict=True))


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda t: t.ts.epoch_seconds(), [1709168399, 1709207999, 1709251199, -14256000, None, 1710032400, 1710036000]),
        (lambda t: (t.x - 3).sqrt(), [None, math.sqrt(0.5), None, None, None, None, 2.0]),
        (lambda t: t.x.ln(), [math.log(2.5), math.log(3.5), None, None, -math.inf, None, math.log(7)]),
        (lambda t: t.n // 0, [None] * 7),
        (lambda t: t.s.cast("int64"), [None, None, None, None, None, 42, None]),
        (lambda t: t.s.cast("float64"), [None, None, None, None, None, 42.0, None]),
        (lambda t: (t.ts.date() == date(2024, 2, 29)).cast("int64"), [1, 1, 1, 0, None, 0, 0]),
    ],
    ids=["epoch seconds", "sqrt", "ln", "floor divide by zero", "text to integer", "text to float", "date"],
)
def test_what_duckdb_cannot_answer_is_by_hand(make: Callable[[ir.Table], ir.Value], wanted: list[Any]) -> None:
    found = [oracle_values.known(value) for value in interpret(make)]
    assert all(map(equal, found, wanted)), list(zip(found, wanted, strict=True))


def test_every_operation_of_the_tables_is_tried() -> None:
    schema = ibis.memtable(ARROW).schema()
    makes = [*EXPRESSIONS.values(), lambda t: t.ts.epoch_seconds(), lambda t: t.x.name("other")]
    tried = {type(node) for make in makes for node in make(ibis.table(schema, name="v")).op().find(lambda node: True)}
    untried = (set(oracle_values.STRICT) | set(oracle_values.NULL_AWARE)) - tried
    assert {kind.__name__ for kind in untried} == set()
