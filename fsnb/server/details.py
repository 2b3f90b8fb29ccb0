"""One view or source: what it is, its rules of time in words, versions, distributions, evidence, and code to insert."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fsnb.catalog import Catalog, Document, Profile
from fsnb.catalog.difference import diff
from fsnb.errors import FsnbError
from fsnb.model import FeatureView
from fsnb.model.spelled import formula
from fsnb.server import code
from fsnb.server.overview import strings
from fsnb.server.publications import known_of, latest, state_of

Answer = dict[str, Any]
COMPARED = 10  # versions, each with the one before it


def view(catalog: Catalog, name: str, version: int | None) -> Answer:
    """A version of a feature view; the latest where none is named."""
    document = catalog.get("view", name, version)
    history = catalog.history("view", name)
    body = document.body
    entity = body.get("entity")
    profile = _profile(catalog, name)
    published = known_of(catalog, name, history[0].body)
    features = _features(body, profile)
    found, trouble = _read(body)
    return {
        "kind": document.kind,
        "name": name,
        "version": document.version,
        "latest": history[0].version,
        "description": str(body.get("description") or ""),
        "owner": str(body.get("owner") or ""),
        "tags": strings(body.get("tags")),
        "entity": entity if isinstance(entity, dict) else {"name": "", "keys": []},
        "sources": strings(body.get("sources")),
        "fingerprint": str(body.get("fingerprint") or document.fingerprint)[:12],
        "fill": body.get("fill") or {},
        **_words(found),
        "trouble": trouble,
        "features": features,
        "profile": _freshness(profile),
        "versions": list(_versions(history)),
        "publications": published,
        "state": _state(catalog, name, history[0].body),
        "code": code.of_view(document, document.version == history[0].version, found),
    }


def source(catalog: Catalog, name: str, version: int | None) -> Answer:
    """A version of a source."""
    document = catalog.get("source", name, version)
    history = catalog.history("source", name)
    body = document.body
    schema = body.get("schema")
    roles = {body.get("event_time"): "event time", body.get("available"): "available"}
    roles |= dict.fromkeys(strings(body.get("tie_break")), "tie-break")
    columns = schema.items() if isinstance(schema, dict) else ()
    return {
        "kind": document.kind,
        "name": name,
        "version": document.version,
        "latest": history[0].version,
        "description": str(body.get("description") or ""),
        "event_time": body.get("event_time"),
        "available": body.get("available"),
        "columns": [{"name": column, "type": str(kind), "role": roles.get(column, "")} for column, kind in columns],
        "versions": list(_versions(history)),
        "code": code.of_source(document),
    }


def _state(catalog: Catalog, name: str, body: Mapping[str, Any]) -> str:
    published = latest(catalog, "publication", name)
    return state_of(body, published.body if published else None, latest(catalog, "failed_publication", name))


def _read(body: Mapping[str, Any]) -> tuple[FeatureView | None, str | None]:
    """The view of a document; or why this release cannot read it."""
    try:
        return FeatureView.from_doc(body), None
    except (FsnbError, KeyError, TypeError, ValueError, AttributeError) as error:
        why = f"it has no {error}" if isinstance(error, KeyError) else str(error).rstrip(".")
        return None, f"This definition cannot be read here: {why}."


def _words(found: FeatureView | None) -> Answer:
    """The rules of time as phrases, and how each feature is computed."""
    if found is None:
        return {"rules": [], "computed": {}}
    computed = {output.name: formula(output.value) for output in found.outputs}
    return {"rules": found.rules().split("; "), "computed": computed}


def _features(body: Mapping[str, Any], profile: Profile | None) -> list[Answer]:
    schema = body.get("schema")
    types = schema if isinstance(schema, dict) else {}
    known = {each.name: each for each in profile.features} if profile else {}
    return [
        {"name": name, "type": str(types.get(name, "")), "distribution": _distribution(known.get(name))}
        for name in strings(body.get("features"))
    ]


def _distribution(found: Any) -> Answer | None:
    if found is None:
        return None
    plain = {key: getattr(found, key) for key in ("rows", "nulls", "distinct", "least", "greatest", "mean")}
    return plain | {"counts": list(found.counts), "edges": list(found.edges)}


def _profile(catalog: Catalog, name: str) -> Profile | None:
    document = latest(catalog, "profile", name)
    try:
        return Profile.from_doc(document.body) if document else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _freshness(profile: Profile | None) -> Answer | None:
    """Which table was looked at, when, and its newest row."""
    if profile is None:
        return None
    newest = profile.newest and profile.newest.isoformat()
    return {"of": profile.of, "rows": profile.rows, "taken": profile.taken.isoformat(), "newest": newest}


def _versions(history: Sequence[Document]) -> Iterator[Answer]:
    """Every version, newest first; what each of the last ones changed."""
    told = history[: COMPARED + 1]
    changed = dict(zip(told, map(_changed, told[1:], told), strict=False))
    for each in history:
        yield {
            "version": each.version,
            "when": each.created_at.isoformat(timespec="seconds"),
            "by": each.created_by,
            "fingerprint": str(each.body.get("fingerprint") or each.fingerprint)[:12],
            **changed.get(each, {"changed": "", "breaking": False}),
        }


def _changed(before: Document, after: Document) -> Answer:
    try:
        made = diff(before, after)
    except (FsnbError, KeyError, TypeError, ValueError, AttributeError):
        return {"changed": "", "breaking": False}
    words = ", ".join(dict.fromkeys(change.kind for change in made.changes))
    return {"changed": words, "breaking": bool(made.breaking)}
