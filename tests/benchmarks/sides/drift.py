"""Drift of one file against another: ours, from a stored baseline, and by hand with pandas and SciPy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def ours(reference: str, current: str, baseline: str) -> Callable[[], Any]:
    """A report against a stored baseline, on DuckDB, from the file."""
    import ibis

    from fsnb.quality import Baseline, drift

    stored = Baseline.from_doc(json.loads(Path(baseline).read_text()))
    con = ibis.duckdb.connect()

    def call() -> Any:
        return drift(stored, current, con=con).to_polars()

    return call


def by_hand(reference: str, current: str, baseline: str) -> Callable[[], Any]:
    """The same figures from the rows of both files."""
    import pandas as pd
    import pyarrow.parquet as pq

    names = pq.read_schema(current).names

    def call() -> Any:
        rows = []
        for name in names:
            before, now = (pd.read_parquet(file, columns=[name])[name].dropna() for file in (reference, current))
            figures = numeric if pd.api.types.is_numeric_dtype(before.dtype) else categorical
            rows.append({"column": name} | figures(before, now))
        return pd.DataFrame(rows)

    return call


def numeric(before: Any, now: Any) -> dict[str, float]:
    from scipy import stats

    before, now = before.to_numpy(float), now.to_numpy(float)
    edges = np.unique(np.quantile(before, np.arange(1, 10) / 10, method="inverted_cdf"))
    counts = [np.bincount(np.searchsorted(edges, side), minlength=len(edges) + 1) for side in (before, now)]
    return from_counts(*counts) | {
        "ks": stats.ks_2samp(before, now, method="asymp").statistic,
        "wasserstein": stats.wasserstein_distance(before, now),
        "std": before.std(),
        "mean": now.mean(),
    }


def categorical(before: Any, now: Any) -> dict[str, float]:
    counts = (side.value_counts() for side in (before, now))
    joined = next(counts).to_frame("a").join(next(counts).to_frame("b"), how="outer").fillna(0)
    return from_counts(joined["a"].to_numpy(), joined["b"].to_numpy())


def from_counts(mine: np.ndarray, theirs: np.ndarray) -> dict[str, float]:
    from scipy import stats
    from scipy.spatial import distance

    p, q = mine / mine.sum(), theirs / theirs.sum()
    a, b = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    seen = (mine + theirs) > 0
    return {
        "psi": float(((b - a) * np.log(b / a)).sum()),
        "js": distance.jensenshannon(p, q, base=2),
        "hellinger": float(np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2)),
        "linf": distance.chebyshev(p, q),
        "chi2": stats.chi2_contingency(np.array([mine, theirs])[:, seen], correction=False).statistic,
    }
