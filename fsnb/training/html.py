"""Training rows as static HTML: a card per feature with its value, timeline, sentence, and a table of the same rows.

Pure functions from `Why` values to text. Nothing moves and nothing is fetched: no script, no fonts, no links. Every
value is escaped. Outcomes differ by shape as well as by colour; colours read on light and on dark. Where JupyterLab
sets its own theme variables they are used, else the page's own colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from fsnb.training import text, timeline
from fsnb.training.marks import legend, mark

if TYPE_CHECKING:
    from fsnb.pit import Considered
    from fsnb.training.why import Why

TABLE_ROWS, OPEN_ROWS, OPEN_CARDS, CELL, CHIPS = 24, 8, 3, 32, 12
STYLE = """
.fsnb-preview{
  font:13px/1.45 var(--jp-ui-font-family,system-ui,sans-serif);
  color:var(--jp-ui-font-color1,currentColor);max-width:820px;}
.fsnb-preview *{box-sizing:border-box}
.fsnb-preview .fsnb-row{display:flex;flex-wrap:wrap;gap:6px;align-items:baseline;margin:10px 0 8px}
.fsnb-preview .fsnb-row b{margin-right:4px}
.fsnb-preview .fsnb-chip{border:1px solid rgba(127,127,127,.4);border-radius:10px;padding:0 8px;white-space:nowrap}
.fsnb-preview .fsnb-chip i{font-style:normal;opacity:.65;margin-right:5px}
.fsnb-preview .fsnb-at{border-color:#388bfd;border-width:1.5px}
.fsnb-preview .fsnb-card{border:1px solid rgba(127,127,127,.35);border-radius:8px;padding:10px 14px;margin:0 0 10px}
.fsnb-preview .fsnb-head{display:flex;justify-content:space-between;gap:16px;align-items:baseline}
.fsnb-preview .fsnb-name{
  font:600 14px/1.4 var(--jp-code-font-family,ui-monospace,monospace);min-width:0;overflow:hidden;
  text-overflow:ellipsis;white-space:nowrap;}
.fsnb-preview .fsnb-value{font:600 18px/1.2 var(--jp-code-font-family,ui-monospace,monospace);white-space:nowrap}
.fsnb-preview .fsnb-null{opacity:.5}
.fsnb-preview .fsnb-rules{opacity:.65;font-size:12px;margin:0 0 4px}
.fsnb-preview p{margin:4px 0 6px}
.fsnb-preview svg.fsnb-timeline{display:block;width:100%;height:auto;margin:4px 0}
.fsnb-preview summary{cursor:pointer;opacity:.75;font-size:12px}
.fsnb-preview .fsnb-scroll{overflow-x:auto}
.fsnb-preview table{
  border-collapse:collapse;margin:6px 0 2px;font-size:12px;font-variant-numeric:tabular-nums;
  color:inherit;}
.fsnb-preview table tr,.fsnb-preview table th,.fsnb-preview table td{background:transparent;color:inherit}
.fsnb-preview th,.fsnb-preview td{
  text-align:left;padding:2px 14px 2px 0;white-space:nowrap;border:0;
  border-bottom:1px solid rgba(127,127,127,.22);}
.fsnb-preview th{font-weight:600;opacity:.75}
.fsnb-preview td.fsnb-number,.fsnb-preview th.fsnb-number{text-align:right}
.fsnb-preview .fsnb-mark{display:inline-block;width:14px;height:14px;vertical-align:-3px;margin-right:5px}
.fsnb-preview .fsnb-legend{display:flex;flex-wrap:wrap;gap:4px 14px;font-size:12px;opacity:.85}
""".strip()


def page(whys: Sequence[Why]) -> str:
    """All that was asked for, grouped by spine row, with one legend."""
    parts: list[str] = []
    for position, why in enumerate(whys):
        if position == 0 or whys[position - 1].row != why.row:
            parts.append(spine_row(why))
        parts.append(card(why, opened=len(whys) <= OPEN_CARDS))
    seen = {row.outcome for why in whys for row in why.rows}
    return f'<div class="fsnb-preview"><style>{STYLE}</style>{"".join(parts)}{legend(seen)}</div>'


def spine_row(why: Why) -> str:
    """The spine row as chips: keys and time first."""
    keys = dict(why.keys)
    first = [*keys, why.at]
    names = [*first, *(name for name in why.spine if name not in first)]
    chips = [_chip(name, text.show(why.spine[name]), name == why.at) for name in names[:CHIPS]]
    more = f'<span class="fsnb-chip">{len(names) - CHIPS} more columns</span>' if len(names) > CHIPS else ""
    return f'<div class="fsnb-row"><b>Row {why.row}</b>{"".join(chips)}{more}</div>'


def _chip(name: str, value: str, at: bool) -> str:
    kind = "fsnb-chip fsnb-at" if at else "fsnb-chip"
    return f'<span class="{kind}"><i>{clipped(name, 24)}</i>{clipped(value, 32)}</span>'


def card(why: Why, *, opened: bool) -> str:
    """One feature: its value, its rules, its timeline, the sentence, the rows."""
    null = " fsnb-null" if why.value is None else ""
    return (
        f'<section class="fsnb-card" aria-label="{escape(f"feature {why.feature} of row {why.row}")}">'
        f'<div class="fsnb-head"><span class="fsnb-name" title="{escape(why.feature)}">{escape(why.feature)}</span>'
        f'<span class="fsnb-value{null}">{clipped(text.show(why.value), 28)}</span></div>'
        f'<div class="fsnb-rules">{escape(f"{why.view}: {why.rules}")}</div>'
        f"{timeline.draw(why)}<p>{escape(why.sentence)}</p>{rows_table(why, opened=opened)}</section>"
    )


def rows_table(why: Why, *, opened: bool) -> str:
    """The rows around the cutoff, with the numbers that the timeline draws."""
    shown, others = text.nearest(why, TABLE_ROWS)
    if not shown:
        return ""
    names, records = text.columns(why), text.records(why, shown)
    numeric = [all(isinstance(r[i], (int, float, type(None))) for r in records) for i in range(len(names))]
    head = "".join(_cell("th", clipped(name, CELL), number) for name, number in zip(names, numeric, strict=True))
    body = "".join(_line(record, numeric, row) for record, row in zip(records, shown, strict=True))
    all_ = text.count(len(shown) + others, "1 row", "{} rows")
    summary = f"{all_} considered" + (f", the {len(shown)} nearest the cutoff below" if others else "")
    details = "details open" if opened and len(shown) <= OPEN_ROWS else "details"
    return (
        f'<{details}><summary>{summary}</summary><div class="fsnb-scroll">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def _line(record: Iterable[object], numeric: Sequence[bool], row: Considered) -> str:
    *values, outcome = (clipped(text.show(value), CELL) for value in record)
    cells = "".join(_cell("td", value, number) for value, number in zip(values, numeric, strict=False))
    return f"<tr>{cells}<td>{mark(row.outcome)}{outcome}</td></tr>"


def _cell(tag: str, content: str, number: bool) -> str:
    return f'<{tag} class="fsnb-number">{content}</{tag}>' if number else f"<{tag}>{content}</{tag}>"


def clipped(words: str, most: int) -> str:
    """Escaped, on one line, cut to length; the whole of it in the tooltip where it was cut."""
    short = text.clip(words, most)
    return escape(short) if short == words else f'<span title="{escape(words)}">{escape(short)}</span>'
