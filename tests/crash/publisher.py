"""A process that publishes: forked from a server that has imported everything, so that it starts at once.

It starts no process itself, so that killing it leaves none. It tells over a pipe how it ended, unless it was killed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import fsnb
from fsnb.publish import Publication
from tests.crash.fuses import Counting, Fuse
from tests.crash.lakes import Lake
from tests.crash.places import SOURCES, Place
from tests.crash.trips import VIEWS, Trips, end_of, source_of, views_of

TARGET = "prod"
SECONDS_TO_END = 600
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.crash.preload"])


@dataclass(frozen=True, slots=True)
class Ending:
    """How a publisher ended.

    `error` is the error's type and text, and `trace` its traceback with the local variables of every frame; `counts` is
    what it did on its connections, `answer` what its work gave back.
    """

    killed: bool
    error: str = ""
    trace: str = ""
    seconds: float = 0.0
    counts: tuple[tuple[str, int], ...] = ()
    answer: Any = None

    def count(self, kind: str) -> int:
        return dict(self.counts).get(kind, 0)


class Publisher:
    """A running process; `end()` waits for it, `kill()` kills it."""

    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        self._process, self._pipe = process, pipe

    def kill(self) -> None:
        """SIGKILL; one that has ended already is no matter."""
        if self._process.is_alive() and self._process.pid is not None:
            os.kill(self._process.pid, signal.SIGKILL)

    @property
    def ended(self) -> bool:
        return not self._process.is_alive()

    def end(self, seconds: float = SECONDS_TO_END) -> Ending:
        told = self._answer(seconds)
        self._process.join(seconds)
        if self._process.is_alive():
            self.kill()
            raise RuntimeError(f"a publisher did not end within {seconds} s")
        return told or Ending(killed=True)

    def _answer(self, seconds: float) -> Ending | None:
        if not self._pipe.poll(seconds):
            self.kill()
            raise RuntimeError(f"a publisher did not end within {seconds} s")
        try:
            return self._pipe.recv()
        except (EOFError, ConnectionResetError):
            return None


def start(work: Callable[..., Any], *args: Any, fuse: Fuse | None = None) -> Publisher:
    """Run `work(*args)` in a process of its own."""
    mine, its = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_child, args=(its, work, args, fuse), daemon=True)
    process.start()
    its.close()
    return Publisher(process, mine)


def _child(pipe: Connection, work: Callable[..., Any], args: Sequence[Any], fuse: Fuse | None) -> None:
    counting, began = Counting(fuse), time.monotonic()
    counting.watch()
    answer, error, trace = None, "", ""
    try:
        answer = work(*args)
    except Exception as raised:  # noqa: BLE001  whatever it is, the tests look at it
        error = f"{type(raised).__name__}: {raised}"
        trace = _trace(raised)
    counts = tuple(counting.seen.items())
    pipe.send(Ending(False, error, trace, time.monotonic() - began, counts, answer))


def _trace(error: BaseException) -> str:
    """Without the tests' own frames, whose variables hold the place with its whole URL."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_globals["__name__"].startswith("tests."):
        frames = frames.tb_next
    found = traceback.TracebackException(type(error), error, frames, capture_locals=True)
    return "".join(found.format())


# ---------------------------------------------------------------------- what publishers do


def open_store(place: Place, url: str | None = None) -> fsnb.FeatureStore:
    """The store beside the target, as a new process opens it; `url` leads there another way."""
    if isinstance(place, Lake):
        place.prepare()
    store = fsnb.open(place.home / "store")
    store.target(TARGET, url or place.url, sources=SOURCES)
    return store


def load_and_publish(
    place: Place,
    trips: Trips,
    day: int,
    views: Sequence[str] = VIEWS,
    url: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Publication]:
    """One day's work: load the source as it stands, publish the views."""
    store = open_store(place, url)
    source = source_of(store, trips.until(day))
    store.load(source, to=TARGET, replace=True)
    found = {view.name: view for view in views_of(source)}
    return [store.publish(found[name], to=TARGET, end=end_of(day), progress=progress) for name in views]
