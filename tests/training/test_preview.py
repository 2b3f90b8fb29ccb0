"""The preview: rows to look at, what would have leaked, and other rules of time, all by the join itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ibis
import polars as pl
import pytest
from ibis import _

from fsnb.errors import DefinitionError, UnknownName, UsageError
from fsnb.model import Entity, FeatureView, Source, Spine, Window, over
from fsnb.training import Preview, TrainingSet
from fsnb.training.trial import Rules
from tests.training.conftest import ASKED, LEGS, PLANE, asof_view, at, legs, spine, train_on, window_view

MANY = pl.DataFrame(
    {
        "tail": [f"t{i % 7}" for i in range(300)],
        "left": [at(i * 0.7) for i in range(300)],
        "landed": [at(i * 0.7 + (i * 37 % 11) / 4) for i in range(300)],
        "delay": [None if i % 13 == 0 else float(i % 29) for i in range(300)],
        "seats": [i % 5 for i in range(300)],
    }
)
QUESTIONS = pl.DataFrame(
    {
        "tail": [f"t{i % 8}" for i in range(60)],
        "asked": [at(i * 3.1) for i in range(60)],
        "late": [i % 2 for i in range(60)],
    }
)


@pytest.fixture
def preview(train: TrainingSet) -> Preview:
    return train.preview(1)


def many(con: Any) -> TrainingSet:
    source = legs(MANY)
    return train_on(con, [window_view(source), asof_view(source, ttl="8h")], spine(QUESTIONS))


# ---------------------------------------------------------------------- where one looks


def test_row_can_be_set_and_whoever_watches_is_told(preview: Preview) -> None:
    told: list[int | None] = []
    preview.on_change(lambda: told.append(preview.row))
    assert preview.row == 1
    preview.row = -1
    assert preview.row == 4
    assert told == [4]
    assert {why.row for why in preview.whys} == {4}
    with pytest.raises(UnknownName, match=r"no row 5\. It has 5, numbered from 0"):
        preview.row = 5
    assert preview.row == 4


def test_rows_that_were_asked_for_are_the_only_ones(train: TrainingSet) -> None:
    preview = train.preview(rows=[3, -5])
    assert list(preview.numbers) == [3, 0]
    assert preview.row == 3
    assert [why.row for why in preview.whys] == [3] * 8 + [0] * 8
    assert sorted(preview.sample.tolist()) == [0, 3]
    with pytest.raises(UsageError, match="no rows"):
        train.preview(rows=[])


def test_a_set_of_no_rows_has_a_preview(con: Any) -> None:
    empty = train_on(con, [window_view(legs())], spine(ASKED.head(0))).preview()
    assert empty.row is None
    assert empty.whys == ()
    assert str(empty) == "The training set has no rows."
    assert empty.explain().height == 0
    assert "fsnb-preview" in empty.to_html()


def test_explain_is_a_frame_of_every_row_considered(preview: Preview) -> None:
    frame = preview.explain()
    assert frame.columns == ["row", "view", "feature", "value", "event_time", "available", "outcome", "leaks", "read"]
    assert frame["feature"].unique(maintain_order=True).to_list() == list(preview.train.features)
    mine = frame.filter(feature="mean_1d")
    assert mine["outcome"].to_list() == ["used", "not yet known", "used", "future"]
    assert mine["value"].to_list() == ["1.5"] * 4
    assert mine["read"].to_list() == ["delay 1.5", "delay 2.5", "delay NULL", "delay 7"]
    assert preview.explain("mean_1d").equals(preview.train.why(1, "mean_1d").to_polars())
    with pytest.raises(UnknownName, match="has no feature 'mean'"):
        preview.explain("mean")


# ---------------------------------------------------------------------- leaks


def test_what_a_join_on_event_time_would_have_used_is_marked_and_its_value_is_that_joins(train: TrainingSet) -> None:
    why = train.why(1, "mean_1d")
    assert [row.leaks for row in why.rows] == [False, True, False, False]
    assert why.careless == 2.0
    assert why.leak == "Would have leaked: 1 row. A join on event time alone uses it and gives 2."
    assert why.leak in why._repr_html_()
    assert "would have leaked" in train.preview(1).to_html()


def test_lag_hides_what_is_known_when_asked(con: Any) -> None:
    known = LEGS.with_columns(landed=pl.col("left"))
    lagged = asof_view(legs(known), lag="90m")
    why = train_on(con, [lagged]).why(1, "last_seats")
    assert [(row.outcome, row.leaks) for row in why.rows] == [
        ("superseded", False),
        ("used", False),
        ("future", True),
        ("future", False),
    ]
    assert (why.value, why.careless) == (2, 3)


@pytest.mark.parametrize("skip_nulls", [False, True])
def test_careless_rows_are_those_of_the_restated_join(skip_nulls: bool) -> None:
    con, source = ibis.polars.connect(), legs(MANY)
    late = asof_view(source, lag="1h", refresh="4h", ttl="9h", skip_nulls=skip_nulls)
    train = train_on(con, [late], spine(QUESTIONS))
    open_ = Source("legs", MANY, event_time="left", tie_break="landed")
    careless = train_on(con, [asof_view(open_, ttl="9h", skip_nulls=skip_nulls)], spine(QUESTIONS)).to_polars()
    leaky = 0
    for row in range(0, 60, 3):
        for why in train.preview(row).whys:
            if why.leaked:
                leaky += 1
                assert why.careless == careless[why.feature][row]
            elif not why.used:
                assert careless[why.feature][row] is None or why.value == careless[why.feature][row]
    assert leaky > 10


# ---------------------------------------------------------------------- other rules of time


@pytest.mark.parametrize(
    ("view", "rules"),
    [
        ("recent", {"lag": "6h"}),
        ("recent", {"lag": "0s", "windows": {"2h": "9h"}}),
        ("last", {"ttl": "2h"}),
        ("last", {"ttl": "none", "lag": "3h"}),
    ],
)
def test_a_trial_gives_what_the_view_under_those_rules_gives(con: Any, view: str, rules: dict[str, Any]) -> None:
    train = many(con)
    preview = train.preview(17)
    trial = preview.what_if(view=view, **rules)
    changed = Rules.of(preview.viewed(view)).but(**rules).applied(preview.viewed(view))
    then = train_on(con, [changed], spine(QUESTIONS)).to_polars()
    now = train.to_polars()
    differs = pl.DataFrame([now[name].ne_missing(then[name]) for name in changed.features])
    assert {shift.feature: (shift.changed, shift.nulls, shift.nulls_then) for shift in trial.shifts} == {
        name: (differs[name].sum(), now[name].null_count(), then[name].null_count()) for name in changed.features
    }
    assert trial.changed == differs.select(pl.any_horizontal(pl.all())).to_series().sum() > 0
    assert {why.feature: why.value for why in trial.whys} == {name: then[name][17] for name in changed.features}
    assert {why.row for why in trial.whys} == {17}
    assert preview.matching("changed").tolist() == [i for i, row in enumerate(differs.iter_rows()) if any(row)]
    assert trial.rows == trial.of == 60
    assert trial.events == 300, "on a copy, which was found to give the same values"


def test_trying_rules_changes_nothing_but_what_is_shown(con: Any) -> None:
    train = many(con)
    before = train.to_arrow()
    preview = train.preview(3)
    preview.what_if(lag="12h")
    assert preview.rules().lag == timedelta(hours=12)
    assert {why.feature: why.value for why in preview.whys_of("recent")} == {
        name: train.to_polars()[name][3] for name in preview.viewed("recent").features
    }
    assert preview.train is train
    assert train.to_arrow().equals(before)
    assert preview.what_if().words == ""
    assert preview.matching("changed").size == 0


def test_rules_that_a_view_cannot_have_are_refused_and_not_kept(preview: Preview) -> None:
    with pytest.raises(DefinitionError, match="ttl is for as-of features"):
        preview.what_if(view="recent", ttl="1d")
    with pytest.raises(UnknownName, match=r"has no window '3d'\. It has: 2h, 1d"):
        preview.what_if(view="recent", windows={"3d": "1h"})
    with pytest.raises(DefinitionError, match="twice"):
        preview.what_if(view="recent", windows={"2h": "1d"})
    with pytest.raises(UnknownName, match="has no feature view 'rcent'"):
        preview.what_if(view="rcent", lag="1h")
    assert preview.trial("recent").words == ""


def upper(t: Any) -> dict[str, Any]:
    shouted = t.mutate(tail=t.tail.upper(), known=t.landed + ibis.interval(hours=1))
    return {"late_seats": shouted.seats, "known": shouted.known}


def test_a_view_that_cannot_be_copied_is_tried_on_the_engine_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    con = ibis.duckdb.connect()
    halves, asked = legs(MANY), spine(QUESTIONS.with_columns(pl.col("tail").str.to_uppercase()))
    shifted = FeatureView("shifted", entity=PLANE, source=halves, features=upper)
    copied = train_on(con, [shifted], asked).preview(30).what_if(lag="1d")
    assert (copied.engine, copied.events) == ("polars", 300), "with a key that the view computes"
    monkeypatch.setattr("fsnb.training.bench.MOST_EVENTS", 200)
    trial = train_on(con, [shifted], asked).preview(30).what_if(lag="1d")
    assert (trial.engine, trial.events) == ("duckdb", None)
    assert trial.changed > 0
    assert (trial.shifts, trial.whys) == (copied.shifts, copied.whys)


def test_static_view_has_no_rules_to_try(con: Any) -> None:
    planes = Source("planes", pl.DataFrame({"tail": ["a", "a"], "built": [1999, 2001]}), event_time=None)
    built = FeatureView("built", entity=PLANE, source=planes, features=lambda t: {"built": t.built})
    preview = train_on(con, [built]).preview(1)
    with pytest.raises(UsageError, match="static"):
        preview.what_if(lag="1h")
    assert preview.matching("tie").tolist() == [1, 3], "two rows of one key, and other values"


# ---------------------------------------------------------------------- which rows


def test_filters_keep_rows_with_nulls_and_refuse_an_unknown_one(con: Any) -> None:
    preview = many(con).preview()
    nulls = preview.train.to_polars().select(pl.any_horizontal(pl.col("delay", "last_seats").is_null())).to_series()
    assert preview.matching("null", "last").tolist() == nulls.arg_true().to_list() != []
    assert preview.matching("all").tolist() == list(range(60))
    with pytest.raises(UnknownName, match=r"has no filter 'nulls'\. Did you mean 'null'\?"):
        preview.matching("nulls")


def test_ties_are_rows_whose_value_hangs_on_a_choice_that_nothing_decides(con: Any) -> None:
    twice = pl.DataFrame(
        {
            "tail": ["a", "a", "a", "b", "b", "c", "c"],
            "left": [at(1), at(1), at(3), at(1), at(1), at(1), at(1)],
            "landed": [at(1), at(1), at(3), at(1), at(1), at(1), at(2)],
            "delay": [1.0, 2.0, 3.0, 5.0, 5.0, 6.0, 7.0],
            "seats": [1, 1, 1, 2, 2, 3, 3],
        }
    )
    asked = pl.DataFrame(
        {"tail": ["a", "a", "b", "c", "a", None], "asked": [at(2), at(4), at(2), at(3), at(30), at(2)], "late": [0] * 6}
    )
    train = train_on(con, [asof_view(legs(twice), ttl="5h"), window_view(legs(twice))["n_1d"]], spine(asked))
    assert train.preview().matching("tie", "last").tolist() == [0], (
        "not a later row, equal values, another landing, ttl"
    )
    assert train.preview().matching("tie", "recent").tolist() == []
    decided = Source("legs", twice, event_time="left", available="landed", tie_break="delay")
    assert train_on(con, [asof_view(decided)], spine(asked)).preview().matching("tie").tolist() == []


def test_ties_per_column_where_nulls_are_skipped(con: Any) -> None:
    twice = pl.DataFrame(
        {"tail": ["a"] * 3, "left": [at(1), at(1), at(2)], "landed": [at(1), at(1), at(2)]}
        | {"delay": [1.0, 2.0, None], "seats": [4, 4, 5]}
    )
    asked = pl.DataFrame({"tail": ["a"], "asked": [at(4)], "late": [0]})
    skipping = asof_view(legs(twice), skip_nulls=True)
    assert train_on(con, [skipping], spine(asked)).preview().matching("tie").tolist() == [0]
    assert train_on(con, [skipping["last_seats"]], spine(asked)).preview().matching("tie").tolist() == []


def test_find_looks_in_every_key_without_capitals(con: Any) -> None:
    preview = many(con).preview()
    assert preview.find("T3").tolist() == [i for i in range(60) if i % 8 == 3]
    assert preview.find("nobody").tolist() == []
    assert preview.find("").tolist() == list(range(60))
    assert preview.find(".*").tolist() == [], "words, not a pattern"
    assert set(preview.find("t3", preview.matching("null", "last")).tolist()) <= set(
        preview.matching("null", "last").tolist()
    )


def test_a_large_set_is_sampled_and_says_so(con: Any) -> None:
    asked = pl.DataFrame({"tail": ["a"] * 1500, "asked": [at(i / 100) for i in range(1500)], "late": [0] * 1500})
    preview = train_on(con, [asof_view(legs())], spine(asked)).preview(1400)
    trial = preview.what_if(lag="1h")
    assert (trial.rows, trial.of) == (1000, 1500)
    assert preview.sample.tolist() == sorted(set(preview.sample.tolist()))
    assert trial.differs.sum() == trial.changed == len(preview.matching("changed"))


def test_spine_that_is_a_table_of_the_engine_is_previewed_in_its_sorted_order() -> None:
    con = ibis.duckdb.connect()
    table = con.create_table("asked", QUESTIONS.to_arrow())
    source = legs(MANY)
    train = train_on(con, [asof_view(source)], Spine(table, at="asked", label="late"))
    preview = train.preview(30)
    row = train.to_polars().row(30, named=True)
    assert preview.whys[0].spine == {name: row[name] for name in QUESTIONS.columns}
    assert preview.entities.row(30, named=True) == {"tail": row["tail"], "asked": row["asked"]}
    assert preview.what_if(lag="2h").whys[0].spine == preview.whys[0].spine


# ---------------------------------------------------------------------- a view under other rules


def test_with_rules_is_another_definition_in_the_same_words() -> None:
    told = {"description": "How many.", "owner": "ops", "tags": ["x"]}
    rules = {"windows": ["2h", "1d"], "fill": {"n_2h": 7}}
    view = FeatureView(
        "recent",
        entity=Entity("plane", "tail"),
        source=legs(),
        features=lambda t: {"n": t.count()},
        **told,
        **rules,
    )
    lagged = view.with_rules(lag="3h")
    assert (lagged.lag, lagged.features, lagged.description, lagged.owner, lagged.tags, lagged.fill) == (
        timedelta(hours=3), view.features, "How many.", "ops", ("x",), view.fill,
    )  # fmt: skip
    assert lagged.fingerprint != view.fingerprint
    assert lagged.with_rules(lag="0s").fingerprint == view.fingerprint
    assert view.with_rules(windows=["3h"], fill={}).features == ("n_3h",)
    with pytest.raises(UnknownName, match="has no feature 'n_2h'"):
        view.with_rules(windows=["3h"])
    with pytest.raises(UnknownName, match=r"has no rule 'lags'\. Did you mean 'lag'\?"):
        view.with_rules(lags="3h")


def test_with_rules_gives_the_windows_that_aggregates_say_other_lengths() -> None:
    def compared(size: str, past: str = "2d") -> FeatureView:
        share = over(_.count(), size) / over(_.count(), Window(past, offset="1d"))
        return FeatureView("c", entity=Entity("plane", "tail"), source=legs(), features={"share": share})

    assert compared("7d").with_rules(over={"7d": "3d"}).fingerprint == compared("3d").fingerprint
    assert compared("7d").with_rules(over={"2d_offset_1d": "5d"}).fingerprint == compared("7d", "5d").fingerprint
    with pytest.raises(UnknownName, match=r"has no window given by over\(\) '3d'.* It has: 7d, 2d_offset_1d"):
        compared("7d").with_rules(over={"3d": "1d"})
