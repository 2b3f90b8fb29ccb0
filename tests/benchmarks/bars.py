"""The bars: what each figure should be, for the full shapes on a quiet machine. Reported, never asserted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tests.benchmarks.runner import Result, fastest_by_hand
from tests.benchmarks.shapes import Shape

D, P = "fsnb, DuckDB", "fsnb, Polars"
BEST = "the fastest by hand"
Measured = Mapping[tuple[str, str], Mapping[str, Result]]
"""(work, shape) -> side -> result."""


@dataclass(frozen=True, slots=True)
class Bar:
    """`side` of a work on a shape, against another of the same work, or of `other` = (work, shape); or in itself.

    `most`: the greatest allowed ratio (or seconds, or MB); with `at_least` the least wanted. `per_row`: seconds for
    each spine row are compared, where spines differ. `tenths`: the size that it is meant for.
    """

    work: str
    shape: str
    side: str
    most: float
    against: str | None = None
    other: tuple[str, str] | None = None
    quantity: Literal["seconds", "processor", "peak"] = "seconds"
    at_least: bool = False
    per_row: bool = False
    tenths: int = 10

    def __str__(self) -> str:
        there = f" ({', '.join(self.other)})" if self.other else ""
        beside = f", against {self.against}{there}" if self.against else ""
        row = " per row" if self.per_row else ""
        return f"{self.work}, {self.shape}: {'memory of ' * (self.quantity == 'peak')}{self.side}{row}{beside}"

    @property
    def wanted(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self._said(self.most)}"

    def _said(self, value: float) -> str:
        if self.against:
            return f"{value:,.2f} x"
        return f"{value:,.0f} MB" if self.quantity == "peak" else f"{value:,.3f} s"

    def worked(self, measured: Measured, shapes: Mapping[str, Shape]) -> str:
        """The same by processor time, for which a busy machine matters less; nothing where that was not measured."""
        if self.quantity != "seconds":
            return ""
        found, _ = replace(self, quantity="processor").judged(measured, shapes)
        mine = measured.get((self.work, self.shape), {}).get(self.side)
        return "" if mine is None or found == mine.problem else found

    def judged(self, measured: Measured, shapes: Mapping[str, Shape]) -> tuple[str, str]:
        """What was measured, and "met", "not met" or why it is not known."""
        mine = measured.get((self.work, self.shape), {}).get(self.side)
        if mine is None:
            return "", "not measured"
        other = self.other or (self.work, self.shape)
        value, exact = self._value(mine, self.shape, shapes)
        base = self._base(measured.get(other, {}), other[1], shapes) if self.against else 1.0
        if value is None or base is None:
            return mine.problem or "", f"not known{'' if mine.problem else ': nothing to compare with'}"
        ratio = value / base
        met = ratio >= self.most if self.at_least else ratio <= self.most
        if not exact and met != self.at_least:
            return f"> {self._said(ratio)}", "not known: stopped"
        return f"{'' if exact else '> '}{self._said(ratio)}", "met" if met else "**not met**"

    def _base(self, results: Mapping[str, Result], shape: str, shapes: Mapping[str, Shape]) -> float | None:
        found = fastest_by_hand(results) if self.against == BEST else results.get(self.against or "")
        value, exact = self._value(found, shape, shapes) if found else (None, False)
        return value if exact else None

    def _value(self, result: Result, shape: str, shapes: Mapping[str, Shape]) -> tuple[float | None, bool]:
        """The figure, and whether it is exact or only a lower bound."""
        value = getattr(result, self.quantity)
        exact = value is not None and result.problem is None
        if not exact:
            value = {"seconds": result.stopped, "processor": result.stopped_worked}.get(self.quantity)
        rows = shapes[shape].spine if self.per_row else 1
        return (None if value is None else value / rows), exact


def _each(work: str, shapes: Mapping[str, float], sides: tuple[str, ...], against: str) -> list[Bar]:
    return [Bar(work, shape, side, most, against) for shape, most in shapes.items() for side in sides]


HAND, JOIN_ASOF = "ASOF SQL by hand", "Polars join_asof by hand"
SCAN = "floor: scan of the columns"
SAVED = "fsnb, DuckDB, train.save()"
BARS: tuple[Bar, ...] = (
    Bar("asof", "main", D, 1.15, HAND),
    Bar("asof", "main", D, 1.3, HAND, quantity="peak"),
    Bar("skew", "main", f"{D}, zipf", 1.3, f"{D}, main"),
    Bar("asof", "main", P, 1.15, JOIN_ASOF),
    *(Bar("clocks", shape, side, 2.0, f"{side}, one clock") for shape in ("main", "zipf") for side in (D, P)),
    *_each("windows", {"main": 1.2, "dense": 1.5, "zipf": 1.5}, (D, P), BEST),
    *_each("windows", dict.fromkeys(("main", "dense", "zipf"), 3.0), (D, P), BEST),
    *(Bar("windows", shape, side, 4096, quantity="peak") for shape in ("main", "dense", "zipf") for side in (D, P)),
    *_each("nunique", dict.fromkeys(("main", "dense", "zipf"), 1.5), (D, P), BEST),
    *(Bar(work, s, D, 2.0, SCAN) for work in ("preview_asof", "preview_windows") for s in ("twenty", "thousand")),
    *(Bar(w, s, D, 1.0) for w in ("preview_asof", "preview_windows") for s in ("zipf_twenty", "zipf_thousand")),
    Bar("peers_asof", "main", "Feast, DuckDB store", 4, D, at_least=True),
    Bar("peers_asof", "zipf", "Feast, DuckDB store", 200, D, at_least=True, tenths=1),
    Bar("peers_few", "few", "featuretools", 1_000, D, ("peers_windows", "main"), at_least=True, per_row=True, tenths=1),
    Bar("peers_windows", "main", "temporian", 4, D, at_least=True),
    Bar("huge_asof", "huge", D, 8_000, quantity="peak"),
    Bar("huge_asof", "huge", D, 1.3, HAND),
    Bar("huge_windows", "huge", SAVED, 2_000, quantity="peak"),
    Bar("huge_windows", "huge", SAVED, 1.3, BEST),
    Bar("planning", "main", "fsnb, plan and compile", 0.3),
    *(
        Bar("growth", "main", f"{side}, {what}, events doubled", 2.3, f"{side}, {what}")
        for side in (D, P)
        for what in ("as-of", "windows")
    ),
)
