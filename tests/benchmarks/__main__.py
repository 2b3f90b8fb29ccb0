"""`make bench`: both sides in one run, interleaved; medians and ratios as a markdown table.

    python -m tests.benchmarks [--tenths N] [--repeat N] [--shape SHAPE]

`--tenths 1` (the default) is 1M events and 100,000 spine rows; 10 is ten times that. Every side reads the same parquet
files and gives all rows in spine order in memory. Times are of warm calls: each side runs once before it is measured.
`dense` and `zipf` have hot keys, whose windows meet hundreds of millions of pairs: slow by hand and here, and on Polars
hungry for memory.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import polars as pl
from rich.console import Console

import fsnb
from tests.benchmarks import asof, windows
from tests.benchmarks.shapes import Shape, shapes, write

WORK = {
    "as-of, 5 columns, ttl 7d": (asof, "ASOF SQL by hand"),
    "20 windowed features": (windows, "inequality join SQL by hand"),
}
console = Console(stderr=True)


def main() -> None:
    arguments = _arguments()
    versions = f"fsnb {fsnb.__version__}, DuckDB {duckdb.__version__}, Polars {pl.__version__}"
    print(f"{versions}, {os.cpu_count()} cores, {platform.machine()}\n")
    with tempfile.TemporaryDirectory() as folder:
        for shape in shapes(arguments.tenths):
            if arguments.shape in ("all", shape.name):
                _measure(shape, Path(folder), arguments.repeat)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--tenths", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--shape", choices=["main", "dense", "zipf", "all"], default="main")
    return parser.parse_args()


def _measure(shape: Shape, folder: Path, repeat: int) -> None:
    events, spine = write(shape, folder)
    for work, (module, reference) in WORK.items():
        store = fsnb.open(folder / f"store_{shape.name}")
        times = _interleaved(module.sides(events, spine, store), repeat, shape.spine, f"{shape.name}, {work}")
        print(f"**{work}; {shape.name}**: {shape.spine:,} spine rows, {shape.events:,} events, {shape.keys:,} keys\n")
        print(f"| side | median s | against {reference} |\n|---|---|---|")
        for side, seconds in times.items():
            print(f"| {side} | {seconds:.3f} | {seconds / times[reference]:.2f} x |")
        print(flush=True)


def _interleaved(sides: dict[str, asof.Side], repeat: int, rows: int, what: str) -> dict[str, float]:
    """Median seconds of each side; every round runs all sides, so that a busy moment meets them alike."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(repeat + 1):
        for name, side in sides.items():
            console.log(f"{what}: {name}, {'warm-up' if not number else f'run {number} of {repeat}'}")
            start = time.perf_counter()
            got = side()
            if not name.startswith("floor") and got != rows:
                sys.exit(f"{name} gave {got:,} rows for {rows:,} spine rows")
            if number:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


if __name__ == "__main__":
    main()
