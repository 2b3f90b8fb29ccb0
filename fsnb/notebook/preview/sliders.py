"""The lengths that a slider steps through: round ones, and the view's own among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from fsnb.model import FeatureView
from fsnb.training.trial import Lengths, Rules, shown

MINUTES, HOURS, DAYS = (1, 5, 15, 30), (1, 2, 3, 6, 12), (1, 2, 3, 7, 14, 30, 90, 365)
ROUND = (
    *(timedelta(minutes=n) for n in MINUTES),
    *(timedelta(hours=n) for n in HOURS),
    *(timedelta(days=n) for n in DAYS),
)
REACH = 30
"""A slider goes up to so many times the view's own length, and at least to a day; at the other end down to zero."""


@dataclass(frozen=True, slots=True)
class Slider:
    """One rule of time: its kind, its name ("lag", "ttl", a window's label), what it steps through, where it stands.

    Kinds are "lag", "ttl", "window" and "over": a window that `fsnb.over` gives to aggregates.
    """

    kind: str
    name: str
    steps: tuple[timedelta | None, ...]
    own: timedelta | None
    now: timedelta | None

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(shown(step) for step in self.steps)

    @property
    def label(self) -> str:
        return f"{self.kind} {self.name}" if self.kind in ("window", "over") else self.name


def sliders(view: FeatureView, rules: Rules) -> tuple[Slider, ...]:
    """The sliders of a view: lag, then each window, its own and those of `fsnb.over`, or the ttl; none where static."""
    if view.kind == "static":
        return ()
    lag = Slider("lag", "lag", _steps([timedelta(0), *ROUND], view.lag, rules.lag), view.lag, rules.lag)
    if view.kind == "window":
        own = Rules.of(view)
        return lag, *_lengths("window", own.windows, rules.windows), *_lengths("over", own.over, rules.over)
    ttl = (*_steps(ROUND, view.ttl, rules.ttl), None)
    return lag, Slider("ttl", "ttl", ttl, view.ttl, rules.ttl)


def _lengths(kind: str, own: Lengths, now: Lengths) -> list[Slider]:
    there = dict(now)
    return [Slider(kind, n, _steps(ROUND, size, there[n]), size, there[n]) for n, size in own]


def _steps(rungs: Sequence[timedelta], own: timedelta | None, now: timedelta | None) -> tuple[timedelta, ...]:
    """Round lengths around the own one, with the own one and the one that is tried among them."""
    far = max((own or timedelta(0)) * REACH, timedelta(days=1)) if own is not None else ROUND[-1]
    near = own / 500 if own else timedelta(0)
    kept = {rung for rung in rungs if near <= rung <= far}
    return tuple(sorted({*kept, *(length for length in (own, now) if length is not None)}))
