"""Append-only documents: put, get, list and search, history.

A document is never changed or deleted. What a name means now is its latest version; what it meant is its history;
lineage is read from the bodies. The fingerprint, not the body, decides whether something is new.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, column, func, select, table

from fsnb.catalog.database import open_database
from fsnb.catalog.searching import Index, entry
from fsnb.catalog.words import search_text, storable
from fsnb.errors import CatalogError, UnknownName, listed

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


class Catalog:
    """A store of documents that several processes share.

    Safe in threads and after a fork: no connection outlives a call. Readers never wait; writers take turns.

    Parameters
    ----------
    url_or_path
        A SQLite file, created if missing, or `postgresql://user:password@host:port/database`. A URL with no
        password leaves it to PGPASSWORD or `~/.pgpass`.
    created_by
        Who signs new documents; the user of the operating system by default.

    Raises
    ------
    CatalogError
        From every method, when the database cannot be reached, read or written, or is from a newer fsnb.

    Examples
    --------
    >>> catalog = Catalog(tmp_path / "catalog.sqlite")
    >>> catalog.put("view", "rides", {"owner": "ops"}, fingerprint="a1").version
    1
    >>> catalog.get("view", "rides").body
    {'owner': 'ops'}
    """

    def __init__(self, url_or_path: str | os.PathLike[str], *, created_by: str | None = None) -> None:
        self._database = open_database(url_or_path)
        self._created_by = _storable("user", created_by or _os_user())
        self._index = Index({})

    def __repr__(self) -> str:
        return f"Catalog({self.where!r})"

    @property
    def where(self) -> str:
        """The file, or the URL with its password masked."""
        return self._database.where

    def put(
        self, kind: str, name: str, body: Mapping[str, Any], *, fingerprint: str, expected: int | None = None
    ) -> Document:
        """Append a version, unless the latest one has this fingerprint already: then that one is returned.

        The body is kept as JSON, so tuples come back as lists. Versions of concurrent writers are all kept.

        Parameters
        ----------
        expected
            The latest version that the caller has seen, 0 for none; refused when there is another by now.
        """
        values = {
            "kind": _storable("kind", kind),
            "name": _storable("name", name),
            "key": _key(kind, name),
            "fingerprint": _storable("fingerprint", fingerprint),
            "created_by": self._created_by,
            "body": _to_json(kind, name, body),
            "search_text": search_text(name, body),
        }
        with self._database.connection() as con:
            latest = _latest(con, kind, name)
            if latest is None or latest.fingerprint != fingerprint:
                self._database.lock(con)
                latest = _latest(con, kind, name)
            if latest is not None and latest.fingerprint == fingerprint:
                return _document(latest)
            version = latest.version if latest is not None else 0
            if expected not in (None, version):
                raise CatalogError(
                    f"{kind} {name!r}: you saw version {expected}, the latest is {version}. "
                    f"Look at what changed (history), then put it with expected={version}."
                )
            now = datetime.now(UTC).isoformat(timespec="microseconds")
            row = DOCUMENTS.insert().values(**values, version=version + 1, created_at=now).returning(*DOCUMENTS.c)
            return _document(con.execute(row).one())

    def get(self, kind: str, name: str, version: int | None = None) -> Document:
        """The latest version, or the one that is asked for. Raises UnknownName, with the nearest name."""
        with self._database.connection() as con:
            row = _latest(con, kind, name, version)
            if row is None:
                raise _unknown(con, kind, name, version)
        return _document(row)

    def list(self, kind: str | None = None) -> tuple[Document, ...]:
        """The latest version of each name, of one kind or of all, ordered by name."""
        return tuple(sorted(self._read(_latest_of_each(kind)), key=lambda doc: (doc.name, doc.kind)))

    def search(self, text: str, kind: str | None = None, *, limit: int | None = 100) -> tuple[Document, ...]:
        """The latest versions that hold every word of the text, the best first; whatever the case, typos forgiven.

        Looks at names, tags, owners, features, entities with their keys, sources, columns (those that a view reads) and
        descriptions, which count in this order. A word may be a part of what it finds; where there is no such word
        anywhere, one letter may be wrong, left out, too many or swapped from 4 letters on, two from 8 on. No words: all
        documents, by name.

        Parameters
        ----------
        text
            Words; `owner:ops`, `tag:`, `name:`, `feature:`, `column:`, `source:`, `entity:`, `description:` and
            `kind:view` keep a word to its field, `owner:"data platform"` two of them.
        kind
            Only these documents. Profiles are found when asked for.
        limit
            At most so many; None for all.
        """
        with self._database.connection() as con:
            self._index = _indexed(con, self._index)
            ids = self._index.ranked(text, kind)[:limit]
            found = {row.id: _document(row) for row in _by_id(con, ids)}
        return tuple(found[id] for id in ids)

    def history(self, kind: str, name: str) -> tuple[Document, ...]:
        """Every version of a name, newest first. Raises UnknownName, with the nearest name."""
        with self._database.connection() as con:
            rows = con.execute(_versions(kind, name)).all()
            if not rows:
                raise _unknown(con, kind, name, None)
        return tuple(map(_document, rows))

    def since(self, id: int) -> tuple[Document, ...]:
        """What was put after the document with this id, oldest first; 0 for everything. Cheap to poll."""
        return self._read(select(DOCUMENTS).where(DOCUMENTS.c.id > id).order_by(DOCUMENTS.c.id))

    def _read(self, query: Select[Any]) -> tuple[Document, ...]:
        with self._database.connection() as con:
            rows = con.execute(query).all()
        return tuple(map(_document, rows))


def _versions(kind: str, name: str) -> Select[Any]:
    return select(DOCUMENTS).where(DOCUMENTS.c.key == _key(kind, name)).order_by(DOCUMENTS.c.version.desc())


def _latest(con: Connection, kind: str, name: str, version: int | None = None) -> Row[Any] | None:
    query = _versions(kind, name)
    return con.execute((query if version is None else query.where(DOCUMENTS.c.version == version)).limit(1)).first()


def _latest_of_each(kind: str | None) -> Select[Any]:
    latest = select(DOCUMENTS).where(DOCUMENTS.c.id.in_(select(func.max(DOCUMENTS.c.id)).group_by(DOCUMENTS.c.key)))
    return latest if kind is None else latest.where(DOCUMENTS.c.kind == kind)


def _indexed(con: Connection, index: Index) -> Index:
    """What was put since goes into the index."""
    latest = select(func.max(DOCUMENTS.c.id)).where(DOCUMENTS.c.id > index.last).group_by(DOCUMENTS.c.key)
    columns = (DOCUMENTS.c[name] for name in ("key", "id", "kind", "name", "search_text"))
    newer = {key: entry(*rest) for key, *rest in con.execute(select(*columns).where(DOCUMENTS.c.id.in_(latest)))}
    return Index({**index.entries, **newer}) if newer else index


def _by_id(con: Connection, ids: Sequence[int]) -> Iterator[Row[Any]]:
    for start in range(0, len(ids), AT_ONCE):
        yield from con.execute(select(DOCUMENTS).where(DOCUMENTS.c.id.in_(ids[start : start + AT_ONCE])))


def _unknown(con: Connection, kind: str, name: str, version: int | None) -> UnknownName:
    versions = [str(row.version) for row in con.execute(_versions(kind, name))]
    if versions:
        return UnknownName(f"{kind} {name!r} has no version {version}. It has: {listed(versions)}.")
    names = con.scalars(select(DOCUMENTS.c.name).where(DOCUMENTS.c.kind == kind).distinct())
    return UnknownName.among("the catalog", kind, name, sorted(names))


def _document(row: Row[Any]) -> Document:
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


def _key(kind: str, name: str) -> str:
    return hashlib.sha256(f"{kind}\0{name}".encode(errors="surrogatepass")).hexdigest()


def _storable(what: str, text: str) -> str:
    if text != storable(text):
        raise CatalogError(f"{what} {text!r} holds a NUL or half a surrogate pair, which no database stores.")
    return text


def _to_json(kind: str, name: str, body: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(body), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise CatalogError(
            f"{kind} {name!r}: its body is not JSON: {error}. It takes dict, list, str, int, finite float, bool, None."
        ) from None


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container's user that has no name
        return "unknown"
