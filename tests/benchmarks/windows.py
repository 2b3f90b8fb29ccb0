"""Twenty windowed features: count, sum, mean, std, max over 1h, 1d, 7d, 30d."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
from ibis import _

import fsnb
from fsnb.store import FeatureStore

WINDOWS = {"1h": "1 HOUR", "1d": "1 DAY", "7d": "7 DAY", "30d": "30 DAY"}
Side = Callable[[], int]


def sides(events: Path, spine: Path, store: FeatureStore) -> dict[str, Side]:
    """Each side reads the two files and gives the filled spine as a table in memory; the number is its rows."""
    source = store.source("window_events", events, event_time="ts")
    features = {"c": _.count(), "s": _.x0.sum(), "m": _.x0.mean(), "d": _.x0.std(), "x": _.x0.max()}
    view = fsnb.FeatureView(
        "windowed", entity=fsnb.Entity("key", "k"), source=source, features=features, windows=list(WINDOWS)
    )
    asked = fsnb.Spine(spine, at="at")
    return {
        "fsnb, DuckDB": lambda: store.training_set(asked, view).to_arrow().num_rows,
        "fsnb, Polars": lambda: store.training_set(asked, view, engine="polars").to_arrow().num_rows,
        "inequality join SQL by hand": lambda: inequality_join(events, spine),
        "Polars union + rolling by hand": lambda: rolling(events, spine),
    }


def inequality_join(events: Path, spine: Path) -> int:
    columns = ", ".join(
        f"count(e.ts) FILTER ({inside}) AS c_{name}, sum(x0) FILTER ({inside}) AS s_{name},"
        f" avg(x0) FILTER ({inside}) AS m_{name},"
        f" stddev_samp(x0) FILTER ({inside}) AS d_{name}, max(x0) FILTER ({inside}) AS x_{name}"
        for name, length in WINDOWS.items()
        for inside in [f"WHERE e.ts > s.at - INTERVAL {length}"]
    )
    query = f"""
        SELECT s.k, s.at, {columns}
        FROM (SELECT *, row_number() OVER () AS row FROM read_parquet($spine)) s
        LEFT JOIN read_parquet($events) e ON s.k = e.k AND e.ts <= s.at AND e.ts > s.at - INTERVAL 30 DAY
        GROUP BY s.row, s.k, s.at ORDER BY s.row
    """
    return duckdb.connect().execute(query, {"spine": str(spine), "events": str(events)}).to_arrow_table().num_rows


def rolling(events: Path, spine: Path) -> int:
    """Spine rows among the events as rows of no value, then one rolling aggregation per window."""
    left = pl.scan_parquet(spine).with_row_index("row").select("k", ts="at", x0=pl.lit(None, pl.Float64), row="row")
    right = pl.scan_parquet(events).select("k", "ts", "x0", row=pl.lit(None, pl.UInt32))
    both = pl.concat([right, left]).sort("k", "ts").collect()
    found = left.select("row", "k", at="ts").collect()
    for name in WINDOWS:
        x = pl.col("x0")
        made = both.rolling("ts", period=name, group_by="k").agg(
            pl.col("row").last(),
            x.count().alias(f"c_{name}"),
            x.sum().alias(f"s_{name}"),
            x.mean().alias(f"m_{name}"),
            x.std().alias(f"d_{name}"),
            x.max().alias(f"x_{name}"),
        )
        found = found.join(made.filter(pl.col("row").is_not_null()).drop("k", "ts"), on="row", how="left")
    return found.sort("row").height
