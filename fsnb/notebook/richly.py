"""Which types show as HTML in a notebook. Registered by type, so that the layers below know nothing of HTML."""

from __future__ import annotations

from typing import Any

from fsnb.notebook import cards, html

MIME = "text/html"


def register(shell: Any) -> None:
    """Show every type that has a card as HTML; text stays each value's own repr."""
    formatter = shell.display_formatter.formatters[MIME]
    for kind in cards.CARDS:
        formatter.for_type(kind, html.of)
    formatter.for_type(cards.Card, html.card)


def unregister(shell: Any) -> None:
    formatter = shell.display_formatter.formatters[MIME]
    for kind in (*cards.CARDS, cards.Card):
        formatter.pop(kind, None)
