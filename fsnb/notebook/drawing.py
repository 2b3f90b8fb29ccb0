"""Timeline -> inline SVG: the spans that a row asked for at `t` looks back on.

Moments stand in order, not to scale: an hour and a month would not fit one picture. A filled end belongs to its span,
a hollow one does not. Colours are the text's own and one blue that reads on light and on dark.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from html import escape

from fsnb.model import show_duration
from fsnb.notebook.card import Timeline

WIDTH, TOP, ROW, AXIS, LEFT, RIGHT = 640, 30, 26, 22, 40, 90
BLUE = "#388bfd"
PAGE = "var(--page,Canvas)"  # what a hollow end is filled with
NOW = timedelta(0)


def draw(value: Timeline) -> str:
    """A timeline as one SVG element."""
    return "".join(_Drawing(value).svg())


class _Drawing:
    """Where things stand in the drawing of a timeline."""

    def __init__(self, value: Timeline) -> None:
        self.value = value
        ends = {end for _, far, near in value.spans for end in (far, near) if end is not None}
        self.back = sorted({NOW, *ends}, reverse=True)
        self.endless = any(far is None for _, far, _ in value.spans)
        self.apart = bool(value.lag or value.refresh)  # t stands apart from c
        self.bottom = TOP + ROW * len(value.spans)
        self.step = (WIDTH - LEFT - RIGHT) / max(len(self.back) - 1 + self.apart + self.endless, 1)

    def x(self, back: timedelta | None) -> float:
        """Of a moment so far before the cutoff; None: before all others."""
        return LEFT + self.step * (0 if back is None else self.back.index(back) + self.endless)

    def svg(self) -> Iterator[str]:
        height = self.bottom + AXIS
        said = "; ".join(f"{label}: {_words(far, near)}" for label, far, near in self.value.spans)
        label = escape(f"Timeline, not to scale. {said}")
        yield f'<svg role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}">'
        yield from self._moments()
        yield from self._after()
        for position, span in enumerate(self.value.spans):
            yield from self._span(TOP + ROW * position + ROW / 2, *span)
        yield "</svg>"

    def _moments(self) -> Iterator[str]:
        for back in self.back:
            if back:
                yield _line(self.x(back), TOP - 6, self.bottom, 0.18)
                yield _text(self.x(back), self.bottom + 15, f"c - {show_duration(back)}", 0.7)

    def _after(self) -> Iterator[str]:
        """The cutoff, the asking time, and all that lies after the cutoff."""
        c = self.x(NOW)
        t = c + self.step * self.apart
        yield f'<path d="M{c:.0f} {TOP - 6}H{WIDTH}V{self.bottom}H{c:.0f}Z" fill="currentColor" opacity=".07"/>'
        yield _text((c + (t if self.apart else WIDTH)) / 2, self.bottom - 6, "not seen", 0.6)
        yield _line(c, TOP - 10, self.bottom, 0.7)
        yield _text(c + 4, 12, self._cutoff(), 1, "end")
        if self.apart:
            yield _line(t, TOP - 10, self.bottom, 0.7)
            yield _text(t, 12, "asked at t", 1)

    def _span(self, y: float, label: str, far: timedelta | None, near: timedelta) -> Iterator[str]:
        left, right, closed = self.x(far), self.x(near), self.value.closed
        yield f'<path d="M{left:.0f} {y}H{right:.0f}" stroke="{BLUE}" stroke-width="3"/>'
        yield _arrow(left, y) if far is None else _end(left, y, closed in ("left", "both"))
        yield _end(right, y, closed in ("right", "both"))
        yield _text(left + 10, y - 5, label, 1, "start")

    def _cutoff(self) -> str:
        lag, refresh = self.value.lag, self.value.refresh
        asked = f"t - {show_duration(lag)}" if lag else "t"
        return f"c = last {show_duration(refresh)} tick ≤ {asked}" if refresh else f"c = {asked}"


def _words(far: timedelta | None, near: timedelta) -> str:
    start = f"c - {show_duration(far)}" if far else "the beginning"
    return f"from {start} to c" + (f" - {show_duration(near)}" if near else "")


def _text(x: float, y: float, text: str, opacity: float, anchor: str = "middle") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" opacity="{opacity}">{escape(text)}</text>'


def _line(x: float, top: float, bottom: float, opacity: float) -> str:
    return f'<path d="M{x:.0f} {top}V{bottom}" stroke="currentColor" opacity="{opacity}"/>'


def _end(x: float, y: float, belongs: bool) -> str:
    inside = BLUE if belongs else PAGE
    return f'<circle cx="{x:.0f}" cy="{y}" r="4" fill="{inside}" stroke="{BLUE}" stroke-width="2"/>'


def _arrow(x: float, y: float) -> str:
    return f'<path d="M{x + 9:.0f} {y - 5}L{x:.0f} {y}l9 5" fill="none" stroke="{BLUE}" stroke-width="3"/>'
