"""What the catalog knows by a name: the value to work with, and its card with versions and publications."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fsnb.catalog import Document, Profile, graph
from fsnb.errors import UnknownName, UsageError
from fsnb.model import FeatureView, Source
from fsnb.notebook import cards, cataloguing, publishing
from fsnb.notebook.card import Card, Table
from fsnb.publish import Publication, Target
from fsnb.store import FeatureStore

PUBLICATION, PROFILE = "publication", "profile"


@dataclass(frozen=True, slots=True)
class Found:
    """A value of the catalog, what there is to say about it, and the document that it is of."""

    value: Any
    card: Card
    document: Document


def find(store: FeatureStore, name: str, version: int | None) -> Found:
    """The document of this name, or of `kind/name` where several kinds share it.

    Raises
    ------
    UnknownName
        No such name, or no such version.
    UsageError
        Several kinds have it.
    """
    known = store.catalog.list()
    named = [document for document in known if name in (document.name, f"{document.kind}/{document.name}")]
    # what was made of a view bears its name; the view is meant
    mine = [document for document in named if document.kind in graph.DEFINED] or named
    if not mine:
        raise UnknownName.among("the catalog", "document", name, sorted({document.name for document in known}))
    if len(mine) > 1:
        kinds = ", ".join(f"{document.kind}/{document.name}" for document in mine)
        raise UsageError(f"several kinds have the name {name!r}. Say which: {kinds}.")
    document = store.catalog.get(mine[0].kind, mine[0].name, version)
    value = VALUES.get(document.kind, _document)(store, document, version)
    return Found(value, _with_history(store, cards.of(value), document), document)


def code_of(found: Found) -> str:
    """The Python that defines a view.

    Raises
    ------
    UsageError
        It is no feature view.
    NotSupported
        Something in it has no Python that fsnb can write.
    """
    if not isinstance(found.value, FeatureView):
        raise UsageError(
            f"{found.document.kind} {found.document.name!r} has no code. Feature views have: leave --code out."
        )
    return found.value.code()


def known(store: FeatureStore, value: FeatureView | Source) -> Card:
    """The card of a view or source, with what the catalog knows where it has this very definition."""
    kind = "view" if isinstance(value, FeatureView) else "source"
    try:
        document = store.catalog.get(kind, value.name)
    except UnknownName:
        return cards.of(value)
    if document.body.get("fingerprint") != value.fingerprint:
        return cards.of(value)
    return _with_history(store, cards.of(value), document)


def of_document(store: FeatureStore, document: Document) -> Card:
    """The card of a document, as its kind is best shown, with what the catalog knows of it but for its lineage."""
    value = VALUES.get(document.kind, _document)(store, document, None)
    return _with_history(store, cards.of(value), document, lineage=False)


def _with_history(store: FeatureStore, card: Card, document: Document, *, lineage: bool = True) -> Card:
    """The card with the document's versions, and a view's with what was published of it."""
    history = store.catalog.history(document.kind, document.name)
    place = f"version {document.version} of {len(history)}, since {cards.when(document)}"
    versions = (cards.versions(history),) if len(history) > 1 else ()
    made = _lineage(store, document) if lineage else ()
    tables = (*card.tables, *_distributions(store, document), *made, *_publications(store, document), *versions)
    return replace(card, facts=(*card.facts, ("catalog", place)), tables=tables)


def _distributions(store: FeatureStore, document: Document) -> tuple[Table, ...]:
    """How a view's values were distributed when last looked at."""
    profiled = document.kind == "view" and any(d.name == document.name for d in store.catalog.list(PROFILE))
    if not profiled:
        return ()
    profile = Profile.from_doc(store.catalog.get(PROFILE, document.name).body)
    return (cataloguing.distributions(profile, f"distributions: {profile.of}, {profile.taken:%Y-%m-%d %H:%M} UTC"),)


def _lineage(store: FeatureStore, document: Document) -> tuple[Table, ...]:
    """What a definition was made from, and what was made from it."""
    if document.kind not in graph.DEFINED:
        return ()
    return cataloguing.lineage(store.catalog.lineage(document.name, document.kind)).tables


def _publications(store: FeatureStore, document: Document) -> tuple[Table, ...]:
    published = document.kind == "view" and any(d.name == document.name for d in store.catalog.list(PUBLICATION))
    return (publishing.publications(store.catalog.history(PUBLICATION, document.name)),) if published else ()


def _view(store: FeatureStore, document: Document, version: int | None) -> Any:
    return store.view(document.name, version)


def _source(store: FeatureStore, document: Document, version: int | None) -> Any:
    return Source.from_doc(document.body) if version else store._source(document.name)


def _target(store: FeatureStore, document: Document, version: int | None) -> Any:
    return store.target(document.name) if version is None else Target.from_doc(document.body)


def _publication(store: FeatureStore, document: Document, version: int | None) -> Any:
    return Publication.from_doc(document.body)


def _profile(store: FeatureStore, document: Document, version: int | None) -> Any:
    return Profile.from_doc(document.body)


def _document(store: FeatureStore, document: Document, version: int | None) -> Any:
    return document


VALUES: Mapping[str, Callable[[FeatureStore, Document, int | None], Any]] = {
    "view": _view,
    "source": _source,
    "target": _target,
    PUBLICATION: _publication,
    PROFILE: _profile,
}
