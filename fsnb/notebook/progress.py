"""The steps of something that takes a while, as they pass: one line, updated in place where the front end can.

Any front end shows it: as HTML where there is HTML, as a line of text per step in a terminal. It needs no widget, so a
saved notebook reads as it ran.
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
        self.steps: list[tuple[str, float]] = []
        self.state = "…"
        self._handle: Any = None

    def __call__(self, step: str, *_: Any, **__: Any) -> None:
        self.steps.append((step, time.perf_counter()))
        self._show()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        self.state = "✓" if kind is None else "✗"
        self.steps.append(("", time.perf_counter()))
        self._show()

    def _show(self) -> None:
        if self._handle is None:
            self._handle = display(self, display_id=True)
        else:
            self._handle.update(self)

    def _took(self) -> list[tuple[str, str]]:
        """Each step with its mark and how long it took; the last one has not ended yet."""
        pairs = zip(self.steps, self.steps[1:], strict=False)
        done = [(step, f"{end - start:.1f} s") for (step, start), (_, end) in pairs]
        return done + [(self.steps[-1][0], "")] if self.steps[-1][0] else done

    def _marks(self) -> list[str]:
        return ["✓"] * (len(self._took()) - 1) + [self.state]

    def __repr__(self) -> str:
        step, took = (self._took() or [("", "")])[-1]
        return f"{self.title}: {self.state} {step} {took}".rstrip()

    def _repr_html_(self) -> str:
        steps = zip(self._marks(), self._took(), strict=True)
        said = "".join(f" <span>{mark} {escape(step)} <small>{took}</small></span>" for mark, (step, took) in steps)
        return f'<div style="display:flex;flex-wrap:wrap;gap:2px 14px"><b>{escape(self.title)}</b>{said}</div>'
