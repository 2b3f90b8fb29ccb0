"""Connections to PostgreSQL that wait for a target's next session: one costs more than a run that finds nothing due.

A connection waits a minute and is then closed, so that a notebook left open holds none on a production server. It is
handed out again only in the process that made it, for the same URL with the same values of its variables, and only
once the server has answered: one that the server has ended meanwhile is closed, and another is made.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

SECONDS = 60.0
MOST = 2
READY = "DISCARD TEMPORARY"
"""Asks the server whether it is there, and drops what temporary tables the last session has left."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    process: int
    of: Hashable
    con: Any
    timer: threading.Timer


class Idle:
    """The connections of one target that wait; safe in threads and after a fork."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _end_all, self._waiting)

    def take(self, of: Hashable) -> Any:
        """One that answers; None where there is none, and for None, which nothing is kept as."""
        while found := self._next(of):
            with suppress(Exception):  # whatever it says, another is made
                found.con.con.execute(READY)
                return found.con
            _end(found)
        return None

    def put(self, of: Hashable, con: Any) -> None:
        """Keep a connection for who asks next for the same; one that is not at rest, or one too many, is closed."""
        timer = threading.Timer(SECONDS, _close_old, [weakref.ref(self), con])
        timer.daemon = True
        mine = _Waiting(os.getpid(), of, con, timer)
        with self._lock:
            kept = _is_at_rest(con) and len(self._waiting) < MOST
            if kept:
                self._waiting.append(mine)
                timer.start()
        if not kept:
            _end(mine)

    def close(self, con: Any) -> None:
        """Close a connection if it still waits."""
        with self._lock:
            mine = next((each for each in self._waiting if each.con is con), None)
            if mine:
                self._waiting.remove(mine)
        if mine:
            _end(mine)

    def _next(self, of: Hashable) -> _Waiting | None:
        with self._lock:
            mine = next((each for each in self._waiting if (each.process, each.of) == (os.getpid(), of)), None)
            if mine:
                self._waiting.remove(mine)
                mine.timer.cancel()
        return mine


def _is_at_rest(con: Any) -> bool:
    from psycopg.pq import TransactionStatus

    return not con.con.closed and con.con.info.transaction_status == TransactionStatus.IDLE


def _close_old(idle: weakref.ref[Idle], con: Any) -> None:
    if found := idle():
        found.close(con)


def _end_all(waiting: list[_Waiting]) -> None:
    for each in waiting:
        _end(each)


def _end(waiting: _Waiting) -> None:
    if waiting.process == os.getpid():  # a child that closes it would end the session of its parent
        waiting.timer.cancel()
        with suppress(Exception):  # it may be broken already
            waiting.con.disconnect()
