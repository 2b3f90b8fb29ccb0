"""The columns of a report, worst first: PSI as a bar over thresholds and noise floor, and PSI over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from fsnb.notebook.drift.marks import cut, figure, mark, share
from fsnb.quality.comparing import Compared
from fsnb.quality.verdicts import ALERT, WARN

BAR, HIGH = 132, 18
MOST = 1.0  # where bars end: far beyond any threshold
SPARK = 72
NAME, WHY = 120, 60  # characters shown; style cuts what does not fit


@dataclass(frozen=True, slots=True)
class Point:
    """A stretch of time of one column: its place, counted from the first, and what was found."""

    place: int
    row: Compared


KINDS = {
    "PSI": ' class="fsnb-number"',
    "floor": ' class="fsnb-number fsnb-dim fsnb-more"',
    "NULL now": ' class="fsnb-number fsnb-more"',
    "over time": ' class="fsnb-more"',
}
HIDDEN = '<span class="fsnb-hidden">verdict</span>'
Series = Mapping[str, Sequence[Point]]


def table(
    rows: Sequence[Compared], series: Series, places: int, chosen: str = "", numbers: Mapping[str, int] | None = None
) -> str:
    """The rows in this order; with `numbers` names are buttons, and each row bears its number."""
    heads = ("", "feature", _scale(), "PSI", "floor", "NULL now", *(["over time"] if places > 1 else []))
    head = "".join(f'<th scope="col"{KINDS.get(name, "")}>{name or HIDDEN}</th>' for name in heads)
    body = "".join(
        _row(row, spark(series.get(row.column, ()), places), places, row.column == chosen, numbers) for row in rows
    )
    return f'<table class="fsnb-table fsnb-list"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(row: Compared, drawn: str, places: int, chosen: bool, numbers: Mapping[str, int] | None) -> str:
    times = f"<td{KINDS['over time']}>{drawn}</td>" if places > 1 else ""
    mine = ' class="fsnb-chosen"' if chosen else ""
    at = f' data-row="{numbers[row.column]}"' if numbers else ""
    name = _name(row, chosen, bool(numbers))
    figures = {"PSI": figure(row.psi), "floor": figure(row.psi_floor95), "NULL now": share(row.null_rate_cur)}
    told = "".join(f"<td{KINDS[kind]}>{value}</td>" for kind, value in figures.items())
    verdict = f'{mark(row.verdict)}<span class="fsnb-hidden">{row.verdict}</span>'
    return f"<tr{mine}{at}><td>{verdict}</td><td>{name}</td><td>{_measure(row)}</td>{told}{times}</tr>"


def _name(row: Compared, chosen: bool, live: bool) -> str:
    full, shown = escape(row.column[:1000]), cut(row.column, NAME)
    if not live:
        return f'<span class="fsnb-name" title="{full}">{shown}</span>'
    state = ' aria-current="true"' if chosen else ""
    order = 0 if chosen else -1  # one stop for the tab key; arrows go on from there
    return f'<button type="button" class="fsnb-name" title="{full}" tabindex="{order}"{state}>{shown}</button>'


def _measure(row: Compared) -> str:
    """The bar; where there is no PSI, why not."""
    if row.psi is None:
        return f'<span class="fsnb-why" title="{escape(row.reason)}">{cut(row.reason, WHY)}</span>'
    return bar(row.psi, row.psi_floor95, row.verdict)


def bar(psi: float, floor: float | None, verdict: str) -> str:
    """PSI from 0 to 1 and on (a gap marks what is cut), the thresholds as dashes, the noise floor as a tick."""
    long = min(psi, MOST) * BAR
    limits = "".join(f"M{limit * BAR:.0f} 1V{HIGH - 1}" for limit in (WARN, ALERT))
    gap = f'<path class="fsnb-gap" d="M{BAR - 12} 1l-5 {HIGH - 2}h5l5 -{HIGH - 2}Z"/>' if psi > MOST else ""
    tick = "" if floor is None else f'<path class="fsnb-floor" d="M{min(floor, MOST) * BAR:.1f} 2V{HIGH - 2}"/>'
    said = f"PSI {figure(psi)}" + ("" if floor is None else f", noise floor {figure(floor)}")
    return (
        f'<svg class="fsnb-psi" role="img" aria-label="{said}" viewBox="0 0 {BAR} {HIGH}" width="{BAR}">'
        f'<path class="fsnb-track" d="M0 {HIGH / 2}H{BAR}"/><path class="fsnb-fill fsnb-on-{verdict[:2]}" '
        f'd="M0 5H{max(long, 1):.1f}V{HIGH - 5}H0Z"/>{gap}<path class="fsnb-limit" d="{limits}"/>{tick}</svg>'
    )


def _scale() -> str:
    words = "".join(
        f'<text x="{limit * BAR + aside:.0f}" y="11" text-anchor="{anchor}">{limit:g}</text>'
        for limit, aside, anchor in ((WARN, 4, "end"), (ALERT, -6, "start"), (MOST, 0, "end"))
    )
    return (
        f'<svg class="fsnb-scale" role="img" aria-label="PSI, thresholds {WARN} and {ALERT}" '
        f'viewBox="0 0 {BAR} 14" width="{BAR}">{words}</svg>'
    )


def spark(points: Sequence[Point], places: int) -> str:
    """PSI by stretch, the root of it up to 1, with the alert threshold."""
    known = [(point.place, min(point.row.psi, MOST)) for point in points if point.row.psi is not None]
    if not known:
        return ""
    step = (SPARK - 4) / max(places - 1, 1)
    line = "L".join(f"{2 + place * step:.1f} {_down(psi):.1f}" for place, psi in known)
    last, worst = known[-1][1], max(psi for _, psi in known)
    said = f"PSI over {len(known)} stretches: greatest {figure(worst)}, last {figure(last)}"
    dot = f'<circle cx="{2 + known[-1][0] * step:.1f}" cy="{_down(last):.1f}" r="2" fill="currentColor"/>'
    return (
        f'<svg class="fsnb-spark" role="img" aria-label="{said}" viewBox="0 0 {SPARK} {HIGH}" width="{SPARK}">'
        f'<path class="fsnb-limit" d="M0 {_down(ALERT):.1f}H{SPARK}"/>'
        f'<path d="M{line}" fill="none" stroke="currentColor" stroke-width="1.2"/>{dot}</svg>'
    )


def _down(psi: float) -> float:
    return HIGH - 2 - (HIGH - 4) * psi**0.5
