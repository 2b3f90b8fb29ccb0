"""Steps on a terminal: the running one with its spinner and seconds, each finished one as a line that stays.

Where the output is no terminal there is no spinner, and the lines alone are the log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

WIDTH = 60


class Steps:
    """`with steps("read the flights") as tell:` times a step; `tell` shows what it is at."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since the first step."""
        return time.perf_counter() - self.start

    @contextmanager
    def __call__(self, name: str) -> Iterator[Callable[..., None]]:
        start, mark = time.perf_counter(), "[red]✗[/]"
        try:
            with self._spinner() as spinner:
                task = spinner.add_task(escape(name), total=None)
                yield lambda *said, **_: spinner.update(task, description=f"{escape(name)}: {_at(*said)}")
            mark = "[green]✓[/]"
        finally:
            took = f"{time.perf_counter() - start:.1f} s"
            room = min(WIDTH, self.console.width) - len(took) - 4
            self.console.print(f"{mark} {escape(name[:room].ljust(room))}  {took}", highlight=False)

    def _spinner(self) -> Progress:
        columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        return Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal)


def _at(*said: Any) -> str:
    """Progress as store methods report it: the name of a step, or rows done, rows in all and of what."""
    if len(said) == 3:
        done, total, what = said
        return escape(f"{what}, {done:,} of {total:,} rows")
    return escape(" ".join(map(str, said)))
