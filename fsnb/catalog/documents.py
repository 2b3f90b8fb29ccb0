"""Append-only documents: put, get, list and search, history.

A document is never changed or deleted. What a name means now is its latest version; what it meant is its history;
lineage is read from the bodies. The fingerprint, not the body, decides whether something is new.
"""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from fsnb import shells
from fsnb.catalog import graph
from fsnb.catalog.database import open_database
from fsnb.catalog.difference import KINDS, Definition, Diff, diff
from fsnb.catalog.naming import kind_of, name_and_version
from fsnb.catalog.rows import (
    DOCUMENTS,
    Document,
    by_id,
    document,
    in_order,
    key_of,
    latest_of_each,
    newest,
    unknown,
    versions,
)
from fsnb.catalog.searching import Entry, Index
from fsnb.catalog.words import search_text, storable
from fsnb.errors import CatalogError
from fsnb.model import FeatureView, Source


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
            "key": key_of(kind, name),
            "fingerprint": _storable("fingerprint", fingerprint),
            "created_by": self._created_by,
            "body": _to_json(kind, name, body),
            "search_text": search_text(name, body),
        }
        with self._database.connection() as con:
            latest = newest(con, kind, name)
            if latest is None or latest.fingerprint != fingerprint:
                self._database.lock(con)
                latest = newest(con, kind, name)
            if latest is not None and latest.fingerprint == fingerprint:
                return document(latest)
            version = latest.version if latest is not None else 0
            if expected not in (None, version):
                raise CatalogError(
                    f"{kind} {name!r}: you saw version {expected}, the latest is {version}. "
                    f"Look at what changed (history), then put it with expected={version}."
                )
            now = datetime.now(UTC).isoformat(timespec="microseconds")
            row = DOCUMENTS.insert().values(**values, version=version + 1, created_at=now).returning(*DOCUMENTS.c)
            return document(con.execute(row).one())

    def get(self, kind: str, name: str, version: int | None = None) -> Document:
        """The latest version, or the one that is asked for. Raises UnknownName, with the nearest name."""
        with self._database.connection() as con:
            row = newest(con, kind, name, version)
            if row is None:
                raise unknown(con, self.where, kind, name, version)
        return document(row)

    def list(self, kind: str | None = None) -> tuple[Document, ...]:
        """The latest version of each name, of one kind or of all, ordered by name."""
        return tuple(sorted(self._read(latest_of_each(kind)), key=lambda doc: (doc.name, doc.kind)))

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
            found = {row.id: document(row) for row in by_id(con, ids)}
        return tuple(found[id] for id in ids)

    def history(self, kind: str, name: str) -> tuple[Document, ...]:
        """Every version of a name, newest first. Raises UnknownName, with the nearest name."""
        with self._database.connection() as con:
            rows = con.execute(versions(kind, name)).all()
            if not rows:
                raise unknown(con, self.where, kind, name, None)
        return tuple(map(document, rows))

    def since(self, id: int) -> tuple[Document, ...]:
        """What was put after the document with this id, oldest first; 0 for everything. Cheap to poll."""
        return self._read(in_order().where(DOCUMENTS.c.id > id))

    @property
    def revision(self) -> int:
        """The id of the newest document, 0 for none: it grows with every put, and is cheap to poll."""
        with self._database.connection() as con:
            return con.scalar(select(func.max(DOCUMENTS.c.id))) or 0

    # ------------------------------------------------------------------ what documents say together

    def lineage(self, name: str, kind: str | None = None) -> graph.Lineage:
        """What something was made from and what was made from it: source, view, training set, model, publication.

        Parameters
        ----------
        name
            Of a source, view, training set or publication; of a model its URI.
        kind
            Where several kinds have the name. Of a view and what is made of it, training sets and publications, which
            may bear its name, the view is meant.

        Returns
        -------
        Lineage
            `.upstream`, `.downstream`, `.to_polars()`; `str()` is a tree. Reads every view, and all that was ever
            logged and published.

        Raises
        ------
        UnknownName
            Nothing has that name; the message names the nearest.
        CatalogError
            Several kinds have it.
        """
        told = self._read(select(DOCUMENTS).where(DOCUMENTS.c.kind.not_in((*graph.APART, "view"))))
        edges = graph.edges((*self.list("view"), *told))
        known = self._named() | graph.named(edges)
        found = graph.lineage(edges, kind_of(known, name, kind, "lineage"), name)
        views = {edge.upstream.name for edge in (*found.ups, *found.downs) if edge.note}
        keys = [key_of("view", view) for view in views]
        return graph.of_versions(found, graph.fingerprints(self._read(in_order().where(DOCUMENTS.c.key.in_(keys)))))

    def diff(self, a: Definition | Document | str, b: Definition | Document | str | None = None) -> Diff:
        """What changed between two definitions, in words and as rows, each change compatible or breaking.

        Parameters
        ----------
        a, b
            The old one and the new one: a feature view, a source, a document of one, or its name, `"plane_delays"` for
            the latest version and `"plane_delays@2"` for another. Without `b`: a name, and the version before it
            against it; a feature view or source, and what the catalog has of it against it.

        Returns
        -------
        Diff
            `.changes`, `.breaking`, `.to_polars()`; `str()` says it in words; false where nothing changed.

        Raises
        ------
        UnknownName
            No such name or version.
        CatalogError
            There is no earlier version, or the two are not of one kind.
        """
        if b is not None:
            return diff(self._defined(a), self._defined(b))
        if isinstance(a, FeatureView | Source):
            return diff(self.get("view" if isinstance(a, FeatureView) else "source", a.name), a)
        found = self._defined(a)
        if not isinstance(found, Document) or found.version == 1:
            raise CatalogError(f"{a}: version 1 is the first. Say what to compare it with: diff({a!r}, other).")
        return diff(self.get(found.kind, found.name, found.version - 1), found)

    def _defined(self, given: Definition | Document | str) -> Definition | Document:
        if not isinstance(given, str):
            return given
        name, version = name_and_version(given)
        return self.get(kind_of(self._named(KINDS), name, None, "diff"), name, version)

    def _named(self, kinds: Sequence[str] = ()) -> set[tuple[str, str]]:
        """Kind and name of every document of these kinds; of all but profiles where none are named."""
        with self._database.connection() as con:
            self._index = _indexed(con, self._index)
        return {(each.kind, each.name) for each in self._index.among(frozenset(kinds))}

    def _read(self, query: Select[Any]) -> tuple[Document, ...]:
        with self._database.connection() as con:
            rows = con.execute(query).all()
        return tuple(map(document, rows))

    def _repr_html_(self) -> str:
        return shells.html(self)


def _indexed(con: Connection, index: Index) -> Index:
    """What was put since goes into the index."""
    latest = select(func.max(DOCUMENTS.c.id)).where(DOCUMENTS.c.id > index.last).group_by(DOCUMENTS.c.key)
    columns = (DOCUMENTS.c[name] for name in ("key", "id", "kind", "name", "search_text"))
    newer = {key: Entry(*rest) for key, *rest in con.execute(select(*columns).where(DOCUMENTS.c.id.in_(latest)))}
    return Index({**index.entries, **newer}) if newer else index


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
