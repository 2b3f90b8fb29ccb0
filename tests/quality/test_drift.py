"""What shows in a drift report, column kind by column kind, and what is refused."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import ibis
import numpy as np
import polars as pl
import pytest
from scipy import stats

from fsnb.errors import DefinitionError, NotSupported, UnknownName
from fsnb.profiling import kinds as kind
from fsnb.quality import Baseline, drift, drift_by_slice, drift_over_time, profile
from fsnb.quality.report import TYPES
from fsnb.quality.verdicts import ORDER

N = 3_000
RNG = np.random.default_rng(21)
COLUMNS = (
    "column", "kind", "n_ref", "n_cur", "null_rate_ref", "null_rate_cur", "psi", "psi_floor95", "ks", "ks_p", "js",
    "hellinger", "wasserstein", "wasserstein_norm", "linf", "chi2", "chi2_dof", "chi2_p", "cramers_v", "unseen_share",
    "verdict", "reason",
)  # fmt: skip


def one(reference: Any, current: Any, **how: Any) -> Any:
    return drift(pl.DataFrame({"x": reference}), pl.DataFrame({"x": current}), **how)["x"]


def test_the_frame_has_exactly_these_columns() -> None:
    frame = drift(pl.DataFrame({"x": [1.0]}), pl.DataFrame({"x": [1.0]})).to_polars()
    assert tuple(frame.columns) == COLUMNS == tuple(TYPES)


@pytest.mark.parametrize(("before", "now"), [(1.0, 2.0), (2.0, 1.0), (0.0, -1.0), (0.0, 1e-9)])
def test_a_constant_that_moves_shows(before: float, now: float) -> None:
    row = one([before] * N, [now] * N)
    assert (row.verdict, row.linf) == ("alert", 1)
    assert row.wasserstein == pytest.approx(abs(before - now))
    assert row.wasserstein_norm is None
    assert one([before] * N, [before] * N).verdict == "ok"


def test_zeros_show_whether_they_go_away_or_turn_negative() -> None:
    values = np.where(RNG.random(N) < 0.7, 0, RNG.lognormal(size=N))
    assert one(values, np.where(RNG.random(N) < 0.7, 0, RNG.lognormal(size=N))).verdict == "ok"
    assert one(values, np.where(values == 0, -0.5, values)).verdict == "alert"
    assert one(values, np.where(values == 0, 0.01, values)).verdict == "alert"


def test_nulls_are_counted_apart_and_alarm_when_they_come() -> None:
    values = RNG.normal(size=N)
    row = one(values, [None if k % 2 else v for k, v in enumerate(values)])
    assert row.psi < 0.02 < 0.25 < row.psi_with_null
    assert (row.verdict, row.null_rate_cur) == ("alert", 0.5)
    assert one(values, np.where(np.arange(N) % 2, np.nan, values)).null_rate_cur == 0.5
    assert one(values, np.where(np.arange(N) % 2, np.inf, values)).null_rate_cur == 0.5


def test_times_are_compared_by_hour_and_weekday_never_as_numbers() -> None:
    start = datetime(2013, 1, 7)
    before = [start + timedelta(hours=k % 24, days=k % 28) for k in range(N)]
    row = one(before, [time + timedelta(days=28) for time in before])
    assert (row.kind, row.verdict, row.ks, row.wasserstein) == ("datetime", "ok", None, None)
    assert (row.newest_cur - row.newest_ref) / 1e6 == 28 * 86_400
    nightly = one(before, [time.replace(hour=time.hour % 6) for time in before])
    assert (nightly.verdict, nightly.chi2_dof) == ("alert", 23)
    assert "hour of day" in nightly.reason


def test_text_is_compared_by_length_and_identifiers_not_at_all() -> None:
    words = [" ".join(f"w{j}" for j in range(k % 300)) + f" {k}" for k in range(N)]
    row = one(words, [word[: len(word) // 3] for word in words])
    assert (row.kind, row.verdict) == ("text", "alert")
    assert row.unseen_share > 0.9
    keys = one([f"k{k}" for k in range(N)], [f"k{k + 5}" for k in range(N)])
    assert (keys.kind, keys.verdict, keys.psi) == ("identifier", "not compared", None)
    assert keys.unseen_share == pytest.approx(5 / N)
    assert one(range(20_000), range(20_000, 40_000)).kind == "identifier"
    assert one(np.arange(20_000.0), np.arange(20_000.0)).kind == "numeric"


def test_a_kind_can_be_given() -> None:
    codes = RNG.integers(0, 5, N)
    frame = pl.DataFrame({"x": codes})
    assert profile(frame, kinds={"x": "categorical"})["x"].categories == tuple(
        sorted((str(code), int((codes == code).sum())) for code in range(5))
    )
    assert drift(frame, frame, kinds={"x": "categorical"})["x"].verdict == "ok"
    with pytest.raises(DefinitionError, match="cannot be datetime"):
        profile(frame, kinds={"x": "datetime"})
    with pytest.raises(UnknownName, match=r"no kind 'numeriq'\. Did you mean 'numeric'"):
        profile(frame, kinds={"x": "numeriq"})  # type: ignore[dict-item]


def test_new_categories_are_one_bin_and_a_violation() -> None:
    before, now = RNG.choice(["a", "b"], N), RNG.choice(["a", "b", "c", "d"], N)
    report = drift(pl.DataFrame({"x": before}), pl.DataFrame({"x": now}))
    assert report.bins("x")["bin"].to_list() == ["a", "b", "(not in the reference)"]
    assert report["x"].unseen_share == pytest.approx(np.isin(now, ["c", "d"]).mean())
    assert {v.check for v in report.violations} == {"categorical_values_check", "baseline_drift_check"}


def test_columns_are_compared_by_name_and_types_by_kind() -> None:
    baseline = profile(pl.DataFrame({"a": [1] * N, "b": ["x"] * N, "c": [True] * N}))
    current = pl.DataFrame({"d": [1] * N, "b": [1.5] * N, "a": [1.0] * N})
    report = drift(baseline, current)
    assert [row.column for row in report] == ["a"]
    assert {(v.column, v.check) for v in report.violations} == {
        ("c", "missing_column_check"),
        ("d", "extra_column_check"),
        ("b", "data_type_check"),
    }
    assert report.verdict == "ok"
    with pytest.raises(UnknownName, match="no column 'z'"):
        drift(baseline, current, columns=["z"])


def test_more_nulls_than_chance_break_completeness() -> None:
    baseline = profile(pl.DataFrame({"x": [None] * 100 + [1.0] * 1_900}))
    few, many = (drift(baseline, pl.DataFrame({"x": [None] * k + [1.0] * (2_000 - k)})) for k in (110, 160))
    assert few.violations == ()
    assert [v.check for v in many.violations] == ["completeness_check"]


def test_empty_and_all_null_data_are_told_not_compared() -> None:
    full = pl.DataFrame({"x": [1.0, 2.0], "s": ["a", "b"]})
    empty = pl.DataFrame(schema={"x": pl.Float64, "s": pl.String})
    nothing = pl.DataFrame({"x": [None, None], "s": [None, None]}, schema=empty.schema)
    for reference, current in ((full, empty), (empty, full), (empty, empty), (full, nothing), (nothing, full)):
        report = drift(reference, current)
        assert {row.verdict for row in report} == {"not compared"}
        assert str(report)


# ---------------------------------------------------------------------- columns of many values


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind, "MOST_VALUES", 300)
    monkeypatch.setattr(kind, "TRIED_VALUES", 450)


@pytest.mark.usefixtures("few_are_many")
@pytest.mark.parametrize("tail", [0.5, 2.0, 3.0])
def test_with_many_values_the_stated_errors_hold(tail: float) -> None:
    rng = np.random.default_rng(5)
    before, now = rng.lognormal(0, tail, N), rng.lognormal(0.2, tail, N)
    row = one(before, now)
    exact_ks, exact = stats.ks_2samp(before, now).statistic, stats.wasserstein_distance(before, now)
    assert 0 <= exact_ks - row.ks <= row.ks_error < 0.012
    assert abs(row.wasserstein - exact) <= row.wasserstein_error
    assert row.wasserstein == pytest.approx(exact, rel=0.02)


@pytest.mark.usefixtures("few_are_many")
def test_a_reference_of_few_values_meets_data_of_many() -> None:
    rng = np.random.default_rng(5)
    before, now = rng.normal(size=200), rng.normal(0.5, size=N)
    row = one(before, now)
    assert abs(row.ks - stats.ks_2samp(before, now).statistic) <= row.ks_error
    assert abs(row.wasserstein - stats.wasserstein_distance(before, now)) <= row.wasserstein_error


@pytest.mark.usefixtures("few_are_many")
def test_psi_is_the_same_however_a_column_is_counted() -> None:
    rng = np.random.default_rng(5)
    values = [np.where(rng.random(N) < 0.3, 0.0, rng.normal(move, 1, N)) for move in (0, 0.3)]
    by_edges = one(*values)
    kind.MOST_VALUES, kind.TRIED_VALUES = 10_000, 25_000
    by_values = one(*values)
    assert by_values.ks_error == 0 < by_edges.ks_error
    assert by_edges.psi == pytest.approx(by_values.psi, rel=1e-12)
    assert by_edges.bins == by_values.bins


# ---------------------------------------------------------------------- cost


@pytest.mark.parametrize("columns", [5, 30])
def test_a_baseline_is_compared_in_three_scans_however_many_columns(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kind, "MOST_VALUES", 300)
    monkeypatch.setattr(kind, "TRIED_VALUES", 450)
    rng = np.random.default_rng(5)
    made: dict[str, Any] = {f"many{k}": rng.normal(size=800) for k in range(columns)}
    made |= {f"few{k}": rng.integers(0, 9, 800) for k in range(columns)}
    made |= {"code": rng.choice(["a", "b"], 800), "sparse": np.where(np.arange(800) < 200, rng.normal(size=800), 0)}
    baseline = profile(pl.DataFrame(made))
    con = ibis.duckdb.connect()
    table = con.create_table("now", pl.DataFrame(made | {"sparse": rng.normal(size=800)}).to_arrow())
    scans = 0
    original = con.to_pyarrow

    def counted(expr: Any, **how: Any) -> Any:
        nonlocal scans
        plan = con.raw_sql(f"EXPLAIN {ibis.to_sql(expr, dialect='duckdb')}").fetchall()
        scans += sum(text.count("SEQ_SCAN") + text.count("TABLE_SCAN") for _, text in plan)
        return original(expr, **how)

    monkeypatch.setattr(con, "to_pyarrow", counted)
    assert len(drift(baseline, table).rows) == len(made)
    assert scans == 3


# ---------------------------------------------------------------------- groups, documents, words


@pytest.mark.parametrize("con", [ibis.duckdb.connect, ibis.polars.connect], ids=["duckdb", "polars"])
def test_over_time_each_week_is_what_drift_says_of_it(con: Any) -> None:
    rng = np.random.default_rng(5)
    days = np.arange(56).repeat(100)
    at = [datetime(2013, 1, 7) + timedelta(days=int(day), hours=int(day) % 24) for day in days]
    frame = pl.DataFrame({"at": at, "score": rng.normal(days / 40, 1), "code": rng.choice(["a", "b"], len(days))})
    reference = frame.filter(pl.col("at") < datetime(2013, 1, 21))
    baseline = profile(reference, columns=["score", "code"])
    found = drift_over_time(baseline, frame, at="at", prediction="score", con=con())
    table = found.to_polars()
    assert table["start"].unique(maintain_order=True).to_list() == [
        datetime(2013, 1, 7) + timedelta(weeks=week) for week in range(8)
    ]
    assert table["column"][:2].to_list() == ["score", "code"]
    sixth = frame.filter(pl.col("at").is_between(datetime(2013, 2, 11), datetime(2013, 2, 18), closed="left"))
    alone = drift(baseline, sixth)["score"]
    assert table.filter(pl.col("start") == datetime(2013, 2, 11), pl.col("column") == "score")["psi"][0] == alone.psi
    assert table.filter(pl.col("column") == "score")["verdict"][-1] == "alert"


def test_by_slice_each_slice_meets_its_own_past() -> None:
    from ibis import _

    from fsnb import Slice

    rng = np.random.default_rng(5)
    before = pl.DataFrame({"x": rng.normal(size=N), "k": ["a", "b"] * (N // 2)})
    now = before.with_columns(pl.when(pl.col("k") == "b").then(pl.col("x") + 1).otherwise("x").alias("x"))
    found = drift_by_slice(before, now, [Slice("a", _.k == "a"), Slice("b", _.k == "b")], columns=["x"]).to_polars()
    assert found.select("slice", "verdict").rows() == [("a", "ok"), ("b", "alert")]
    with pytest.raises(DefinitionError, match="does not know its slices"):
        drift_by_slice(profile(before), now, [])


def test_a_document_of_a_later_fsnb_is_refused() -> None:
    doc = profile(pl.DataFrame({"x": [1.0]})).to_doc()
    assert Baseline.from_doc(json.loads(json.dumps(doc)))["x"].n == 1
    with pytest.raises(NotSupported, match="Upgrade fsnb"):
        Baseline.from_doc(doc | {"format": 2})


def test_a_report_reads_worst_first_and_escapes_what_it_shows() -> None:
    name = "<script>"
    frame = pl.DataFrame({name: [1.0] * N, "same": [1.0] * N})
    report = drift(frame, frame.with_columns(pl.lit(2.0).alias(name)))
    assert report.drifted == (name,)
    lines = str(report).splitlines()
    assert lines[0].startswith("alert: drift, 3,000 rows")
    assert lines[3].startswith("!!  <script>")
    assert "<script>" not in report._repr_html_()
    assert report.verdict == ORDER[0]
