"""As-of, five columns: fsnb on both engines beside what a user would write by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
from ibis import _

import fsnb
from fsnb.store import FeatureStore

COLUMNS = ["x0", "x1", "x2", "x3", "n"]
TTL = "7d"
Side = Callable[[], int]


def sides(events: Path, spine: Path, store: FeatureStore) -> dict[str, Side]:
    """Each side reads the two files and gives the filled spine as a table in memory; the number is its rows."""
    one = _view(store, "one_clock", events)
    two = _view(store, "two_clocks", events, available="available")
    asked = fsnb.Spine(spine, at="at")
    return {
        "fsnb, DuckDB": lambda: store.training_set(asked, one).to_arrow().num_rows,
        "fsnb, Polars": lambda: store.training_set(asked, one, engine="polars").to_arrow().num_rows,
        "ASOF SQL by hand": lambda: duckdb_asof(events, spine),
        "Polars join_asof by hand": lambda: polars_asof(events, spine),
        "pandas merge_asof by hand": lambda: pandas_asof(events, spine),
        "fsnb two clocks, DuckDB": lambda: store.training_set(asked, two).to_arrow().num_rows,
        "fsnb two clocks, Polars": lambda: store.training_set(asked, two, engine="polars").to_arrow().num_rows,
        "floor: scan and sort the events": lambda: scan_and_sort(events),
    }


def _view(store: FeatureStore, name: str, events: Path, available: str | None = None) -> fsnb.FeatureView:
    source = store.source(f"{name}_events", events, event_time="ts", available=available)
    features = {column: _[column] for column in COLUMNS}
    return fsnb.FeatureView(name, entity=fsnb.Entity("key", "k"), source=source, features=features, ttl=TTL)


def duckdb_asof(events: Path, spine: Path) -> int:
    """Ties settled by a window function, ttl by a CASE, as one would write it."""
    columns = ", ".join(f"CASE WHEN s.at < e.ts + INTERVAL 7 DAY THEN e.{name} END AS {name}" for name in COLUMNS)
    order = ", ".join(f"{name} DESC" for name in COLUMNS)
    query = f"""
        SELECT s.k, s.at, {columns}
        FROM (SELECT *, row_number() OVER () AS row FROM read_parquet($spine)) s
        ASOF LEFT JOIN (
            SELECT k, ts, {", ".join(COLUMNS)} FROM read_parquet($events)
            QUALIFY row_number() OVER (PARTITION BY k, ts ORDER BY {order}) = 1
        ) e ON s.k = e.k AND s.at >= e.ts
        ORDER BY s.row
    """
    return duckdb.connect().execute(query, {"spine": str(spine), "events": str(events)}).to_arrow_table().num_rows


def polars_asof(events: Path, spine: Path) -> int:
    right = pl.scan_parquet(events).select("k", "ts", *COLUMNS).sort("ts", *COLUMNS)
    left = pl.scan_parquet(spine).with_row_index("row").sort("at")
    joined = left.join_asof(right, left_on="at", right_on="ts", by="k", tolerance=TTL, check_sortedness=False)
    return joined.sort("row").drop("row").collect().height


def pandas_asof(events: Path, spine: Path) -> int:
    right = pd.read_parquet(events, columns=["k", "ts", *COLUMNS]).sort_values(["ts", *COLUMNS])
    left = pd.read_parquet(spine).sort_values("at", kind="stable")
    return len(
        pd.merge_asof(left, right, left_on="at", right_on="ts", by="k", tolerance=pd.Timedelta(TTL)).sort_index()
    )


def scan_and_sort(events: Path) -> int:
    query = f"SELECT k, ts, {', '.join(COLUMNS)} FROM read_parquet(?) ORDER BY k, ts"
    return duckdb.connect().execute(query, [str(events)]).to_arrow_table().num_rows
