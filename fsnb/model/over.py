"""An aggregate over a window of its own, so that one feature can compare windows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.common.deferred import deferrable

from fsnb.errors import DefinitionError, UnknownName
from fsnb.identity import Over
from fsnb.model.entity import Window


def over(value: Any, window: str | timedelta | Window) -> Any:
    """An aggregate over its own window, whatever windows the feature view has.

    `fsnb.over(t.count(), "1d") / fsnb.over(t.count(), "7d")` is the last day's share of the week. A feature whose
    aggregates all say their window is named as it is, once; `t.count() / fsnb.over(t.count(), "30d")` in a view with
    `windows=["1d", "7d"]` makes one feature per window, each compared with the last 30 days.

    Parameters
    ----------
    value
        A reduction, or arithmetic over reductions: `t.x.max() - t.x.min()`. Deferred values (`_.count()`) too.
    window
        A length ("7d", a timedelta), or a `Window` with an offset. The rules of time are the view's: lag, refresh,
        `closed`, available time; an empty window gives 0 for counts and NULL for the rest.

    Raises
    ------
    DefinitionError
        The value is no aggregate, or has a window already.
    """
    wanted = window if isinstance(window, Window) else Window(window)
    return _over(value, wanted)


@deferrable
def _over(value: Any, window: Window) -> ir.Scalar:
    if not isinstance(value, ir.Scalar) or not leaves(value.op()):
        raise DefinitionError(f"over(..., {window.label!r}) takes an aggregate, e.g. t.count(), not {_shown(value)}.")
    check_over(value, f"over(..., {window.label!r})", inside=True)
    return Over(value, window.size, window.offset).to_expr()


def _shown(value: Any) -> str:
    return f"the column {value.get_name()!r}" if isinstance(value, ir.Column) else repr(value)


def check_over(value: ir.Value, who: str, *, inside: bool = False) -> None:
    """Refuse a window within a window, and a length that is none."""
    for leaf in leaves(value.op()):
        if not isinstance(leaf, Over):
            continue
        if inside:
            raise DefinitionError(f"{who} holds an aggregate that has a window already. Give each one window.")
        Window(leaf.size, leaf.offset)
        check_over(leaf.arg.to_expr(), who, inside=True)


def leaves(node: Any) -> tuple[Any, ...]:
    """The outermost aggregates of a value: reductions, and those with windows of their own."""
    if isinstance(node, ops.Reduction | Over):
        return (node,)
    if not isinstance(node, ops.Value) or isinstance(node, ops.WindowFunction):
        return ()
    return tuple(dict.fromkeys(leaf for child in node.__children__ for leaf in leaves(child)))


def said_windows(values: Iterable[ir.Value]) -> dict[str, Window]:
    """The windows that `over` gives to aggregates of these values, each once, by label."""
    found = (window for value in values for window in _said(value).values())
    return {window.label: window for window in found}


def over_others(values: Mapping[str, ir.Value], sizes: Mapping[str, str | timedelta], who: str) -> dict[str, ir.Value]:
    """Values whose aggregates say other lengths, `{"7d": "3d"}` by the label of the window said; offsets stay."""
    said = said_windows(values.values())
    for label in sizes:
        if label not in said:
            raise UnknownName.among(who, "window given by over()", label, said)
    then = {said[label]: said[label].resized(size).size for label, size in sizes.items()}
    return {name: _over_others(value, then) for name, value in values.items()}


def _over_others(value: ir.Value, sizes: Mapping[Window, timedelta]) -> ir.Value:
    then = {leaf: sizes.get(window, window.size) for leaf, window in _said(value).items()}
    others = {leaf: Over(leaf.arg, size, leaf.offset) for leaf, size in then.items() if size != leaf.size}
    return value.op().replace(others).to_expr() if others else value


def _said(value: ir.Value) -> dict[Over, Window]:
    """The aggregates of a value that say their window, with it."""
    return {leaf: Window(leaf.size, leaf.offset) for leaf in leaves(value.op()) if isinstance(leaf, Over)}


def windows_of(value: ir.Value, window: Window | None) -> tuple[Window | None, ...]:
    """The windows that a value's aggregates take, where `window` is the one of those that do not say."""
    own = _said(value)
    said = (own.get(leaf, window) for leaf in leaves(value.op()))
    return tuple(dict.fromkeys(said))
