"""The same report from every engine."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import ibis
import numpy as np
import polars as pl
import pytest
from ibis import _

from fsnb.profiling import kinds as kind
from fsnb.quality import drift, profile
from tests.pit.engines import same

SKIPPED = "DataFusion's Ibis backend does not unnest what codes are made of"


def rows(seed: int, n: int) -> pl.DataFrame:
    """Every kind, with NULL, NaN, infinity, -0.0, text of letters that codes are made of, times before 1970."""
    rng = np.random.default_rng(seed)
    moved = seed / 10
    skewed = rng.lognormal(moved, 2, n)
    start = datetime(1969, 12, 28)
    return pl.DataFrame(
        {
            "many": np.where(rng.random(n) < 0.1, np.nan, skewed),
            "zeros": np.where(rng.random(n) < 0.6, 0.0, np.round(skewed, 2)),
            "few": rng.choice([-0.0, 0.0, 0.1, 0.30000000000000004, 1e149, 1e200, np.inf], n),
            "whole": rng.integers(-3, 3, n),
            "flag": rng.random(n) < 0.3,
            "code": rng.choice(["a", "b#1", "c=2", "é", ""], n),
            "words": [" ".join(["łódź"] * int(k)) for k in rng.integers(1, 300, n)],
            "when": [start + timedelta(minutes=int(k)) for k in rng.integers(0, 10_000, n)],
            "key": [f"k{k}" for k in range(n)],
            "group": np.arange(n) % 3,
        }
    ).with_columns(pl.when(pl.col("whole") > 0).then(pl.col("flag")), pl.col("few").cast(pl.Float64))


@pytest.mark.notyet("datafusion", reason=SKIPPED)
def test_the_report_is_the_same_on_every_engine(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind, "MOST_VALUES", 300)  # so that a small table has columns of many values
    monkeypatch.setattr(kind, "TRIED_VALUES", 450)
    reference, current = rows(1, 900), rows(20, 700)
    here, there = (profile(reference, con=con, event_time="when") for con in (ibis.duckdb.connect(), engine))
    assert here["many"].numbers.values is None  # type: ignore[union-attr]
    same_values(_doc(here), _doc(there))
    mine, theirs = (drift(base, current, con=con) for base, con in ((here, ibis.duckdb.connect()), (there, engine)))
    same_values(mine.to_polars().to_dicts(), theirs.to_polars().to_dicts())
    same_values(mine.details().to_dicts(), theirs.details().to_dicts())
    assert mine.violations == theirs.violations
    assert {row.verdict for row in mine} >= {"alert", "not compared"}


def test_an_expression_is_counted_where_it_lies(engine: Any) -> None:
    baseline = profile(rows(1, 300).select("zeros", "code"))
    table = engine.create_table("fsnb_quality_now", rows(2, 300).select("zeros", "code", "group").to_arrow())
    found = drift(baseline, table.filter(_.group == 1), columns=["zeros", "code"])
    assert found.n_cur == 100
    expected = drift(baseline, rows(2, 300).filter(pl.col("group") == 1), columns=["zeros", "code"])
    same_values(found.to_polars().to_dicts(), expected.to_polars().to_dicts())


def _doc(baseline: Any) -> Any:
    """Without an engine's estimates of how many values there are."""
    return [
        {key: value for key, value in doc.items() if key != "distinct" or doc["distinct_exact"]}
        for doc in baseline.to_doc()["columns"]
    ]


def same_values(mine: Any, theirs: Any, where: str = "") -> None:
    if isinstance(mine, dict):
        assert mine.keys() == theirs.keys(), where
        for key in mine:
            same_values(mine[key], theirs[key], f"{where}.{key}")
    elif isinstance(mine, (list, tuple)):
        assert len(mine) == len(theirs), where
        for at, (one, other) in enumerate(zip(mine, theirs, strict=True)):
            same_values(one, other, f"{where}[{at}]")
    else:
        assert same(mine, theirs), f"{where}: {mine!r}, {theirs!r}"


@pytest.mark.notyet("datafusion", reason=SKIPPED)
def test_what_is_unseen_is_told_beyond_what_a_baseline_keeps(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind, "MOST_VALUES", 300)
    monkeypatch.setattr(kind, "TRIED_VALUES", 450)
    keys = pl.Series("key", [None, *(f"k{k}" for k in range(1_000))])
    before = pl.DataFrame({"key": keys, "number": pl.Series(range(1_001))})
    after = pl.DataFrame({"key": [None, "k1", "k1", "é", "k999"], "number": [0, 1_000, 1_001, 1_002, -1]})
    table = engine.create_table("fsnb_quality_before", before.to_arrow())
    try:
        for reference in (before, table):
            shares = {row.column: row.unseen_share for row in drift(reference, after, con=engine)}
            assert shares == {"key": 0.25, "number": 0.6}
        apart = drift(before, after, con=None)  # each on its own connection
        assert (apart["key"].unseen_share, apart["key"].verdict) == (0.25, "not compared")
    finally:
        engine.drop_table("fsnb_quality_before")
    assert "can tell" not in apart["key"].reason
    kept = drift(profile(before), after)["key"]
    assert kept.unseen_share is None
    assert "only the reference's rows can tell" in kept.reason
