"""Results as markdown: one table per work and shape, and the bars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.benchmarks.bars import BARS, BEST, Measured
from tests.benchmarks.runner import Result, fastest_by_hand
from tests.benchmarks.shapes import Shape
from tests.benchmarks.works import Work


def table(work: Work, shape: Shape, results: Mapping[str, Result]) -> str:
    """Seconds, ratio, memory and answer of each side."""
    best = results.get(work.against) if work.against else fastest_by_hand(results)
    base, against = (best.seconds if best else None), work.against or BEST
    head = f"| side | {'s' if work.alone else 'median s'} | against {against} | peak MB | at rest MB | answer |"
    lines = [f"**{work.title}; {shape.name}** ({shape})", "", head, "|---|---|---|---|---|---|"]
    return "\n".join([*lines, *(_line(result, base) for result in results.values())]) + "\n"


def _line(result: Result, base: float | None) -> str:
    name, resting = result.side.name, _number(result.resting)
    if result.seconds is None:
        return f"| {name} | {result.problem} | | | {resting} | |"
    ratio = f"{result.seconds / base:.2f} x" if base else ""
    return f"| {name} | {result.seconds:.3f} | {ratio} | {_number(result.peak)} | {resting} | {result.answer} |"


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def bars(measured: Measured, shapes: Mapping[str, Shape], works: Iterable[str]) -> str:
    """Each bar of the works that ran, with what was measured and whether it is met."""
    lines = ["Bars, which are meant for the full shapes on a quiet machine:", ""]
    lines += ["| bar | wanted | measured | |", "|---|---|---|---|"]
    wanted = set(works)
    for bar in BARS:
        if bar.work in wanted:
            found, verdict = bar.judged(measured, shapes)
            lines.append(f"| {bar} | {bar.wanted} | {found} | {verdict} |")
    return "\n".join(lines) + "\n"
