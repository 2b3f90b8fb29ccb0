"""Synthetic shapes: events and spines over 90 days, from fixed seeds.

main   many keys, uniform: 100,000 keys
dense  few keys, uniform: 1,000 keys
zipf   100,000 keys, drawn with exponent 1.1: a few are very hot
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

START, DAYS = datetime(2024, 1, 1), 90


@dataclass(frozen=True, slots=True)
class Shape:
    """How many rows, and how keys are drawn."""

    name: str
    keys: int
    exponent: float | None
    events: int
    spine: int


def shapes(tenths: int) -> list[Shape]:
    """The three shapes; `tenths=10` is 10M events and 1M spine rows."""
    sizes = {"events": 1_000_000 * tenths, "spine": 100_000 * tenths}
    return [
        Shape("main", 10_000 * tenths, None, **sizes),
        Shape("dense", 100 * tenths, None, **sizes),
        Shape("zipf", 10_000 * tenths, 1.1, **sizes),
    ]


def write(shape: Shape, folder: Path) -> tuple[Path, Path]:
    """Write events and spine as parquet; returns their paths."""
    random = np.random.default_rng(7)
    events = _rows(shape, shape.events, random).with_columns(
        available=pl.col("ts") + pl.Series(random.integers(0, 6 * 3_600_000_000, shape.events)).cast(pl.Duration("us")),
        **{f"x{i}": random.normal(size=shape.events) for i in range(4)},
        n=random.integers(0, 1_000, shape.events),
    )
    spine = _rows(shape, shape.spine, random).rename({"ts": "at"})
    paths = folder / f"{shape.name}_events.parquet", folder / f"{shape.name}_spine.parquet"
    for frame, path in zip((events, spine), paths, strict=True):
        frame.write_parquet(path)
    return paths


def _rows(shape: Shape, count: int, random: np.random.Generator) -> pl.DataFrame:
    if shape.exponent is None:
        keys = random.integers(0, shape.keys, count)
    else:
        weights = np.arange(1, shape.keys + 1) ** -shape.exponent
        keys = np.searchsorted(np.cumsum(weights) / weights.sum(), random.random(count))
    offsets = pl.Series(random.integers(0, DAYS * 86_400_000_000, count)).cast(pl.Duration("us"))
    return pl.DataFrame({"k": keys.astype("int64")}).with_columns(ts=pl.lit(START, pl.Datetime("us")) + offsets)


WEEK = timedelta(days=7)
