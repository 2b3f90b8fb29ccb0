"""Figures of runs, one line of JSON for each side, so that bars are printed of several runs together."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.runner import Result
from tests.benchmarks.works import WORKS

FIGURES = ("times", "worked", "peak", "resting", "answer", "problem", "stopped", "stopped_worked", "digest")
Kept = dict[tuple[str, str, int], dict[str, Result]]
"""(work, shape, tenths) -> side -> result."""


def keep(path: Path, run: str, key: tuple[str, str, int], results: Mapping[str, Result]) -> None:
    """Add a line for each side; `run` names the run, and how busy the machine was at its end is kept too."""
    where = dict(zip(("work", "shape", "tenths"), key, strict=True))
    with path.open("a") as out:
        for name, result in results.items():
            figures = {"seconds": result.seconds, "processor": result.processor}
            figures |= {figure: getattr(result, figure) for figure in FIGURES}
            line = {"run": run, "load": round(os.getloadavg()[0], 1), **where, "side": name, **figures}
            print(json.dumps(line), file=out)


def read(paths: Iterable[Path]) -> Kept:
    """What was kept. Of a work and shape that was measured again the last run counts, and it alone: sides are held
    against each other only within a run.

    Raises
    ------
    ValueError
        A line is of a side that there is no more.
    """
    found: Kept = {}
    runs: dict[tuple[str, str, int], str] = {}
    for path in paths:
        for line in path.read_text().splitlines():
            said = json.loads(line)
            key = said["work"], said["shape"], said["tenths"]
            if runs.get(key) != said["run"]:
                runs[key], found[key] = said["run"], {}
            found[key][said["side"]] = _result(said, path)
    return found


def _result(said: Mapping[str, Any], path: Path) -> Result:
    sides = {side.name: side for side in WORKS[said["work"]].sides} if said["work"] in WORKS else {}
    if said["side"] not in sides:
        there = ", ".join(sides) or "no such work"
        raise ValueError(f"{path}: {said['work']} has no side {said['side']!r}. It has: {there}. Measure it again.")
    return Result(sides[said["side"]], **{figure: said[figure] for figure in FIGURES})
