"""`make bench`: all sides in one run, interleaved; medians, ratios, memory and bars as markdown tables.

    python -m tests.benchmarks bars FILE ...
    python -m tests.benchmarks [WORK ...] [--tenths N] [--shape SHAPE] [--repeat N] [--seconds N] [--memory MB]
                               [--only SIDE ...] [--data FOLDER] [--json FILE]

`--tenths 1` (the default) is 1M events and 100,000 spine rows; 10 is ten times that, the full shapes. A WORK is one of
the table in works.py, or a group of it: bench (the default), peers, huge. Every side reads the same parquet files in a
process of its own, and gives all rows in spine order in memory. Times are of warm calls: each side runs once before it
is measured. A side that takes more than `--seconds` for a call, or more than `--memory`, is stopped, and the table
says so. `--data` keeps the files for the next run; `--json` adds the figures to a file, and `bars` prints the bars of
such files: of a work and shape that was measured more than once the last run counts.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
from rich.console import Console

import fsnb
from tests.benchmarks import report
from tests.benchmarks.process import Limits
from tests.benchmarks.results import keep, read
from tests.benchmarks.runner import Result, measure
from tests.benchmarks.shapes import shapes, write
from tests.benchmarks.works import GROUPS, WORKS, Work

console = Console(stderr=True)


def main() -> None:
    """Measure, print, keep; or print what was kept."""
    if sys.argv[1:2] == ["bars"]:
        print(report.bars(read(map(Path, sys.argv[2:]))))
    else:
        _measure(_arguments())


def _measure(arguments: argparse.Namespace) -> None:
    print(_machine(arguments.tenths), flush=True)
    kept, start, run = {}, time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    for work, shape, results in _measured(arguments):
        kept[key := (work.name, shape, arguments.tenths)] = results
        print(report.table(work, shapes(arguments.tenths)[shape], results), flush=True)
        if arguments.json:
            keep(arguments.json, run, key, results)
    print(f"Bars, which are meant for a quiet machine:\n\n{report.bars(kept)}")
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
    parser.add_argument("--only", action="append", default=[], metavar="SIDE", help="sides with these words in a name")
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
                    work = _only(work, arguments.only)
                    files = {name: write(made[name], data) for name in _needed(work, shape)}
                    found = measure(work, shape, files.__getitem__, arguments.repeat, limits, folder, log)
                    yield work, shape, {result.side.name: result for result in found}


def _works(names: list[str]) -> list[Work]:
    wanted = [work for name in names for work in (GROUPS[name] if name in GROUPS else (WORKS[name],))]
    return [WORKS[name] for name in dict.fromkeys(work.name for work in wanted)]


def _only(work: Work, names: list[str]) -> Work:
    sides = tuple(side for side in work.sides if not names or any(name in side.name for name in names))
    return replace(work, sides=sides)


def _needed(work: Work, shape: str) -> set[str]:
    return {side.shape or shape for side in work.sides}


if __name__ == "__main__":
    main()
