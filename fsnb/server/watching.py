"""Which catalogs have changed: each one that was asked for is looked at again and again, one number each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fsnb.catalog import Catalog
from fsnb.errors import FsnbError

MOST_TOLD = 20  # documents in one event
MOST_WATCHED = 16
Event = dict[str, Any]


@dataclass
class Watch:
    """The revision of each catalog when it was looked at last; `opened` gives the catalog of an id."""

    opened: Callable[[str], Catalog]
    _seen: dict[str, int] = field(default_factory=dict)

    def add(self, id: str, revision: int) -> None:
        """Watch a catalog from now on; of too many the one that was asked for first is left."""
        seen = self._seen.pop(id, revision)
        self._seen[id] = seen
        while len(self._seen) > MOST_WATCHED:
            del self._seen[next(iter(self._seen))]

    def news(self) -> list[Event]:
        """An event for each catalog that is not as when it was looked at last. One that is gone is left."""
        return [event for id, seen in list(self._seen.items()) if (event := self._event(id, seen))]

    def _event(self, id: str, seen: int) -> Event | None:
        try:
            catalog = self.opened(id)
            revision = catalog.revision
            if revision == seen:
                return None
            put = catalog.since(seen)[-MOST_TOLD:]
        except FsnbError:
            self._seen.pop(id, None)
            return {"catalog": id, "revision": 0, "documents": []}
        self._seen[id] = revision
        told = [{"kind": each.kind, "name": each.name, "version": each.version} for each in put]
        return {"catalog": id, "revision": revision, "documents": told}
