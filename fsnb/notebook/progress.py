"""What goes on, shown in a cell: one line with steps, a bar and the time, updated in place.

It is one display with an id: HTML in a notebook, in a terminal rich's line (`fsnb.terminal`). It needs no widget, so a
saved notebook reads as it ran. The display comes from a thread while the kernel computes, and belongs to the cell.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import copy_context
from html import escape
from typing import Any

from IPython.display import display
from rich.console import Console

import fsnb.terminal
from fsnb.progress import DELAY, Shower, Task, Ticking, show_with, stop_showing

STEP = "display:inline-block;margin-right:14px;white-space:nowrap"
BAR = "width:180px;height:10px;margin-right:10px;vertical-align:middle"


_registered: list[Shower] = []


def register(shell: Any, settings: Any) -> None:
    """Show what takes long in this shell from now on; `%config FsnbMagics` says whether, and after how many seconds."""
    unregister()

    def show(task: Task) -> AbstractContextManager[Any]:
        if not settings.progress:
            return nullcontext()
        terminal = type(shell).__name__ == "TerminalInteractiveShell"
        if terminal and not sys.stderr.isatty():
            return nullcontext()
        after = settings.progress_after
        return fsnb.terminal.shower(Console(stderr=True), delay=after)(task) if terminal else shower(after)(task)

    _registered.append(show)
    show_with(show)


def unregister() -> None:
    while _registered:
        stop_showing(_registered.pop())


def shower(delay: float = DELAY) -> Shower:
    """What shows tasks in a cell, once they last `delay` seconds; 0: from the first step on."""

    @contextmanager
    def show(task: Task) -> Iterator[None]:
        with Ticking(task, Shown(task).draw, delay=delay):
            yield

    return show


class Shown:
    """A task as a display of the cell that began it."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self._cell = copy_context()  # a kernel keeps there which cell an output belongs to
        self._handle: Any = None

    def draw(self) -> None:
        if self.task.failed is not None and self._handle is None:
            return
        self._cell.run(self._display)

    def _display(self) -> None:
        if self._handle is None:
            self._handle = display(self, display_id=True)
        else:
            self._handle.update(self)

    def __repr__(self) -> str:
        title, at = self.task.title, f" {self.task.step!r}" if self.task.step else ""
        if self.task.failed is None:
            return f"{title}: {_text(self.task)} …"
        return f"{title}: failed at{at}" if self.task.failed else f"{title}: done in {self.task.seconds:.1f} s"

    def _repr_html_(self) -> str:
        said = "".join(f'<span style="{STEP}">{_step(self.task, n)}</span>' for n in range(len(self.task.steps)))
        head = f'<b style="margin-right:14px">{escape(self.task.title)}</b>'
        return f'<div role="status" style="line-height:1.7">{head}{said}{_bar(self.task)}</div>'


def _text(task: Task) -> str:
    share = task.share  # asked once: the engine may have ended meanwhile
    return task.step if share is None else f"{task.step} {share:.0%}".strip()


def _step(task: Task, number: int) -> str:
    took = task.lasted(number)
    said = "" if took is None else f" <small>{took:.1f} s</small>"
    return f"{_mark(task, number)} {escape(task.steps[number])}{said}"


def _mark(task: Task, number: int) -> str:
    if number + 1 < len(task.steps):
        return "✓"
    return {None: "…", False: "✓", True: "✗"}[task.failed]


def _bar(task: Task) -> str:
    """A bar while it goes on and it is known how far; the time that it took so far, or in all."""
    share = task.share if task.failed is None else None
    bar = f'<progress max="1" value="{share:.3f}" aria-label="{share:.0%}" style="{BAR}"></progress>' if share else ""
    told = f"{share:.0%}, " if share else ""
    return f"{bar}<small style='white-space:nowrap'>{told}{task.seconds:.1f} s</small>"
