"""Drift over time of one column: PSI by stretch over the band that chance fills, with the thresholds.

Heights are roots of the PSI, so that 0.1 and 9 can be read from one picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fsnb.notebook.drift.listing import Point, Series
from fsnb.notebook.drift.marks import cut, figure, shape
from fsnb.quality.over_time import DriftOverTime
from fsnb.quality.verdicts import ALERT, WARN

WIDTH, LEFT, RIGHT, TOP, HIGH, WORDS = 540, 40, 6, 10, 110, 20
LEAST = 0.3  # the thresholds are always in sight
TICKS = 5
LEVELS = (1, 4, 9, 16)


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches of equal length, gapless from the first with rows to the last; what was found in each, by column."""

    first: datetime
    every: timedelta
    places: int
    series: Series

    def start(self, place: int) -> datetime:
        return self.first + place * self.every

    def label(self, place: int) -> str:
        """The first moment of a stretch, as short as its length allows."""
        return (
            f"{self.start(place):%Y-%m-%d}" if self.every >= timedelta(days=1) else f"{self.start(place):%m-%d %H:%M}"
        )


def stretches(found: DriftOverTime, every: timedelta) -> Stretches | None:
    """The stretches of a drift over time; None where no row has a time."""
    if not found.rows:
        return None
    first, last = found.rows[0][0], found.rows[-1][0]
    series: dict[str, list[Point]] = {}
    for start, row in found.rows:
        series.setdefault(row.column, []).append(Point(round((start - first) / every), row))
    return Stretches(first, every, round((last - first) / every) + 1, series)


def slot(found: Stretches) -> float:
    """How wide a stretch is drawn."""
    return (WIDTH - LEFT - RIGHT) / found.places


def draw(found: Stretches, column: str) -> str:
    """The stretches of one column."""
    points = [point for point in found.series.get(column, ()) if point.row.psi is not None]
    return "".join(_svg(found, points, column))


def _svg(found: Stretches, points: Sequence[Point], column: str) -> Iterator[str]:
    worst = max((point.row.psi or 0 for point in points), default=0)
    top = max(worst * 1.08, LEAST)
    said = f"PSI of {cut(column, 60)} in {len(points)} stretches of time, greatest {figure(worst) or 0}"
    height = TOP + HIGH + WORDS
    yield f'<svg class="fsnb-times" role="img" aria-label="{said}" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}">'
    yield f'<path class="fsnb-grid" d="M{LEFT} {TOP + HIGH}H{WIDTH - RIGHT}"/>'
    for limit in (WARN, ALERT):
        yield f'<path class="fsnb-limit" d="M{LEFT} {_y(limit, top):.1f}H{WIDTH - RIGHT}"/>'
    for level in (WARN if top < 1 else 0, ALERT, *(level for level in LEVELS if level <= top)):
        yield f'<text x="{LEFT - 6}" y="{_y(level, top) + 4:.1f}" text-anchor="end">{level:g}</text>'
    yield from _marks(found, points, top)
    every = max(1, -(-found.places // TICKS))
    for place in range(0, found.places, every):
        x = LEFT + (place + 0.5) * slot(found)
        name = found.label(place)
        yield f'<text x="{max(x, LEFT + 24):.1f}" y="{TOP + HIGH + 15}" text-anchor="middle">{name}</text>'
    yield "</svg>"


def _marks(found: Stretches, points: Sequence[Point], top: float) -> Iterator[str]:
    wide = slot(found)
    for point in points:
        floor = min(point.row.psi_floor95 or 0, top)
        x, high = LEFT + point.place * wide, TOP + HIGH - _y(floor, top)
        yield f'<path class="fsnb-band" d="M{x:.1f} {TOP + HIGH}v-{high:.1f}h{wide:.1f}v{high:.1f}Z"/>'
    at = [(LEFT + (point.place + 0.5) * wide, _y(point.row.psi or 0, top), point.row.verdict) for point in points]
    if at:
        line = "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in at)
        yield f'<path d="M{line}" fill="none" stroke="currentColor" stroke-width="1.2" opacity=".55"/>'
    for x, y, verdict in at:
        yield shape(verdict, x - 4.8, y - 4.8, 0.8)


def _y(psi: float, top: float) -> float:
    return TOP + HIGH * (1 - (psi / top) ** 0.5)


def table(found: Stretches, column: str) -> str:
    """The numbers of the drawing."""
    heads = ("from", "rows", "PSI", "floor", "verdict")
    head = "".join(f'<th scope="col"{_number(n)}>{name}</th>' for n, name in enumerate(heads))
    rows = (
        (found.label(p.place), f"{p.row.n_cur:,}", figure(p.row.psi), figure(p.row.psi_floor95), p.row.verdict)
        for p in found.series.get(column, ())
    )
    body = "".join(f"<tr>{''.join(f'<td{_number(n)}>{cell}</td>' for n, cell in enumerate(row))}</tr>" for row in rows)
    return f'<table class="fsnb-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _number(at: int) -> str:
    return ' class="fsnb-number"' if at in (1, 2, 3) else ""
