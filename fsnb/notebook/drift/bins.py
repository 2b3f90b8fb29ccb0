"""Both distributions of a column on shared edges, and what each bin adds to the PSI: as a drawing and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fsnb.notebook.drift.marks import cut, figure, share
from fsnb.quality.comparing import Compared
from fsnb.quality.distances import contributions, shares

WIDTH, LEFT, RIGHT, TOP, HIGH, GAP, ADDS, WORDS = 540, 40, 6, 10, 130, 10, 42, 62
MOST_CATEGORIES = 15
LABEL = 14  # characters
SHORT = {"(not in the reference)": "unseen"}
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bin: rows and shares of either side, and what it adds to the PSI."""

    label: str
    reference: int
    current: int
    before: float
    now: float
    adds: float


def bars(row: Compared) -> tuple[Bar, ...]:
    """The bins of a column; of many categories those that add most, and the others as one."""
    mine, theirs = [each.reference for each in row.bins], [each.current for each in row.bins]
    before, now = shares(mine), shares(theirs)
    if before is None or now is None:
        return ()
    figures = zip(mine, theirs, before, now, contributions(mine, theirs), strict=True)
    found = [
        Bar(each.label, a, b, float(p), float(q), float(adds))
        for each, (a, b, p, q, adds) in zip(row.bins, figures, strict=True)
    ]
    ordered = row.kind in ("numeric", "text", "datetime")
    return tuple(found) if ordered or len(found) <= MOST_CATEGORIES else _fewer(found)


def _fewer(found: Sequence[Bar]) -> tuple[Bar, ...]:
    worst = sorted(found, key=lambda each: -each.adds)
    kept, rest = worst[: MOST_CATEGORIES - 1], worst[MOST_CATEGORIES - 1 :]
    sums = (sum(getattr(each, name) for each in rest) for name in Bar.__slots__[1:])
    return (*kept, Bar(f"{len(rest)} others", *sums))


def draw(found: Sequence[Bar], name: str) -> str:
    """Hollow bars: the reference; filled: now. Below, what each bin adds."""
    return "".join(_svg(found, name))


def _svg(found: Sequence[Bar], name: str) -> Iterator[str]:
    height = TOP + HIGH + GAP + ADDS + WORDS
    slot = (WIDTH - LEFT - RIGHT) / len(found)
    top = max(max(each.before, each.now) for each in found) or 1.0
    worst = max(found, key=lambda each: each.adds)
    said = f"Shares of {cut(name, 60)} in {len(found)} bins, reference and now; most is added by {cut(worst.label, 40)}"
    yield f'<svg class="fsnb-bins" role="img" aria-label="{said}" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}">'
    yield from _grid(top)
    most = max(worst.adds, 1e-12)
    told = sorted(found, key=lambda each: -each.adds)[:3]
    every = max(1, -(-15 // int(slot))) if slot < 15 else 1
    for place, each in enumerate(found):
        x = LEFT + place * slot
        yield _pair(x, slot, each, top)
        yield _added(x, slot, each, most, each in told and each.adds >= 0.0005)
        if place % every == 0:
            yield _label(x + slot / 2, each.label)
    yield "</svg>"


def _grid(top: float) -> Iterator[str]:
    step = next((step for step in STEPS if top / step <= 4), 1.0)
    level = 0.0
    while level <= top:
        y = TOP + HIGH * (1 - level / top)
        yield f'<path class="fsnb-grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{level:.0%}</text>'
        level += step
    y = TOP + HIGH + GAP + ADDS
    yield f'<path class="fsnb-grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>'
    yield f'<text x="{LEFT - 6}" y="{y - 2}" text-anchor="end">adds</text>'


def _pair(x: float, slot: float, each: Bar, top: float) -> str:
    width = min(slot * 0.4, 26)
    middle, base = x + slot / 2, TOP + HIGH
    a, b = each.before / top * HIGH, each.now / top * HIGH
    return (
        f'<path class="fsnb-before" d="M{middle - width:.1f} {base}v-{a:.1f}h{width - 1.5:.1f}v{a:.1f}"/>'
        f'<path class="fsnb-now" d="M{middle + 0.5:.1f} {base}v-{b:.1f}h{width:.1f}v{b:.1f}Z"/>'
    )


def _added(x: float, slot: float, each: Bar, most: float, told: bool) -> str:
    width, base = min(slot * 0.8, 52), TOP + HIGH + GAP + ADDS
    high = each.adds / most * (ADDS - 12)
    left = x + (slot - width) / 2
    words = f'<text x="{x + slot / 2:.1f}" y="{base - high - 3:.1f}" text-anchor="middle">{figure(each.adds)}</text>'
    return (
        f'<path class="fsnb-adds" d="M{left:.1f} {base}v-{high:.1f}h{width:.1f}v{high:.1f}Z"/>{words if told else ""}'
    )


def _label(x: float, label: str) -> str:
    y = TOP + HIGH + GAP + ADDS + 13
    turn = f'transform="rotate(-32 {x:.1f} {y})"'
    return f'<text x="{x + 3:.1f}" y="{y}" text-anchor="end" {turn}>{cut(SHORT.get(label, label), LABEL)}</text>'


LEGEND = (
    '<p class="fsnb-legend"><svg aria-hidden="true" viewBox="0 0 12 12" width="12"><path class="fsnb-before" '
    'd="M2 11V2H10V11"/></svg> reference <svg aria-hidden="true" viewBox="0 0 12 12" width="12">'
    '<path class="fsnb-now" d="M2 11V2H10V11Z"/></svg> now <svg aria-hidden="true" viewBox="0 0 12 12" width="12">'
    '<path class="fsnb-adds" d="M1 11V6H11V11Z"/></svg> what the bin adds to the PSI</p>'
)


def table(found: Sequence[Bar]) -> str:
    """The numbers of the drawing."""
    heads = ("bin", "reference", "share", "now", "share", "adds to PSI")
    kinds = ["", *[' class="fsnb-number"'] * 5]
    head = "".join(f'<th scope="col"{kind}>{name}</th>' for name, kind in zip(heads, kinds, strict=True))
    body = "".join(
        f"<tr><td>{cut(each.label, 60)}</td>"
        + "".join(
            f'<td class="fsnb-number">{cell}</td>'
            for cell in (
                f"{each.reference:,}",
                share(each.before),
                f"{each.current:,}",
                share(each.now),
                figure(each.adds),
            )
        )
        + "</tr>"
        for each in found
    )
    return f'<table class="fsnb-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
