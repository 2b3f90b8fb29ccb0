"""Rules that need one clear example each: types, zones, bounds, sizes, several views. The rest is in the properties."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pytest
from ibis import _

from fsnb.errors import DefinitionError, NotSupported, TypeMismatch, UnknownName
from fsnb.model import Entity, FeatureView, Source, Spine, Window
from fsnb.pit import ROW, collect, lower, plan, read_source, read_spine
from tests.pit.engines import run

KEY = Entity("thing", "k")
NOON = datetime(2024, 3, 10, 12)
HOUR, US = timedelta(hours=1), timedelta(microseconds=1)


def source(rows: list[dict[str, Any]], types: dict[str, pa.DataType] | None = None, **given: Any) -> Source:
    schema = pa.schema({"k": pa.string(), "ts": pa.timestamp("us"), **(types or {"x": pa.float64()})})
    return Source(
        "events",
        pa.Table.from_pylist([{"k": "a", **row} for row in rows], schema=schema),
        **{"event_time": "ts", **given},
    )


def asking(*times: datetime | None, zone: str | None = None) -> Spine:
    data = pa.table(
        {"k": pa.array(["a"] * len(times), pa.string()), "at": pa.array(times, pa.timestamp("us", tz=zone))}
    )
    return Spine(data, at="at")


def latest(events: Source, features: Any = None, **given: Any) -> FeatureView:
    return FeatureView("v", entity=KEY, source=events, features=features or {"x": _.x}, **given)


def values(engine: Any, view: FeatureView, *times: datetime | None, zone: str | None = None) -> list[Any]:
    (name,) = view.features
    return [row[name] for row in run(engine, asking(*times, zone=zone), [view])]


def test_expired_row_gives_null_not_an_older_row(engine: Any) -> None:
    view = latest(source([{"ts": NOON, "x": 1.0}, {"ts": NOON + HOUR, "x": None}]), ttl="2h")
    assert values(engine, view, NOON + HOUR, NOON + 3 * HOUR - US, NOON + 3 * HOUR) == [None, None, None]
    assert values(
        engine, latest(source([{"ts": NOON, "x": 1.0}]), ttl="2h"), NOON + 2 * HOUR - US, NOON + 2 * HOUR
    ) == [1.0, None]


def test_microseconds_decide(engine: Any) -> None:
    view = latest(source([{"ts": NOON, "x": 1.0}, {"ts": NOON + US, "x": 2.0}]))
    assert values(engine, view, NOON - US, NOON, NOON + US) == [None, 1.0, 2.0]


def test_aware_times_mean_the_same_instant(engine: Any) -> None:
    zone = "America/New_York"
    local = datetime(
        2024, 11, 3, 1, 30, tzinfo=ZoneInfo(zone)
    )  # happens twice: fold 0 is 05:30 UTC, fold 1 is 06:30 UTC
    rows = [{"ts": local, "x": 1.0}, {"ts": local.replace(fold=1), "x": 2.0}]
    data = pa.table(
        {"k": ["a", "a"], "ts": pa.array([row["ts"] for row in rows], pa.timestamp("us", tz=zone)), "x": [1.0, 2.0]}
    )
    view = latest(Source("events", data, event_time="ts"))
    utc = [datetime(2024, 11, 3, 5, 30), datetime(2024, 11, 3, 6, 29, 59), datetime(2024, 11, 3, 6, 30)]
    assert values(engine, view, *utc) == [1.0, 1.0, 2.0]
    assert values(engine, view, *[moment.replace(tzinfo=UTC) for moment in utc], zone="Asia/Kathmandu") == [
        1.0,
        1.0,
        2.0,
    ]


def test_spring_forward_hour_and_leap_day_are_ordinary(engine: Any) -> None:
    view = latest(source([{"ts": datetime(2024, 2, 29, 23), "x": 1.0}]), {"rows": _.count()}, windows="24h")
    assert values(
        engine, view, datetime(2024, 2, 29, 22, 59), datetime(2024, 3, 1, 22, 59), datetime(2024, 3, 1, 23)
    ) == [0, 1, 0]


@pytest.mark.parametrize("year", [1900, 1969, 2262])
def test_far_years(engine: Any, year: int) -> None:
    start = datetime(year, 1, 1)
    view = latest(source([{"ts": start + US, "x": 1.0}]), {"rows": _.count()}, windows="1d", refresh="1h")
    assert values(engine, view, start + HOUR, start, start + timedelta(days=1), start + timedelta(days=1, hours=1)) == [
        1,
        0,
        1,
        0,
    ]


@pytest.mark.capability("nanoseconds are floored, before 1970 too")
def test_nanoseconds_are_floored_also_before_1970(engine: Any) -> None:
    ns = pa.array([-1, 1_999], pa.timestamp("ns"))
    with pytest.warns(UserWarning, match="nanoseconds"):
        events = Source("events", pa.table({"k": ["a", "b"], "ts": ns, "x": [1.0, 2.0]}), event_time="ts")
    view = latest(events, {"rows": _.count()}, closed="both", windows="1s")
    asks = pa.table({"k": ["a", "a", "b", "b"], "at": pa.array([-2, -1, 0, 1], pa.timestamp("us"))})
    assert [row["rows_1s"] for row in run(engine, Spine(asks, at="at"), [view])] == [0, 1, 0, 1]


def test_types_come_out_as_promised(engine: Any) -> None:
    types = {"i": pa.int32(), "d": pa.decimal128(9, 2), "f": pa.float32(), "b": pa.bool_(), "s": pa.string()}
    row = {"ts": NOON, "i": 2**31 - 1, "d": Decimal("1.25"), "f": 0.5, "b": True, "s": "é"}
    events = source([row, row | {"ts": NOON + US}], types)
    windowed = FeatureView(
        "w",
        entity=KEY,
        source=events,
        features={
            "n": _.count(),
            "si": _.i.sum(),
            "sd": _.d.sum(),
            "mf": _.f.mean(),
            "sb": _.b.sum(),
            "xs": _.s.max(),
            "v": _.i.std(),
        },
    )
    plain = FeatureView(
        "p", entity=KEY, source=events, features={"i": _.i, "d": _.d, "f": _.f, "b": _.b, "s": _.s, "t": _.ts}
    )
    (got,) = run(engine, asking(NOON + HOUR), [windowed, plain])
    assert got == {
        "n": 2, "si": 2 * (2**31 - 1), "sd": 2.5, "mf": 0.5, "sb": 2, "xs": "é", "v": 0.0,
        "i": 2**31 - 1, "d": 1.25, "f": 0.5, "b": True, "s": "é", "t": NOON + US,
    }  # fmt: skip
    assert {name: type(value) for name, value in got.items() if name in ("n", "si", "sb", "sd", "mf")} == {
        "n": int, "si": int, "sb": int, "sd": float, "mf": float,
    }  # fmt: skip


def test_look_alike_keys_stay_apart(engine: Any) -> None:
    data = pa.table({"a": ["1", "11"], "b": ["11", "1"], "ts": [NOON, NOON], "x": [1.0, 2.0]})
    view = FeatureView(
        "v", entity=Entity("pair", ("a", "b")), source=Source("events", data, event_time="ts"), features={"x": _.x}
    )
    spine = Spine(pa.table({"b": ["1", "11", "111"], "a": ["11", "1", ""], "at": [NOON] * 3}), at="at")
    assert [row["x"] for row in run(engine, spine, [view])] == [2.0, 1.0, None]


@pytest.mark.capability("integer keys of another width")
def test_integer_keys_of_other_width_match(engine: Any) -> None:
    data = pa.table({"k": pa.array([7], pa.int64()), "ts": [NOON], "x": [1.0]})
    spine = Spine(pa.table({"k": pa.array([7, 8], pa.int16()), "at": [NOON] * 2}), at="at")
    assert [row["x"] for row in run(engine, spine, [latest(Source("events", data, event_time="ts"))])] == [1.0, None]


@pytest.mark.capability("several views, renamed columns")
def test_several_views_and_renamed_columns_in_the_order_asked_for(engine: Any) -> None:
    events = source([{"ts": NOON, "x": 1.0}, {"ts": NOON + HOUR, "x": 5.0}])
    one = FeatureView("one", entity=KEY, source=events, features={"x": _.x}, lag="1h")
    two = FeatureView("two", entity=KEY, source=events, features={"x": _.x, "y": _.x * 2})
    three = FeatureView(
        "three", entity=KEY, source=events, features={"n": _.count()}, windows=["1h", Window("1h", offset="1h")]
    )
    features = [two["y"], three["n_1h_offset_1h"], one["x"].named("before"), three["n_1h"], two["x"]]
    got = run(engine, asking(NOON + HOUR, None), features)
    assert [list(row.items()) for row in got] == [
        [("y", 10.0), ("n_1h_offset_1h", 1), ("before", 1.0), ("n_1h", 1), ("x", 5.0)],
        [("y", None), ("n_1h_offset_1h", 0), ("before", None), ("n_1h", 0), ("x", None)],
    ]


def test_spine_columns_come_through_untouched(engine: Any) -> None:
    data = pa.table({"k": ["a", "a"], "label": [float("nan"), 1.0], "at": [NOON, NOON], "note": [None, "x"]})
    made = plan(Spine(data, at="at", label="label"), [latest(source([{"ts": NOON, "x": 1.0}]))])
    tables = {"events": read_source(engine, made.views[0].view.source)}
    result = collect(engine, lower(made, engine, tables, read_spine(engine, made.spine))).sort_by(ROW)
    assert made.columns == ("k", "label", "at", "note", "x")
    assert repr(result["label"].to_pylist()) == "[nan, 1.0]"
    assert result["note"].to_pylist() == [None, "x"]


def test_sixty_columns(engine: Any) -> None:
    types = {f"c{i}": pa.int64() for i in range(60)}
    view = latest(
        source([{"ts": NOON} | {name: i for i, name in enumerate(types)}], types), {name: _[name] for name in types}
    )
    (row,) = run(engine, asking(NOON), [view])
    assert list(row.values()) == list(range(60))


@pytest.mark.capability("views that filter and derive first")
def test_view_may_filter_and_derive_first(engine: Any) -> None:
    events = source([{"ts": NOON, "x": -1.0}, {"ts": NOON, "x": 3.0}, {"ts": NOON, "x": float("nan")}])
    view = latest(events, lambda t: {"big": t.mutate(y=t.x * 10).filter(_.y > 0).y.sum()})
    assert values(engine, view, NOON) == [30.0]


def test_quotient_of_integers_is_a_float_wherever_it_stands(engine: Any) -> None:
    events = source([{"ts": NOON, "n": 1, "m": 2}], {"n": pa.int64(), "m": pa.int64()})

    def features(t: Any) -> dict[str, Any]:
        halved = t.mutate(half=t.n / t.m)
        return {"n": halved.n, "half": halved.half, "again": halved.n / halved.m}

    derived = latest(events, features)
    assert run(engine, asking(NOON), [derived]) == [{"n": 1, "half": 0.5, "again": 0.5}]


# ---------------------------------------------------------------------- what planning refuses


@pytest.mark.parametrize(
    ("spine", "error", "message"),
    [
        (
            pa.table({"key": ["a"], "at": [NOON]}),
            UnknownName,
            "spine has no column 'k'. It has: key, at. Feature view 'v' joins on it",
        ),
        (
            pa.table({"k": [1], "at": [NOON]}),
            TypeMismatch,
            "spine key 'k' is int64, but 'k' of source 'events' is string",
        ),
        (
            pa.table({"k": ["a"], "at": [NOON], "x": [1]}),
            DefinitionError,
            "two columns would be named 'x': the spine's and v['x']. Rename one: v['x'].named('v_x')",
        ),
    ],
)
def test_plan_refuses(spine: pa.Table, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        plan(Spine(spine, at="at"), [latest(source([]))])
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("features", "message"),
    [([], "at least one feature"), (["x"], "'x' is not a feature. Give view['name'] or a view")],
)
def test_plan_refuses_what_is_no_feature(features: Any, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        plan(asking(NOON), features)
    assert message in str(caught.value)


def test_two_views_of_one_name_are_refused() -> None:
    views = [latest(source([])), latest(source([]), {"y": _.x})]
    with pytest.raises(DefinitionError, match="two different views are named 'v'"):
        plan(asking(NOON), views)


def test_aggregate_without_a_rule_is_refused_before_running() -> None:
    with pytest.raises(
        NotSupported, match=r"feature .m_1h.: ArrayCollect over a window is not supported\. Supported are count, sum"
    ):
        plan(asking(NOON), [latest(source([]), {"m": _.x.collect()}, windows="1h")])


def test_source_that_lost_a_column_says_so() -> None:
    events = source([{"ts": NOON, "x": 1.0}])
    with pytest.raises(UnknownName, match=r"has no column 'x'\. It has: k, ts\. Its definition reads k, ts, x"):
        read_source(ibis.duckdb.connect(), events, events.data.drop_columns(["x"]))


def test_plan_explains_itself() -> None:
    text = str(plan(asking(NOON), [latest(source([]), lag="15m", ttl="1d")]))
    assert "t = at" in text
    assert "v: per thing on k, from events" in text
    assert "cutoff c = t - 15m" in text
    assert "NULL when older than 1d" in text


def test_plan_fingerprint_is_of_the_question_not_the_data() -> None:
    one, two = (plan(asking(moment), [latest(source([]))]) for moment in (NOON, NOON + HOUR))
    assert one.fingerprint == two.fingerprint != plan(asking(NOON), [latest(source([]), lag="1s")]).fingerprint
