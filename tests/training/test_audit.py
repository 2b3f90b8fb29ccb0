"""The leak meter, own rows, the label, and what the report says of all of it."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl
import pytest

from fsnb.errors import UnknownName
from fsnb.model import FeatureView, Source, Spine
from fsnb.training import Audit, TrainingSet
from fsnb.training.audit_label import columns_of
from fsnb.training.audit_score import null_score, score
from fsnb.training.restating import restated
from tests.training.conftest import ASKED, ENGINES, PLANE, asof_view, at, legs, spine, train_on, window_view
from tests.training.test_audit_proof import ASKED as MANY_ASKED
from tests.training.test_audit_proof import MANY, prepared
from tests.training.test_html import NASTY, Balanced

SIZES: dict[str, Any] = {"cutoffs": 2, "rows": 10}


def by_name(found: Audit, name: str) -> Any:
    return next(effect for effect in found.effects if effect.name == name)


# ---------------------------------------------------------------------- the meter


@pytest.mark.parametrize("engine", ENGINES)
def test_meter_counts_what_hand_made_views_would_change(engine: str) -> None:
    con, source = ENGINES[engine](), legs(MANY)
    honest = train_on(con, [window_view(source), asof_view(source)], spine(MANY_ASKED))
    careless = Source("legs", MANY, event_time="left", tie_break="landed")
    leaky = train_on(con, [window_view(careless), asof_view(careless)], spine(MANY_ASKED))
    found = honest.audit(**SIZES)
    now, then = honest.to_polars(), leaky.to_polars()
    effect = by_name(found, "availability ignored")
    different = {f: (now[f].ne_missing(then[f]) & ~_close(now[f], then[f])).to_list() for f in honest.features}
    assert {one.feature: one.changed for one in effect.features} == {f: sum(d) for f, d in different.items()}
    assert effect.changed == sum(map(any, zip(*different.values(), strict=True)))
    assert (effect.rows, effect.of) == (200, 200)
    assert effect.share == effect.changed / 200
    for one in effect.features:
        assert one.first
        for row, before, after in one.first:
            assert (before, after) == (now[one.feature][row], then[one.feature][row])


def _close(a: pl.Series, b: pl.Series) -> pl.Series:
    return ((a.cast(pl.Float64) - b.cast(pl.Float64)).abs() < 1e-9).fill_null(False)


@pytest.mark.parametrize("engine", ENGINES)
def test_lag_is_ignored_only_by_views_that_have_one(engine: str) -> None:
    source = legs(MANY)
    honest = train_on(ENGINES[engine](), [window_view(source), asof_view(source)], spine(MANY_ASKED))
    effect = by_name(honest.audit(**SIZES), "lag ignored")
    assert {one.feature for one in effect.features} == set(window_view(source).features)
    prompt = train_on(ENGINES[engine](), [restated(window_view(source), lag="0s")], spine(MANY_ASKED)).to_polars()
    changed = (honest.to_polars()["n_1d"] != prompt["n_1d"]).sum()
    assert next(one.changed for one in effect.features if one.feature == "n_1d") == changed > 0


def test_views_with_nothing_to_ignore_have_no_effect() -> None:
    view = FeatureView(
        "v", entity=PLANE, source=Source("legs", MANY, event_time="left"), features=lambda t: {"x": t.seats}
    )
    assert train_on(ibis.polars.connect(), [view], spine(MANY_ASKED)).audit(**SIZES).effects == ()


def test_sample_is_drawn_by_the_seed_and_said() -> None:
    honest = train_on(ibis.polars.connect(), [asof_view(legs(MANY))], spine(MANY_ASKED))
    few = by_name(honest.audit(**SIZES, compared=50), "availability ignored")
    assert (few.rows, few.of) == (50, 200)
    assert few == by_name(honest.audit(**SIZES, compared=50), "availability ignored")
    assert "of 50 rows would differ" in str(few)
    assert "of 200 in the set" in str(few)
    seats = honest.to_polars()["last_seats"]
    shown = [(row, now) for one in few.features if one.feature == "last_seats" for row, now, _ in one.first]
    assert [row for row, _ in shown] != [0, 1, 2]
    assert [seats[row] for row, _ in shown] == [now for _, now in shown], "numbered as in the training set"


def test_renamed_features_keep_their_names() -> None:
    view = asof_view(legs(MANY))
    found = train_on(ibis.polars.connect(), [view["delay"].named("late_by")], spine(MANY_ASKED)).audit(**SIZES)
    assert [one.feature for one in found.effects[0].features] == ["late_by"]
    assert found.passed


# ---------------------------------------------------------------------- a lag


@pytest.mark.parametrize("engine", ENGINES)
def test_lag_effect_is_what_a_view_of_that_lag_gives(engine: str) -> None:
    source = legs(MANY)
    honest = train_on(ENGINES[engine](), [asof_view(source)], spine(MANY_ASKED))
    late = train_on(ENGINES[engine](), [asof_view(source, lag="3h")], spine(MANY_ASKED))
    found = honest.lag_effect("3h")
    assert found.changed == _differing(honest, late) > 0
    assert honest.lag_effect("0s").changed == 0
    assert found.name == "lag 3h"


def _differing(one: TrainingSet, other: TrainingSet) -> int:
    a, b = one.to_polars(), other.to_polars()
    return sum(x != y for x, y in zip(a.select(one.features).rows(), b.select(one.features).rows(), strict=True))


def test_lag_instead_of_availability_hides_what_the_profile_says() -> None:
    """Every leg that lands does so within ten hours: with that lag no row sees what it could not have known."""
    source = legs(MANY)
    honest = train_on(ibis.polars.connect(), [asof_view(source)], spine(MANY_ASKED))
    lag = source.profile_lag(covers=1).proposed
    assert lag == timedelta(hours=12)
    found = honest.lag_effect(lag, instead_of_available=True)
    assert found.name == "lag 12h instead of availability"
    without = Source("legs", MANY, event_time="left", tie_break="landed")
    late = train_on(ibis.polars.connect(), [asof_view(without, lag=lag)], spine(MANY_ASKED))
    assert found.changed == _differing(honest, late) > 0


def test_lag_effect_of_one_source_leaves_others_alone() -> None:
    source = legs(MANY)
    other = Source("other", MANY.rename({"seats": "bags"}), event_time="left")
    views = [asof_view(source), FeatureView("v", entity=PLANE, source=other, features=lambda t: {"bags": t.bags})]
    honest = train_on(ibis.polars.connect(), views, spine(MANY_ASKED))
    assert [one.feature for one in honest.lag_effect("1h", source="other").features] == ["bags"]
    with pytest.raises(UnknownName, match=r"no source 'othr'\. Did you mean 'other'"):
        honest.lag_effect("1h", source="othr")


def test_lag_effect_shows_itself(train: TrainingSet) -> None:
    found = train.lag_effect("1h")
    assert "would differ" in repr(found)
    assert found.to_polars()["rows"].to_list() == [5] * len(train.features)
    Balanced(found._repr_html_())


# ---------------------------------------------------------------------- own rows


def events_as_spine(rows: int = 150) -> pl.DataFrame:
    """Legs whose delay decides the label; each is asked for when it leaves, and known when it has landed."""
    draw = random.Random(5)
    left = sorted(at(draw.randint(0, 4000) / 4 + i / 1000) for i in range(rows))
    delay = [draw.gauss(0, 30) for _ in range(rows)]
    return pl.DataFrame(
        {
            "tail": [draw.choice("abc") for _ in range(rows)],
            "left": left,
            "landed": [moment + timedelta(hours=3) for moment in left],
            "delay": delay,
            "seats": range(rows),
            "late": [by > 15 for by in delay],
        }
    )


EVENTS = events_as_spine()


def own_spine(**columns: Any) -> Spine:
    return Spine(EVENTS.select("tail", "late", **columns), at="asked", label="late")


@pytest.mark.parametrize("engine", ENGINES)
def test_own_rows_are_found_at_the_asking_time_and_hidden_until_they_are_known(engine: str) -> None:
    honest = train_on(ENGINES[engine](), [asof_view(legs(EVENTS))], own_spine(asked="left"))
    found = honest.audit(**SIZES)
    assert [(own.at, own.rows, own.found, own.seen) for own in found.own] == [("asked", 150, 150, 0)]
    effect = by_name(found, "own row included")
    delay = next(one for one in effect.features if one.feature == "delay")
    assert delay.changed == delay.then.rows == 150
    assert delay.then.value == 1.0 > delay.now.value
    assert found.passed


@pytest.mark.parametrize("engine", ENGINES)
def test_own_rows_are_found_by_the_name_of_the_event_time(engine: str) -> None:
    hours = timedelta(hours=2)
    honest = train_on(
        ENGINES[engine](), [window_view(legs(EVENTS))], own_spine(left="left", asked=pl.col("left") - hours)
    )
    found = honest.audit(**SIZES)
    assert [(own.at, own.found, own.seen) for own in found.own] == [("left", 150, 0)]
    effect = by_name(found, "own row included")
    assert "at the row's own left" in effect.about
    counts = [one for one in effect.features if one.feature == "n_2h"]
    assert counts[0].changed == 150, "each now counts itself"


@pytest.mark.parametrize("engine", ENGINES)
def test_rows_that_see_their_own_event_are_counted(engine: str) -> None:
    source = Source("legs", EVENTS, event_time="left")
    honest = train_on(ENGINES[engine](), [asof_view(source)], own_spine(asked="left"))
    found = honest.audit(**SIZES)
    assert [(own.found, own.seen) for own in found.own] == [(150, 150)]
    assert [check.column for check in found.suspects] == ["delay"]
    assert not found.passed
    assert "delay alone almost decides late (AUC 1.000 over 150 rows)" in found.verdict
    hidden = train_on(ENGINES[engine](), [asof_view(source, closed="left")], own_spine(asked="left")).audit(**SIZES)
    assert [(own.found, own.seen) for own in hidden.own] == [(150, 0)]
    assert hidden.passed


def test_known_at_once_rows_are_seen_and_never_known_ones_hidden() -> None:
    half = pl.int_range(pl.len()) % 3
    data = EVENTS.with_columns(landed=pl.when(half == 0).then("left").when(half == 1).then("landed"))
    found = train_on(ibis.duckdb.connect(), [asof_view(legs(data))], own_spine(asked="left")).audit(**SIZES)
    assert [(own.found, own.seen) for own in found.own] == [(150, 50)]


def test_chance_meetings_are_no_own_rows() -> None:
    rows = pl.concat([EVENTS.head(60), EVENTS.tail(90).with_columns(pl.col("left") + timedelta(seconds=1))])
    asked = Spine(rows.select("tail", "late", asked="left"), at="asked", label="late")
    assert train_on(ibis.polars.connect(), [asof_view(legs(EVENTS))], asked).audit(**SIZES).own == ()


def test_feature_that_reads_the_label_and_sees_its_own_event_fails() -> None:
    labelled = Source("legs", EVENTS, event_time="left")
    view = FeatureView(
        "v", entity=PLANE, source=labelled, features=lambda t: {"late_share": t.late.mean()}, windows=["30d"]
    )
    found = train_on(ibis.polars.connect(), [view], own_spine(asked="left")).audit(**SIZES)
    assert found.suspects == ()
    assert [read.how for read in found.own_outcome] == ["same name"]
    assert not found.passed
    assert "Own outcome: late_share_30d reads legs.late, which has the name of the label 'late'" in found.verdict
    hidden = train_on(ibis.polars.connect(), [restated(view, closed="left")], own_spine(asked="left")).audit(**SIZES)
    assert hidden.passed
    assert "Worth a look: late_share_30d reads legs.late" in hidden.verdict


# ---------------------------------------------------------------------- lineage


def test_lineage_follows_projections_joins_aggregates_and_conditions() -> None:
    t = ibis.table({"k": "string", "a": "float64", "b": "float64", "c": "float64", "d": "float64"}, name="t")
    other = ibis.table({"k": "string", "e": "float64", "f": "float64"}, name="o")
    renamed = t.mutate(z=t.a + 1, unread=t.c)
    assert columns_of(renamed.z.mean()) == {("t", "a")}
    assert columns_of(renamed.filter(renamed.d > 0).z.sum()) == {("t", "a"), ("t", "d")}
    assert columns_of(t.a.sum(where=t.b > 0)) == {("t", "a"), ("t", "b")}
    joined = t.left_join(other.group_by("k").aggregate(e=other.e.max()), "k")
    assert columns_of(joined.e) == {("o", "e"), ("o", "k"), ("t", "k")}
    assert columns_of(t.union(t.mutate(a=t.c)).a) == {("t", "a"), ("t", "c")}
    over = t.a.sum().over(ibis.window(group_by="k", order_by="b"))
    assert columns_of(t.mutate(w=over).w) == {("t", "a"), ("t", "k"), ("t", "b")}
    assert columns_of(t.count()) == frozenset()
    assert columns_of(t.filter(t.d > 0).count()) == {("t", "d")}
    assert columns_of(t.distinct().order_by("b").limit(9).drop("c").a) == {("t", "a")}


@pytest.mark.parametrize("engine", ENGINES)
def test_label_computed_from_a_sources_column_is_traced(engine: str) -> None:
    con = ENGINES[engine]()
    table = con.create_table("raw_legs", EVENTS)
    rows = Spine(
        table.select("tail", asked=table.left - ibis.interval(hours=1), late=table.delay > 15), at="asked", label="late"
    )
    found = train_on(con, [asof_view(Source("legs", table, event_time="left", available="landed"))], rows)
    reads = found.audit(**SIZES).reads
    assert [(r.feature, r.table, r.column, r.how) for r in reads] == [
        ("delay", "legs", "delay", "label is computed from it")
    ]


# ---------------------------------------------------------------------- scores

N = 400
DRAW = random.Random(3)
FLAG = pl.Series([DRAW.random() < 0.3 for _ in range(N)])
NOISE = pl.Series([DRAW.gauss(0, 1) for _ in range(N)])


def test_auc_is_the_share_of_pairs_ranked_right() -> None:
    values = (NOISE + FLAG.cast(pl.Float64)).round(1)
    up, down = values.filter(FLAG).to_list(), values.filter(~FLAG).to_list()
    pairs = [(a > b) + (a == b) / 2 for a in up for b in down]
    found = score(values, FLAG)
    assert found.value == pytest.approx(sum(pairs) / len(pairs))
    assert score(-values, FLAG).value == pytest.approx(found.value), "a low AUC tells as much"
    assert (found.measure, found.rows, found.least) == ("AUC", N, len(up))


@pytest.mark.parametrize("type_", [pl.Int64, pl.String, pl.Boolean, pl.Float32])
def test_label_of_two_values_of_any_type(type_: Any) -> None:
    label = FLAG.cast(pl.Int8).cast(type_)
    assert score(FLAG.cast(pl.Float64) * 3, label).value == 1.0


def test_numbers_are_correlated_by_line_and_by_rank() -> None:
    assert score(NOISE * -2, NOISE).value == pytest.approx(1.0)
    assert score(NOISE.exp(), NOISE).value == pytest.approx(1.0), "Spearman"
    assert score(NOISE, NOISE.shuffle(seed=1)).value < 0.2
    assert score(NOISE, NOISE).measure == "correlation"
    assert score(pl.Series([1.0] * N), NOISE).value == 0.0


def test_categories_are_scored_out_of_sample() -> None:
    codes = pl.Series([str(i) for i in range(N)])
    assert score(codes, FLAG).value < 0.6, "a category of one row tells nothing"
    told = pl.Series([("yes" if flag else "no") + str(i % 3) for i, flag in enumerate(FLAG)])
    assert score(told, FLAG).value == 1.0
    assert score(told.cast(pl.Categorical), FLAG).value == 1.0


def test_label_of_many_classes() -> None:
    label = pl.Series([str(int(x > 0) + int(x > 1)) for x in NOISE])
    assert score(label, label).value == 1.0
    assert score(NOISE.shuffle(seed=1), label).value < 0.6


def test_nulls_nan_and_what_cannot_be_scored() -> None:
    holes = FLAG.cast(pl.Float64).set(pl.Series(range(N)) < 100, None)
    assert score(holes, FLAG).rows == N - 100
    assert score(holes.fill_null(float("nan")), FLAG).rows == N - 100
    assert null_score(pl.Series([None if flag else 1 for flag in FLAG]), FLAG).value == 1.0
    assert null_score(NOISE, FLAG) is None
    assert score(NOISE, None) is None
    assert score(NOISE, pl.Series([True] * N)) is None
    assert score(pl.Series([[1]] * N), FLAG) is None
    assert score(NOISE.head(0), FLAG.head(0)) is None
    assert score(pl.Series([at(i) for i in range(N)]), pl.Series(range(N))).value == pytest.approx(1.0)


def label_audit(**columns: Any) -> Audit:
    rows = MANY_ASKED.with_columns(**columns)
    return train_on(ibis.polars.connect(), [asof_view(legs(MANY))], spine(rows)).audit(**SIZES)


def test_spine_column_that_decides_the_label_is_suspicious() -> None:
    found = label_audit(outcome=pl.when("late").then(pl.lit("late")).otherwise(pl.lit("in time")))
    assert [(check.column, check.role, check.by) for check in found.suspects] == [("outcome", "spine column", "value")]
    assert not found.passed
    assert "Suspicious: spine column outcome alone almost decides late (AUC 1.000 over 200 rows)." in found.verdict


def test_null_pattern_that_decides_the_label_is_suspicious() -> None:
    found = label_audit(refund=pl.when("late").then(1.0))
    assert [(check.column, check.by) for check in found.suspects] == [("refund", "NULL")]
    assert "refund by where it is NULL almost decides late" in found.verdict


def test_thresholds_are_arguments() -> None:
    rows = spine(MANY_ASKED.with_columns(outcome="late"))
    honest = train_on(ibis.polars.connect(), [asof_view(legs(MANY))], rows)
    assert honest.audit(**SIZES, auc=1.01).suspects == ()
    assert {check.column for check in honest.audit(**SIZES, auc=0.5).suspects} >= {"outcome", "delay"}


def test_too_few_rows_are_said_and_not_judged(train: TrainingSet) -> None:
    found = train.audit(**SIZES)
    assert {check.verdict for check in found.labels} == {"too few rows"}
    assert found.passed
    assert "Too few rows to judge by the label" in found.verdict


def test_set_without_label_has_no_scores() -> None:
    honest = train_on(ibis.polars.connect(), [asof_view(legs(MANY))], Spine(MANY_ASKED, at="asked"))
    found = honest.audit(**SIZES)
    assert found.labels == ()
    assert found.effects[0].features[0].now is None
    assert found.effects[0].to_polars()["now"].to_list() == [None, None]
    assert "told by" not in str(found)
    Balanced(found.to_html())


# ---------------------------------------------------------------------- the report


@pytest.fixture(scope="module")
def leaky() -> Audit:
    data = MANY.with_columns(tail=pl.lit(NASTY))
    rows = MANY_ASKED.with_columns(tail=pl.lit(NASTY), **{NASTY: "late"})
    name = "a_feature_with_a_name_that_goes_on_and_on_until_nobody_can_remember_how_it_began"

    def leak(t: ir.Table) -> dict[str, ir.Value]:
        totals = t.mutate(total=t.delay.sum().over(ibis.window(group_by="tail")))
        return {name: totals.total, "tail_seen": totals.tail}

    views = [
        window_view(legs(data)),
        prepared(leak, legs(data)),
    ]
    return train_on(ibis.duckdb.connect(), views, spine(rows)).audit(**SIZES)


def test_text_says_what_failed(leaky: Audit) -> None:
    lines = str(leaky).splitlines()
    assert re.fullmatch(r"FAILED: leak audit of [0-9a-f]{12}, 200 rows", lines[0])
    assert "Leak: " in lines[1]
    assert repr(leaky) == str(leaky)
    assert "availability ignored" in str(leaky)


def test_page_is_well_formed_escaped_and_stands_alone(leaky: Audit) -> None:
    page = leaky._repr_html_()
    tags = Balanced(page).tags
    assert {"script", "link", "iframe", "img", "object", "a"}.isdisjoint(tag for tag, _ in tags)
    assert not re.search(r"url\(|@import|https?:|<script|onload", page)
    assert "✗ failed" in page
    assert leaky.changes[0].feature in page


def test_frames_hold_every_finding(leaky: Audit) -> None:
    frames = leaky.to_polars()
    assert list(frames) == ["proofs", "changes", "unstable", "effects", "own", "labels", "reads"]
    assert frames["changes"].height == len(leaky.changes) > 0
    assert frames["proofs"]["changed"].to_list() == [proof.changed for proof in leaky.proofs]
    assert [proof.changed > 0 for proof in leaky.proofs] == [False, True]
    assert frames["effects"].height == sum(len(effect.features) for effect in leaky.effects)
    assert frames["labels"].height == len(leaky.labels)
    assert frames["changes"]["row"].to_list() == [change.row for change in leaky.changes]
    empty = train_on(ibis.polars.connect(), [asof_view(legs())], spine(ASKED.head(0))).audit(**SIZES).to_polars()
    assert {name: frame.schema for name, frame in empty.items()} == {name: f.schema for name, f in frames.items()}


def test_passed_audit_says_how_much_was_tried() -> None:
    found = train_on(ibis.polars.connect(), [asof_view(legs(MANY))], spine(MANY_ASKED)).audit(cutoffs=3, rows=20)
    assert found.verdict == (
        "Passed: 120 values at 3 cutoffs, computed again without the future and with another one: none changed."
    )
    assert str(found).startswith("passed: leak audit of")
    assert "✓ passed" in found.to_html()
