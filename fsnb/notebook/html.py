"""Card -> HTML: static, self-contained, every value escaped; the same words as the text.

Colours are mixed from the text colour of wherever it stands (`currentColor`), so one style serves light and dark
themes with no script and no media query, which would see the system's theme and not the notebook's. What colour says,
words or shapes say too. Where a sanitiser takes the style away, tables and lists still read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from html import escape
from typing import Any

from fsnb.model import show_duration
from fsnb.notebook import cards
from fsnb.notebook.cards import Bad, Card, Cell, Code, Good, Table, Timeline

STYLE = """
.fsnb{--line:color-mix(in srgb,currentColor 14%,transparent);--soft:color-mix(in srgb,currentColor 5%,transparent);
--dim:color-mix(in srgb,currentColor 62%,transparent);--blue:#3b82f6;--good:color-mix(in srgb,#16a34a 78%,currentColor);
--bad:color-mix(in srgb,#dc2626 78%,currentColor);display:inline-block;box-sizing:border-box;min-width:min(100%,30em);
max-width:100%;overflow-x:auto;border:1px solid var(--line);border-radius:8px;padding:12px 16px 14px;margin:4px 0;
font:13px/1.5 var(--jp-ui-font-family,system-ui,sans-serif)}
.fsnb header{display:flex;gap:10px;align-items:baseline;flex-wrap:wrap}
.fsnb .fsnb-kind{color:var(--dim);border:1px solid var(--line);border-radius:99px;padding:0 8px;font-size:11px;line-height:18px}
.fsnb .fsnb-title{font-size:16px;font-weight:600;overflow-wrap:anywhere}
.fsnb .fsnb-about{margin:2px 0 0;color:var(--dim);max-width:72ch;white-space:pre-line}
.fsnb dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:10px 0 0}
.fsnb dt{color:var(--dim);font-weight:400}
.fsnb dd{margin:0;overflow-wrap:anywhere}
.fsnb code{font:12px/1.5 var(--jp-code-font-family,ui-monospace,monospace);background:var(--soft);color:inherit;
border-radius:4px;padding:1px 5px;white-space:pre-wrap;overflow-wrap:anywhere}
.fsnb .fsnb-good{color:var(--good);font-weight:600}.fsnb .fsnb-bad{color:var(--bad);font-weight:600}
.fsnb h4{margin:14px 0 2px;font-size:11px;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:var(--dim)}
.fsnb .fsnb-table{border-collapse:collapse;margin:6px 0 0;border:0;font-size:13px;table-layout:auto}
.fsnb .fsnb-table tr,.fsnb .fsnb-table tbody tr:nth-child(n),.fsnb .fsnb-table tbody tr:hover{background:none}
.fsnb .fsnb-table th,.fsnb .fsnb-table td{text-align:left;vertical-align:top;padding:4px 20px 4px 0;border:0;
border-bottom:1px solid var(--line);max-width:60ch;overflow-wrap:anywhere;white-space:normal}
.fsnb .fsnb-table th{color:var(--dim);font-weight:400;font-size:12px}
.fsnb .fsnb-table tbody tr:last-child td{border-bottom:0}
.fsnb .fsnb-table td code{margin-right:4px;display:inline-block}
.fsnb svg{display:block;margin:12px 0 0;max-width:100%;height:auto}
.fsnb svg text{font:11px var(--jp-ui-font-family,system-ui,sans-serif);fill:currentColor}
.fsnb details{margin-top:10px}.fsnb summary{color:var(--dim);cursor:pointer}
.fsnb pre{font:12px/1.45 var(--jp-code-font-family,ui-monospace,monospace);background:var(--soft);border-radius:6px;
padding:8px 10px;margin:6px 0 0;overflow-x:auto;color:inherit}
""".replace("\n", "")


def of(value: Any) -> str:
    """The HTML of a value that has a card."""
    return card(cards.of(value))


def card(value: Card) -> str:
    """A card as one element that stands by itself."""
    label = escape(f"{value.kind} {value.title}")
    return f'<style>{STYLE}</style><section class="fsnb" aria-label="{label}">{"".join(_parts(value))}</section>'


def _parts(value: Card) -> Iterator[str]:
    yield f'<header><span class="fsnb-kind">{escape(value.kind)}</span><span class="fsnb-title">{escape(value.title)}</span></header>'
    if value.about:
        yield f'<p class="fsnb-about">{escape(value.about)}</p>'
    if value.facts:
        facts = (f"<dt>{escape(name)}</dt><dd>{_cell(cell, '<br>')}</dd>" for name, cell in value.facts)
        yield f"<dl>{''.join(facts)}</dl>"
    if value.timeline:
        yield timeline(value.timeline)
    for table in value.tables:
        yield _table(table)
    for title, text in value.notes:
        yield f"<details><summary>{escape(title)}</summary><pre>{escape(text)}</pre></details>"


def _table(table: Table) -> str:
    title = f"<h4>{escape(table.title)}</h4>" if table.title else ""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    rows = ("".join(f"<td>{_cell(cell, ' ')}</td>" for cell in row) for row in table.rows)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'{title}<table class="fsnb-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cell(cell: Cell, between: str) -> str:
    if isinstance(cell, tuple):
        return between.join(_cell(part, between) for part in cell)
    text = escape(cell)
    if isinstance(cell, Code):
        return f"<code>{text}</code>" if text else ""
    if isinstance(cell, Good):
        return f'<span class="fsnb-good">✓ {text}</span>'
    return f'<span class="fsnb-bad">✗ {text}</span>' if isinstance(cell, Bad) else text


# ---------------------------------------------------------------------- the rules of time, drawn

WIDTH, TOP, ROW, LEFT, RIGHT = 640, 30, 26, 36, 60


def timeline(value: Timeline) -> str:
    """The spans that a row asked for at `t` looks back on. Moments stand in order, not to scale.

    A filled end belongs to the span, a hollow one does not.
    """
    return "".join(_Drawing(value).svg())


class _Drawing:
    """Where things stand in the drawing of a timeline."""

    def __init__(self, value: Timeline) -> None:
        self.value = value
        ends = {end for _, far, near in value.spans for end in (far, near) if end is not None}
        self.back = sorted({timedelta(0), *ends}, reverse=True)
        self.open_ended = any(far is None for _, far, _ in value.spans)
        self.apart = bool(value.lag or value.refresh)  # t stands apart from c
        self.height = TOP + ROW * len(value.spans) + 22
        steps = len(self.back) - 1 + self.apart + self.open_ended
        self.step = (WIDTH - LEFT - RIGHT) / max(steps, 1)

    def x(self, back: timedelta | None) -> float:
        """Of a moment so far before the cutoff; None: before all others."""
        return LEFT + self.step * (0 if back is None else self.back.index(back) + self.open_ended)

    def svg(self) -> Iterator[str]:
        value, bottom = self.value, self.height - 22
        c = self.x(timedelta(0))
        t = c + self.step * self.apart
        said = "; ".join(f"{label}: {self._words(far, near)}" for label, far, near in value.spans)
        label = escape(f"Timeline, not to scale. {said}")
        yield f'<svg role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {self.height}" width="{WIDTH}">'
        yield f'<rect x="{c:.0f}" y="{TOP - 6}" width="{WIDTH - c:.0f}" height="{bottom - TOP + 6}" fill="currentColor" fill-opacity=".06"/>'
        yield _text((c + t) / 2 if self.apart else c + 30, bottom - 5, "not seen", "middle", ".6")
        for back in self.back:
            yield _line(self.x(back), TOP - 6, bottom, ".18")
            if back:
                yield _text(self.x(back), bottom + 15, f"c − {show_duration(back)}", "middle", ".7")
        yield _line(c, TOP - 10, bottom, ".7")
        yield _text(c, 12, self._cutoff(), "middle" if self.apart else "end", "1")
        if self.apart:
            yield _line(t, TOP - 10, bottom, ".7")
            yield _text(t, 12, "asked at t", "middle", "1")
        for position, span in enumerate(value.spans):
            yield from self._span(TOP + ROW * position + ROW / 2, *span)
        yield "</svg>"

    def _span(self, y: float, label: str, far: timedelta | None, near: timedelta) -> Iterator[str]:
        left, right = self.x(far), self.x(near)
        closed = self.value.closed
        yield f'<line x1="{left:.0f}" y1="{y}" x2="{right:.0f}" y2="{y}" stroke="#3b82f6" stroke-width="3"/>'
        yield _end(left, y, closed in ("left", "both")) if far is not None else _arrow(left, y)
        yield _end(right, y, closed in ("right", "both"))
        yield _text(left + 10, y - 5, label, "start", "1")

    def _cutoff(self) -> str:
        lag, refresh = self.value.lag, self.value.refresh
        base = f"t − {show_duration(lag)}" if lag else "t"
        return f"c = {base}" if refresh is None else f"c = last {show_duration(refresh)} tick ≤ {base}"

    def _words(self, far: timedelta | None, near: timedelta) -> str:
        start = "the beginning" if far is None else f"c − {show_duration(far)}"
        end = f"c − {show_duration(near)}" if near else "c"
        return f"from {start} to {end}"


def _text(x: float, y: float, text: str, anchor: str, opacity: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill-opacity="{opacity}">{escape(text)}</text>'


def _line(x: float, top: float, bottom: float, opacity: str) -> str:
    return f'<line x1="{x:.0f}" y1="{top}" x2="{x:.0f}" y2="{bottom}" stroke="currentColor" stroke-opacity="{opacity}"/>'


def _end(x: float, y: float, belongs: bool) -> str:
    """A filled dot belongs to the span; a hollow one is drawn on the page's colour, so it needs none of its own."""
    inside = "#3b82f6" if belongs else "var(--jp-layout-color0,Canvas)"
    return f'<circle cx="{x:.0f}" cy="{y}" r="4" fill="{inside}" stroke="#3b82f6" stroke-width="2"/>'


def _arrow(x: float, y: float) -> str:
    return f'<path d="M{x + 9:.0f} {y - 5} L{x:.0f} {y} L{x + 9:.0f} {y + 5}" fill="none" stroke="#3b82f6" stroke-width="3"/>'
