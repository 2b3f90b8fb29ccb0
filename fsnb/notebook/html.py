"""Card -> HTML: static, self-contained, every value escaped; the same words as the text.

Colours are mixed from the text colour of wherever it stands (`currentColor`), so one style serves light and dark
themes with no script and no media query, which would see the system's theme and not the notebook's. What colour says,
words or shapes say too. Where a sanitiser takes the style away, tables and lists still read.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from fsnb.notebook import cards
from fsnb.notebook.card import Bad, Bars, Card, Cell, Code, Good, Number, Table
from fsnb.notebook.cataloguing import HEIGHTS
from fsnb.notebook.drawing import draw

STYLE = """
.fsnb{--line:color-mix(in srgb,currentColor 14%,transparent);--soft:color-mix(in srgb,currentColor 5%,transparent);
--dim:color-mix(in srgb,currentColor 62%,transparent);--good:color-mix(in srgb,#2da44e 78%,currentColor);
--bad:color-mix(in srgb,#e5534b 78%,currentColor);display:inline-block;box-sizing:border-box;min-width:min(100%,30em);
max-width:100%;overflow-x:auto;border:1px solid var(--line);border-radius:8px;padding:12px 16px 14px;margin:4px 0;
font:13px/1.5 var(--jp-ui-font-family,system-ui,sans-serif)}
.fsnb header{display:flex;gap:10px;align-items:baseline;flex-wrap:wrap}
.fsnb .fsnb-kind{color:var(--dim);border:1px solid var(--line);border-radius:99px;padding:0 8px;font-size:11px;
line-height:18px}
.fsnb .fsnb-title{font-size:16px;font-weight:600;overflow-wrap:anywhere}
.fsnb .fsnb-about{margin:2px 0 0;color:var(--dim);max-width:72ch;white-space:pre-line}
.fsnb dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:10px 0 0}
.fsnb dl dt{float:none;width:auto;padding:0;white-space:nowrap;color:var(--dim);font-weight:400}
.fsnb dl dd{float:none;width:auto;padding:0;margin:0;max-width:80ch;overflow-wrap:anywhere}
.fsnb code{font:12px/1.5 var(--jp-code-font-family,ui-monospace,monospace);background:var(--soft);color:inherit;
border-radius:4px;padding:1px 5px;white-space:pre-wrap;overflow-wrap:anywhere}
.fsnb .fsnb-good{color:var(--good);font-weight:600}.fsnb .fsnb-bad{color:var(--bad);font-weight:600}
.fsnb h4{margin:14px 0 2px;font-size:11px;font-weight:600;letter-spacing:.06em;text-transform:uppercase;
color:var(--dim)}
.fsnb .fsnb-table{border-collapse:collapse;margin:6px 0 0;border:0;font-size:13px;table-layout:auto}
.fsnb .fsnb-table tr,.fsnb .fsnb-table tbody tr:nth-child(n),.fsnb .fsnb-table tbody tr:hover{background:none}
.fsnb .fsnb-table th,.fsnb .fsnb-table td{text-align:left;vertical-align:top;padding:4px 20px 4px 0;border:0;
border-bottom:1px solid var(--line);max-width:60ch;overflow-wrap:anywhere;white-space:normal}
.fsnb .fsnb-table th{color:var(--dim);font-weight:400;font-size:12px}
.fsnb .fsnb-table tbody tr:last-child td{border-bottom:0}
.fsnb .fsnb-table .fsnb-number{text-align:right;font-variant-numeric:tabular-nums}
.fsnb .fsnb-table td code{margin-right:4px;display:inline-block}
.fsnb svg{display:block;margin:12px 0 0;max-width:100%;height:auto}
.fsnb svg text{font:11px var(--jp-ui-font-family,system-ui,sans-serif);fill:currentColor;stroke:none}
.fsnb td svg.fsnb-bars{margin:2px 0 0;opacity:.7}
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
    kind, title = escape(value.kind), escape(value.title)
    yield f'<header><span class="fsnb-kind">{kind}</span><span class="fsnb-title">{title}</span></header>'
    if value.about:
        yield f'<p class="fsnb-about">{escape(value.about)}</p>'
    if value.facts:
        facts = (f"<dt>{escape(name)}</dt><dd>{_cell(cell)}</dd>" for name, cell in value.facts)
        yield f"<dl>{''.join(facts)}</dl>"
    if value.timeline:
        yield draw(value.timeline)
    for table in value.tables:
        yield _table(table)
    for title, text in value.notes:
        yield f"<details><summary>{escape(title)}</summary><pre>{escape(text)}</pre></details>"


def _table(table: Table) -> str:
    title = f"<h4>{escape(table.title)}</h4>" if table.title else ""
    numeric = [all(isinstance(row[i], Number) for row in table.rows) for i in range(len(table.columns))]
    kinds = [' class="fsnb-number"' if number else "" for number in numeric]
    head = "".join(
        f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(table.columns, kinds, strict=True)
    )
    body = "".join(f"<tr>{_row(row, kinds)}</tr>" for row in table.rows)
    return f'{title}<table class="fsnb-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(row: tuple[Cell, ...], kinds: list[str]) -> str:
    return "".join(f"<td{kind}>{_cell(cell)}</td>" for cell, kind in zip(row, kinds, strict=True))


def _cell(cell: Cell) -> str:
    if isinstance(cell, tuple):
        names = all(isinstance(part, Code) for part in cell)
        return (" " if names else "<br>").join(_cell(part) for part in cell)
    text = escape(cell)
    if isinstance(cell, Bars):
        return _histogram(cell) if cell else ""
    if isinstance(cell, Code):
        return f"<code>{text}</code>" if text else ""
    if isinstance(cell, Good):
        return f'<span class="fsnb-good">✓ {text}</span>'
    return f'<span class="fsnb-bad">✗ {text}</span>' if isinstance(cell, Bad) else text


def _histogram(cell: Bars) -> str:
    """The bins as bars; the least and the greatest value stand beside it in the table."""
    heights = {5 * n: (HEIGHTS.find(each) + 1) * 2 for n, each in enumerate(cell)}
    drawn = "".join(f"M{x} 16v-{high}h4v{high}z" for x, high in heights.items() if high)
    width = 5 * len(cell)
    return (
        f'<svg class="fsnb-bars" role="img" aria-label="distribution in {len(cell)} bins: {escape(cell)}" '
        f'viewBox="0 0 {width} 17" width="{width}"><path d="{drawn}" fill="currentColor"/>'
        f'<path d="M0 16.5H{width}" stroke="currentColor" opacity=".35"/></svg>'
    )
