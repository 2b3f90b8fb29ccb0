"""A definition as Python: run, it is the same definition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import ibis
import pytest
from hypothesis import given
from ibis import _

import fsnb
from fsnb.demo import views as demo
from fsnb.demo.flights import WEATHER
from fsnb.errors import NotSupported
from fsnb.model import FeatureView, Source
from tests.identity.test_identity_roundtrip import COLUMNS, booleans, build_table, numbers, steps, texts

SCHEMA = {"k": "string", "j": "string", "ts": "timestamp", "seen": "timestamp", "x": "float64", "n": "int64"}
SCHEMA |= {"b": "boolean", "count": "int32", "we ird": "float64", "d": "date", "s": "struct<a: int64>"}
EVENTS = Source("events", None, event_time="ts", available="seen", schema=SCHEMA)
OTHER = Source("weather", None, event_time="wts", schema={"k": "string", "wts": "timestamp", "temp": "float64"})
ENTITY = fsnb.Entity("thing", "k")
t, weather = EVENTS.table, OTHER.table


def view(features: Any, **rules: Any) -> FeatureView:
    return FeatureView("v", **{"entity": ENTITY, "source": EVENTS, "features": features} | rules)


def run(made: FeatureView, store: Any = None) -> FeatureView:
    """The view that its code defines, in names of its own."""
    names: dict[str, Any] = {"store": store}
    exec(made.code(), names)
    found = [value for value in names.values() if isinstance(value, FeatureView)]
    assert len(found) == 1
    return found[0]


def assert_same(made: FeatureView) -> None:
    again = run(made)
    assert again.fingerprint == made.fingerprint
    assert again.to_doc() == made.to_doc()


# ---------------------------------------------------------------------- expressions

AGGREGATES = [
    t.count(),
    t.count(where=t.x > 1),
    t.nunique(),
    (t.x > 1).mean(),
    t.x.std(),
    t.x.var(how="pop", where=t.b & ~(t.n == 3)),
    t.x.sum() / t.n.sum(),
    1 - t.b.mean(),
    (t.x.max() - t.x.min()).fill_null(0),
    t.x.quantile(0.5),
    t.x.argmax(t.ts),
    t.k.nunique(),
    t["we ird"].sum() + t["count"].sum(),
    t.x.first(order_by=t.ts),
    t.k.group_concat(","),
    fsnb.over(t.count(), "1d") / t.count(),
    fsnb.over(t.x.mean(), fsnb.Window("1d", "7d")) - t.x.mean(),
]
COLUMN_VALUES = [
    ~(t.x > 1) | t.b.isnull() ^ t.b,
    t.x.between(-1, 2.5),
    t.n.fill_null(0),
    ibis.coalesce(t.x, t.n, 0),
    ibis.greatest(t.x, t.n, 0) - ibis.least(t.x, 1),
    t.ts + ibis.interval(days=1) - ibis.interval(hours=3),
    t.ts + t.n.as_interval("D"),
    t.ts - t.seen,
    t.ts.delta(t.seen, unit="day"),
    t.ts.truncate("D"),
    t.ts.year() * 100 + t.ts.month(),
    t.ts.day_of_week.full_name(),
    t.ts > "2024-01-01",
    t.ts > datetime(2024, 1, 1, 12, 30),
    t.ts.time() > ibis.time("10:00:00"),
    t.d > ibis.date(2024, 1, 1),
    ibis.cases((t.x > 1, "a"), (t.x > 2, "c"), else_="b"),
    ibis.cases((t.x > 1, "a")),
    t.k.cases(("a", 1), ("b", 2), else_=0),
    t.b.ifelse(1.5, None),
    t.k.isin(["b", "a"]) & t.j.notin(["c"]),
    t.k + t.j + "x",
    t.k.upper().strip().replace("a", 'it\'s "b" \\ \n').startswith("a"),
    t.k.split("-")[0],
    t.k[0:3],
    t.n.cast("string").lpad(3, "0"),
    t.x.cast("decimal(10,2)") + 1,
    t.x.try_cast("int64"),
    t.x.round(2).abs().log(2),
    -(t.x ** (2 + t.n)) % 3 // -2,
    2**t.x,
    ibis.literal(1, "int64") + t.n,
    t.x * -0.0 + float("inf"),
    t.x == float("nan"),
    t.n.bucket([0, 10]),
    t.n & 3,
    t.s["a"],
    ibis.array([t.x, t.x])[0],
    ibis.row_number().over(order_by=t.ts.desc()),
    t.x.lag().over(group_by=t.k, order_by=t.ts),
    t.x.sum().over(group_by=t.k, order_by=t.ts, rows=(-3, 0)),
]


@pytest.mark.parametrize("value", AGGREGATES, ids=lambda value: value.get_name()[:40])
def test_an_aggregate_is_written_as_it_is(value: ibis.Value) -> None:
    assert_same(view({"a": value}, windows=["1d", fsnb.Window("24h", "7d")], lag="15m"))


@pytest.mark.parametrize("value", COLUMN_VALUES, ids=lambda value: value.get_name()[:40])
def test_a_column_is_written_as_it_is(value: ibis.Value) -> None:
    assert_same(view({"a": value}, ttl="1d"))


def test_it_reads_as_a_person_writes_it() -> None:
    rules: dict[str, Any] = {"windows": ["1d", "7d"], "lag": "15m", "owner": "ops", "description": "How late."}
    made = view({"late_share": (t.x > 15).mean(), "legs": t.count(where=t.b)}, **rules)
    code = made.code().splitlines()
    assert code[:4] == ["import fsnb", "", 'thing = fsnb.Entity("thing", keys="k")', code[3]]
    assert code[-4:] == [
        '@fsnb.feature_view(entity=thing, source=events, windows=["1d", "7d"], lag="15m", owner="ops")',
        "def v(t):",
        '    """How late."""',
        '    return {"late_share": (t.x > 15).mean(), "legs": t.count(where=t.b)}',
    ]


# ---------------------------------------------------------------------- tables


def joined(t: ibis.Table) -> dict[str, ibis.Value]:
    both = t.join(weather, [t.k == weather.k, t.ts >= weather.wts]).select("k", "ts", "seen", z=weather.temp * 2)
    return {"a": both.z.mean()}


def against_its_mean(t: ibis.Table) -> dict[str, ibis.Value]:
    usual = t.group_by("k").aggregate(usual=t.x.mean())
    both = t.join(usual, "k")
    return {"a": (both.x - both.usual).mean()}


TABLES: list[Callable[[ibis.Table], dict[str, ibis.Value]]] = [
    lambda t: {"a": t.filter(t.x > 0, t.b).mutate(late=t.x > 15, x=t.x + 1).late.mean()},
    lambda t: {"a": t.left_join(weather, t.k == weather.k).mutate(z=_.temp + 1).z.mean()},
    joined,
    against_its_mean,
    lambda t: {"a": t.select("k", "ts", "seen", q=t.x + 1).distinct().drop("q").count()},
    lambda t: {"a": t.group_by("k", day=t.ts.date()).agg(ts=t.ts.max(), seen=t.seen.max(), m=t.x.mean()).m.max()},
    lambda t: {"a": t.filter(t.b).union(t.filter(t.x > 3)).x.sum()},
    lambda t: {"a": t.rename(z="x").order_by(_.ts.desc()).limit(5).z.mean()},
    lambda t: {"a": t.mutate(r=t.x.rank().over(group_by=t.k)).filter(_.r > 1).r.mean()},
    lambda t: {"a": t.fill_null({"x": 0.0}).drop_null("x").x.mean()},
]


@pytest.mark.parametrize("features", TABLES)
def test_what_prepares_the_table_is_written_step_by_step(features: Any) -> None:
    assert_same(view(features))


@given(steps, numbers, booleans, texts)
def test_any_view_is_the_same_when_its_code_has_run(steps, number, test, text) -> None:
    source = Source("t", None, event_time="at", schema=COLUMNS)
    table = build_table(steps)
    features = {
        "m": (table.x + number(table)).mean(where=table.ok & test(table)),
        "u": (table.s + text(table)).max(),
        "c": table.count(),
    }
    assert_same(FeatureView("v", entity=fsnb.Entity("s", "a"), source=source, features=features, windows="1d"))


# ---------------------------------------------------------------------- whole views


def test_the_flights_views_are_written() -> None:
    delays = dict.fromkeys(("tailnum", "origin", "carrier"), "string") | dict.fromkeys(
        ("dep_delay", "arr_delay"), "int64"
    )
    clocks = dict.fromkeys(("scheduled_at", "departed_at", "landed_at"), "timestamp")
    weather = {"origin": "string", "observed_at": "timestamp", "published_at": "timestamp"}
    weather |= dict.fromkeys(WEATHER, "float64")
    given = demo.Sources(
        Source("departures", None, event_time="scheduled_at", available="departed_at", schema=delays | clocks),
        Source("landings", None, event_time="scheduled_at", available="landed_at", schema=delays | clocks),
        Source(
            "weather", None, event_time="observed_at", available="published_at", schema=weather | {"origin": "string"}
        ),
    )
    for made in demo.views(given):
        assert_same(made)


@pytest.mark.parametrize(
    "rules",
    [
        {"lag": "1h30m", "refresh": "1d", "closed": "left"},
        {"lag": timedelta(milliseconds=1500, microseconds=1)},
        {"windows": ["90m", "24h", fsnb.Window("7d", offset="24h")], "fill": {"a_24h": -1.5}},
        {"windows": [fsnb.Window("24h").resized("3d")]},
        {"description": 'It\'s """here"""\n  on two lines \\', "tags": ["a", "b"], "owner": "o'ps"},
        {"description": 'ends with a quote"'},
        {"checks": [fsnb.checks.not_null("x"), fsnb.check("x is positive", _.x > 0, mostly=0.9, severity="warn")]},
        {"name": "class"},
        {"name": "store"},
        {"name": "naïve"},
        {"entity": fsnb.Entity("v", ["k", "j"]), "source": Source("v", None, event_time="ts", schema=SCHEMA)},
        {"entity": fsnb.Entity("ibis", "k"), "source": Source("t", None, event_time="ts", schema=SCHEMA)},
    ],
    ids=str,
)
def test_rules_words_and_checks_are_written(rules: dict[str, Any]) -> None:
    given: dict[str, Any] = {"name": "v", "entity": ENTITY, "source": EVENTS, "features": {"a": _.x.mean()}}
    assert_same(FeatureView(**given | rules))


def test_as_of_rules_are_written() -> None:
    assert_same(view({"a": t.x}, ttl="2h", skip_nulls=True))


def test_a_source_that_a_new_session_finds_is_one_of_its_store(tmp_path) -> None:
    store = fsnb.open(tmp_path)
    store.engine.create_table("raw", ibis.memtable({"k": ["a"], "ts": [datetime(2024, 1, 1)], "x": [1.0]}))
    source = store.source("trips", "raw", event_time="ts", description="Every trip.")
    made = FeatureView("v", entity=ENTITY, source=source, features={"a": _.x})
    assert 'store.source("trips", "raw", event_time="ts", description="Every trip.")' in made.code()
    assert run(made, store).fingerprint == made.fingerprint


def test_what_cannot_be_written_is_refused_by_name() -> None:
    twice = view({"a": t.join(t.view(), "k").x.mean()})
    with pytest.raises(NotSupported, match="feature view 'v' cannot be written as code: no Python"):
        twice.code()


def test_what_would_be_endless_is_refused() -> None:
    value = t.x
    for _again in range(20):
        value = value + value  # twice as long each time
    endless = view({"a": value.sum()})
    with pytest.raises(NotSupported, match="longer than"):
        endless.code()
