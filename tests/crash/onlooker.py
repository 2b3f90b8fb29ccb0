"""Somebody who reads what is published, again and again, while others publish, die and recover."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import duckdb
import psycopg

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

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self._look_on()
            except psycopg.OperationalError:
                self._stop.wait(0.05)

    def _look_on(self) -> None:
        with psycopg.connect(self._url, autocommit=True, application_name=ONLOOKER, connect_timeout=5) as connection:
            while not self._stop.is_set():
                self.looks.at_all(Reader(connection))
                self._stop.wait(self._pause)


class LakeOnlooker(Onlooker):
    """The same of a lake, whose logs are resolved anew for each look."""

    def __init__(self, place: Lake, views: Sequence[str], pause: float) -> None:
        super().__init__(place, views, pause)
        self.looks = Looks(place.schema, views, (duckdb.CatalogException,))
        self._lake = place

    def _look_on(self) -> None:
        while not self._stop.is_set():
            with self._lake.reader() as reader:
                self.looks.at_all(reader)
            self._stop.wait(self._pause)
