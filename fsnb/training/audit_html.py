"""An audit as static HTML: the verdict, then proof, meter and label as cards. It says the same as the text.

Nothing is fetched and nothing moves. Colours read on light and on dark; what a colour says, a word or a mark says too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from fsnb.training import audit_text as words
from fsnb.training.html import STYLE, clipped

if TYPE_CHECKING:
    from fsnb.training.audit import Audit
    from fsnb.training.audit_meter import Effect, FeatureEffect

GOOD, BAD, NOTE, OTHER = "#2da44e", "#e5534b", "#d29922", "#388bfd"
BAR, MOST = 160, 12
MORE = f"""
.fsnb-audit .fsnb-verdict{{display:flex;gap:12px;align-items:baseline;margin:10px 0;border-left:4px solid;
padding:6px 0 6px 12px}}
.fsnb-audit .fsnb-verdict b{{font-size:16px;white-space:nowrap}}
.fsnb-audit .fsnb-verdict.fsnb-good{{border-color:{GOOD}}}.fsnb-audit .fsnb-verdict.fsnb-bad{{border-color:{BAD}}}
.fsnb-audit .fsnb-good b,.fsnb-audit b.fsnb-good{{color:{GOOD}}}
.fsnb-audit .fsnb-bad b,.fsnb-audit b.fsnb-bad{{color:{BAD}}}
.fsnb-audit b.fsnb-note{{color:{NOTE}}}
.fsnb-audit h4{{font-size:14px;margin:0 0 2px}}
.fsnb-audit h5{{font-size:13px;font-weight:600;margin:12px 0 0}}
.fsnb-audit .fsnb-scroll td.fsnb-wide{{white-space:normal;min-width:260px}}
.fsnb-audit svg.fsnb-bar{{vertical-align:-1px;overflow:visible}}
""".strip()
HEAD = ("view", "cutoffs", "values", "hidden at one cutoff", "changed")
CHANGED = ("row", "feature", "cutoff", "before", "after", "what was done")


def page(audit: Audit) -> str:
    parts = [_verdict(audit), _proof(audit), _meter(audit), _label(audit)]
    return f'<div class="fsnb-preview fsnb-audit"><style>{STYLE}{MORE}</style>{"".join(parts)}</div>'


def effect_page(effect: Effect) -> str:
    """One effect by itself, as `lag_effect` gives it."""
    card = _card("Other rules", "The same rows, computed again under other rules of time.", _effect(effect))
    return f'<div class="fsnb-preview fsnb-audit"><style>{STYLE}{MORE}</style>{card}</div>'


def _verdict(audit: Audit) -> str:
    kind, mark = ("fsnb-good", "✓ passed") if audit.passed else ("fsnb-bad", "✗ failed")
    said = escape(audit.verdict.removeprefix("Passed: "))
    return f'<div class="fsnb-verdict {kind}" role="status"><b>{mark}</b><span>{said}</span></div>'


def _card(title: str, about: str, *parts: str) -> str:
    head = f'<h4>{escape(title)}</h4><div class="fsnb-rules">{escape(about)}</div>'
    return f'<section class="fsnb-card" aria-label="{escape(title)}">{head}{"".join(parts)}</section>'


# ---------------------------------------------------------------------- proof


def _proof(audit: Audit) -> str:
    about = (
        "What was not visible at a cutoff is deleted, then overwritten, in every source with a clock, "
        "and the features are computed again. A value that changes came from what could not be known."
    )
    rows = (
        [*map(escape, (*row, words_)), _tally(changed)] for *row, words_, changed in map(words.proof_row, audit.proofs)
    )
    parts = [_table(HEAD, rows, numbers=(1, 2, 4), wide=(3,))]
    for title, changes in (("Changed values", audit.changes), ("Unstable values: nothing was hidden", audit.unstable)):
        shown = words.examples(changes, MOST)
        if shown:
            more = f" ({len(shown)} of {len(changes):,})" if len(changes) > len(shown) else ""
            cells = ([clipped(cell, 40) for cell in words.change_row(one)] for one in shown)
            parts.append(f"<h5>{escape(title + more)}</h5>{_table(CHANGED, cells, numbers=(0, 3, 4))}")
    return _card("Without the future", about, *parts)


def _tally(changed: str) -> str:
    if changed == "0":
        return f'<b class="fsnb-good">✓ {changed}</b>'
    kind, mark = ("fsnb-note", "·") if changed == "not tried" else ("fsnb-bad", "✗")
    return f'<b class="{kind}">{mark} {escape(changed)}</b>'


# ---------------------------------------------------------------------- meter


def _meter(audit: Audit) -> str:
    if not audit.effects and not audit.own:
        return ""
    about = "What the same rows would hold, and seem worth, under rules that let the future in."
    own = [_own(audit)] if audit.own else []
    return _card("What careless joins would leak", about, *map(_effect, audit.effects), *own)


def _own(audit: Audit) -> str:
    about = "Rows with the event of their own keys and moment: what it says of the outcome must stay hidden."
    head = ("view", "source", "the row's moment", "rows with an event of their own", "seen by the view")
    rows = (
        [*map(escape, (one.view, one.source, one.at, f"{one.found:,} of {one.rows:,}")), _tally(f"{one.seen:,}")]
        for one in audit.own
    )
    return f'<h5>own rows</h5><div class="fsnb-rules">{about}</div>{_table(head, rows, numbers=(3, 4))}'


def _effect(effect: Effect) -> str:
    head = f"<h5>{escape(effect.name)}</h5>"
    about = f'<div class="fsnb-rules">{escape(effect.about)}</div><p>{escape(words.compared(effect))}</p>'
    shown = words.told(effect)
    if not shown:
        return head + about
    scored = [one for one in shown if one.now and one.then]
    measure = scored[0].now.measure if scored and scored[0].now else ""
    names = ("feature", "rows that differ", "share", *((f"{measure} now", "then", "") if measure else ()))
    cells = (_effect_row(one, effect.rows, bool(measure)) for one in shown)
    numbers = (1, 2, 3, 4) if measure else (1, 2)
    touched = sum(bool(one.changed) for one in effect.features)
    rest = f'<div class="fsnb-rules">and {touched - len(shown)} more features</div>' if touched > len(shown) else ""
    return head + about + _table(names, cells, numbers=numbers) + rest


def _effect_row(one: FeatureEffect, rows: int, scored: bool) -> list[str]:
    cells = [escape(cell) for cell in words.effect_row(one, rows)]
    return [*cells, _bar(one)] if scored else cells[:3]


def _bar(one: FeatureEffect) -> str:
    """From what the feature tells of the label now to what it would seem to tell."""
    if one.now is None or one.then is None:
        return ""
    low = 0.5 if one.now.measure == "AUC" else 0.0
    now, then = (round(BAR * max(0.0, found.value - low) / (1 - low), 1) for found in (one.now, one.then))
    colour, left = (BAD, now) if then > now else (OTHER, then)
    said = escape(f"{one.feature}: {one.now.measure} {one.now.value:.3f} now, {one.then.value:.3f} then")
    return (
        f'<svg class="fsnb-bar" width="{BAR}" height="10" role="img" aria-label="{said}">'
        f'<path d="M0,5 H{BAR}" stroke="currentColor" stroke-opacity=".18"/>'
        f'<rect x="{left}" y="2.5" width="{round(abs(then - now), 1)}" height="5" fill="{colour}" fill-opacity=".75"/>'
        f'<circle cx="{now}" cy="5" r="3.5" fill="currentColor"/>'
        f'<circle cx="{then}" cy="5" r="3.2" fill="none" stroke="{colour}" stroke-width="1.6"/></svg>'
    )


# ---------------------------------------------------------------------- label


def _label(audit: Audit) -> str:
    if not audit.labels and not audit.reads:
        return ""
    about = (
        "How well a column alone tells the label, by its values or by where it is NULL. "
        "AUC: .5 says nothing, 1 all; a column of categories is scored out of sample."
    )
    names = ("told by", "label", "how well", "rows", "rarer class", "verdict")
    shown = words.by_score(audit.labels)
    parts = [_table(names, map(_label_row, map(words.label_row, shown)), numbers=(3, 4))] if shown else []
    if len(audit.labels) > len(shown):
        parts.append(f'<div class="fsnb-rules">the highest of {len(audit.labels):,} scores</div>')
    parts += [f"<p>{escape(str(read))}.</p>" for read in audit.reads[:MOST]]
    return _card("The label", about, *parts)


def _label_row(row: Sequence[str]) -> list[str]:
    *cells, verdict = row
    kind, mark = {"fine": ("fsnb-good", "✓"), "too few rows": ("fsnb-note", "·")}.get(verdict, ("fsnb-bad", "✗"))
    return [*(clipped(cell, 40) for cell in cells), f'<b class="{kind}">{mark} {escape(verdict)}</b>']


# ---------------------------------------------------------------------- tables


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = (), wide: Sequence[int] = ()
) -> str:
    """A plain table of cells that are HTML already."""
    top = "".join(_cells("th", map(escape, head), numbers, ()))
    body = "".join(f"<tr>{''.join(_cells('td', row, numbers, wide))}</tr>" for row in rows)
    return f'<div class="fsnb-scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _cells(tag: str, cells: Iterable[str], numbers: Sequence[int], wide: Sequence[int]) -> Iterator[str]:
    for i, cell in enumerate(cells):
        kind = ' class="fsnb-number"' if i in numbers else ' class="fsnb-wide"' if i in wide else ""
        yield f"<{tag}{kind}>{cell}</{tag}>"
