"""The rules of time of a feature view in words, as every preview states them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from fsnb.model.durations import show_duration

if TYPE_CHECKING:
    from fsnb.model.entity import Window
    from fsnb.model.view import FeatureView


def rules(view: FeatureView, windows: Sequence[Window | None] | None = None) -> list[str]:
    """The rules of time of a view, a phrase each; with all the windows that its features take, or these."""
    if view.kind == "static":
        return ["one row per key, no time rule"]
    cutoff = "t" if not view.lag else f"t - {show_duration(view.lag)}"
    if view.refresh:
        cutoff = f"the last {show_duration(view.refresh)} tick at or before {cutoff}"
    seen = "<=" if view.closed in ("right", "both") else "<"
    said = [f"cutoff c = {cutoff}", f"sees {view.source.event_time} {seen} c"]
    if view.source.available:
        said[-1] += f" and {view.source.available} <= c"
    if view.kind == "window":
        taken = view.used_windows if windows is None else windows
        return said + [_band(view, window) for window in taken if window] + ["whole visible history"] * (None in taken)
    said.append("the latest value that is not NULL, per column" if view.skip_nulls else "the latest row")
    return said + ([f"NULL when older than {show_duration(view.ttl)}"] if view.ttl else [])


def _band(view: FeatureView, window: Window) -> str:
    left, right = ("[" if view.closed in ("left", "both") else "("), ("]" if view.closed in ("right", "both") else ")")
    return f"window {left}c - {show_duration(window.offset + window.size)}, c{_minus(window.offset)}{right}"


def _minus(offset: timedelta) -> str:
    return f" - {show_duration(offset)}" if offset else ""
