"""`train.preview()` as a widget: Python judges, computes and draws, the browser asks and shows.

    sliders   the lengths that a slider of lag, window or ttl steps through
    listing   which rows the list shows: filter, search, page
    parts     the HTML of each part of the widget, every value escaped
    code      what was tried, as the code of a cell
    widget    the parts as synchronized text, and what the browser may ask for

The value stays `fsnb.training.Preview`, which knows nothing of this: `bundle` is registered for its type, and each
preview has one widget, which moves it and follows it.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from fsnb.notebook.preview.widget import PreviewWidget
from fsnb.training import Preview

_WIDGETS: WeakKeyDictionary[Preview, PreviewWidget] = WeakKeyDictionary()


def bundle(preview: Preview, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """A preview for IPython: the widget, and the same as HTML and as text for where there is none."""
    data = {"text/plain": str(preview), "text/html": preview.to_html()}
    widget = widget_of(preview)._repr_mimebundle_() or ({}, {})
    return {**widget[0], **data}, widget[1]


def widget_of(preview: Preview) -> PreviewWidget:
    """The widget of a preview."""
    if preview not in _WIDGETS:
        _WIDGETS[preview] = PreviewWidget(preview)
    return _WIDGETS[preview]
