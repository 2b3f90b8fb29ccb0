"""Everything that the tree shows, in one answer: entities, their views and features, sources, who and what for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from fsnb.catalog import Catalog, Document
from fsnb.server.publications import state_of

Answer = dict[str, Any]


def overview(catalog: Catalog) -> Answer:
    """The latest version of each view and source; a document that another program put there may lack anything."""
    views = catalog.list("view")
    published = {each.name: each.body for each in catalog.list("publication")}
    failed = {each.name: each for each in catalog.list("failed_publication")}
    fresh = {each.name: each.body for each in catalog.list("profile")}
    told = [_view(each, published.get(each.name), failed.get(each.name), fresh.get(each.name)) for each in views]
    return {
        "where": catalog.where,
        "revision": catalog.revision,
        "views": told,
        "sources": [_source(each) for each in catalog.list("source")],
        "targets": [each.name for each in catalog.list("target")],
        "owners": _counted(each["owner"] for each in told),
        "tags": _counted(tag for each in told for tag in each["tags"]),
    }


def _view(document: Document, published: Any, failed: Document | None, fresh: Any) -> Answer:
    body = document.body
    entity = body.get("entity")
    named = entity if isinstance(entity, dict) else {}
    return {
        "name": document.name,
        "version": document.version,
        "entity": str(named.get("name") or ""),
        "keys": strings(named.get("keys")),
        "description": str(body.get("description") or ""),
        "owner": str(body.get("owner") or ""),
        "tags": strings(body.get("tags")),
        "features": strings(body.get("features")),
        "state": state_of(body, published, failed),
        "newest": fresh.get("newest") if fresh else None,
    }


def _source(document: Document) -> Answer:
    return {"name": document.name, "version": document.version, "event_time": document.body.get("event_time")}


def _counted(words: Iterable[str]) -> list[list[Any]]:
    """Each word and of how many views, the most frequent first."""
    found = Counter(word for word in words if word)
    return [[word, count] for word, count in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))]


def strings(value: Any) -> list[str]:
    if isinstance(value, Mapping | str) or not hasattr(value, "__iter__"):
        return [value] if isinstance(value, str) and value else []
    return [str(each) for each in value]
