"""The proof catches an expression that looks at rows which the point-in-time join cannot hide, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import ibis
import numpy as np
import polars as pl
import pytest

from fsnb.errors import DefinitionError
from fsnb.model import FeatureView, Source, Spine, Window
from fsnb.pit import plan, read_source, read_spine
from fsnb.training import Audit, TrainingSet
from fsnb.training.audit_hiding import clocked, cut, hidden_rows, scrambled
from fsnb.training.audit_sample import moments
from tests.training.conftest import ENGINES, LEGS, PLANE, asof_view, at, legs, spine, train_on, window_view

DAYS = 20


def many_legs(rows: int = 900) -> pl.DataFrame:
    """Legs of five planes over some weeks, landing up to ten hours after they left, some never; some delays unknown."""
    draw = random.Random(1)
    left = [at(draw.randint(0, DAYS * 24 * 4) / 4) for _ in range(rows)]
    return pl.DataFrame(
        {
            "tail": [draw.choice("abcde") for _ in range(rows)],
            "left": left,
            "landed": [
                None if draw.random() < 0.03 else moment + timedelta(hours=draw.random() * 10) for moment in left
            ],
            "delay": [None if draw.random() < 0.1 else round(draw.gauss(10, 30), 1) for _ in range(rows)],
            "seats": [draw.randint(50, 300) for _ in range(rows)],
        }
    )


def asked(rows: int = 200) -> pl.DataFrame:
    draw = random.Random(2)
    times = [at(48 + draw.random() * (DAYS - 3) * 24).replace(microsecond=0) for _ in range(rows)]
    return pl.DataFrame(
        {
            "tail": [draw.choice("abcde") for _ in range(rows)],
            "asked": times,
            "late": [draw.random() < 0.3 for _ in range(rows)],
        }
    )


MANY, ASKED = many_legs(), asked()
WEATHER = pl.DataFrame(
    {
        "hour": [at(h) for h in range(DAYS * 24)],
        "published": [at(h + 1) for h in range(DAYS * 24)],
        "wind": [float((h * 37) % 50) for h in range(DAYS * 24)],
    }
)


def weather() -> Source:
    return Source("weather", WEATHER, event_time="hour", available="published")


def audit(con: Any, view: FeatureView, *sources: Source, rows: Spine | None = None, **sizes: Any) -> Audit:
    """The audit of one view, with the other sources that it joins."""
    return train(con, view, *sources, rows=rows).audit(**{"cutoffs": 3, "rows": 40, **sizes})


def train(con: Any, view: FeatureView, *sources: Source, rows: Spine | None = None) -> TrainingSet:
    named = {source.name: source for source in (view.source, *sources)}
    planned = plan(rows or spine(ASKED), [view])
    tables = {name: read_source(con, source) for name, source in named.items()}
    return TrainingSet(planned, con, tables, read_spine(con, planned.spine), sources=named)


def prepared(features: Callable[[Any], Mapping[str, Any]], source: Source | None = None, **rules: Any) -> FeatureView:
    return FeatureView("v", entity=PLANE, source=source or legs(MANY), features=features, **rules)


# ---------------------------------------------------------------------- honest views pass

HONEST: dict[str, Callable[[Source], FeatureView]] = {
    "windows": window_view,
    "as-of": asof_view,
    "as-of with ttl": lambda s: asof_view(s, ttl="3h", skip_nulls=True),
    "refresh": lambda s: FeatureView(
        "v", entity=PLANE, source=s, features=lambda t: {"n": t.count()}, windows=["1d"], refresh="6h", lag="30m"
    ),
    "left closed": lambda s: FeatureView(
        "v", entity=PLANE, source=s, features=lambda t: {"n": t.count()}, windows=["1d"], closed="left"
    ),
    "offset": lambda s: FeatureView(
        "v", entity=PLANE, source=s, features=lambda t: {"n": t.delay.sum()}, windows=[Window("6h", "6h")]
    ),
    "whole history": lambda s: FeatureView("v", entity=PLANE, source=s, features=lambda t: {"sd": t.delay.std()}),
    "prepared row by row": lambda s: FeatureView(
        "v", entity=PLANE, source=s, features=lambda t: {"x": t.filter(t.seats > 80).mutate(x=t.delay * 2).x.mean()}
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("view", HONEST)
@pytest.mark.parametrize("known", [True, False])
def test_honest_view_passes(engine: str, view: str, known: bool) -> None:
    source = legs(MANY) if known else Source("legs", MANY, event_time="left")
    found = audit(ENGINES[engine](), HONEST[view](source))
    assert found.changes == found.unstable == ()
    assert found.proofs[0].proven
    assert found.proofs[0].hidden[0][1] > 0, "rows were hidden at every cutoff"
    assert found.passed


def test_honest_running_total_over_one_clock_passes() -> None:
    source = Source("legs", MANY, event_time="left")
    upto = ibis.range_window(group_by="tail", order_by="left", following=0)
    view = prepared(lambda t: {"ever": t.mutate(ever=t.delay.sum().over(upto)).ever}, source)
    assert audit(ibis.duckdb.connect(), view).passed


# ---------------------------------------------------------------------- planted leaks are caught


def _per_tail(t: Any) -> Any:
    return t.group_by("tail").aggregate(mean=t.delay.mean(), n=t.count())


PLANTED: dict[str, Callable[[Any], Mapping[str, Any]]] = {
    "window by hand over all rows": lambda t: {
        "x": t.mutate(x=t.delay.sum().over(ibis.window(group_by="tail"))).x,
    },
    "next row": lambda t: {
        "x": t.mutate(x=t.delay.lead().over(ibis.window(group_by="tail", order_by=("left", "seats")))).x
    },
    "rank among all rows": lambda t: {"x": t.mutate(x=ibis.row_number().over(ibis.window(order_by=t.delay.desc()))).x},
    "running total by event time, of rows not yet known": lambda t: {
        "x": t.mutate(x=t.delay.sum().over(ibis.range_window(group_by="tail", order_by="left", following=0))).x
    },
    "window by hand in a windowed view": lambda t: {
        "x": t.mutate(x=t.seats.max().over(ibis.window(group_by="tail", order_by="left", following=3))).x.mean()
    },
}
JOINED_BACK: dict[str, Callable[[Any], Mapping[str, Any]]] = {
    "mean joined back": lambda t: {"x": t.join(_per_tail(t), "tail").mean},
    "count joined back": lambda t: {"x": t.join(_per_tail(t), "tail").n},
    "mean joined back, aggregated": lambda t: {"x": t.join(_per_tail(t), "tail").mean.max()},
}


@pytest.mark.parametrize("leak", [*PLANTED, *JOINED_BACK])
def test_planted_leak_is_caught_on_duckdb(leak: str) -> None:
    assert_caught(audit(ibis.duckdb.connect(), prepared((PLANTED | JOINED_BACK)[leak])))


@pytest.mark.parametrize("leak", JOINED_BACK)
def test_planted_leak_is_caught_on_polars(leak: str) -> None:
    assert_caught(audit(ibis.polars.connect(), prepared(JOINED_BACK[leak])))


@pytest.mark.postgres
def test_planted_leak_is_caught_and_honest_views_pass_on_postgres(postgres_db_url: str) -> None:
    con = ibis.connect(postgres_db_url)
    assert_caught(audit(con, prepared(PLANTED["window by hand over all rows"]), cutoffs=2))
    assert_caught(audit(con, prepared(JOINED_BACK["mean joined back"]), cutoffs=2))
    assert audit(con, window_view(legs(MANY)), cutoffs=2).passed
    assert audit(con, asof_view(legs(MANY)), cutoffs=2).passed
    con.disconnect()


@pytest.mark.parametrize("engine", ENGINES)
def test_event_time_moved_back_is_caught(engine: str) -> None:
    """The view's own table says that a row happened a day before its source says so."""
    source = Source("legs", MANY, event_time="left")
    early = lambda t: {"x": t.mutate(left=t.left - ibis.interval(days=1)).seats}  # noqa: E731
    assert_caught(audit(ENGINES[engine](), prepared(early, source)))


def assert_caught(found: Audit) -> None:
    assert found.changes
    assert found.unstable == ()
    assert not found.passed
    assert found.verdict.startswith("Leak: ")
    assert {change.feature for change in found.changes} == {"x"}
    assert all(change.before != change.after for change in found.changes)


def test_changes_are_shown_with_the_value_that_the_set_has() -> None:
    made = train(ibis.duckdb.connect(), prepared(JOINED_BACK["count joined back"]))
    found = made.audit(cutoffs=2, rows=30)
    rows = made.to_polars()
    assert found.changes
    for change in found.changes:
        assert change.before == rows["x"][change.row]
        assert change.cutoff >= rows["asked"][change.row]
        assert change.manipulation == "cut", "scrambling leaves every row, so a count stays"
        known = MANY.filter((pl.col("left") <= change.cutoff) & (pl.col("landed") <= change.cutoff))
        known = known.filter(pl.col("tail") == rows["tail"][change.row])
        assert change.after == (known.height or None)


def test_scrambling_catches_what_cutting_does_not() -> None:
    """Whether any row of all has the flag: none has, so deleting rows changes nothing."""
    data = MANY.with_columns(flag=pl.lit(False))
    any_ = lambda t: {"x": t.mutate(x=t.flag.any().over(ibis.window())).x.cast("int64")}  # noqa: E731
    found = audit(ibis.duckdb.connect(), prepared(any_, legs(data)))
    assert {change.manipulation for change in found.changes} == {"scrambled"}


# ---------------------------------------------------------------------- a second source


def on_the_hour(t: Any, w: Any) -> Mapping[str, Any]:
    """The weather of the hour in which the leg lands, by event time: published an hour later."""
    hour = t.mutate(hour=t.landed.truncate("h"))
    return {"wind": hour.left_join(w, "hour").select("tail", "left", "landed", "wind").wind}


def of_the_hour_before(t: Any, w: Any) -> Mapping[str, Any]:
    hour = t.mutate(published=t.landed.truncate("h"))
    return {"wind": hour.left_join(w, "published").select("tail", "left", "landed", "wind").wind}


def test_second_source_joined_by_its_event_time_is_caught() -> None:
    con, other = ibis.duckdb.connect(), weather()
    found = audit(con, prepared(lambda t: on_the_hour(t, other.table)), other)
    assert_second(found)
    assert found.changes
    assert not found.passed
    honest = audit(con, prepared(lambda t: of_the_hour_before(t, other.table)), other)
    assert_second(honest)
    assert honest.changes == ()
    assert honest.passed


def assert_second(found: Audit) -> None:
    assert [name for name, _, most in found.proofs[0].hidden if most > 0] == ["legs", "weather"]


def test_second_source_without_its_available_time_is_trusted_by_event_time() -> None:
    other = Source("weather", WEATHER, event_time="hour")
    assert audit(ibis.duckdb.connect(), prepared(lambda t: on_the_hour(t, other.table)), other).passed


@pytest.mark.parametrize("engine", ENGINES)
def test_total_of_a_second_source_is_caught(engine: str) -> None:
    other = Source("other", MANY.select("tail", "left", bags="seats"), event_time="left")

    def joined(t: Any) -> Mapping[str, Any]:
        totals = other.table.group_by("tail").aggregate(bags=lambda o: o.bags.sum())
        return {"x": t.join(totals, "tail").bags}

    assert_caught(audit(ENGINES[engine](), prepared(joined), other))


def test_static_second_source_has_nothing_to_hide() -> None:
    planes = Source("planes", pl.DataFrame({"tail": list("abcde"), "built": range(5)}), event_time=None)
    found = audit(ibis.duckdb.connect(), prepared(lambda t: {"built": t.join(planes.table, "tail").built}), planes)
    assert found.proofs[0].open == ("planes",)
    assert found.passed


def test_table_that_nobody_gave_clocks_is_named_as_open() -> None:
    con, other = ibis.duckdb.connect(), weather()
    view = prepared(lambda t: on_the_hour(t, other.table))
    planned = plan(spine(ASKED), [view])
    tables = {"legs": read_source(con, view.source), "weather": read_source(con, other)}
    found = TrainingSet(planned, con, tables, read_spine(con, planned.spine)).audit(cutoffs=2, rows=9)
    assert found.proofs[0].open == ("weather",)


def test_static_view_is_not_tried() -> None:
    planes = Source("planes", pl.DataFrame({"tail": list("abcde"), "built": range(5)}), event_time=None)
    view = FeatureView("v", entity=PLANE, source=planes, features=lambda t: {"built": t.built})
    found = audit(ibis.duckdb.connect(), view)
    assert not found.proofs[0].proven
    assert found.verdict.startswith("Passed, but nothing was hidden")


# ---------------------------------------------------------------------- nothing to say


def test_values_that_differ_with_nothing_hidden_are_unstable_not_leaks() -> None:
    con, source = ibis.duckdb.connect(), legs(MANY)
    made = train(con, asof_view(source))
    made.to_arrow()
    changed = read_source(con, legs(MANY.with_columns(seats=pl.col("seats") + 1)))
    found = TrainingSet(made.plan, con, {"legs": changed}, made.spine)
    found.__dict__["_rows"] = made.to_arrow()
    report = found.audit(cutoffs=2, rows=20)
    assert {change.feature for change in report.unstable} == {"last_seats"}
    assert "last_seats" not in {change.feature for change in report.changes}
    assert not report.passed
    assert "the source was changed" in report.verdict


@pytest.mark.parametrize("rows", [ASKED.head(0), ASKED.with_columns(asked=pl.lit(None, pl.Datetime))])
def test_no_row_to_check_is_said(con: Any, rows: pl.DataFrame) -> None:
    found = audit(con, asof_view(legs(MANY)), rows=spine(rows))
    assert found.passed
    assert "nothing was hidden" in found.verdict


def test_null_asking_times_and_keys_are_no_obstacle(con: Any) -> None:
    rows = ASKED.with_columns(
        asked=pl.when(pl.int_range(pl.len()) % 3 > 0).then("asked"),
        tail=pl.when(pl.int_range(pl.len()) % 5 > 0).then("tail"),
    )
    assert audit(con, window_view(legs(MANY)), rows=spine(rows)).passed


def test_sources_of_no_rows_and_of_null_clocks(con: Any) -> None:
    assert audit(con, window_view(legs(MANY.head(0)))).passed
    assert audit(con, window_view(legs(LEGS.with_columns(landed=pl.lit(None, pl.Datetime))))).passed


def test_aware_asking_times(con: Any) -> None:
    rows = ASKED.with_columns(pl.col("asked").dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York"))
    found = audit(con, window_view(legs(MANY)), rows=spine(rows))
    assert found.passed
    assert found.proofs[0].cutoffs == audit(con, window_view(legs(MANY))).proofs[0].cutoffs


def test_sizes_below_one_are_refused(train: TrainingSet) -> None:
    with pytest.raises(DefinitionError, match=r"cutoffs is 0; give at least 1"):
        train.audit(cutoffs=0)


def test_audit_leaves_no_table_behind(con: Any) -> None:
    made = train(con, window_view(legs(MANY)))
    made.to_arrow()
    before = sorted(con.list_tables())
    assert made.audit(cutoffs=2, rows=10).passed
    assert sorted(con.list_tables()) == before
    assert made.to_arrow().num_rows == ASKED.height


def test_progress_names_views_and_cutoffs() -> None:
    steps: list[str] = []
    audit(ibis.polars.connect(), asof_view(legs(MANY)), progress=steps.append, cutoffs=2)
    assert "last: cutoff 2 of 2" in steps


# ---------------------------------------------------------------------- sampling and hiding


def test_moments_are_spread_the_same_for_a_seed_and_check_rows_at_or_before() -> None:
    part = plan(spine(ASKED), [window_view(legs(MANY))]).views[0]
    times = ASKED.to_arrow()["asked"]
    found = moments(part, times, 5, 30, seed=3)
    assert [m.at for m in found] == [m.at for m in moments(part, times, 5, 30, seed=3)]
    assert [m.at for m in found] != [m.at for m in moments(part, times, 5, 30, seed=4)]
    cutoffs = ASKED["asked"] - timedelta(minutes=15)
    shares = np.array_split(cutoffs.sort().to_numpy(), 5)
    for moment, share in zip(found, shares, strict=True):
        assert share[0] <= np.datetime64(moment.at) <= share[-1]
        checked = cutoffs.gather(moment.rows)
        assert checked.max() == moment.at
        others = cutoffs.filter(cutoffs <= moment.at).sort()[-30:]
        assert checked.sort().to_list() == others.to_list()


def test_rows_of_one_cutoff_are_drawn_from_when_there_are_more() -> None:
    view = FeatureView(
        "v", entity=PLANE, source=legs(MANY), features=lambda t: {"n": t.count()}, windows=["1d"], refresh="1000d"
    )
    rows = ASKED
    found = moments(plan(spine(rows), [view]).views[0], rows.to_arrow()["asked"], 5, 30, seed=0)
    assert [len(moment.rows) for moment in found] == [30]
    assert len(set(found[0].rows.tolist())) == 30


@pytest.mark.parametrize("before", [True, False])
def test_what_is_hidden_is_what_the_rules_of_time_deny(con: Any, before: bool) -> None:
    source = legs(LEGS.with_columns(landed=pl.when(pl.col("left") != at(9)).then("landed"), on=pl.col("seats") > 2))
    one = clocked(asof_view(source), source, read_source(con, source))
    seen = [1, 3] if before is False else [1]  # the leg of tail a at 2 lands at 5; b's left at 2, too

    def seats(table: Any) -> list[int]:
        return sorted(table.to_pyarrow()["seats"].to_pylist())

    assert seats(cut(one, at(3), before=before)) == sorted([*seen, 4])
    assert hidden_rows(one, [at(3), at(99)], before=before) == [5 - len(seen) - 1, 1]
    rows = scrambled(one, at(3), before=before).to_pyarrow().to_pylist()
    assert len(rows) == 5
    original = {(row["tail"], row["left"]): row for row in source.data.to_dicts()}
    for row in rows:
        was = original[row["tail"], row["left"]]
        assert row["landed"] == was["landed"]
        kept = was["seats"] in (*seen, 4)
        assert (row["seats"] == was["seats"]) == (row["on"] == was["on"]) == kept
        assert row["seats"] in (1, 5, *((was["seats"],) if kept else ()))


def test_scrambling_keeps_types_and_overwrites_nulls_and_constants(con: Any) -> None:
    data = pl.DataFrame(
        {
            "tail": ["a", "b"],
            "left": [at(5), at(6)],
            "text": ["x", None],
            "same": [7, 7],
            "day": [datetime(2024, 1, 1).date(), datetime(2024, 1, 2).date()],
            "many": [[1], [2]],
        },
        schema_overrides={"same": pl.Int8},
    )
    source = Source("s", data, event_time="left")
    view = FeatureView("v", entity=PLANE, source=source, features=lambda t: {"x": t.same})
    table = read_source(con, source)
    found = scrambled(clocked(view, source, table), at(1), before=False)
    assert found.schema() == table.schema()
    rows = found.order_by("left").to_pyarrow().to_pylist()
    assert [row["text"] for row in rows] == [None, None], "one value only, so there is no other"
    assert [row["same"] for row in rows] == [None, None]
    assert [row["day"].day for row in rows] == [2, 1]
    assert [row["many"] for row in rows] == [None, None]


def test_two_views_are_audited_each_at_cutoffs_of_its_own() -> None:
    source = legs(MANY)
    made = train_on(ibis.polars.connect(), [window_view(source), asof_view(source)], spine(ASKED))
    found = made.audit(cutoffs=2, rows=10)
    assert [proof.view for proof in found.proofs] == ["recent", "last"]
    lagged, fresh = (proof.cutoffs for proof in found.proofs)
    assert [c + timedelta(minutes=15) for c in lagged] == list(fresh)
