"""Windowed features by hand, in Polars: inequality join, rolling groups, running sums."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import polars as pl

from tests.benchmarks.spec import WINDOWS

Frame = Callable[[], pl.DataFrame]
LENGTHS = dict(zip(WINDOWS, (timedelta(hours=1), *(timedelta(days=n) for n in (1, 7, 30))), strict=True))


def join_where(events: str, spine: str) -> Frame:
    """Every pair of a row and an event of its last 30 days, then one filter per window."""

    def call() -> pl.DataFrame:
        left, right = _spine(spine), pl.scan_parquet(events).select("k", "ts", "x0")
        inside = (pl.col("ts") <= pl.col("at")) & (pl.col("ts") > pl.col("at") - LENGTHS["30d"])
        pairs = left.join_where(right, pl.col("k") == pl.col("k_right"), inside)
        made = pairs.group_by("row").agg(
            feature
            for window, length in LENGTHS.items()
            for feature in _aggregates(pl.col("x0").filter(pl.col("ts") > pl.col("at") - length), window)
        )
        counts = [pl.col(f"c_{window}").fill_null(0) for window in WINDOWS]
        return left.join(made, on="row", how="left").with_columns(counts).sort("row").drop("row").collect()

    return call


def rolling(events: str, spine: str) -> Frame:
    """Spine rows among the events as rows of no value, then one rolling aggregation per window."""

    def call() -> pl.DataFrame:
        left = _spine(spine).select("k", ts="at", x0=pl.lit(None, pl.Float64), row="row")
        right = pl.scan_parquet(events).select("k", "ts", "x0", row=pl.lit(None, pl.UInt32))
        both = pl.concat([right, left]).sort("k", "ts").collect()
        found = left.select("row", "k", at="ts").collect()
        for window in WINDOWS:
            made = both.rolling("ts", period=window, group_by="k").agg(
                pl.col("row").last(), *_aggregates(pl.col("x0"), window)
            )
            found = found.join(made.filter(pl.col("row").is_not_null()).drop("k", "ts"), on="row", how="left")
        return found.sort("row").drop("row")

    return call


def _aggregates(x: pl.Expr, window: str) -> list[pl.Expr]:
    """A sum of nothing is NULL, where Polars says 0."""
    return [
        x.count().cast(pl.Int64).alias(f"c_{window}"),
        pl.when(x.count() > 0).then(x.sum()).alias(f"s_{window}"),
        x.mean().alias(f"m_{window}"),
        x.std().alias(f"d_{window}"),
        x.max().alias(f"x_{window}"),
    ]


def running_sums(events: str, spine: str) -> Frame:
    """Totals up to each event, looked up where a window ends and where it begins; a maximum has no such way."""

    def call() -> pl.DataFrame:
        totals = _totals(events)
        found = _looked_up(_spine(spine), totals, "at", "")
        for window, length in LENGTHS.items():
            found = _looked_up(found.with_columns(begin=pl.col("at") - length), totals, "begin", f"_{window}")
        features = [feature for window in WINDOWS for feature in _from_sums(window)]
        return found.sort("row").select("k", "at", *features)

    return call


def _spine(path: str) -> pl.LazyFrame:
    return pl.scan_parquet(path).with_row_index("row").select("row", "k", "at")


def _totals(events: str) -> pl.DataFrame:
    x = pl.col("x0")
    sums = {"c": x.cum_count().cast(pl.Int64), "s": x.cum_sum(), "q": (x * x).cum_sum()}
    frame = pl.scan_parquet(events).select("k", "ts", "x0").sort("k", "ts")
    return frame.select("k", "ts", **{name: total.over("k") for name, total in sums.items()}).sort("ts").collect()


def _looked_up(asked: pl.DataFrame | pl.LazyFrame, totals: pl.DataFrame, at: str, suffix: str) -> pl.DataFrame:
    named = totals.rename({name: name + suffix for name in "csq" if suffix})
    left = asked.lazy().collect().sort(at)
    joined = left.join_asof(named, left_on=at, right_on="ts", by="k", check_sortedness=False)
    return joined.drop("ts", strict=False).with_columns(pl.col(name + suffix).fill_null(0) for name in "csq")


def _from_sums(window: str) -> list[pl.Expr]:
    c, s, q = (pl.col(name) - pl.col(f"{name}_{window}") for name in "csq")
    variance = pl.max_horizontal(q - s * s / c, pl.lit(0.0)) / (c - 1)
    return [
        c.alias(f"c_{window}"),
        pl.when(c > 0).then(s).alias(f"s_{window}"),
        pl.when(c > 0).then(s / c).alias(f"m_{window}"),
        pl.when(c > 1).then(variance.sqrt()).alias(f"d_{window}"),
    ]
