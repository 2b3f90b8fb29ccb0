"""The steps of something that takes a while, as they pass: one line, updated in place where the front end can.

It is one display with an id: HTML in a notebook, a line of text per step in a terminal. It needs no widget, so a saved
notebook reads as it ran.
"""

from __future__ import annotations

import time
from html import escape
from types import TracebackType
from typing import Any

from IPython.display import display


class Progress:
    """What is going on, and how long each step took. Call it with the name of each step as it begins."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.steps: list[str] = []
        self.times = [time.perf_counter()]  # when each step began; after the last one, when it ended
        self.failed: bool | None = None  # None: it goes on
        self._handle: Any = None

    def __call__(self, step: str) -> None:
        self.times[len(self.steps) :] = [time.perf_counter()]
        self.steps.append(step)
        self._show()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.times.append(time.perf_counter())
        self.failed = kind is not None
        if self.steps:
            self._show()

    def _show(self) -> None:
        if self._handle is None:
            self._handle = display(self, display_id=True)
        else:
            self._handle.update(self)

    def _lasted(self, step: int) -> str:
        """How long a step took; nothing while it goes on."""
        return f"{self.times[step + 1] - self.times[step]:.1f} s" if step + 1 < len(self.times) else ""

    def _mark(self, step: int) -> str:
        if step + 1 < len(self.steps):
            return "✓"
        return {None: "…", False: "✓", True: "✗"}[self.failed]

    def __repr__(self) -> str:
        if self.failed is None:
            return f"{self.title}: {self.steps[-1]} …"
        took = f"{self.times[-1] - self.times[0]:.1f} s"
        return f"{self.title}: failed at {self.steps[-1]!r}" if self.failed else f"{self.title}: done in {took}"

    def _repr_html_(self) -> str:
        said = "".join(
            f"<span>{self._mark(number)} {escape(step)} <small>{self._lasted(number)}</small></span>"
            for number, step in enumerate(self.steps)
        )
        return f'<div style="display:flex;flex-wrap:wrap;gap:2px 14px"><b>{escape(self.title)}</b>{said}</div>'
