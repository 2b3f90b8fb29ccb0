"""Verdicts as shapes and words, figures as text. Colour says nothing that shape or word does not."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from fsnb.quality.verdicts import Verdict

SHAPES: Mapping[Verdict, str] = {
    "alert": "M6 1L11.5 11H.5Z",
    "warn": "M6 .5L11.5 6L6 11.5L.5 6Z",
    "ok": "M6 2a4 4 0 1 1-.01 0Z",
    "too few rows": "M2 2L10 10M10 2L2 10",
    "not compared": "M2.5 2.5H9.5V9.5H2.5Z",
}
LOOKS: Mapping[Verdict, str] = {
    "alert": "fsnb-bad",
    "warn": "fsnb-soft",
    "ok": "fsnb-good",
    "too few rows": "fsnb-quiet",
    "not compared": "fsnb-quiet",
}
HOLLOW = ("too few rows", "not compared")


def shape(verdict: Verdict, x: float = 0, y: float = 0, scale: float = 1) -> str:
    """The shape as a path of its own colour, its centre at 6 of 12, for use inside a drawing."""
    paint = 'fill="none" stroke="currentColor" stroke-width="1.5"' if verdict in HOLLOW else 'fill="currentColor"'
    place = f' transform="translate({x:.1f} {y:.1f}) scale({scale})"' if (x, y, scale) != (0, 0, 1) else ""
    return f'<path class="{LOOKS[verdict]}" d="{SHAPES[verdict]}" {paint}{place}/>'


def mark(verdict: Verdict) -> str:
    """The shape as a picture that is not read aloud: the word stands beside it."""
    return f'<svg class="fsnb-mark" aria-hidden="true" viewBox="0 0 12 12" width="12">{shape(verdict)}</svg>'


def word(verdict: Verdict) -> str:
    """Shape and word."""
    return f'<span class="fsnb-verdict {LOOKS[verdict]}">{mark(verdict)}{verdict}</span>'


def figure(value: float | None) -> str:
    """`0.123`, `17.0`, `1,024`; nothing for None."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3f}"


def share(value: float | None) -> str:
    """`12.3%`, `0.04%`; nothing for None."""
    if value is None:
        return ""
    return f"{value:.2%}" if 0 < value < 0.001 else f"{value:.1%}"


def cut(text: str, most: int) -> str:
    """On one line, at most so many characters, escaped."""
    line = " ".join(text.split())
    return escape(line if len(line) <= most else f"{line[: most - 1]}…")
