"""What goes on and how far it is: told by whoever works, shown by the shell that knows how.

    with task("publish rides to prod") as step:        work that a person waits for
        step("certify")                                what it is at
        step(30_000, 100_000, "load rides")            the same, and how much of it is done
        with metered(con.con.query_progress): ...      how far an engine is, asked only while somebody looks

Nothing is printed here. A shell installs a `Shower` for this process (`fsnb.terminal` and the notebook have one), which
waits two seconds before it shows anything; without one a task costs a few microseconds. A task inside a task is part of
it: only how far the engine is shows. Tasks of other threads than the main one are not shown.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

Tell = Callable[..., None]
Meter = Callable[[], float | None]

DELAY = 2.0
"""Seconds before a task is shown: most are over by then."""


class Task:
    """A piece of work: its title, its steps so far, when each began, and how far the present one is.

    `began` has a moment (`time.perf_counter`) for each step; `failed` is None while it goes on.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.steps: list[str] = []
        self.began: list[float] = []
        self.start = time.perf_counter()
        self.end: float | None = None
        self.failed: bool | None = None
        self.changed: Callable[[], object] = silent
        self._share: float | None = None
        self._meters: list[Meter] = []

    def __call__(self, *said: object) -> None:
        """Say the name of a step; or rows done, rows in all, and the name."""
        self._share = None
        if len(said) == 3:
            done, total, name = said
            self._share = float(done) / float(total) if total else None  # type: ignore[arg-type]
        else:
            name = " ".join(map(str, said))
        if self.steps[-1:] != [name]:
            self.steps.append(str(name))
            self.began.append(time.perf_counter())
        self.changed()

    @property
    def step(self) -> str:
        """What it is at; empty where it has no steps."""
        return self.steps[-1] if self.steps else ""

    @property
    def share(self) -> float | None:
        """How much of the present step is done, from 0 to 1; None where nobody knows."""
        if self._share is not None:
            return self._share
        found = self._meters[-1]() if self._meters else None
        return None if found is None else min(max(found, 0.0), 1.0)

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return (self.end or time.perf_counter()) - self.start

    def lasted(self, number: int) -> float | None:
        """How long a step took; None while it goes on."""
        following = self.began[number + 1 : number + 2] or ([self.end] if self.end else [])
        return following[0] - self.began[number] if following else None

    def finish(self, *, failed: bool) -> None:
        self.end, self.failed = time.perf_counter(), failed


Shower = Callable[[Task], AbstractContextManager[object]]

_shower: list[Shower] = []  # the last one shows
_current: ContextVar[Task | None] = ContextVar("fsnb_task", default=None)


@contextmanager
def task(title: str, tell: Tell | None = None) -> Iterator[Tell]:
    """Some work; what it yields is called with each step. `tell` takes them in place of whatever shows tasks."""
    if tell is not None:
        yield tell
        return
    if _current.get() is not None or not _shower or threading.current_thread() is not threading.main_thread():
        yield silent
        return
    made = Task(title)
    token = _current.set(made)
    try:
        with _shower[-1](made):
            try:
                yield made
            except BaseException:
                try:
                    made.finish(failed=True)
                except KeyboardInterrupt:  # Polars and Python each answer the same Ctrl-C
                    made.finish(failed=True)
                raise
            made.finish(failed=False)
    finally:
        _current.reset(token)


@contextmanager
def metered(meter: Meter | None) -> Iterator[None]:
    """While an engine computes, `meter` says from 0 to 1 how far it is; called by another thread, and only if shown."""
    made = _current.get()
    if made is None or meter is None:
        yield
        return
    made._meters.append(meter)
    try:
        yield
    finally:
        made._meters.remove(meter)


@contextmanager
def shown_by(shower: Shower | None) -> Iterator[None]:
    """Show the tasks of this block so; None: not at all."""
    show_with(shower or _unseen)
    try:
        yield
    finally:
        stop_showing(shower or _unseen)


def show_with(shower: Shower) -> None:
    """Show tasks so from now on, until `stop_showing`."""
    _shower.append(shower)


def stop_showing(shower: Shower) -> None:
    """Leave it to the one before again."""
    if shower in _shower:
        _shower.remove(shower)


class Ticking:
    """Draws a task once it has lasted `delay` seconds: at every step, a few times a second, and at its end.

    `draw` is called by one thread at a time, the last time with a task that has ended; never for one that was quicker.
    """

    def __init__(self, task: Task, draw: Callable[[], object], *, delay: float = DELAY, every: float = 0.5) -> None:
        self.task, self.draw, self.delay, self.every = task, draw, delay, every
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._drawn = False
        self._thread = threading.Thread(target=self._tick, name="fsnb-progress", daemon=True)

    def __enter__(self) -> Ticking:
        self.task.changed = self._changed
        self._thread.start()
        return self

    def __exit__(self, *failed: object) -> None:
        self._over.set()
        self._thread.join()
        if self._drawn:
            self.draw()

    def _tick(self) -> None:
        waited = max(self.delay, self.every)
        while not self._over.wait(waited):
            waited = self.every
            self._draw()

    def _changed(self) -> None:
        if self.task.seconds >= self.delay:
            self._draw()

    def _draw(self) -> None:
        with self._lock:
            self._drawn = True
            self.draw()


def silent(*said: object) -> None:
    """Takes steps that nobody looks at."""


def _unseen(task: Task) -> AbstractContextManager[object]:
    return nullcontext()
