"""Inputs that engines stumble over, once for all of them, held to the oracle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from ibis import _

from fsnb.model import Entity, FeatureView, Source, Spine, Window
from fsnb.pit import plan, strategies
from tests.pit.engines import assert_same, expected, run, table

KEY = Entity("thing", "k")
NOON = datetime(2024, 3, 10, 12)
HOUR, US = timedelta(hours=1), timedelta(microseconds=1)
TIME = pa.timestamp("us")
MOST = 2**63 - 1


def events(rows: list[dict[str, Any]], types: dict[str, pa.DataType], **given: Any) -> Source:
    """A source of key "a" unless a row says otherwise."""
    schema = {"k": pa.string(), "ts": TIME} | types
    return Source("events", table([{"k": "a", **row} for row in rows], **schema), **{"event_time": "ts", **given})


def asks(*times: Any, keys: tuple[Any, ...] = ("a",), type: pa.DataType = TIME) -> Spine:
    """A spine that asks for each key at each time."""
    return Spine(table([{"k": key, "at": time} for key in keys for time in times], k=pa.string(), at=type), at="at")


def check(engine: Any, spine: Spine, source: Source, features: Any, entity: Entity = KEY, **given: Any) -> list[Any]:
    """The engine's answer, which is the oracle's."""
    view = FeatureView("v", entity=entity, source=source, features=features, **given)
    got = run(engine, spine, [view])
    assert_same(got, expected(view, spine))
    return got


# ---------------------------------------------------------------------- ties


@pytest.mark.capability("ties of three and more rows")
@pytest.mark.parametrize("skip_nulls", [False, True])
@pytest.mark.parametrize("clocks", [{}, {"available": "known"}, {"available": "known", "tie_break": ["tie", "tie2"]}])
def test_ties_of_three_and_more(engine: Any, clocks: dict[str, Any], skip_nulls: bool) -> None:
    types = {"known": TIME, "tie": pa.int64(), "tie2": pa.string(), "x": pa.float64(), "s": pa.string()}
    same = {"ts": NOON, "known": NOON, "tie": 1, "tie2": "b"}
    rows = [
        *({**same, "x": x, "s": s} for x, s in [(1.0, "a"), (3.0, None), (None, "z"), (3.0, "b"), (3.0, "b")]),
        {**same, "tie": None, "x": 9.0, "s": "null tie"},
        {**same, "tie2": None, "x": 8.0, "s": "null second tie"},
        {**same, "known": NOON + HOUR, "x": 2.0, "s": "late"},
        {**same, "known": NOON + HOUR, "tie": 0, "x": 7.0, "s": "late, lower"},
    ]
    for turned in (rows, rows[::-1]):
        check(
            engine,
            asks(NOON, NOON + HOUR, NOON + 2 * HOUR),
            events(turned, types, **clocks),
            {"x": _.x, "s": _.s},
            skip_nulls=skip_nulls,
        )


# ---------------------------------------------------------------------- keys

ODD = [
    *["a|b", "a", "b|c", "a,b", ",", "", " ", "a ", "A", "'", '"', "\\", "%", "\n", "\x1f", "null", "NULL"],
    *["é", "e\u0301", "ß", "ss", "İ", "日本", "🦉"],
]


@pytest.mark.capability("keys with separators, quotes and non-ASCII text")
@pytest.mark.parametrize("shape", ["as-of", "window", "static"])
def test_odd_text_keys(engine: Any, shape: str) -> None:
    rows = [{"k": key, "ts": NOON, "x": i} for i, key in enumerate([*ODD, None])]
    source = events(rows, {"x": pa.int64()}, event_time=None if shape == "static" else "ts")
    features = {"n": _.count(), "x": _.x.sum()} if shape == "window" else {"x": _.x}
    got = check(engine, asks(NOON, keys=(*ODD, None)), source, features)
    assert [row["x"] for row in got] == [*range(len(ODD)), None]


@pytest.mark.capability("several keys, never joined as text")
def test_keys_that_look_alike_when_joined_as_text(engine: Any) -> None:
    pairs = [("1", "11"), ("11", "1"), ("a|b", "c"), ("a", "b|c"), ("", "ab"), ("ab", ""), (None, "ab"), ("ab", None)]
    rows = [{"k": one, "k2": two, "ts": NOON, "x": i} for i, (one, two) in enumerate(pairs)]
    source = events(rows, {"k2": pa.string(), "x": pa.int64()})
    spine = Spine(
        table([{"k": one, "k2": two, "at": NOON} for one, two in pairs], k=pa.string(), k2=pa.string(), at=TIME),
        at="at",
    )
    got = check(engine, spine, source, {"x": _.x, "twice": _.x * 2}, Entity("pair", ("k", "k2")))
    assert [row["x"] for row in got] == [0, 1, 2, 3, 4, 5, None, None]


@pytest.mark.capability("keys that are integers, booleans, dates, times")
@pytest.mark.parametrize(
    ("dtype", "keys"),
    [
        (pa.int64(), [2**53, 2**53 + 1, -(2**63), MOST]),
        (pa.bool_(), [True, False]),
        (pa.date32(), [datetime(2024, 2, 29).date(), datetime(1900, 1, 1).date()]),
        (TIME, [NOON, NOON + US]),
    ],
    ids=str,
)
def test_keys_of_other_types(engine: Any, dtype: pa.DataType, keys: list[Any]) -> None:
    rows = [{"k": key, "ts": NOON, "x": i} for i, key in enumerate(keys)]
    source = Source("events", table(rows, k=dtype, ts=TIME, x=pa.int64()), event_time="ts")
    spine = Spine(table([{"k": key, "at": NOON} for key in [*keys, None]], k=dtype, at=TIME), at="at")
    assert [row["x"] for row in check(engine, spine, source, {"x": _.x})] == [*range(len(keys)), None]


@pytest.mark.capability("columns with spaces, quotes, dots and keywords for names")
def test_odd_column_names(engine: Any) -> None:
    names = ["with space", 'quo"te', "a.b", "select", "é", "back`tick", "1st"]
    source = events([{"ts": NOON} | {name: i for i, name in enumerate(names)}], dict.fromkeys(names, pa.int64()))
    got = check(engine, asks(NOON), source, {f"f{i}": _[name] for i, name in enumerate(names)})
    assert [*got[0].values()] == [*range(len(names))]
    check(engine, asks(NOON), source, {f"f{i}": _[name].sum() for i, name in enumerate(names)}, windows="1h")


@pytest.mark.capability("columns with a percent sign in their names")
@pytest.mark.notyet("postgres", reason="Ibis does not double it for psycopg, which reads a placeholder")
def test_percent_sign_in_a_name(engine: Any) -> None:
    source = events([{"ts": NOON, "per%cent": 1}], {"per%cent": pa.int64()})
    assert check(engine, asks(NOON), source, {"x": _["per%cent"]}) == [{"x": 1}]


@pytest.mark.capability("columns whose names differ in case alone")
@pytest.mark.never("spark", reason="it reads a name in any case, and refuses one that is there twice")
@pytest.mark.never("duckdb", "duckdb, plain SQL", reason="it reads a name in any case, and renames the second")
def test_column_names_that_differ_in_case(engine: Any) -> None:
    source = events([{"ts": NOON, "x": 1, "X": 2}], {"x": pa.int64(), "X": pa.int64()})
    assert check(engine, asks(NOON), source, {"x": _.x, "X": _.X}) == [{"x": 1, "X": 2}]


# ---------------------------------------------------------------------- times


@pytest.mark.capability("zone-aware times, across changes of the clock")
@pytest.mark.parametrize("closed", ["right", "left"])
def test_changes_of_the_clock(engine: Any, closed: str) -> None:
    """Both nights of 2024 in New York: an hour that is not there, and one that happens twice."""
    zone = ZoneInfo("America/New_York")
    spring = [datetime(2024, 3, 10, 1, 59, 59, 999_999, tzinfo=zone), datetime(2024, 3, 10, 3, tzinfo=zone)]
    autumn = [datetime(2024, 11, 3, 1, 30, tzinfo=zone, fold=fold) for fold in (0, 1)]
    happened = [moment.astimezone(UTC) for moment in spring + autumn]
    rows = [{"ts": ts, "known": ts + HOUR, "x": float(i)} for i, ts in enumerate(happened)]
    zones = {"ts": pa.timestamp("us", tz=str(zone)), "known": pa.timestamp("us", tz="Asia/Kathmandu")}
    types = zones | {"x": pa.float64()}
    moments = [ts + step for ts in happened for step in (-US, US - US, HOUR - US, HOUR, 2 * HOUR)]
    for type in (TIME, pa.timestamp("us", tz="Australia/Lord_Howe")):
        given = [moment if type.tz else moment.replace(tzinfo=None) for moment in moments]
        spine, source = asks(*given, type=type), events(rows, types, available="known")
        check(engine, spine, source, {"x": _.x, "when": _.ts}, ttl="2h", closed=closed)
        check(engine, spine, source, {"n": _.count(), "x": _.x.sum()}, windows=["1h", "1d"], closed=closed)


@pytest.mark.capability("leap days")
@pytest.mark.parametrize("year", [1900, 2000, 2024])
def test_leap_days(engine: Any, year: int) -> None:
    """1900 has none, 2000 and 2024 do."""
    first = datetime(year, 2, 28, 12)
    rows = [{"ts": first + i * 6 * HOUR, "x": i} for i in range(9)]
    spine = asks(*(first + timedelta(hours=i) for i in range(0, 72, 5)))
    source = events(rows, {"x": pa.int64()})
    check(engine, spine, source, {"n": _.count(), "x": _.x.sum()}, windows=["1d", Window("1d", offset="1d")])
    check(engine, spine, source, {"x": _.x, "when": _.ts}, refresh="1d", ttl="2d")


@pytest.mark.capability("years 1900 to 2262 and beyond, to the microsecond")
@pytest.mark.parametrize("year", [1677, 1900, 1969, 2038, 2262])
def test_far_years_to_the_microsecond(engine: Any, year: int) -> None:
    """Nanoseconds overflow in 1677 and 2262, int32 seconds in 1901 and 2038; before 1970 times are negative."""
    turn = datetime(year, 12, 31, 23, 59, 59, 999_999)
    rows = [{"ts": turn + i * US, "known": turn + (i + 1) * US, "x": i} for i in range(-2, 3)]
    spine = asks(*(turn + i * US for i in range(-3, 6)))
    types = {"known": TIME, "x": pa.int64()}
    for given in ({}, {"available": "known"}):
        source = events(rows, types, **given)
        check(engine, spine, source, {"x": _.x, "when": _.ts}, ttl="1s", closed="left")
        check(engine, spine, source, {"n": _.count(), "x": _.x.sum()}, windows=["1s", "1d"], refresh="1s")


@pytest.mark.capability("no rows: spine, source, both")
@pytest.mark.parametrize("asked", [0, 2])
@pytest.mark.parametrize("happened", [0, 2])
def test_no_rows(engine: Any, asked: int, happened: int) -> None:
    rows = [{"ts": NOON + i * HOUR, "known": NOON, "x": 1.0} for i in range(happened)]
    types = {"known": TIME, "x": pa.float64()}
    spine = asks(*[NOON + HOUR] * asked)
    features = {"n": _.count(), "x": _.x.sum(), "kinds": _.x.nunique(), "std": _.x.std()}
    for given in ({"event_time": "ts"}, {"event_time": "ts", "available": "known"}):
        source = events(rows, types, **given)
        check(engine, spine, source, {"x": _.x}, ttl="1h")
        check(engine, spine, source, {"x": _.x}, skip_nulls=True)
        check(engine, spine, source, features, windows=["1h", "2h"])
        check(engine, spine, source, features)
    check(engine, spine, events(rows, types, event_time=None), {"x": _.x})


@pytest.mark.capability("columns that are all NULL: values, keys, clocks, asking times")
@pytest.mark.parametrize("missing", ["x", "b", "s", "k", "ts", "known", "tie", "at"])
def test_all_null_columns(engine: Any, missing: str) -> None:
    types = {"known": TIME, "tie": pa.int64(), "x": pa.float64(), "b": pa.bool_(), "s": pa.string()}
    row = {"ts": NOON, "known": NOON, "tie": 1, "x": 1.5, "b": True, "s": "s"}
    source = events([row | {missing: None}] * 3, types, available="known", tie_break="tie")
    spine = asks(*[None if missing == "at" else NOON] * 2)
    columns = {"x": _.x, "b": _.b, "s": _.s, "low": _.s.upper()}
    check(engine, spine, source, columns)
    check(engine, spine, source, columns, skip_nulls=True, ttl="1h")
    features = {
        "n": _.count(), "some": _.x.count(), "x": _.x.sum(), "mean": _.x.mean(), "kinds": _.s.nunique(),
        "any": _.b.any(), "top": _.s.max(), "std": _.x.std(), "share": _.b.mean(),
    }  # fmt: skip
    check(engine, spine, source, features, windows=["1h", "1d"])
    check(engine, spine, source, features)


# ---------------------------------------------------------------------- values


@pytest.mark.capability("int64 values beside NULL stay exact")
def test_large_integers_beside_null_stay_exact(engine: Any) -> None:
    """A way through float64 would lose their last bits."""
    rows = [{"ts": NOON, "x": MOST - 1, "y": None}, {"ts": NOON + HOUR, "x": None, "y": -(2**63)}]
    source = events(rows, {"x": pa.int64(), "y": pa.int64()})
    spine = asks(NOON, NOON + HOUR)
    assert check(engine, spine, source, {"x": _.x, "y": _.y}) == [
        {"x": MOST - 1, "y": None},
        {"x": None, "y": -(2**63)},
    ]
    check(engine, spine, source, {"sum": _.x.sum(), "low": _.y.min(), "high": _.x.max()}, windows=["1h", "2h"])


@pytest.mark.capability("a sum of integers beyond int64 is an error, never a wrong number")
@pytest.mark.parametrize("windows", [(), ("2h",), ("1h", "2h")])
def test_sum_beyond_int64_is_an_error(engine: Any, windows: Any) -> None:
    source = events([{"ts": NOON, "x": MOST}, {"ts": NOON + HOUR - US, "x": 1}], {"x": pa.int64()})
    view = FeatureView("v", entity=KEY, source=source, features={"x": _.x.sum()}, windows=windows)
    spine = asks(NOON + HOUR - US)
    (part,) = plan(spine, [view]).views
    for strategy in strategies.available(engine.name, strategies.shape(part, part.primitives[0])):
        with pytest.raises(Exception, match=r"(?i)overflow|out of range|does not fit|conversion from `i128`"):
            run(engine, spine, [view], strategy=strategy)


@pytest.mark.capability("a window's sum of integers that int64 holds is exact, whatever its parts")
@pytest.mark.notimpl("spark", reason="Spark fails when a part of the sum leaves int64; a sum of decimals would be slow")
def test_sum_whose_parts_leave_int64(engine: Any) -> None:
    rows = [{"ts": NOON + i * US, "x": x} for i, x in enumerate([MOST, MOST, -MOST, -5])]
    source = events(rows, {"x": pa.int64()})
    assert check(engine, asks(NOON + HOUR), source, {"x": _.x.sum()}, windows="2h") == [{"x_2h": MOST - 5}]


@pytest.mark.capability("narrow integers sum without overflow")
@pytest.mark.parametrize("dtype", [pa.int8(), pa.int16(), pa.int32()], ids=str)
def test_narrow_integers_sum_as_int64(engine: Any, dtype: pa.DataType) -> None:
    most = 2 ** (dtype.bit_width - 1) - 1
    source = events([{"ts": NOON + i * US, "x": most} for i in range(5)], {"x": dtype})
    for windows in ((), ("1h",)):
        features = {"x": _.x.sum(), "m": _.x.mean(), "v": _.x.var()}
        check(engine, asks(NOON + HOUR - US), source, features, windows=windows)
    check(engine, asks(NOON), source, {"x": _.x, "half": _.x / 2})


@pytest.mark.capability("unsigned integers")
@pytest.mark.never("postgres", reason="PostgreSQL has no unsigned integers")
@pytest.mark.never("spark", reason="Spark has no unsigned integers")
@pytest.mark.parametrize("dtype", [pa.uint8(), pa.uint32(), pa.uint64()], ids=str)
def test_unsigned_integers(engine: Any, dtype: pa.DataType) -> None:
    source = events([{"ts": NOON, "x": 200}, {"ts": NOON, "x": 100}], {"x": dtype})
    check(engine, asks(NOON), source, {"x": _.x})


@pytest.mark.capability("decimals read as float64")
@pytest.mark.parametrize("dtype", [pa.decimal128(9, 2), pa.decimal128(38, 10)], ids=str)
def test_decimals_read_as_float64(engine: Any, dtype: pa.DataType) -> None:
    values = [Decimal("1.25"), Decimal("-7.5"), None, Decimal("0.01")]
    rows = [{"ts": NOON + i * HOUR, "x": x} for i, x in enumerate(values)]
    source, spine = events(rows, {"x": dtype}), asks(*(NOON + i * HOUR for i in range(5)))
    got = check(engine, spine, source, {"x": _.x, "double": _.x * 2})
    assert [row["x"] for row in got] == [1.25, -7.5, None, 0.01, 0.01]
    features = {"sum": _.x.sum(), "mean": _.x.mean(), "low": _.x.min(), "std": _.x.std(), "kinds": _.x.nunique()}
    check(engine, spine, source, features, windows=["90m", "4h"])
    check(engine, spine, source, features)


@pytest.mark.capability("booleans")
def test_booleans(engine: Any) -> None:
    rows = [{"ts": NOON + i * HOUR, "b": b} for i, b in enumerate([True, None, False, True, True])]
    source, spine = events(rows, {"b": pa.bool_()}), asks(*(NOON + i * HOUR for i in range(6)))
    check(engine, spine, source, {"b": _.b, "flipped": ~_.b})
    check(engine, spine, source, {"b": _.b}, skip_nulls=True)
    features = {
        "any": _.b.any(), "all": _.b.all(), "sum": _.b.sum(), "mean": _.b.mean(), "low": _.b.min(), "high": _.b.max(),
        "some": _.b.count(), "kinds": _.b.nunique(), "std": _.b.ifelse(1, 0).std(), "when": _.count(where=_.b),
    }  # fmt: skip
    check(engine, spine, source, features, windows=["90m", "2h", "6h"])
    check(engine, spine, source, features)


@pytest.mark.capability("NaN reads as NULL, infinities are numbers")
def test_nan_and_infinities(engine: Any) -> None:
    nan, inf = float("nan"), float("inf")
    rows = [{"ts": NOON + i * HOUR, "x": x} for i, x in enumerate([1.0, nan, inf, None, -inf, nan])]
    source, spine = events(rows, {"x": pa.float64()}), asks(*(NOON + i * HOUR for i in range(7)))
    check(engine, spine, source, {"x": _.x, "less": _.x - _.x})
    check(engine, spine, source, {"x": _.x}, skip_nulls=True)
    features = {"some": _.x.count(), "low": _.x.min(), "high": _.x.max(), "kinds": _.x.nunique()}
    check(engine, spine, source, features, windows=["90m", "3h", "7h"])
    check(engine, spine, source, features)


@pytest.mark.capability("a view of 60 columns, a view of 60 windowed features")
def test_sixty_columns_and_sixty_windowed_features(engine: Any) -> None:
    kinds = [
        (pa.int64(), 7),
        (pa.float64(), 0.5),
        (pa.string(), "s"),
        (pa.bool_(), True),
        (TIME, NOON),
        (pa.int16(), 3),
    ]
    types = {f"c{i}": kinds[i % 6][0] for i in range(60)}
    rows = [
        {"ts": NOON + j * HOUR} | {f"c{i}": None if (i + j) % 5 == 0 else kinds[i % 6][1] for i in range(60)}
        for j in range(3)
    ]
    source, spine = events(rows, types), asks(*(NOON + j * HOUR for j in range(4)))
    check(engine, spine, source, {name: _[name] for name in types})
    numbers = [name for i, name in enumerate(types) if i % 6 in (0, 1)]
    check(engine, spine, source, {f"s_{name}": _[name].sum() for name in numbers}, windows=["1h", "90m", "3h"])
