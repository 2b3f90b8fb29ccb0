"""The timeline of one feature as inline SVG: rows at their event times, bars until they were known, cutoff, window.

Time runs left to right, UTC. What decides is always in the picture: the cutoff, the asking time, the whole window or
ttl, and the row that was picked; rows too far from it are left to the table. Rows are packed into lanes, so that no
mark covers another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING

from fsnb.training import text
from fsnb.training.marks import COLOURS, ROUND, shape

if TYPE_CHECKING:
    from fsnb.pit import Considered
    from fsnb.training.why import Why

WIDTH, TOP, LANE, AXIS, EDGE = 780, 22, 16, 24, 8
MOST, MOST_BARS = 300, 60
GAP, MARK, LABEL = 14, 6, 48
STEPS = [
    *(timedelta(microseconds=n) for n in (1, 10, 100, 1_000, 10_000, 100_000)),
    *(timedelta(seconds=n) for n in (1, 5, 15, 60, 300, 900, 1800)),
    *(timedelta(hours=n) for n in (1, 2, 3, 6, 12)),
    *(timedelta(days=n) for n in (1, 2, 7, 14, 30, 90, 180, 365, 1825, 3650, 36500, 365000)),
]
MIDNIGHT = datetime(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Scale:
    """Times to pixels."""

    start: datetime
    end: datetime

    def x(self, moment: datetime) -> float:
        share = (moment - self.start) / (self.end - self.start)
        return round(EDGE + share * (WIDTH - 2 * EDGE), 1)

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment <= self.end


def draw(why: Why, most: int = MOST) -> str:
    """The SVG, or nothing where there is no cutoff to draw around; of many rows the last `most`."""
    if why.cutoff is None or why.kind == "static" or not any(row.event_time for row in why.rows):
        return ""
    scale = _scale(why)
    inside = [row for row in why.rows if row.event_time and scale.holds(row.event_time)]
    lanes = _lanes(scale, [_drawn(row, len(inside)) for row in inside[-most:]])
    bottom = TOP + LANE * max(1, max((lane for lane, _ in lanes), default=0) + 1) + 4
    marks = [_mark(scale, row, TOP + LANE * lane + LANE / 2 + 2) for lane, row in lanes]
    drawn = [*_band(why, scale, bottom), *_axis(scale, bottom), *_lines(why, scale, bottom), *marks]
    note = (
        f'<div class="fsnb-rules">Drawn are the last {most} of {len(inside):,} rows.</div>'
        if len(inside) > most
        else ""
    )
    return (
        f'<svg class="fsnb-timeline" viewBox="0 0 {WIDTH} {bottom + AXIS}" role="img" font-size="11" {ROUND} '
        f'font-family="system-ui,sans-serif" aria-label="{escape("Timeline. " + why.sentence)}">'
        f"{''.join(drawn)}</svg>{note}"
    )


# ---------------------------------------------------------------------- what is in the picture


def _scale(why: Why) -> Scale:
    must = [moment for moment in (why.cutoff, why.asked, *(why.band or ())) if moment is not None]
    must += [row.event_time for row in _deciding(why) if row.event_time is not None]
    start, end = min(must), max(must)
    length = (end - start) or timedelta(hours=1)
    soon = [row.event_time for row in why.rows if row.event_time and end < row.event_time <= _shift(end, length * 0.4)]
    last = max(_shift(end, length * 0.16), *(_shift(moment, length * 0.03) for moment in soon[:3]), end)
    return Scale(_shift(start, length * -0.1), last)


def _shift(moment: datetime, by: timedelta) -> datetime:
    """A later or earlier time, as far as the calendar goes."""
    try:
        return moment + by
    except OverflowError:
        return datetime.max if by > timedelta(0) else datetime.min


def _deciding(why: Why) -> Sequence[Considered]:
    """The rows that the picture must hold: those used, else the nearest on either side of the cutoff."""
    picked = [row for row in why.rows if row.outcome in ("used", "expired") and row.event_time]
    if why.band and picked:
        return picked[-MOST:]
    past = [row for row in why.rows if row.event_time and why.cutoff and row.event_time <= why.cutoff]
    if picked:
        first = past.index(picked[0])
        return past[max(0, first - 2) :]
    if why.band or past:
        return past[-3:] if not why.band else []
    return [row for row in why.rows if row.event_time][:1]


def _drawn(row: Considered, company: int) -> Considered:
    """The row as it is drawn: among many, only where lateness is the reason does a bar say when it was known."""
    return row if company <= MOST_BARS or row.outcome == "not yet known" else row._replace(available=None)


def _lanes(scale: Scale, rows: Sequence[Considered]) -> list[tuple[int, Considered]]:
    """Each row in the first lane that has room for its mark and its bar."""
    ends: list[float] = []
    placed: list[tuple[int, Considered]] = []
    for row in rows:
        start, end = _reach(scale, row)
        lane = next((i for i, taken in enumerate(ends) if taken + GAP <= start), len(ends))
        ends[lane : lane + 1] = [end]
        placed.append((lane, row))
    return placed


def _reach(scale: Scale, row: Considered) -> tuple[float, float]:
    assert row.event_time is not None
    start = scale.x(row.event_time)
    known = row.available if row.available and row.available > row.event_time else None
    return start, min(max(start, scale.x(known)), WIDTH - EDGE) if known else start


# ---------------------------------------------------------------------- drawing


def _mark(scale: Scale, row: Considered, y: float) -> str:
    start, end = _reach(scale, row)
    bar = _bar(row, start + MARK, end, y, scale) if end > start + MARK else ""
    place = f'<g transform="translate({start},{y})">{shape(row.outcome, row.leaks)}</g>'
    return f"<g><title>{escape(_tip(row))}</title>{bar}{place}</g>"


def _bar(row: Considered, start: float, end: float, y: float, scale: Scale) -> str:
    """From the event to when it was known: ends in a stop, or in an arrow where that is beyond the picture."""
    beyond = row.available is not None and not scale.holds(row.available)
    tip = f"M{end - 5},{y - 4} L{end},{y} L{end - 5},{y + 4}" if beyond else f"M{end},{y - 4} V{y + 4}"
    stroke = f'stroke="{COLOURS[row.outcome]}" stroke-width="1.6" stroke-opacity=".65"'
    return f'<path d="M{start},{y} H{end} {tip}" fill="none" {stroke}/>'


def _tip(row: Considered) -> str:
    known = f", known from {text.show(row.available)}" if row.available else ""
    values = "".join(f", {name} {text.clip(text.show(value), 40)}" for name, value in row.values)
    leaks = ", would have leaked" if row.leaks else ""
    return f"{row.outcome}{leaks}: {text.show(row.event_time)}{known}{values}"


def _band(why: Why, scale: Scale, bottom: int) -> list[str]:
    if why.band is None:
        return []
    start, end = (scale.x(max(scale.start, moment or scale.start)) for moment in why.band)
    place = f'x="{start}" y="{TOP - 4}" width="{round(end - start, 1)}" height="{bottom - TOP + 4}"'
    drawn = f'<rect {place} rx="3" fill="{COLOURS["used"]}" fill-opacity=".11"/>'
    name = text.clip(why.band_name, 28)
    room = end - start > 80 + 9 * len(name)
    return [drawn, _label(start + 2, name, "start", COLOURS["used"])] if room else [drawn]


def _lines(why: Why, scale: Scale, bottom: int) -> list[str]:
    assert why.cutoff is not None
    cutoff, asked = scale.x(why.cutoff), scale.x(why.asked or why.cutoff)
    upright = f"{TOP - 4} V{bottom}"
    lines = [
        f'<path d="M{cutoff},{upright}" stroke="currentColor" stroke-width="1.6"/>',
        _label(cutoff - 4, "cutoff", "end", "currentColor"),
        _label(asked + 4, "asked", "start", "currentColor"),
    ]
    if asked != cutoff:
        dashed = 'stroke-width="1.2" stroke-dasharray="3 3" stroke-opacity=".7"'
        lines.append(f'<path d="M{asked},{upright}" stroke="currentColor" {dashed}/>')
    return lines


def _label(x: float, words: str, anchor: str, colour: str) -> str:
    return f'<text x="{round(x, 1)}" y="{TOP - 9}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def _axis(scale: Scale, bottom: int) -> list[str]:
    drawn = [f'<path d="M{EDGE},{bottom} H{WIDTH - EDGE}" stroke="currentColor" stroke-opacity=".35"/>']
    for number, (moment, words) in enumerate(ticks(scale.start, scale.end)):
        x, second = scale.x(moment), ' class="fsnb-second"' if number % 2 else ""
        drawn.append(f'<path d="M{x},{bottom} v4" stroke="currentColor" stroke-opacity=".5"/>')
        if LABEL <= x <= WIDTH - LABEL:
            place = f'x="{x}" y="{bottom + 16}" text-anchor="middle"'
            drawn.append(f'<text{second} {place} fill="currentColor" fill-opacity=".65">{words}</text>')
    return drawn


def ticks(start: datetime, end: datetime) -> list[tuple[datetime, str]]:
    """A few round times between two times, with their words."""
    step = next((step for step in STEPS if (end - start) / step <= 8), STEPS[-1])
    indices = range((start - MIDNIGHT) // step + 1, (end - MIDNIGHT) // step + 1)
    return [(moment := MIDNIGHT + i * step, _tick(moment, step)) for i in indices]


def _tick(moment: datetime, step: timedelta) -> str:
    if step >= timedelta(days=1):
        return f"{moment:%d %b %Y}" if step >= timedelta(days=60) else f"{moment:%a %d %b}"
    if step >= timedelta(minutes=1):
        return f"{moment:%d %b %H:%M}"
    return f"{moment:%H:%M:%S}" if step >= timedelta(seconds=1) else f"{moment:%H:%M:%S.%f}"
