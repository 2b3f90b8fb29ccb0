"""`why` tells what the join did: the rows it shows explain the value that the join gives."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import ibis
import polars as pl
import pytest
from hypothesis import settings

from fsnb.errors import UnknownName
from fsnb.model import Entity, FeatureView, Source, Spine, Window, over
from fsnb.pit import outcomes
from fsnb.training import TrainingSet, Why
from fsnb.training.marks import COLOURS, SHAPES
from fsnb.training.text import MARKS, REFUSED
from tests.training.conftest import ASKED, ENGINES, LEGS, PLANE, asof_view, at, legs, spine, train_on, window_view

# ---------------------------------------------------------------------- one row, by hand


def test_rows_are_judged_and_the_value_is_the_joins(train: TrainingSet) -> None:
    why = train.why(1, "mean_1d")
    assert [(row.event_time, row.outcome) for row in why.rows] == [
        (at(1), "used"),
        (at(2), "not yet known"),
        (at(3), "used"),
        (at(9), "future"),
    ]
    assert why.value == 1.5
    assert why.cutoff == at(3.75)
    assert why.band == (at(3.75 - 24), at(3.75))
    assert why.spine == {"tail": "a", "asked": at(4), "late": 1}
    assert (why.feature, why.view, why.row) == ("mean_1d", "recent", 1)
    assert why.rules == "cutoff c = t - 15m; sees left <= c and landed <= c; window (c - 1d, c]"


def test_every_value_of_the_set_is_the_value_that_why_gives(train: TrainingSet) -> None:
    rows = train.to_polars().rows(named=True)
    told = {(why.row, why.feature): why.value for why in train.preview(rows=range(5)).whys}
    assert told == {(i, feature): row[feature] for i, row in enumerate(rows) for feature in train.features}


def test_negative_rows_count_from_the_end(train: TrainingSet) -> None:
    assert train.why(-4, "n_1d").spine == train.why(1, "n_1d").spine
    assert train.why(-4, "n_1d").row == 1


@pytest.mark.parametrize("row", [5, -6])
def test_row_out_of_range_is_refused(train: TrainingSet, row: int) -> None:
    with pytest.raises(UnknownName, match=rf"has no row {row}\. It has 5, numbered from 0"):
        train.why(row, "n_1d")


def test_unknown_feature_is_refused_with_the_nearest(train: TrainingSet) -> None:
    with pytest.raises(UnknownName, match=r"no feature 'mean1d'\. Did you mean 'mean_1d'"):
        train.why(0, "mean1d")
    with pytest.raises(UnknownName, match="no feature"):
        train.why(0, asof_view(legs(), name="another")["delay"])


def test_feature_is_named_by_column_or_by_itself() -> None:
    view = asof_view(legs())
    train = train_on(ibis.duckdb.connect(), [view["delay"].named("late_by"), view["last_seats"]])
    assert train.why(0, "late_by") == train.why(0, view["delay"])
    assert train.why(0, view["delay"]).feature == "late_by"


def test_table_of_the_rows(train: TrainingSet) -> None:
    told = train.why(1, "delay").to_polars()
    assert told.columns == ["left", "landed", "delay", "outcome"]
    assert told["outcome"].to_list() == ["superseded", "not yet known", "used", "future"]
    assert told["delay"].to_list() == [1.5, 2.5, None, 7.0]
    assert train.why(2, "delay").to_polars().shape == (0, 3)


# ---------------------------------------------------------------------- words

SENTENCES = {
    ("n_1d", 1): "n_1d is 2: 2 rows in the window, from 2024-01-01 01:00 to 2024-01-01 03:00. "
    "Refused: 1 row had happened but was not yet known (known from 2024-01-01 05:00); 1 row lies in the future.",
    ("mean_2h", 1): "mean_2h is NULL: 1 row in the window, of 2024-01-01 03:00, which gives no value. "
    "Refused: 1 row lies outside the window; "
    "1 row had happened but was not yet known (known from 2024-01-01 05:00); 1 row lies in the future.",
    ("seats_2h", 0): "seats_2h is -1: no row in the window, so it is filled with -1. "
    "Refused: 1 row lies outside the window.",
    ("n_2h", 2): "n_2h is 0: the key tail is NULL, which never matches.",
    ("n_2h", 4): "n_2h is 0: asked is NULL, so no row is visible.",
    ("last_seats", 1): "last_seats is 3: the latest row known by the cutoff 2024-01-01 04:00 is that of "
    "2024-01-01 03:00. Refused: 1 row was superseded; "
    "1 row had happened but was not yet known (known from 2024-01-01 05:00); 1 row lies in the future.",
    ("last_seats", 0): "last_seats is NULL: the latest row, of 2024-01-01 02:00, is older than the ttl 3h, "
    "and no older one replaces it.",
}


@pytest.mark.parametrize(("feature", "row"), SENTENCES)
def test_sentence_says_what_was_picked_and_what_was_refused(feature: str, row: int) -> None:
    source = legs()
    train = train_on(ibis.duckdb.connect(), [window_view(source), asof_view(source, ttl="3h")])
    assert train.why(row, feature).sentence == SENTENCES[feature, row]


def test_sentence_where_nothing_is_there_nulls_are_skipped_or_time_plays_no_part() -> None:
    planes = Source("planes", pl.DataFrame({"tail": ["a"], "built": [1999]}), event_time=None)
    built = FeatureView("built", entity=PLANE, source=planes, features=lambda t: {"built": t.built})
    source = legs()
    skipping = asof_view(source, skip_nulls=True)
    con = ibis.duckdb.connect()
    train = train_on(con, [skipping, built], spine(ASKED.with_columns(asked=pl.lit(at(3.5)))))
    assert train.why(1, "delay").sentence.startswith(
        "delay is 1.5: the latest value that is not NULL known by the cutoff 2024-01-01 03:30 is that of "
        "2024-01-01 01:00. Refused: 1 row was skipped because its value is NULL;"
    )
    assert train.why(1, "built").sentence == "built is 1999: the row of this key, at any time."
    assert train.why(0, "built").sentence == "built is NULL: no row has this key."
    early = train_on(con, [skipping], spine(ASKED.with_columns(asked=pl.lit(at(0)))))
    assert "no row was visible at the cutoff 2024-01-01 00:00" in early.why(1, "delay").sentence


def test_text_is_an_aligned_table_with_the_sentence_below(train: TrainingSet) -> None:
    lines = str(train.why(1, "mean_2h")).splitlines()
    assert lines[0] == "mean_2h = NULL"
    assert lines[1] == "  row 1 of the spine: tail a, asked 2024-01-01 04:00"
    table = lines[5:10]
    words = ["outcome", "outside", "not", "used", "future"]
    assert len({line.index(word) for line, word in zip(table, words, strict=True)}) == 1
    assert len({line.index(mark) for line, mark in zip(table[1:], "□◇●▷", strict=True)}) == 1
    assert lines[-1] == train.why(1, "mean_2h").sentence


def test_text_is_cut_to_what_a_screen_holds() -> None:
    many = pl.DataFrame(
        {"tail": ["a" * 200] * 99, "left": [at(i / 10) for i in range(99)], "landed": [at(i / 10) for i in range(99)]}
        | {"delay": [1.0] * 99, "seats": [1] * 99}
    )
    rows = pl.DataFrame({"tail": ["a" * 200], "asked": [at(8)], "late": [1]})
    why = train_on(ibis.duckdb.connect(), [window_view(legs(many))], spine(rows)).why(0, "mean_1d")
    lines = str(why).splitlines()
    assert len(lines) < 30
    assert "  and 79 more rows of this key, further from the cutoff" in lines
    assert max(map(len, lines[:-1])) < 140
    shown = [line for line in lines if "●" in line or "▷" in line]
    assert [sum(mark in line for line in shown) for mark in "●▷"] == [15, 5], "the rows around the cutoff"


def test_every_outcome_of_the_engine_has_a_word_a_mark_and_a_shape() -> None:
    names = {
        value
        for name, value in vars(outcomes).items()
        if re.fullmatch(r"[A-Z_]+", name) and isinstance(value, str) and not value.startswith("_")
    }
    assert names == set(MARKS) == set(SHAPES) == set(COLOURS)
    assert names - {"used", "expired"} == set(REFUSED)
    assert len(set(MARKS.values())) == len(set(SHAPES.values())) == len(names), "told apart without colour"


# ---------------------------------------------------------------------- any row

# Plain draws: of hypothesis' few examples many repeat each other, and rows seldom meet at the edges that matter here.
# The judging is the same code on both engines, and Polars joins a few rows ten times as fast: so it draws more.
EXAMPLES = {"duckdb": max(8, settings().max_examples // 6), "polars": settings().max_examples}
TYPES = {"tail": pl.String, "left": pl.Datetime, "landed": pl.Datetime, "delay": pl.Float64, "seats": pl.Int64}


def hour(draw: random.Random, *others: datetime | None) -> datetime | None:
    return draw.choice([at(draw.randint(0, 5)), at(draw.randint(0, 5)), *others])


def events(draw: random.Random) -> list[dict[str, Any]]:
    """Rows of mostly one key within few hours, so that they meet; some late, some without a time."""
    return [
        {
            "tail": draw.choice(["a"] * 8 + ["b", None]),
            "left": hour(draw) if draw.random() < 0.9 else None,
            "landed": hour(draw, at(0), at(0), None),
            "delay": draw.choice([None, -1.0, 0.0, 2.0]),
            "seats": draw.randint(0, 3),
        }
        for _ in range(draw.randint(2, 9))
    ]


def asking(draw: random.Random) -> dict[str, Any]:
    return {"tail": draw.choice(["a"] * 9 + [None]), "asked": at(draw.randint(2, 5)), "late": 1}


def rules(draw: random.Random) -> dict[str, Any]:
    return {
        "lag": draw.choice(["0s", "1h"]),
        "refresh": draw.choice([None, None, "2h"]),
        "closed": draw.choice(["right", "left", "both", "neither"]),
    }


def one_row(engine: str, draw: random.Random, view: Callable[[Source], FeatureView]) -> list[Why]:
    source = legs(pl.DataFrame(events(draw), schema=TYPES))
    asked = pl.DataFrame([asking(draw)], schema={"tail": pl.String, "asked": pl.Datetime, "late": pl.Int64})
    train = train_on(ENGINES[engine](), [view(source)], spine(asked))
    whys = list(train.preview().whys)
    assert [why.value for why in whys] == [train.to_polars()[name][0] for name in train.features]
    return whys


@pytest.mark.parametrize("engine", ENGINES)
def test_the_used_row_explains_an_asof_value(engine: str) -> None:
    for seed in range(EXAMPLES[engine]):
        draw = random.Random(seed)
        more = {"ttl": draw.choice([None, "2h"]), "skip_nulls": draw.random() < 0.5}
        for why in one_row(engine, draw, lambda source: asof_view(source, **rules(draw), **more)):  # noqa: B023
            assert len(why.used) <= 1, seed
            column = {"delay": "delay", "last_seats": "seats"}[why.feature]
            assert why.value == (dict(why.used[0].values)[column] if why.used else None), f"seed {seed}\n{why}"


@pytest.mark.parametrize("engine", ENGINES)
def test_the_used_rows_explain_a_windowed_value(engine: str) -> None:
    def view(source: Source) -> FeatureView:
        values = lambda t: {"n": t.count(), "top": t.delay.max(), "sum": t.seats.sum()}  # noqa: E731
        windows = draw.choice([(), (Window("2h"),), (Window("1h", "1h"), Window("3h"))])
        if draw.random() < 0.3:
            own = draw.choice([Window("2h"), Window("1h", "1h")])
            values, windows = lambda t: {"n": over(t.count(), own), "top": over(t.delay.max(), own)}, ()
        return FeatureView("w", entity=PLANE, source=source, features=values, windows=windows, **rules(draw))

    for seed in range(EXAMPLES[engine]):
        draw = random.Random(seed)
        for why in one_row(engine, draw, view):
            name, read = why.feature.split("_")[0], [dict(row.values) for row in why.used]
            delays = [row["delay"] for row in read if row.get("delay") is not None]
            seats = [row.get("seats", 0) for row in read]
            expected = {"n": len(read), "top": max(delays, default=None), "sum": sum(seats) if read else None}
            assert why.value == expected[name], f"seed {seed}\n{why}"
            assert all(row.event_time and _within(why, row.event_time) for row in why.used), seed


def test_a_feature_of_two_windows_shows_both_and_what_either_takes() -> None:
    ratio = lambda t: {"ratio": over(t.count(), "1h") / over(t.count(), Window("1h", "2h"))}  # noqa: E731
    view = FeatureView("w", entity=PLANE, source=legs(), features=ratio)
    why = train_on(ENGINES["duckdb"](), [view]).why(1, "ratio")
    assert why.band_name == "window 1h and 1h, offset 2h"
    assert why.band == (datetime(2024, 1, 1, 1), datetime(2024, 1, 1, 4))
    assert why.rules.endswith("window (c - 1h, c]; window (c - 3h, c - 2h]")
    outcomes = {row.event_time.hour: row.outcome for row in why.rows if row.event_time}
    assert outcomes == {1: "outside the window", 2: "not yet known", 3: "outside the window", 9: "future"}


def _within(why: Why, moment: datetime) -> bool:
    start, end = why.band or (None, None)
    return (start is None or start <= moment) and (end is None or moment <= end)


def test_several_keys_match_as_columns() -> None:
    events = pl.DataFrame({"x": ["1", "11"], "y": ["11", "1"], "at": [at(1), at(1)], "n": [1, 2]})
    source = Source("pairs", events, event_time="at")
    pair = FeatureView("p", entity=Entity("pair", ("x", "y")), source=source, features=lambda t: {"n": t.n})
    rows = pl.DataFrame({"x": ["11"], "b": ["1"], "t": [at(2)]})
    why = train_on(ibis.duckdb.connect(), [pair], Spine(rows, at="t", keys={"y": "b"})).why(0, "n")
    assert (why.value, len(why.rows), why.keys) == (2, 1, (("x", "11"), ("b", "1")))


def test_numbers_of_the_rows_far_away_are_told() -> None:
    many = pl.concat([LEGS] + [LEGS.tail(1).with_columns(left=at(10 + i), landed=at(10 + i)) for i in range(60)])
    why = train_on(ibis.duckdb.connect(), [window_view(legs(many))], spine(ASKED.with_columns(tail=pl.lit("b")))).why(
        1, "n_1d"
    )
    assert why.left_out == 10
    assert why.sentence.endswith("10 rows further from the cutoff were not looked at one by one.")
