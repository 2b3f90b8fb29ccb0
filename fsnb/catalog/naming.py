"""Which document a name means: the one kind that has it, and the version after `@`."""

from __future__ import annotations

from collections.abc import Iterable

from fsnb.catalog.graph import DEFINED
from fsnb.errors import CatalogError, UnknownName, listed

SAY_WHICH = {
    "lineage": "Say which: lineage(name, kind).",
    "diff": "Give the documents: diff(catalog.get(kind, name), ...).",
}


def kind_of(known: Iterable[tuple[str, str]], name: str, kind: str | None, what: str) -> str:
    """The kind that has a name, among (kind, name): what people named before what is made of it and bears its name.

    Raises
    ------
    UnknownName
        None has it; the message names the nearest.
    CatalogError
        Several have it; the message says how `what`, "lineage" or "diff", is told which.
    """
    of_kind = {pair for pair in known if kind in (None, pair[0])}
    kinds = {each for each, of in of_kind if of == name}
    kinds = kinds & {*DEFINED} or kinds
    if not kinds:
        raise UnknownName.among("the catalog", kind or "document", name, sorted({of for _, of in of_kind}))
    if len(kinds) > 1:
        raise CatalogError(f"several kinds have the name {name!r}: {listed(sorted(kinds))}. {SAY_WHICH[what]}")
    return kinds.pop()


def name_and_version(text: str) -> tuple[str, int | None]:
    """`plane_delays@2` -> ("plane_delays", 2); no version is the latest."""
    name, at, version = text.partition("@")
    if at and not version.isdecimal():
        raise CatalogError(f"{text!r} names no version. Write {name} for the latest one, {name}@2 for the second.")
    return name, int(version) if at else None
