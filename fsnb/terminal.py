"""Progress on a terminal, by rich: a line with a spinner, what goes on, a bar where it is known how far, the time.

The command line and IPython in a terminal show it by themselves; a script asks for it:

    import fsnb.terminal
    fsnb.terminal.show_progress()

It goes to stderr, after two seconds, and is gone when the work is done; where stderr is no terminal there is nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from fsnb.progress import DELAY, Shower, Task, Ticking, show_with, shown_by


def show_progress(*, delay: float = DELAY) -> bool:
    """Show what takes longer than `delay` seconds from now on; False where stderr is no terminal."""
    if not sys.stderr.isatty():
        return False
    show_with(shower(Console(stderr=True), delay=delay))
    return True


@contextmanager
def showing_progress(*, wanted: bool = True) -> Iterator[None]:
    """The same for a block."""
    if not wanted or not sys.stderr.isatty():
        yield
        return
    with shown_by(shower(Console(stderr=True))):
        yield


def shower(console: Console, *, delay: float = DELAY) -> Shower:
    """What shows tasks on a console."""

    @contextmanager
    def show(task: Task) -> Iterator[None]:
        line = _Line(task, console)
        try:
            with Ticking(task, line.draw, delay=delay):
                yield
        finally:
            line.close()

    return show


class _Line:
    """One task as a line of the console, from its first drawing on."""

    def __init__(self, task: Task, console: Console) -> None:
        self.task = task
        self._bar = Progress(*_columns(), console=console, transient=True)
        self._id: Any = None

    def draw(self) -> None:
        if self._id is None:
            self._bar.start()
            self._id = self._bar.add_task("", total=None, told="")
            self._bar.tasks[0].start_time = self._bar.get_time() - self.task.seconds
        share, said = self.task.share, ": ".join(filter(None, (self.task.title, self.task.step)))
        total, done, told = (None, 0, "") if share is None else (1, share, f"{share:.0%}")
        self._bar.update(self._id, description=escape(said), total=total, completed=done, told=told, refresh=True)

    def close(self) -> None:
        if self._id is not None:
            self._bar.stop()


def _columns() -> tuple[Any, ...]:
    return (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
