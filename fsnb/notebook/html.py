"""Card -> HTML: static, self-contained, every value escaped; the same words as the text.

Colours are mixed from the text colour of wherever it stands (`currentColor`), so one style serves light and dark
themes with no script and no media query, which would see the system's theme and not the notebook's. What colour says,
words or shapes say too. Where a sanitiser takes the style away, tables and lists still read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any

from fsnb.notebook import cards
from fsnb.notebook.card import Bad, Bars, Card, Cell, Code, Good, Number, Short, Soft, Table
from fsnb.notebook.cataloguing import HEIGHTS
from fsnb.notebook.drawing import draw
from fsnb.notebook.drift import parts
from fsnb.quality import DriftReport

LONG = re.compile(r"\S{31,}")
PARTS = re.compile(r"[^_+/.,=-]{1,16}[_+/.,=-]*|[_+/.,=-]+")  # a long name may break between these
BREAK = "\0"
STYLE = (Path(__file__).parent / "look.css").read_text(encoding="utf-8").replace("\n", "")


def of(value: Any) -> str:
    """The HTML of a value that has a page of its own or a card."""
    if isinstance(value, DriftReport):
        return section("drift", parts.page(value))
    return card(value if isinstance(value, Card) else cards.of(value))


def card(value: Card) -> str:
    """A card as one element that stands by itself."""
    return section(f"{value.kind} {value.title}", body(value))


def body(value: Card) -> str:
    """A card without frame and style, for a page that has them."""
    return "".join(_parts(value))


def section(label: str, body: str) -> str:
    """HTML as one element that brings the style along."""
    return f'<style>{STYLE}</style><section class="fsnb" aria-label="{escape(label)}">{body}</section>'


def _parts(value: Card) -> Iterator[str]:
    kind, title = escape(value.kind), escape(value.title)
    yield f'<header><span class="fsnb-kind">{kind}</span> <span class="fsnb-title">{title}</span></header>'
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
    name, _, more = table.title.partition(": ")
    rest = f': <span class="fsnb-quiet">{escape(more)}</span>' if more else ""
    title = f"<h4>{escape(name)}{rest}</h4>" if name else ""
    kinds = [' class="fsnb-number"' if _of_numbers(column) else "" for column in zip(*table.rows, strict=True)]
    kinds = kinds or [""] * len(table.columns)
    head = "".join(
        f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(table.columns, kinds, strict=True)
    )
    body = "".join(f"<tr>{_row(row, kinds)}</tr>" for row in table.rows)
    return f'{title}<table class="fsnb-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _of_numbers(cells: Iterable[Cell]) -> bool:
    """Whether all that stands there are numbers, one or several in a cell."""
    parts = [part for cell in cells for part in (cell if isinstance(cell, tuple) else (cell,)) if part]
    return bool(parts) and all(isinstance(part, Number) for part in parts)


def _row(row: tuple[Cell, ...], kinds: list[str]) -> str:
    return "".join(f"<td{kind}>{_cell(cell, _breakable)}</td>" for cell, kind in zip(row, kinds, strict=True))


def _cell(cell: Cell, written: Callable[[str], str] = escape) -> str:
    if isinstance(cell, tuple):
        names = all(isinstance(part, Code) for part in cell)
        return (" " if names else "<br>").join(_cell(part, written) for part in cell)
    text = written(cell)
    if isinstance(cell, Bars):
        return _histogram(cell) if cell else ""
    if isinstance(cell, Code):
        return f"<code>{text}</code>" if text else ""
    if isinstance(cell, Short):
        return f'<span class="fsnb-short">{text}</span>'
    if isinstance(cell, Good):
        return f'<span class="fsnb-good">✓ {text}</span>'
    if isinstance(cell, Soft):
        return f'<span class="fsnb-soft">! {text}</span>'
    return f'<span class="fsnb-bad">✗ {text}</span>' if isinstance(cell, Bad) else text


def _breakable(text: str) -> str:
    """Escaped; a long name or path, which else would push other columns out of sight, may break at its parts."""
    marked = LONG.sub(lambda found: BREAK.join(PARTS.findall(found[0])), text.replace(BREAK, " "))
    return escape(marked).replace(BREAK, "<wbr>")


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
