"""Somebody who reads what is published, again and again, while others publish, die and recover."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import psycopg

from tests.crash.invariants import look
from tests.crash.places import PostgresDatabase, Reader


class Onlooker:
    """A thread that looks at the views of a database, each look one statement, from `with` until its end.

    `reads` counts the looks that found a published view, `wrong` says what they saw that must not be, `slowest` is the
    longest look in seconds. A connection that the server closes is made anew. A view that was there and is gone is
    wrong; one that is not there yet is not.
    """

    def __init__(self, place: PostgresDatabase, views: Sequence[str], pause: float = 0.01) -> None:
        self.reads, self.slowest, self.wrong = 0, 0.0, list[str]()
        self._place, self._views, self._pause = place, views, pause
        self._seen: dict[str, int] = {}
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
                with psycopg.connect(
                    self._place.url, autocommit=True, application_name="onlooker", connect_timeout=5
                ) as connection:
                    self._look_on(Reader(connection))
            except psycopg.OperationalError:
                self._stop.wait(0.05)

    def _look_on(self, reader: Reader) -> None:
        while not self._stop.is_set():
            for view in self._views:
                self._look(reader, view)
            self._stop.wait(self._pause)

    def _look(self, reader: Reader, view: str) -> None:
        began = time.monotonic()
        try:
            wrong, rows = look(reader, self._place.schema, view)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            wrong, rows = ([f"{view}: it was there and is gone"] if view in self._seen else []), -1
        if rows < self._seen.get(view, 0) and not wrong:
            wrong = [f"{view}: its history had {self._seen[view]} rows and has {rows}"] if view in self._seen else []
        self.wrong += wrong
        if rows >= 0:
            self.reads, self._seen[view] = self.reads + 1, rows
            self.slowest = max(self.slowest, time.monotonic() - began)
