"""Somebody who reads what is published, again and again, while others publish, die and recover."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import psycopg

from fsnb.errors import PublishError
from tests.crash.invariants import Looks
from tests.crash.lakes import Lake
from tests.crash.places import ONLOOKER, PostgresDatabase, Reader

GONE = (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName)


class Onlooker:
    """A thread that looks at the views of a database, each look one statement, from `with` until its end.

    A connection that the server closes is made anew.
    """

    def __init__(self, place: PostgresDatabase | Lake, views: Sequence[str], pause: float) -> None:
        self.looks = Looks(place.schema, views, GONE)
        self._url, self._pause = place.url, pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                with suppress(psycopg.OperationalError):
                    self._look_on()
                self._stop.wait(0.05)
        except Exception as error:  # noqa: BLE001  a read that fails is a violation, whatever it says
            self.looks.wrong.append(f"a read failed: {type(error).__name__}: {error}")

    def _look_on(self) -> None:
        with psycopg.connect(self._url, autocommit=True, application_name=ONLOOKER, connect_timeout=5) as connection:
            while not self._stop.is_set():
                self.looks.at_all(Reader(connection))
                self._stop.wait(self._pause)


class LakeOnlooker(Onlooker):
    """The same of a lake, of which a view's logs are resolved anew for each look."""

    def __init__(self, place: Lake, views: Sequence[str], pause: float) -> None:
        super().__init__(place, views, pause)
        self.looks = Looks(place.schema, views, (PublishError,))
        self._lake = place

    def _look_on(self) -> None:
        while not self._stop.is_set():
            for view in self.looks.views:
                self.looks.at(view, self._lake.resolved(view))
            self._stop.wait(self._pause)
