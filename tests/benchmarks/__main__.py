"""`make bench`: all sides in one run, interleaved; medians, ratios, memory and bars as markdown tables.

    python -m tests.benchmarks [WORK ...] [--tenths N] [--shape SHAPE] [--repeat N] [--seconds N] [--memory MB]
                               [--data FOLDER] [--json FILE]

`--tenths 1` (the default) is 1M events and 100,000 spine rows; 10 is ten times that, the full shapes. A WORK is one of
the table in works.py, or a group of it: bench (the default), peers, huge. Every side reads the same parquet files in a
process of its own, and gives all rows in spine order in memory. Times are of warm calls: each side runs once before it
is measured. A side that takes more than `--seconds` for a call, or more than `--memory`, is stopped, and the table
says so. `--data` keeps the files for the next run; `--json` adds the figures to a file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
from rich.console import Console

import fsnb
from tests.benchmarks import report
from tests.benchmarks.process import Limits
from tests.benchmarks.runner import Result, measure
from tests.benchmarks.shapes import shapes, write
from tests.benchmarks.works import GROUPS, WORKS, Work

console = Console(stderr=True)
FIGURES = ("times", "peak", "resting", "answer", "problem", "stopped", "digest")


def main() -> None:
    """Measure, print, keep."""
    arguments = _arguments()
    print(_machine(arguments.tenths), flush=True)
    measured, start = {}, time.monotonic()
    for work, shape, results in _measured(arguments):
        measured[work.name, shape] = results
        print(report.table(work, shapes(arguments.tenths)[shape], results), flush=True)
        if arguments.json:
            _keep(arguments.json, work, shape, arguments.tenths, results)
    print(report.bars(measured, shapes(arguments.tenths), {name for name, _ in measured}))
    print(f"In {(time.monotonic() - start) / 60:.1f} minutes.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("works", nargs="*", default=["bench"], metavar="WORK", help=", ".join([*GROUPS, *WORKS]))
    parser.add_argument("--tenths", type=int, default=1)
    parser.add_argument("--shape", choices=["all", *shapes(1)], default="all")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--memory", type=int, default=8_000)
    parser.add_argument("--data", type=_folder)
    parser.add_argument("--json", type=Path)
    found = parser.parse_args()
    for name in found.works:
        if name not in GROUPS and name not in WORKS:
            parser.error(f"no work {name!r}. There are {', '.join([*GROUPS, *WORKS])}.")
    return found


def _folder(path: str) -> Path:
    """An absolute path, since sides run elsewhere."""
    found = Path(path).expanduser().absolute()
    found.mkdir(parents=True, exist_ok=True)
    return found


def _machine(tenths: int) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = f"fsnb {fsnb.__version__}, DuckDB {duckdb.__version__}, Polars {pl.__version__}"
    size = "full shapes" if tenths == 10 else f"{tenths}/10 of the full shapes"
    cores = f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.machine()}, Python {platform.python_version()}"
    return f"{date.today()}; {versions}; {cores}; {size}\n"


def _measured(arguments: argparse.Namespace) -> Iterator[tuple[Work, str, dict[str, Result]]]:
    limits = Limits(arguments.seconds, arguments.memory)
    with tempfile.TemporaryDirectory(dir=arguments.data) as scratch:
        data = arguments.data or Path(scratch)
        made = shapes(arguments.tenths)
        for work in _works(arguments.works):
            for shape in work.shapes:
                if arguments.shape in ("all", shape):
                    log, folder = console.log, Path(scratch)
                    files = {name: write(made[name], data) for name in _needed(work, shape)}
                    found = measure(work, shape, files.__getitem__, arguments.repeat, limits, folder, log)
                    yield work, shape, {result.side.name: result for result in found}


def _works(names: list[str]) -> list[Work]:
    wanted = [work for name in names for work in (GROUPS[name] if name in GROUPS else (WORKS[name],))]
    return [WORKS[name] for name in dict.fromkeys(work.name for work in wanted)]


def _needed(work: Work, shape: str) -> set[str]:
    return {side.shape or shape for side in work.sides}


def _keep(path: Path, work: Work, shape: str, tenths: int, results: dict[str, Result]) -> None:
    """One line of JSON for each side."""
    with path.open("a") as out:
        for result in results.values():
            where = {"work": work.name, "shape": shape, "tenths": tenths, "side": result.side.name}
            figures = {"seconds": result.seconds, **{name: getattr(result, name) for name in FIGURES}}
            print(json.dumps(where | figures), file=out)


if __name__ == "__main__":
    main()
