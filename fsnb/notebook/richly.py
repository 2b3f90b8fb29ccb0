"""How values show in a notebook. Registered by type, so that the layers below know nothing of a notebook."""

from __future__ import annotations

from typing import Any

from fsnb.catalog import Diff, Lineage, Profile
from fsnb.notebook import cards, html
from fsnb.notebook.card import Card
from fsnb.publish import Certificate, Publication
from fsnb.training import Preview, Why

HTML, TEXT = "text/html", "text/plain"
SPOKEN = (Certificate, Diff, Lineage, Preview, Profile, Publication, Why)  # whose str says more than their repr


def register(shell: Any) -> None:
    """Show every type that has a card as HTML; text stays each value's own."""
    as_html, as_text = _formatters(shell)
    for kind in cards.CARDS:
        as_html.for_type(kind, html.of)
    as_html.for_type(Card, html.card)
    for kind in SPOKEN:
        as_text.for_type(kind, _text)


def unregister(shell: Any) -> None:
    as_html, as_text = _formatters(shell)
    for kind in (*cards.CARDS, Card):
        as_html.pop(kind, None)
    for kind in SPOKEN:
        as_text.pop(kind, None)


def _formatters(shell: Any) -> tuple[Any, Any]:
    formatters = shell.display_formatter.formatters
    return formatters[HTML], formatters[TEXT]


def _text(value: Any, printer: Any, cycle: bool) -> None:
    printer.text(str(value))
