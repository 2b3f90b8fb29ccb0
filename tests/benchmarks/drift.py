"""Drift of many columns against a stored baseline: time, processor time, memory and scans, beside what one would use.

    python -m tests.benchmarks.drift [--columns N] [--rows N] [--repeat N] [--seconds N] [--memory MB] [--side SIDE ...]

Every side reads the same parquet files in a process of its own, and runs once before it is measured. Ours is held
against a stored baseline; by hand the same figures come from the rows of both files; evidently and NannyML have their
own figures, in environments of their own (`make bench-peers` makes them), with the reference in memory already.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import polars as pl

from tests.benchmarks.process import Ended, Limits, Process, missing

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Side:
    """How one does it, and how many times faster ours should be."""

    call: str
    peer: str | None = None
    bar: float | None = None


SIDES = {
    "fsnb": Side("tests.benchmarks.sides.drift:ours"),
    "pandas and SciPy": Side("tests.benchmarks.sides.drift:by_hand", bar=5),
    "evidently": Side("tests.benchmarks.peers.with_evidently:drift", "evidently", 20),
    "nannyml": Side("tests.benchmarks.peers.with_nannyml:drift", "nannyml", 3),
}


def frame(columns: int, rows: int, seed: int) -> pl.DataFrame:
    """Of ten columns six are continuous, half of them heavy-tailed; one is zero-inflated, two integers, one text."""
    rng = np.random.default_rng(seed)
    draws = [
        lambda: rng.normal(size=rows),
        lambda: rng.lognormal(0, 1, rows),
        lambda: rng.normal(seed / 100, 1, rows),
        lambda: rng.lognormal(0, 2, rows),
        lambda: rng.gamma(2, 3, rows),
        lambda: rng.standard_t(3, rows),
        lambda: np.where(rng.random(rows) < 0.7, 0, rng.lognormal(size=rows)),
        lambda: rng.integers(0, 50, rows),
        lambda: rng.gamma(2, 50, rows).astype(int),
        lambda: np.array(list("abcde"))[rng.integers(0, 5, rows)],
    ]
    return pl.DataFrame({f"c{k}": draws[k % len(draws)]() for k in range(columns)})


def main() -> None:
    """Measure and print."""
    given = _arguments()
    limits = Limits(given.seconds, given.memory)
    with tempfile.TemporaryDirectory(dir=given.data) as scratch:
        options = _prepared(given, Path(scratch))
        print(f"{given.columns} columns x {given.rows:,} rows; ours scans the table {_scans(options)} times\n")
        print("| side | median s | processor s | peak MB | ours is faster by | bar |\n|---|---|---|---|---|---|")
        first = None
        for name in given.side:
            found = _measured(SIDES[name], options, given.repeat, limits, Path(scratch))
            first = first or (found if name == "fsnb" and not isinstance(found, Ended) else None)
            print(_line(name, found, first), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.drift", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--memory", type=int, default=16_000)
    parser.add_argument("--side", nargs="+", choices=list(SIDES), default=list(SIDES))
    parser.add_argument("--data", type=Path)
    return parser.parse_args()


def _prepared(given: argparse.Namespace, folder: Path) -> dict[str, str]:
    """The two files, and the baseline of the first."""
    from fsnb.quality import profile

    files = {name: folder / f"{name}.parquet" for name in ("reference", "current")}
    for seed, file in enumerate(files.values(), 1):
        frame(given.columns, given.rows, seed).write_parquet(file)
    stored = folder / "baseline.json"
    stored.write_text(json.dumps(profile(files["reference"]).to_doc()))
    return {name: str(file) for name, file in files.items()} | {"baseline": str(stored)}


def _scans(options: dict[str, str]) -> int:
    """Scans in the plans of what ours runs."""
    from fsnb.quality import Baseline, drift

    con, found = ibis.duckdb.connect(), 0
    original = con.to_pyarrow

    def counted(expr: Any, **how: Any) -> Any:
        nonlocal found
        plan = con.raw_sql(f"EXPLAIN (FORMAT json) {ibis.to_sql(expr, dialect='duckdb')}").fetchall()
        found += sum(len(re.findall(r'"name": "\s*(?:READ_PARQUET|PARQUET_SCAN)\s*"', text)) for _, text in plan)
        return original(expr, **how)

    con.to_pyarrow = counted
    drift(Baseline.from_doc(json.loads(Path(options["baseline"]).read_text())), options["current"], con=con)
    return found


Figures = tuple[float, float, int]


def _measured(side: Side, options: dict[str, str], repeat: int, limits: Limits, folder: Path) -> Figures | Ended:
    """Median seconds and processor seconds, and the peak of memory; or why there are none."""
    why = missing(side.peer)
    if why:
        return Ended(why)
    process = Process(side.call, options, side.peer, folder)
    try:
        _prepare(process, limits)
        process.ask("run", limits)
        found = list(_runs(process, repeat, limits))
    except Ended as ended:
        return ended
    finally:
        process.stop()
    return statistics.median(f[0] for f in found), statistics.median(f[1] for f in found), max(f[2] for f in found)


def _prepare(process: Process, limits: Limits) -> None:
    """What it takes is not measured, so that a limit tells nothing of how fast a call is."""
    try:
        process.ready(limits)
    except Ended as ended:
        raise Ended(f"{ended}, while it prepared") from None


def _runs(process: Process, repeat: int, limits: Limits) -> Iterator[Figures]:
    for _ in range(repeat):
        before = _processor(process)
        answer = process.ask("run", limits)
        yield answer["seconds"], _processor(process) - before, answer["peak"]


def _processor(process: Process) -> float:
    """Seconds that the process has kept processors busy."""
    fields = Path(f"/proc/{process._process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _line(name: str, found: Figures | Ended, ours: Figures | None) -> str:
    bar = SIDES[name].bar
    took = found.seconds if isinstance(found, Ended) else found[0]
    faster = f"{took / ours[0]:.1f} x" if ours and bar and took else ""
    ended = f"| {bar:g} x |" if bar else "| |"
    if isinstance(found, Ended):
        return f"| {name} | {found} | | | {faster and f'> {faster}'} {ended}"
    return f"| {name} | {found[0]:.2f} | {found[1]:.2f} | {found[2]:,} | {faster} {ended}"


if __name__ == "__main__":
    main()
