"""Training rows as static HTML: a card per feature with its value, timeline, sentence, and a table of the same rows.

Pure functions from `Why` values to text. Nothing moves and nothing is fetched: no script, no fonts, no links. Every
value is escaped. Outcomes differ by shape as well as by colour; colours read on light and on dark. Where JupyterLab
sets its own theme variables they are used, else the page's own colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from fsnb.training import text, timeline
from fsnb.training.marks import legend, mark

if TYPE_CHECKING:
    from fsnb.pit import Considered
    from fsnb.training.why import Why

TABLE_ROWS, FEW_ROWS, OPEN_ROWS, OPEN_CARDS, CELL, CHIPS, TOOLTIP, MARKS = 24, 5, 8, 3, 32, 12, 200, 160
STYLE = """
.fsnb-preview{
  font:13px/1.45 var(--jp-ui-font-family,system-ui,sans-serif);
  color:var(--jp-ui-font-color1,currentColor);max-width:820px;}
.fsnb-preview *{box-sizing:border-box}
.fsnb-preview .fsnb-asked{display:flex;flex-wrap:wrap;gap:6px;align-items:baseline;margin:10px 0 8px}
.fsnb-preview .fsnb-asked b{margin-right:4px}
.fsnb-preview .fsnb-chip{border:1px solid rgba(127,127,127,.4);border-radius:10px;padding:0 8px;white-space:nowrap}
.fsnb-preview .fsnb-chip i{font-style:normal;opacity:.65;margin-right:5px}
.fsnb-preview .fsnb-at{border-color:#388bfd;border-width:1.5px}
.fsnb-preview .fsnb-card{border:1px solid rgba(127,127,127,.35);border-radius:8px;padding:10px 14px;margin:0 0 10px}
.fsnb-preview .fsnb-head{display:flex;justify-content:space-between;gap:16px;align-items:baseline}
.fsnb-preview .fsnb-name{
  font:600 14px/1.4 var(--jp-code-font-family,ui-monospace,monospace);min-width:0;overflow:hidden;
  text-overflow:ellipsis;white-space:nowrap;}
.fsnb-preview .fsnb-value{font:600 18px/1.2 var(--jp-code-font-family,ui-monospace,monospace);white-space:nowrap}
.fsnb-preview .fsnb-null{opacity:.65}
.fsnb-preview .fsnb-was{opacity:.75;margin-right:4px;font:13px/1.2 var(--jp-code-font-family,ui-monospace,monospace)}
.fsnb-preview .fsnb-values{white-space:nowrap}
.fsnb-preview .fsnb-leak{font-weight:600;text-decoration:underline wavy #e5534b 1px;text-underline-offset:3px}
.fsnb-preview .fsnb-rules{opacity:.65;font-size:12px;margin:0 0 4px}
.fsnb-preview p{margin:4px 0 6px;overflow-wrap:anywhere}
.fsnb-preview svg.fsnb-timeline{display:block;width:100%;height:auto;margin:4px 0}
.fsnb-preview summary{cursor:pointer;opacity:.75;font-size:12px}
.fsnb-preview .fsnb-scroll{overflow-x:auto}
.fsnb-preview table{
  border-collapse:collapse;margin:6px 0 2px;font-size:12px;font-variant-numeric:tabular-nums;
  color:inherit;}
.fsnb-preview .fsnb-scroll tr:nth-child(n),.fsnb-preview .fsnb-scroll tbody tr:hover{
  background:transparent;color:inherit}
.fsnb-preview .fsnb-scroll th,.fsnb-preview .fsnb-scroll td{
  background:transparent;color:inherit;
  text-align:left;padding:2px 14px 2px 0;white-space:nowrap;border:0;
  border-bottom:1px solid rgba(127,127,127,.22);}
.fsnb-preview .fsnb-scroll th{font-weight:600;opacity:.75}
.fsnb-preview .fsnb-scroll td.fsnb-number,.fsnb-preview .fsnb-scroll th.fsnb-number{text-align:right}
.fsnb-preview .fsnb-mark{display:inline-block;width:14px;height:14px;vertical-align:-3px;margin-right:5px}
.fsnb-preview .fsnb-legend{display:flex;flex-wrap:wrap;gap:4px 14px;font-size:12px;opacity:.85}
""".strip()


def page(whys: Sequence[Why], *, together: bool = False) -> str:
    """All that was asked for, by spine row, with one legend; `together`: features of the same rows share a card."""
    groups = grouped(whys) if together else [(why,) for why in whys]
    parts: list[str] = []
    for position, group in enumerate(groups):
        if position == 0 or groups[position - 1][0].row != group[0].row:
            parts.append(spine_row(group[0]))
        parts.append(card(*group, opened=len(groups) <= OPEN_CARDS, company=len(groups)))
    return f'<div class="fsnb-preview"><style>{STYLE}</style>{"".join(parts)}{key(whys)}</div>'


def key(whys: Sequence[Why]) -> str:
    """The marks that occur, each with its word."""
    rows = [row for why in whys for row in why.rows]
    return legend({row.outcome for row in rows}, leaks=any(row.leaks for row in rows))


def grouped(whys: Sequence[Why]) -> list[tuple[Why, ...]]:
    """Features of one spine row and view that met the same rows with the same outcomes, in order of the first."""
    found: dict[Any, list[Why]] = {}
    met: dict[int, Any] = {}  # features that read the same columns share their rows
    for why in whys:
        if id(why.rows) not in met:
            met[id(why.rows)] = tuple((row.event_time, row.available, row.outcome, row.leaks) for row in why.rows)
        found.setdefault((why.row, why.view, why.band, why.band_name, met[id(why.rows)]), []).append(why)
    return [tuple(group) for group in found.values()]


def merged(group: Sequence[Why]) -> Why:
    """Features that met the same rows as one: with every column that any of them reads."""
    first, several = group[0], {id(why.rows): why.rows for why in group}
    if len(several) == 1:
        return first
    columns = zip(*several.values(), strict=True)
    rows = (same[0]._replace(values=tuple({v: None for row in same for v in row.values})) for same in columns)
    return replace(first, rows=tuple(rows))


def spine_row(why: Why) -> str:
    """The spine row as chips: keys and time first."""
    keys = dict(why.keys)
    first = [*keys, why.at]
    names = [*first, *(name for name in why.spine if name not in first)]
    chips = [_chip(name, text.show(why.spine[name]), name == why.at) for name in names[:CHIPS]]
    more = f'<span class="fsnb-chip">{len(names) - CHIPS} more columns</span>' if len(names) > CHIPS else ""
    return f'<div class="fsnb-asked"><b>Row {why.row}</b>{"".join(chips)}{more}</div>'


def _chip(name: str, value: str, at: bool) -> str:
    kind = "fsnb-chip fsnb-at" if at else "fsnb-chip"
    return f'<span class="{kind}"><i>{clipped(name, 24)}</i>{clipped(value, 32)}</span>'


def card(*group: Why, opened: bool, company: int = 1, then: Mapping[str, Any] | None = None) -> str:
    """Features that met the same rows: values, rules, timeline, sentences, the rows.

    With `company` other cards there is less of each. `then` are the values under other rules, where some are tried: the
    `group` is of these rules, and `then` has the view's own values.
    """
    why = merged(group)
    names = ", ".join(each.feature for each in group)
    said = "".join(f"<p>{escape(words)}{_leak(same)}</p>" for words, same in _sentences(group))
    heads = "".join(_head(each, then) for each in group)
    drawn = timeline.draw(why, most=timeline.MOST if company == 1 else max(24, MARKS // company))
    table = rows_table(why, opened=opened, most=TABLE_ROWS if company <= OPEN_CARDS else FEW_ROWS)
    return (
        f'<section class="fsnb-card" aria-label="{escape(f"{names} of row {why.row}")}">{heads}'
        f'<div class="fsnb-rules">{escape(f"{why.view}: {why.rules}")}</div>{drawn}{said}{table}</section>'
    )


def _sentences(group: Sequence[Why]) -> list[tuple[str, list[Why]]]:
    """What features say of their rows, once for all that say the same, without the value, which stands above."""
    if len(group) == 1:
        return [(group[0].sentence, [group[0]])]
    found: dict[str, list[Why]] = {}
    for why in group:
        found.setdefault(text.reason(why), []).append(why)
    return [(words[:1].upper() + words[1:], same) for words, same in found.items()]


def _head(why: Why, then: Mapping[str, Any] | None) -> str:
    """The feature's name and value; where other rules are tried, its value without them and with."""
    name = f'<span class="fsnb-name" title="{escape(why.feature)}">{escape(why.feature)}</span>'
    if then is None or then[why.feature] == why.value:
        return f'<div class="fsnb-head">{name}{_value(why.value)}</div>'
    was = (
        f'<span class="fsnb-was">{clipped(text.show(then[why.feature]), 28)} <span aria-label="becomes">→</span></span>'
    )
    return f'<div class="fsnb-head">{name}<span class="fsnb-values">{was} {_value(why.value)}</span></div>'


def _value(value: Any) -> str:
    null = " fsnb-null" if value is None else ""
    return f'<span class="fsnb-value{null}">{clipped(text.show(value), 28)}</span>'


def _leak(same: Sequence[Why]) -> str:
    leaked = [why for why in same if why.leaked]
    return f' <span class="fsnb-leak">{escape(text.leaks(leaked))}</span>' if leaked else ""


def rows_table(why: Why, *, opened: bool, most: int = TABLE_ROWS) -> str:
    """The rows around the cutoff, with the numbers that the timeline draws."""
    shown, others = text.nearest(why, most)
    if not shown:
        return ""
    names, records = text.columns(why), text.records(why, shown)
    numeric = [all(isinstance(r[i], (int, float, type(None))) for r in records) for i in range(len(names))]
    head = "".join(_cell("th", clipped(name, CELL), number) for name, number in zip(names, numeric, strict=True))
    body = "".join(_line(record, numeric, row) for record, row in zip(records, shown, strict=True))
    all_ = text.count(len(shown) + others, "1 row", "{} rows")
    summary = f"{all_} considered" + (f", the {len(shown)} nearest the cutoff below" if others else "")
    details = "details open" if opened and len(shown) <= OPEN_ROWS else "details"
    scroll = '<div class="fsnb-scroll" tabindex="0" role="group" aria-label="Rows considered">'
    return (
        f"<{details}><summary>{summary}</summary>{scroll}"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def _line(record: Iterable[object], numeric: Sequence[bool], row: Considered) -> str:
    *values, outcome = (clipped(text.show(value), CELL) for value in record)
    cells = "".join(_cell("td", value, number) for value, number in zip(values, numeric, strict=False))
    leaks = ' <span class="fsnb-leak">would have leaked</span>' if row.leaks else ""
    return f"<tr>{cells}<td>{mark(row.outcome, row.leaks)}{outcome}{leaks}</td></tr>"


def _cell(tag: str, content: str, number: bool) -> str:
    return f'<{tag} class="fsnb-number">{content}</{tag}>' if number else f"<{tag}>{content}</{tag}>"


def clipped(words: str, most: int) -> str:
    """Escaped, on one line, cut to length; where it was cut there is more of it in the tooltip."""
    short = text.clip(words, most)
    if short == words:
        return escape(short)
    return f'<span title="{escape(words if len(words) <= TOOLTIP else words[:TOOLTIP] + "…")}">{escape(short)}</span>'
