"""How values show in a notebook that has loaded fsnb.

Every value brings its own HTML (`_repr_html_`), which needs nothing from here. What is added: text that says more than
a `repr`, and for views and sources what the notebook's current store knows of them, which a value alone cannot know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fsnb.catalog import Diff, Lineage, Profile
from fsnb.errors import FsnbError
from fsnb.model import FeatureView, Source
from fsnb.notebook import catalogued, html
from fsnb.notebook.session import Session
from fsnb.publish import Certificate, Publication
from fsnb.training import Preview, Why

HTML, TEXT = "text/html", "text/plain"
SPOKEN: tuple[type, ...] = (
    Certificate,
    Diff,
    Lineage,
    Preview,
    Profile,
    Publication,
    Why,
)  # whose str says more than their repr
KNOWN: tuple[type, ...] = (FeatureView, Source)


def register(shell: Any, session: Session) -> None:
    """Show views and sources with what the session's store knows of them."""
    as_html, as_text = _formatters(shell)
    for kind in KNOWN:
        as_html.for_type(kind, _known(session))
    for kind in SPOKEN:
        as_text.for_type(kind, _text)


def unregister(shell: Any) -> None:
    as_html, as_text = _formatters(shell)
    for kind in KNOWN:
        as_html.pop(kind, None)
    for kind in SPOKEN:
        as_text.pop(kind, None)


def _known(session: Session) -> Callable[[Any], str]:
    def show(value: FeatureView | Source) -> str:
        try:
            return html.card(catalogued.known(session.store, value))
        except FsnbError:  # no store is open, or its catalog cannot be read: the value is still worth seeing
            return html.of(value)

    return show


def _formatters(shell: Any) -> tuple[Any, Any]:
    formatters = shell.display_formatter.formatters
    return formatters[HTML], formatters[TEXT]


def _text(value: Any, printer: Any, cycle: bool) -> None:
    printer.text(str(value))
