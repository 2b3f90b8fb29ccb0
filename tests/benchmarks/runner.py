"""The common runner: every side in a process of its own, in rounds that run all of them, so that a busy moment meets
all alike; then all answers are held against one another.
"""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.benchmarks.answers import Digest, differences
from tests.benchmarks.process import Ended, Limits, Process, missing
from tests.benchmarks.works import Side, Work

SLOW = 5.0
"""Seconds of a first call from which on a side is measured once only."""
PATIENCE = 10
"""How many times the seconds of others a call may take that is the only one of its side."""
Log = Callable[[str], object]
Files = Callable[[str], tuple[Path, Path]]


@dataclass(slots=True)
class Result:
    """What one side did. `peak` and `resting`: MB, the most it held, and when it was prepared.

    `times` and `worked`: seconds of each measured call, by the clock and by the processor (all threads together).
    `problem`: why it has no figures; it ran for at least `stopped` seconds then, and worked for `stopped_worked`.
    """

    side: Side
    times: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    first: float = 0.0
    peak: int | None = None
    resting: int | None = None
    digest: Digest | None = None
    problem: str | None = None
    stopped: float | None = None
    stopped_worked: float | None = None
    answer: str = ""

    @property
    def seconds(self) -> float | None:
        return statistics.median(self.times) if self.times and self.problem is None else None

    @property
    def processor(self) -> float | None:
        """Seconds of work, which a busy machine moves less than those of the clock."""
        return statistics.median(self.worked) if self.worked and self.problem is None else None


def measure(work: Work, shape: str, files: Files, repeat: int, limits: Limits, folder: Path, log: Log) -> list[Result]:
    """Each side of a work on a shape; `files` gives the paths of a shape's events and spine."""
    results = [Result(side, problem=missing(side.peer)) for side in work.sides]
    able = [result for result in results if result.problem is None]
    limits = replace(limits, seconds=PATIENCE * limits.seconds) if work.alone else limits
    for group in [[result] for result in able] if work.alone else [able]:
        with _started(group, shape, files, limits, folder) as processes:
            _rounds(work, shape, processes, repeat, limits, log)
    _compare(results)
    return results


@contextlib.contextmanager
def _started(
    results: list[Result], shape: str, files: Files, limits: Limits, folder: Path
) -> Iterator[list[tuple[Result, Process]]]:
    started = []
    for result in results:
        side = result.side
        events, spine = files(side.shape or shape)
        options = {"events": str(events), "spine": str(spine), **side.options}
        started.append((result, Process(side.call, options, side.peer, folder)))
    try:
        for result, process in started:
            with _noting(result):
                result.resting = process.ready(limits)["resting"]
        yield started
    finally:
        for _, process in started:
            process.stop()


@contextlib.contextmanager
def _noting(result: Result) -> Iterator[None]:
    try:
        yield
    except Ended as why:
        result.problem, result.stopped, result.stopped_worked = str(why), why.seconds, why.processor


def _rounds(
    work: Work, shape: str, processes: list[tuple[Result, Process]], repeat: int, limits: Limits, log: Log
) -> None:
    """Answers are compared after the last round; until then nobody holds what the others may need."""
    for number in [1] if work.alone else range(repeat + 1):
        for result, process in processes:
            last = 1 if work.alone or result.first >= SLOW else repeat
            if result.problem is None and number <= last:
                log(f"{work.name}, {shape}: {result.side.name}, {f'run {number}' if number else 'warm-up'}")
                _run(result, process, limits, warm_up=not number)
                _answer(result, process, limits, wanted=number == last and result.side.compared)


def _answer(result: Result, process: Process, limits: Limits, *, wanted: bool) -> None:
    """The digest of what the last call gave; or it is forgotten."""
    if result.problem is None:
        with _noting(result):
            said = process.ask("digest" if wanted else "forget", Limits(600, 4 * limits.memory))
            result.digest = said["digest"]


def _run(result: Result, process: Process, limits: Limits, *, warm_up: bool) -> None:
    with _noting(result):
        said = process.ask("run", limits)
        result.peak = said["peak"]
        if warm_up:
            result.first = said["seconds"]
        else:
            result.times.append(said["seconds"])
            result.worked.append(said["processor"])


def _compare(results: list[Result]) -> None:
    """Against the first side by hand that finished; where none did, the first that answered at all."""
    answered = [result for result in results if result.digest is not None and result.side.kind != "part"]
    answered.sort(key=lambda result: result.side.kind != "hand")
    for result in results:
        if result.digest is not None and answered:
            wanted, ordered = answered[0].digest, result.side.ordered and answered[0].side.ordered
            found = differences(result.digest, wanted or {}, ordered=ordered)
            result.answer = "differs: " + "; ".join(found[:3]) if found else "same"


def fastest_by_hand(results: Mapping[str, Result]) -> Result | None:
    """Of the sides that did all of the work by hand, with the same answer, the fastest."""
    able = [r for r in results.values() if r.side.kind == "hand" and r.seconds is not None and r.answer == "same"]
    return min(able, key=lambda result: result.seconds or 0.0, default=None)
