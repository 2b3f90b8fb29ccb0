"""`fsnb list` and `fsnb show`: what the catalog knows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from shutil import get_terminal_size
from typing import Any

import click

from fsnb.cli.commands import answer, command


@command("list")
@click.argument("kind", required=False)
@click.option("--search", metavar="TEXT", help="Only what fits these words, the best first.")
def list_(kind: str | None, search: str | None, store: Any, as_json: bool) -> None:
    """List what the catalog has, or what of one KIND.

    Kinds are view, source, target, training_set, publication, ...

    \b
    fsnb list view
    fsnb list --search delay
    """
    catalog = store.catalog
    found = catalog.list(kind) if search is None else catalog.search(search, kind)
    answer({"documents": [summary(each) for each in found]}, _table(found), as_json=as_json)


def summary(document: Any) -> dict[str, Any]:
    """A document without its body but for what people wrote in it."""
    body = document.body
    said = {name: body.get(name) for name in ("description", "owner", "tags") if body.get(name)}
    plain = ("kind", "name", "version", "fingerprint", "created_at", "created_by")
    return {name: getattr(document, name) for name in plain} | said


MOST_ROOM = 160  # in a log
HEADS = ("kind", "name", "version", "owner", "since", "description")


def _table(found: Sequence[Any]) -> str:
    """A line for each document; the description takes what room is left on the terminal."""
    if not found:
        return "nothing"
    rows = [HEADS, *map(_row, found)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(HEADS) - 1)]
    room = max(MOST_ROOM if not sys.stdout.isatty() else get_terminal_size().columns, 40)
    lines = ("  ".join([*map(str.ljust, row, widths), row[-1]]).rstrip() for row in rows)
    return "\n".join(line if len(line) <= room else line[: room - 1] + "…" for line in lines)


def _row(document: Any) -> tuple[str, ...]:
    said = summary(document)
    about = (said.get("description") or "").strip().partition("\n")[0]
    since = document.created_at.strftime("%Y-%m-%d %H:%M")
    return document.kind, document.name, f"v{document.version}", said.get("owner") or "", since, about


@command()
@click.argument("name")
@click.option("--version", type=int, help="An earlier version.")
def show(name: str, version: int | None, store: Any, as_json: bool) -> None:
    """Show what the catalog knows by a NAME.

    KIND/NAME where several kinds have it.

    \b
    fsnb show plane_delays
    fsnb show publication/plane_delays --json
    """
    from fsnb.notebook.catalogued import find

    found = find(store, name, version)
    document = found.document
    versions = [summary(each) for each in store.catalog.history(document.kind, document.name)]
    answer(summary(document) | {"body": document.body, "versions": versions}, found.card, as_json=as_json)
