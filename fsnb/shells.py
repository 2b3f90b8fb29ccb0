"""What a shell does for the layers below it, which may not import one: how a value shows, and which widget looks at it.

`fsnb/__init__.py`, which stands over all layers, says who does what; the shell is loaded when it is first asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_offered: dict[str, Callable[..., Any]] = {}


def offer(**done: Callable[..., Any]) -> None:
    """Say who does what from now on: `html` of a value, and widgets by name."""
    _offered.update(done)


def html(value: Any) -> str:
    """A value as HTML that stands by itself: no script, nothing loaded, everything escaped."""
    return str(_offered["html"](value))


def widget(name: str, *values: Any, **asked: Any) -> Any:
    """The widget of that name, to look at some values."""
    return _offered[name](*values, **asked)
