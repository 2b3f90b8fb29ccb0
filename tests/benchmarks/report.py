"""Results as markdown: one table per work and shape, and the bars."""

from __future__ import annotations

from collections.abc import Mapping

from tests.benchmarks.bars import BARS, BEST, Bar, Measured
from tests.benchmarks.results import Kept
from tests.benchmarks.runner import Result, fastest_by_hand
from tests.benchmarks.shapes import Shape, shapes
from tests.benchmarks.works import Work


def table(work: Work, shape: Shape, results: Mapping[str, Result]) -> str:
    """Seconds, ratio, processor seconds, memory and answer of each side."""
    best = results.get(work.against) if work.against else fastest_by_hand(results)
    base, against = (best.seconds if best else None), work.against or BEST
    seconds = "s" if work.alone else "median s"
    head = f"| side | {seconds} | against {against} | processor s | peak MB | at rest MB | answer |"
    lines = [f"**{work.title}; {shape.name}** ({shape})", "", head, "|---|---|---|---|---|---|---|"]
    return "\n".join([*lines, *(_line(result, base) for result in results.values())]) + "\n"


def _line(result: Result, base: float | None) -> str:
    name, resting = result.side.name, _number(result.resting)
    if result.seconds is None:
        return f"| {name} | {result.problem} | | | | {resting} | |"
    ratio = f"{result.seconds / base:.2f} x" if base else ""
    worked = "" if result.processor is None else f"{result.processor:.3f}"
    peak = _number(result.peak)
    return f"| {name} | {result.seconds:.3f} | {ratio} | {worked} | {peak} | {resting} | {result.answer} |"


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def bars(kept: Kept) -> str:
    """Each bar of the works that were measured, at the size it is meant for or else the largest there is.

    What was measured by the clock, the same by processor time, and whether the bar is met by the clock.
    """
    lines = ["| bar | wanted | measured | by processor time | |", "|---|---|---|---|---|"]
    works = {work for work, _, _ in kept}
    return "\n".join([*lines, *(_bar(bar, kept) for bar in BARS if bar.work in works)]) + "\n"


def _bar(bar: Bar, kept: Kept) -> str:
    there = {tenths for work, shape, tenths in kept if (work, shape) == (bar.work, bar.shape)}
    size = bar.tenths if bar.tenths in there else max(there, default=bar.tenths)
    measured: Measured = {(work, shape): results for (work, shape, tenths), results in kept.items() if tenths == size}
    found, verdict = bar.judged(measured, shapes(size))
    sized = "" if size == bar.tenths else f", at {SIZES.get(size, f'{size}/10')}"
    return f"| {bar}{sized} | {bar.wanted} | {found} | {bar.worked(measured, shapes(size))} | {verdict} |"


SIZES = {1: "a tenth", 10: "full size"}
