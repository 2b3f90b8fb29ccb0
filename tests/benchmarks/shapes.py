"""Synthetic shapes: events and spines over 90 days, from fixed seeds, as parquet.

main   many keys, uniform: 100,000 keys
dense  few keys, uniform: 1,000 keys
zipf   100,000 keys, drawn with exponent 1.1: a few are very hot
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

START, DAYS = datetime(2024, 1, 1), 90
CHUNK = 10_000_000
"""Rows that are drawn and written at a time."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How many rows, and how keys are drawn."""

    name: str
    keys: int
    exponent: float | None
    events: int
    spine: int

    def __str__(self) -> str:
        return f"{self.name}: {self.spine:,} spine rows, {self.events:,} events, {self.keys:,} keys"


def shapes(tenths: int) -> dict[str, Shape]:
    """The shapes by name; `tenths=10` is 10M events and 1M spine rows.

    `doubled` is main with twice the events, `huge` is main ten times over, `twenty` and `thousand` are main with so
    many spine rows, `zipf_twenty` and `zipf_thousand` are zipf with so many.
    """
    main = Shape("main", 10_000 * tenths, None, 1_000_000 * tenths, 100_000 * tenths)
    zipf = replace(main, name="zipf", exponent=1.1)
    found = [
        main,
        replace(main, name="dense", keys=100 * tenths),
        zipf,
        replace(main, name="doubled", events=2 * main.events),
        replace(main, name="huge", keys=10 * main.keys, events=10 * main.events, spine=10 * main.spine),
        *(replace(main, name=name, spine=rows) for name, rows in FEW.items()),
        *(replace(zipf, name=f"zipf_{name}", spine=rows) for name, rows in FEW.items()),
        replace(main, name="few", spine=300),
    ]
    return {shape.name: shape for shape in found}


FEW = {"twenty": 20, "thousand": 1_000}


def write(shape: Shape, folder: Path) -> tuple[Path, Path]:
    """Write events and spine as parquet, unless they are there; returns their paths.

    Shapes that differ in their spine alone share their events.
    """
    drawn = f"{shape.keys}_{shape.exponent or 'uniform'}"
    events = folder / f"events_{drawn}_{shape.events}.parquet"
    spine = folder / f"spine_{drawn}_{shape.spine}.parquet"
    if not events.exists():
        _write(events, _events(shape, np.random.default_rng(7)))
    if not spine.exists():
        _write(spine, _asks(shape, np.random.default_rng(11)))
    return events, spine


def _write(path: Path, chunks: Iterator[pl.DataFrame]) -> None:
    """All or nothing: a run that is stopped leaves no half a file under that name."""
    unfinished, writer = path.with_suffix(".part"), None
    for chunk in chunks:
        table: pa.Table = chunk.to_arrow()
        writer = writer or pq.ParquetWriter(unfinished, table.schema)
        writer.write_table(table, row_group_size=250_000)
    assert writer is not None
    writer.close()
    unfinished.rename(path)


def _events(shape: Shape, random: np.random.Generator) -> Iterator[pl.DataFrame]:
    for count in _chunks(shape.events):
        late = pl.Series(random.integers(0, 6 * 3_600_000_000, count)).cast(pl.Duration("us"))
        yield _rows(shape, count, random).with_columns(
            available=pl.col("ts") + late,
            **{f"x{i}": random.normal(size=count) for i in range(4)},
            n=random.integers(0, 1_000, count),
        )


def _asks(shape: Shape, random: np.random.Generator) -> Iterator[pl.DataFrame]:
    for count in _chunks(shape.spine):
        yield _rows(shape, count, random).rename({"ts": "at"})


def _chunks(rows: int) -> Iterator[int]:
    for done in range(0, rows, CHUNK):
        yield min(CHUNK, rows - done)


def _rows(shape: Shape, count: int, random: np.random.Generator) -> pl.DataFrame:
    if shape.exponent is None:
        keys = random.integers(0, shape.keys, count)
    else:
        weights = np.arange(1, shape.keys + 1) ** -shape.exponent
        keys = np.searchsorted(np.cumsum(weights) / weights.sum(), random.random(count))
    offsets = pl.Series(random.integers(0, DAYS * 86_400_000_000, count)).cast(pl.Duration("us"))
    return pl.DataFrame({"k": keys.astype("int64")}).with_columns(ts=pl.lit(START, pl.Datetime("us")) + offsets)
