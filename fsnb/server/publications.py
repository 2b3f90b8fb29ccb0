"""What was published: where, with which evidence, up to when, and what is due since.

All of it is read from the catalog; the server never connects to a target. So *done* is what publications that this
catalog knows of have told, *due* is what the clock has made due since, and *failed* is what a publication that was
refused left undone. What late rows make due the target alone can say: a dry run in a kernel asks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from fsnb.catalog import Catalog, Document
from fsnb.errors import DefinitionError, UnknownName
from fsnb.model import parse_duration

Answer = dict[str, Any]
DAY = 86_400


def state_of(view: Mapping[str, Any], published: Mapping[str, Any] | None, failed: Document | None) -> str:
    """Of a view as it is defined now.

    "unpublished"; "failed", where the last attempt was refused; "changed", where what is published is of another
    definition; "certified"; "disagrees".
    """
    if failed is not None and (published is None or _later(failed, published)):
        return "failed"
    if published is None:
        return "unpublished"
    if published.get("fingerprint") != view.get("fingerprint"):
        return "changed"
    return "certified" if _certificate(published).get("ok") else "disagrees"


def publications(catalog: Catalog) -> Answer:
    """The last publication of each view on each target, the newest first, and what failed since."""
    bodies = {document.name: document.body for document in catalog.list("view")}
    names = [document.name for document in catalog.list("publication")]
    failed = {document.name: document for document in catalog.list("failed_publication")}
    rows = [row for name in names for row in of_view(catalog, name, bodies.get(name, {}), failed.get(name))]
    rows += [_failure(document) for name, document in failed.items() if name not in names]
    return {"publications": sorted(rows, key=lambda row: str(row["finished"]), reverse=True)}


def of_view(catalog: Catalog, name: str, view: Mapping[str, Any], failed: Document | None) -> Iterator[Answer]:
    """A view's last publication on each target."""
    targets: set[str] = set()
    for document in catalog.history("publication", name):
        body = document.body
        if body.get("target") not in targets:
            targets.add(str(body.get("target")))
            mine = failed if failed and failed.body.get("target") == body.get("target") else None
            yield _publication(name, body, view, mine)


def known_of(catalog: Catalog, name: str, view: Mapping[str, Any]) -> list[Answer]:
    """The same of a view that may never have been published."""
    failed = latest(catalog, "failed_publication", name)
    try:
        return list(of_view(catalog, name, view, failed))
    except UnknownName:
        return [_failure(failed)] if failed else []


def latest(catalog: Catalog, kind: str, name: str) -> Document | None:
    try:
        return catalog.get(kind, name)
    except UnknownName:
        return None


def _publication(name: str, body: Mapping[str, Any], view: Mapping[str, Any], failed: Document | None) -> Answer:
    finished = body.get("finished")
    found: Answer = {key: body.get(key) for key in ("target", "version", "mode", "promoted", "end", "changes")}
    found |= {"view": name, "finished": finished, "rows": body.get("rows_current"), "certificate": certificate(body)}
    found["current"] = (body.get("tables") or {}).get("current")
    told, due = body.get("intervals_told") or 0, body.get("intervals_due") or 0
    done = told + (body.get("intervals_kept") or 0)
    late = failed if failed and _later(failed, body) else None
    waiting = due - told + _due_since(body, view)
    found["intervals"] = {"done": done, "due": waiting, "failed": bool(late)}
    found["state"] = state_of(view, body, late)
    found["failure"] = said(late) if late else None
    return found


def _failure(document: Document) -> Answer:
    """A view that has nothing published and an attempt that was refused."""
    body = document.body
    return {
        "view": document.name,
        "target": body.get("target"),
        "finished": body.get("when"),
        "version": None,
        "certificate": None,
        "intervals": {"done": 0, "due": None, "failed": True},
        "state": "failed",
        "failure": said(document),
    }


def said(document: Document) -> Answer:
    return {key: document.body.get(key) for key in ("error", "message", "when", "target")}


def certificate(body: Mapping[str, Any]) -> Answer:
    """What a certificate says, without the sampled values of rows that differ."""
    found = _certificate(body)
    columns = [each for each in found.get("columns", ()) if isinstance(each, dict)]
    return {
        "ok": bool(found.get("ok")),
        "rows": found.get("rows"),
        "fingerprint": str(found.get("fingerprint") or "")[:12],
        "sides": found.get("sides") or {},
        "oracle": found.get("oracle"),
        "strata": found.get("strata") or {},
        "columns": [
            {"name": each.get("name"), "differ": (each.get("mismatches") or 0) + (each.get("null_mismatches") or 0)}
            for each in columns
        ],
    }


def _certificate(body: Mapping[str, Any]) -> Mapping[str, Any]:
    found = body.get("certificate")
    return found if isinstance(found, dict) else {}


def _later(failed: Document, published: Mapping[str, Any]) -> bool:
    """Whether an attempt failed after the last one on its target that did not."""
    same = failed.body.get("target") == published.get("target")
    return same and str(failed.body.get("when")) > str(published.get("finished"))


def _due_since(body: Mapping[str, Any], view: Mapping[str, Any]) -> int:
    """How many intervals the clock has closed since the end of a publication: of a day, or as a refresh is longer."""
    if body.get("mode") == "view" or not body.get("end"):
        return 0
    every = _seconds(view.get("refresh"))
    end = datetime.fromisoformat(body["end"]).replace(tzinfo=UTC).timestamp()
    grid = -(-every // DAY) * DAY
    return max(0, int(datetime.now(UTC).timestamp() // grid) - int(end // grid))


def _seconds(refresh: Any) -> int:
    try:
        return max(1, int(parse_duration(refresh, "refresh").total_seconds())) if refresh else 1
    except DefinitionError:
        return 1
