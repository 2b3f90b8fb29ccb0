"""The pieces of a drift page, as HTML; every caption says bins, rows, noise floor and that nothing was sampled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from fsnb.notebook.drift import bins, listing, times
from fsnb.notebook.drift.listing import Series
from fsnb.notebook.drift.marks import cut, figure, share, word
from fsnb.notebook.drift.times import Stretches
from fsnb.quality import DriftReport
from fsnb.quality.comparing import Compared
from fsnb.quality.verdicts import ORDER

MOST_ROWS = 200
OPEN = 6  # columns of a static page whose distributions are drawn
MOST_VIOLATIONS = 20
EACH = {
    "numeric": "cut at quantiles of the reference, each from (excluded) to (included); common values alone",
    "text": "of the text's length, cut at quantiles of the reference, each from (excluded) to (included)",
    "boolean": "one for each value of the reference, and one for all others",
    "categorical": "one for each value of the reference, and one for all others",
    "datetime": "of the hour of day or of the weekday (UTC), whichever tells more",
}
Window = tuple[datetime, datetime]


def ordered(report: DriftReport) -> list[Compared]:
    """Worst first: by verdict, then by PSI."""
    return sorted(report, key=lambda row: (ORDER.index(row.verdict), -(row.psi or 0), row.column))


def head(report: DriftReport, window: Window | None = None, at: str = "", part: str = "") -> str:
    """What is compared, and how it came out."""
    title = cut(report.name or "current rows against the reference", 120)
    tally = Counter(row.verdict for row in report)
    told = " ".join(
        f'<span class="fsnb-count">{word(level)} {tally[level]}</span>' for level in ORDER if level in tally
    )
    return (
        f'<header><span class="fsnb-kind">drift</span> <span class="fsnb-title">{title}</span> '
        f'<span class="fsnb-counts">{told}</span></header>'
        f'<p class="fsnb-about">{_rows(report, window, at, part)}</p>'
    )


def _rows(report: DriftReport, window: Window | None, at: str, part: str) -> str:
    now = f"{report.n_cur:,} rows now"
    if window:
        now += f" with {cut(at, 60)} from {window[0]:%Y-%m-%d %H:%M} to {window[1]:%Y-%m-%d %H:%M} (excluded), UTC"
    some = f", both of slice {cut(part, 60)}" if part else ""
    return f"{report.n_ref:,} rows of the reference, {now}{some}. Every row is counted, none is sampled."


LEGEND = (
    '<p class="fsnb-dim">PSI against the reference; bars end at 1. Tick: the noise floor, which chance alone stays '
    "under in 95 of 100 samples. Dashes: 0.1 (warn) and 0.25 (alert); an alarm needs a PSI that chance does not "
    "explain, too.</p>"
)


def rows(
    report: DriftReport,
    series: Series,
    places: int,
    chosen: str = "",
    numbers: Mapping[str, int] | None = None,
) -> str:
    """The columns, worst first; see `listing.table`."""
    shown = ordered(report)
    if not shown:
        return '<p class="fsnb-empty">No column is on both sides. What there is stands below.</p>'
    kept = shown if numbers else shown[:MOST_ROWS]
    more = f'<p class="fsnb-dim">and {len(shown) - MOST_ROWS} more columns</p>' if len(kept) < len(shown) else ""
    return listing.table(kept, series, places, chosen, numbers) + more


def column(row: Compared) -> str:
    """One column: figures, both distributions, the numbers."""
    found = bins.bars(row)
    why = f'<p class="fsnb-about">{escape(row.reason)}</p>' if row.reason else ""
    top = f'<h3 class="fsnb-column">{cut(row.column, 200)}</h3>{word(row.verdict)}'
    head = f'<div class="fsnb-columnhead">{top}</div>{_figures(row)}{why}'
    if not found:
        return head + '<p class="fsnb-empty">There is no distribution to draw of this column.</p>'
    numbers = f"<details><summary>the same as numbers</summary>{bins.table(found)}</details>"
    return f"{head}{bins.LEGEND}{bins.draw(found, row.column)}{_caption(row, found)}{numbers}"


def _figures(row: Compared) -> str:
    said = {
        "PSI": figure(row.psi),
        "noise floor": figure(row.psi_floor95),
        "KS": figure(row.ks),
        "Wasserstein": f"{figure(row.wasserstein_norm)} std" if row.wasserstein_norm is not None else "",
        "NULL": f"{share(row.null_rate_ref) or '-'} → {share(row.null_rate_cur) or '-'}",
        "mean": f"{row.mean_ref:.4g} → {row.mean_cur:.4g}"
        if row.mean_ref is not None and row.mean_cur is not None
        else "",
        "unseen": share(row.unseen_share),
        "kind": row.kind,
    }
    return (
        f'<dl class="fsnb-figures">{"".join(f"<div><dt>{k}</dt><dd>{v}</dd></div>" for k, v in said.items() if v)}</dl>'
    )


def _caption(row: Compared, found: Sequence[bins.Bar]) -> str:
    before, now = sum(each.reference for each in found), sum(each.current for each in found)
    count = f"{len(row.bins)} bins, {EACH.get(row.kind, '')}"
    if len(found) < len(row.bins):
        count += f"; the {len(found) - 1} that add most are drawn, the others as one"
    left = (
        f"; {row.n_ref - before:,} and {row.n_cur - now:,} more are NULL"
        if before < row.n_ref or now < row.n_cur
        else ""
    )
    floor = f" Noise floor {figure(row.psi_floor95)} with so many rows and bins." if row.psi_floor95 is not None else ""
    rows = f"{before:,} values of the reference, {now:,} now{left}; every row counted."
    return f'<p class="fsnb-caption">{count}. {rows}{floor}</p>'


def over_time(found: Stretches | None, name: str, at: str, length: str) -> str:
    """Drift over time of one column."""
    if found is None:
        return ""
    points = found.series.get(name, ())
    most = max((point.row.n_cur for point in points), default=0)
    least = min((point.row.n_cur for point in points), default=0)
    return (
        f"<h4>over time, by {cut(at, 60)}</h4>{times.draw(found, name)}"
        f'<p class="fsnb-caption">{len(points)} stretches of {escape(length)} (UTC), {least:,} to {most:,} rows in '
        "each, all counted, on the same bins of the one reference. Heights are roots of the PSI; band: the noise "
        "floor of each stretch.</p>"
        f"<details><summary>the same as numbers</summary>{times.table(found, name)}</details>"
    )


def violations(report: DriftReport) -> str:
    """What of the baseline is broken."""
    found = report.violations
    lines = "".join(
        f"<li><code>{escape(each.check)}</code> <b>{cut(each.column, 60)}</b> {cut(each.message, 160)}</li>"
        for each in found[:MOST_VIOLATIONS]
    )
    more = f"<li>and {len(found) - MOST_VIOLATIONS} more</li>" if len(found) > MOST_VIOLATIONS else ""
    return f'<h4>violations</h4><ul class="fsnb-violations">{lines}{more}</ul>' if found else ""


def page(report: DriftReport, found: Stretches | None = None, at: str = "", length: str = "", top: str = "") -> str:
    """All of it, static: the columns, and the distributions of the worst that drift, or of the first."""
    shown = ordered(report)
    drifted = [row for row in shown if row.verdict in ("alert", "warn")][:OPEN] or shown[:1]
    opened = "".join(
        f"<details{' open' if n == 0 else ''}><summary>{cut(row.column, 60)}: {row.verdict}</summary>"
        f"{column(row)}{over_time(found, row.column, at, length)}</details>"
        for n, row in enumerate(drifted)
    )
    series, places = (found.series, found.places) if found else ({}, 0)
    return f"{top or head(report)}{rows(report, series, places)}{LEGEND}{violations(report)}{opened}"
