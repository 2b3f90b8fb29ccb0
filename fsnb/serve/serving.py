"""Serving: the online stores of one feature store, and what its catalog knows of the views in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

from fsnb import online
from fsnb.catalog import Catalog, Document
from fsnb.errors import OnlineStoreError, UnknownName
from fsnb.identity import fingerprint
from fsnb.model import FeatureView
from fsnb.model.moments import utc_now
from fsnb.online import Consistency, Database, OnlineFeatures, Outbox, Reader, Series, Synced
from fsnb.online.reading import named

KIND = "online"
Connect = Callable[[str, str], AbstractContextManager[Any]]  # a target's name, a view's -> a session to read it


class Serving:
    """Online stores by where they are, and readers of them, each made once.

    Parameters
    ----------
    catalog
        Knows what was published, and where each view was synced to last.
    home
        The folder of the embedded online store.
    connect
        Opens a session on a target.
    """

    def __init__(self, catalog: Catalog, home: Path, connect: Connect) -> None:
        self._catalog, self._home, self._connect = catalog, home, connect
        self._databases: dict[str, Database] = {}
        self._readers: dict[Any, Reader] = {}
        self._written_out: dict[str, str] = {}  # URLs of this session, whose passwords the catalog does not have

    def sync(
        self, view: str, to: str, *, target: str | None = None, progress: Callable[[str], None] | None = None
    ) -> Synced:
        """Push what is due of a view, and note where it is served from."""
        published = self._published(view, target=target)
        with self._connect(published["target"], published["view"]) as con:

            def series(version: int) -> Series:
                return self._series(view, published["target"], version)

            synced = online.sync(_box(con, published), self.database(to), series, now=utc_now(), progress=progress)
        body = {"to": online.recorded(to), "target": published["target"]}
        self._catalog.put(KIND, view, body, fingerprint=fingerprint(body))
        self._written_out[body["to"]] = to
        self._readers.clear()
        return synced

    def get(self, features: Any, keys: Any, *, at: datetime | str | None, store: str | None) -> OnlineFeatures:
        """Features of entities; see `FeatureStore.get_features`."""
        asked = (features if isinstance(features, str) else named(features), store)
        reader = self._readers.get(asked)
        if reader is None:
            reader = self._readers[asked] = Reader(lambda view: self.database(store or self._where(view)), features)
        return reader(keys, at=at)

    def check(self, view: str, *, store: str | None) -> Consistency:
        """Compare history, current table and online store of a view."""
        synced = self._synced(view).body
        published = self._published(view, target=synced["target"])
        with self._connect(published["target"], published["view"]) as con:
            box = _box(con, published)
            version = box.promoted()
            if version is None:
                raise OnlineStoreError(f"feature view {view!r} is no longer published to {published['target']!r}.")
            series = self._series(view, published["target"], version)
            return online.check(box, self.database(store or self._where(view)), series, now=utc_now())

    def database(self, to: str) -> Database:
        """The online store at a URL, opened once."""
        if to not in self._databases:
            self._databases[to] = online.open_online(to, self._home)
        return self._databases[to]

    # ------------------------------------------------------------------ what the catalog knows

    def _synced(self, view: str) -> Document:
        try:
            return self._catalog.get(KIND, view)
        except UnknownName:
            known = [document.name for document in self._catalog.list(KIND)]
        todo = f"Bring it there: store.sync_online({view!r})."
        raise UnknownName.among("the online store", "view", view, known, todo)

    def _where(self, view: str) -> str:
        to = self._synced(view).body["to"]
        return self._written_out.get(to, to)

    def _published(self, view: str, *, target: str | None = None, version: int | None = None) -> Mapping[str, Any]:
        """The last publication of a view, to a target, of a version."""
        bodies = [document.body for document in self._documents("publication", view)]
        for body in bodies:
            if target in (None, body["target"]) and version in (None, body["version"]):
                return body
        where = f" to target {target!r}" if target else ""
        what = f"version {version} of it" if version else "it"
        raise OnlineStoreError(
            f"feature view {view!r}: the catalog knows of no publication of {what}{where}. "
            f"Publish it: store.publish({view!r}, to=...)."
        )

    def _series(self, view: str, target: str, version: int) -> Series:
        """What an online store must know of a published version."""
        published = self._published(view, target=target, version=version)
        for document in self._documents("view", view):
            definition = FeatureView.from_doc(document.body)
            if definition.fingerprint == published["fingerprint"]:
                return Series.of(definition, version, published["when_missing"])
        raise OnlineStoreError(
            f"feature view {view!r}: its version {version} was published, but is not in the catalog."
        )

    def _documents(self, kind: str, name: str) -> tuple[Document, ...]:
        try:
            return self._catalog.history(kind, name)
        except UnknownName:
            return ()


def _box(con: Any, published: Mapping[str, Any]) -> Outbox:
    return Outbox(con, published["tables"]["latest"].rpartition(".")[0], published["view"])
