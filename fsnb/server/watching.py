"""Which catalogs have changed, and which are new.

Each one that was asked for is looked at again and again, one number each time. That there is a new one is seen by
looking for catalogs, which walks through folders: now and then, and never for more than a small share of the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from fsnb.catalog import Catalog
from fsnb.errors import FsnbError

MOST_TOLD = 20  # documents in one event
MOST_WATCHED = 16
PAUSE = 1.0  # seconds between two looks for new catalogs, at least
SHARE = 20  # and so many times what the last look took
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


@dataclass
class Lookout:
    """The catalogs that there are: `known` finds their ids, `opened` gives one, `clock` counts seconds."""

    known: Callable[[], Iterable[str]]
    opened: Callable[[str], Catalog]
    clock: Callable[[], float] = time.monotonic
    _told: set[str] | None = None
    _next: float = 0.0

    def begin(self, ids: Iterable[str]) -> None:
        """The first page was told of these: whatever comes later is news."""
        if self._told is None:
            self._told = set(ids)

    def news(self) -> list[Event]:
        """An event for each catalog that was not there when it was looked for last, and can be read by now."""
        started = self.clock()
        if self._told is None or started < self._next:
            return []
        found = set(self.known())
        self._next = self.clock() + max(PAUSE, SHARE * (self.clock() - started))
        self._told &= found
        made = [event for id in sorted(found - self._told) if (event := self._event(id))]
        self._told |= {event["catalog"] for event in made}
        return made

    def _event(self, id: str) -> Event | None:
        try:
            return {"catalog": id, "revision": self.opened(id).revision, "documents": []}
        except FsnbError:  # it is being made
            return None
