"""The parts of the preview widget as HTML: pure functions from values to text, every value escaped and cut to length.

What can be clicked carries `data-do` (what to ask for), `data-value` and a `data-focus` that stays the same when the
part is drawn anew, so that the keyboard does not lose its place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from fsnb.notebook.preview.listing import PAGE, Listing
from fsnb.notebook.preview.sliders import Slider
from fsnb.training import Preview, Shift, Trial, Why, html, text
from fsnb.training.trial import shown

FEATURES, SHIFTS = 12, 40
FILTERS = {"all": "All", "null": "NULL", "changed": "Changed", "tie": "Ambiguous tie"}
MARKED = {"null": "NULL", "changed": "changed"}
"""The filters whose rows the list marks, and the word that marks them."""
ABOUT = {
    "all": "every row",
    "null": "sampled rows in which a feature of this view is NULL",
    "changed": "sampled rows that the rules tried change",
    "tie": "sampled rows whose value hangs on a tie that nothing declared decides",
}


def button(
    do: str, value: Any, words: str, *, pressed: bool | None = None, disabled: bool = False, label: str = ""
) -> str:
    said = "" if pressed is None else f' aria-pressed="{str(pressed).lower()}"'
    said += f' aria-label="{escape(label)}"' if label else ""
    said += " disabled" if disabled else ""
    name = escape(f"{do}:{words}")
    what = f'data-do="{do}" data-value="{escape(str(value))}" data-focus="{name}"'
    return f'<button type="button" {what}{said}>{words}</button>'


# ---------------------------------------------------------------------- the list


def filters(now: str) -> str:
    return "".join(button("filter", name, words, pressed=name == now) for name, words in FILTERS.items())


def options(preview: Preview, listing: Listing, marks: Mapping[str, set[int]]) -> str:
    """The rows of a page; each names its entity and its asking time, and which filters would keep it."""
    rows = preview.entities[listing.shown] if listing.shown else preview.entities.head(0)
    return "".join(
        _option(number, row, preview, marks)
        for number, row in zip(listing.shown, rows.iter_rows(named=True), strict=True)
    )


def _option(number: int, row: Mapping[str, Any], preview: Preview, marks: Mapping[str, set[int]]) -> str:
    at = preview.train.plan.spine.at
    keys = " · ".join(text.clip(text.show(value), 28) for name, value in row.items() if name != at)
    said = "".join(f"<em>{escape(word)}</em>" for word, numbers in marks.items() if number in numbers)
    chosen = str(number == preview.row).lower()
    return (
        f'<div role="option" data-do="row" data-value="{number}" aria-selected="{chosen}"><b>{number:,}</b>'
        f"<span>{escape(text.clip(keys, 60))}</span><time>{escape(text.show(row[at]))}</time>{said}</div>"
    )


def pager(listing: Listing, sample: np.ndarray, of: int) -> str:
    """Where in the list one is, the pages beside it, and which rows are listed at all; `of` rows can be listed."""
    found, start = len(listing.found), listing.start
    numbered = found == of and listing.found[-1] == found - 1  # all rows, told by their numbers from 0
    first = start if numbered else start + 1
    here = f"{first:,}&ndash;{first + len(listing.shown) - 1:,} of {found:,}" if found else "none"
    page = start // PAGE
    back = button("page", page - 1, "&lsaquo;", disabled=not start, label="earlier rows")
    more = button("page", page + 1, "&rsaquo;", disabled=page + 1 >= listing.pages, label="later rows")
    return f"{back}<span>{here}</span>{more}<p>{_of_what(listing, len(sample), of)}</p>"


def _of_what(listing: Listing, sampled: int, of: int) -> str:
    if listing.asked.filter == "all":
        return f"of all {of:,} rows" if listing.asked.words else ""
    return f"{ABOUT[listing.asked.filter]}; {sample_words(sampled, of)}"


def sample_words(sampled: int, of: int) -> str:
    """Which sample: `all 400 rows`, or so many drawn at random."""
    return f"all {of:,} rows" if sampled == of else f"sample: {sampled:,} of {of:,} rows, drawn at random, seed 0"


# ---------------------------------------------------------------------- the rules


def views(preview: Preview) -> str:
    if len(preview.views) == 1:
        return ""
    return "".join(
        button("view", name, escape(text.clip(name, 40)), pressed=name == preview.view) for name in preview.views
    )


def rules(found: Sequence[Slider], name: str, label: str) -> str:
    """The sliders of a view; `name` makes ids unique on the page."""
    if not found:
        return f"<p>{escape(label)}: one row per key, no rules of time to try.</p>"
    return "".join(_slider(slider, f"{name}-{number}") for number, slider in enumerate(found))


def _slider(slider: Slider, name: str) -> str:
    words = escape(json.dumps(slider.words))
    place, own = slider.steps.index(slider.now), slider.steps.index(slider.own)
    share = own / max(1, len(slider.steps) - 1)
    return (
        f'<div class="fsnb-slider"><label for="{name}">{escape(slider.label)}</label>'
        f'<span class="fsnb-track" style="--own:{share:.4f}"><input type="range" id="{name}" min="0" '
        f'max="{len(slider.steps) - 1}" step="1" value="{place}" data-kind="{slider.kind}" '
        f'data-name="{escape(slider.name)}" data-words="{words}" data-own="{own}" '
        f'aria-valuetext="{escape(slider.words[place])}"></span>'
        f'<output for="{name}">{escape(slider.words[place])}</output>'
        f"<small>own: {escape(shown(slider.own))}</small></div>"
    )


def actions(tried: bool) -> str:
    reset = button("reset", "", "Reset", disabled=not tried)
    return reset + button("insert", "", "Insert as code", disabled=not tried)


# ---------------------------------------------------------------------- the effect


def effect(trial: Trial) -> str:
    """What the rules tried do to the sample: rows changed, and the rate of NULL before and after, by feature."""
    by = sorted(trial.shifts, key=lambda shift: -shift.changed)[:SHIFTS]
    body = "".join(_shift(shift) for shift in by)
    left = f"<p>The {SHIFTS} most changed of {len(trial.shifts)} features.</p>" if len(trial.shifts) > SHIFTS else ""
    names = ("feature", "changed", "NULL before → after")
    head = "".join(f"<th scope=col{' class=fsnb-number' * (name == 'changed')}>{name}</th>" for name in names)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    scroll = '<div class="fsnb-scroll" tabindex="0" role="group" aria-label="Effect by feature" data-focus="effect">'
    return f'<p class="fsnb-said">{_said(trial)}</p>{scroll}{table}</div>{left}'


def _said(trial: Trial) -> str:
    which = sample_words(trial.rows, trial.of)
    if not trial.words:
        return f"The view's own rules. Move a slider to see what others would change ({which})."
    many = f"<b>{trial.changed:,} of {trial.rows:,} rows change</b> ({_share(trial.changed, trial.rows)})"
    where = f" Computed on a copy of their {trial.events:,} events." if trial.events is not None else ""
    return f"{escape(trial.words)}: {many}; {which}.{where}"


def _shift(shift: Shift) -> str:
    name = html.clipped(shift.feature, 40)
    then = f" → {_share(shift.nulls_then, shift.rows)}" if shift.nulls_then != shift.nulls or shift.changed else ""
    return (
        f'<tr><th scope="row">{name}</th><td class="fsnb-number">{shift.changed:,}</td>'
        f"<td>{_share(shift.nulls, shift.rows)}{then}</td></tr>"
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "0.0%"


# ---------------------------------------------------------------------- the row


def body(now: Sequence[Why], then: Sequence[Why], page: int) -> str:
    """The row in view: its values, timelines and sentences under the rules tried, beside its own values."""
    if not now:
        return "<p>The training set has no rows.</p>"
    start = min(page, (len(now) - 1) // FEATURES) * FEATURES
    own = {why.feature: why.value for why in now}
    groups = html.grouped(then[start : start + FEATURES])
    cards = "".join(html.card(*group, opened=False, company=max(3, len(groups)), then=own) for group in groups)
    return f"{html.spine_row(now[0])}{cards}{_more(start, len(now))}{html.key(then)}"


def _more(start: int, total: int) -> str:
    if total <= FEATURES:
        return ""
    page = start // FEATURES
    back = button("features", page - 1, "&lsaquo;", disabled=not start, label="earlier features")
    more = button("features", page + 1, "&rsaquo;", disabled=start + FEATURES >= total, label="later features")
    here = f"features {start + 1}&ndash;{min(start + FEATURES, total)} of {total}"
    return f'<nav aria-label="features">{back}<span>{here}</span>{more}</nav>'
