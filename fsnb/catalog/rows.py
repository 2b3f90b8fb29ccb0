"""Documents as rows: the table, and the queries that the catalog asks of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, column, func, select, table

from fsnb import shells
from fsnb.errors import UnknownName, listed

COLUMNS = ("id", "key", "kind", "name", "version", "fingerprint", "created_at", "created_by", "search_text", "body")
DOCUMENTS = table("fsnb_documents", *map(column, COLUMNS))
AT_ONCE = 500  # ids in one query; databases bound the number of parameters


@dataclass(frozen=True, slots=True)
class Document:
    """One version of one name. `id` grows over the whole catalog, `version` counts 1, 2, ... per kind and name.

    It keeps its body as JSON, so that it cannot be changed, and 2,000 of them are listed without parsing any.
    """

    kind: str
    name: str
    version: int
    fingerprint: str
    created_at: datetime
    created_by: str
    id: int
    json: str = field(repr=False)

    @property
    def body(self) -> dict[str, Any]:
        """What was put, parsed anew on each access: the caller's own."""
        return json.loads(self.json)

    def _repr_html_(self) -> str:
        return shells.html(self)


def versions(kind: str, name: str) -> Select[Any]:
    return select(DOCUMENTS).where(DOCUMENTS.c.key == key_of(kind, name)).order_by(DOCUMENTS.c.version.desc())


def in_order() -> Select[Any]:
    return select(DOCUMENTS).order_by(DOCUMENTS.c.id)


def newest(con: Connection, kind: str, name: str, version: int | None = None) -> Row[Any] | None:
    query = versions(kind, name)
    return con.execute((query if version is None else query.where(DOCUMENTS.c.version == version)).limit(1)).first()


def latest_of_each(kind: str | None) -> Select[Any]:
    newest = select(DOCUMENTS).where(DOCUMENTS.c.id.in_(select(func.max(DOCUMENTS.c.id)).group_by(DOCUMENTS.c.key)))
    return newest if kind is None else newest.where(DOCUMENTS.c.kind == kind)


def by_id(con: Connection, ids: Sequence[int]) -> Iterator[Row[Any]]:
    for start in range(0, len(ids), AT_ONCE):
        yield from con.execute(select(DOCUMENTS).where(DOCUMENTS.c.id.in_(ids[start : start + AT_ONCE])))


def unknown(con: Connection, where: str, kind: str, name: str, version: int | None) -> UnknownName:
    there = [str(row.version) for row in con.execute(versions(kind, name))]
    if there:
        return UnknownName(f"{kind} {name!r} has no version {version}. It has: {listed(there)}.")
    names = con.scalars(select(DOCUMENTS.c.name).where(DOCUMENTS.c.kind == kind).distinct())
    return UnknownName.among("the catalog", kind, name, sorted(names), f"Looked in {where}.")


def document(row: Row[Any]) -> Document:
    return Document(
        kind=row.kind,
        name=row.name,
        version=row.version,
        fingerprint=row.fingerprint,
        created_at=datetime.fromisoformat(row.created_at),
        created_by=row.created_by,
        id=row.id,
        json=row.body,
    )


def key_of(kind: str, name: str) -> str:
    return hashlib.sha256(f"{kind}\0{name}".encode(errors="surrogatepass")).hexdigest()
