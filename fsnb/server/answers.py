"""Route -> answer: functions from a catalog and what was asked for to JSON. Jupyter is not known here.

What a page asks for is text from anywhere: each parameter is read with a bound and a sentence that says what it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fsnb.catalog import Catalog
from fsnb.errors import UsageError
from fsnb.server import details, relations
from fsnb.server.overview import overview
from fsnb.server.publications import publications

Answer = dict[str, Any]
Asked = Mapping[str, str]
KINDS = ("view", "source")  # what the sidebar lists and shows
LONGEST = 20_000  # letters of a name or a query
MOST_FOUND = 2000


def show(catalog: Catalog, asked: Asked) -> Answer:
    kind = _one_of("kind", asked.get("kind", "view"), KINDS)
    told = details.view if kind == "view" else details.source
    return told(catalog, _text(asked, "name"), _version(asked))


def search(catalog: Catalog, asked: Asked) -> Answer:
    words = _text(asked, "q")
    found = catalog.search(words, limit=MOST_FOUND)
    return {"q": words, "found": [[each.kind, each.name] for each in found if each.kind in KINDS]}


def lineage(catalog: Catalog, asked: Asked) -> Answer:
    return relations.lineage(catalog, _text(asked, "name"), asked.get("kind") or None)


def diff(catalog: Catalog, asked: Asked) -> Answer:
    return relations.diff(catalog, _text(asked, "old"), asked.get("new") or None)


ANSWERS: Mapping[str, Callable[[Catalog, Asked], Answer]] = {
    "overview": lambda catalog, asked: overview(catalog),
    "search": search,
    "show": show,
    "lineage": lineage,
    "diff": diff,
    "publications": lambda catalog, asked: publications(catalog),
}


def _text(asked: Asked, name: str) -> str:
    text = asked.get(name, "")
    if not text:
        raise UsageError(f"{name!r} is missing. Give it in the query: ?{name}=...")
    if len(text) > LONGEST:
        raise UsageError(f"{name!r} has {len(text):,} letters; at most {LONGEST:,} are taken.")
    return text


def _version(asked: Asked) -> int | None:
    text = asked.get("version", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise UsageError(f"version={text[:40]!r} is not a number. Leave it out for the latest.")
    return int(text)


def _one_of(name: str, text: str, options: tuple[str, ...]) -> str:
    if text not in options:
        raise UsageError(f"{name}={text[:40]!r} is not known here. It is one of: {', '.join(options)}.")
    return text
