"""The latest row by hand, in pandas."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from tests.benchmarks.spec import COLUMNS


def one_clock(events: str, spine: str) -> Callable[[], pd.DataFrame]:
    def call() -> pd.DataFrame:
        right = pd.read_parquet(events, columns=["k", "ts", *COLUMNS]).sort_values(["ts", *COLUMNS])
        left = pd.read_parquet(spine).sort_values("at", kind="stable")
        joined = pd.merge_asof(left, right, left_on="at", right_on="ts", by="k", tolerance=pd.Timedelta(days=7))
        return joined.set_index(left.index).sort_index().drop(columns="ts")

    return call
