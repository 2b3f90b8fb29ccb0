"""The mark of each outcome: a shape and a colour, drawn around (0, 0), the same in timelines, tables and legend."""

from __future__ import annotations

from collections.abc import Collection
from html import escape

COLOURS = {
    "used": "#2da44e",
    "superseded": "#8b949e",
    "future": "#388bfd",
    "not yet known": "#d29922",
    "expired": "#e5534b",
    "outside the window": "#8b949e",
    "no event time": "#e5534b",
    "no value": "#8b949e",
}
FILLED = 'fill="{0}" stroke="{0}" stroke-width="1.5"'
HOLLOW = 'fill="none" stroke="{0}" stroke-width="1.6"'
SHAPES = {
    "used": f'<circle r="5" {FILLED}/>',
    "superseded": f'<circle r="4.2" {HOLLOW}/>',
    "future": f'<path d="M-3.5,-4.5 L4.5,0 L-3.5,4.5 Z" {HOLLOW}/>',
    "not yet known": f'<path d="M0,-5.2 L5.2,0 L0,5.2 L-5.2,0 Z" {HOLLOW}/>',
    "expired": f'<path d="M-4,-4 L4,4 M-4,4 L4,-4" {HOLLOW}/>',
    "outside the window": f'<rect x="-3.8" y="-3.8" width="7.6" height="7.6" {HOLLOW}/>',
    "no event time": f'<path d="M-4.5,0 L4.5,0" {HOLLOW}/>',
    "no value": f'<path d="M4.2,0 A4.2,4.2 0 1 1 -4.2,0 A4.2,4.2 0 1 1 4.2,0 M-4,4 L4,-4" {HOLLOW}/>',
}

ROUND = 'stroke-linejoin="round" stroke-linecap="round"'
LEAK = '<path d="M-5,7.2 H5" stroke="#e5534b" stroke-width="2" fill="none"/>'


def shape(outcome: str, leaks: bool = False) -> str:
    """SVG of the mark, centred on (0, 0), within 6 of it; underlined where it would have leaked."""
    return SHAPES[outcome].format(COLOURS[outcome]) + (LEAK if leaks else "")


def mark(outcome: str, leaks: bool = False) -> str:
    """The mark as a small picture in a line of text."""
    size = 'width="14" height="14" viewBox="-7 -7 14 16"' if leaks else 'width="14" height="14" viewBox="-7 -7 14 14"'
    return f'<svg class="fsnb-mark" {size} {ROUND} aria-hidden="true">{shape(outcome, leaks)}</svg>'


def legend(outcomes: Collection[str], leaks: bool = False) -> str:
    """The marks that occur, each with its word."""
    said = "".join(f"<span>{mark(name)}{escape(name)}</span>" for name in SHAPES if name in outcomes)
    if leaks:
        size = 'width="14" height="14" viewBox="-7 0 14 14"'
        said += f'<span><svg class="fsnb-mark" {size} aria-hidden="true">{LEAK}</svg>would have leaked</span>'
    return f'<div class="fsnb-legend" aria-label="legend">{said}</div>' if said else ""
