"""What widgets that are asked and answer share: how questions and answers are told, and what shows where none runs.

The browser asks by the trait `asked`, whose `seq` grows; `answered` says which question the other traits answer.
What takes longer than two seconds says so in `doing`: what it is at, how far, for how long. No cell can show it,
since a question belongs to none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

import anywidget
import traitlets

from fsnb.errors import FsnbError
from fsnb.progress import DELAY, Task, Ticking, shown_by, task

FAILED = "This could not be computed; the kernel's log says why."


class Asking(anywidget.AnyWidget):
    """A widget whose `_answer` sets its other traits; `_checked` keeps a question to what there is."""

    asked = traitlets.Dict().tag(sync=True)
    answered = traitlets.Int(0).tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    doing = traitlets.Unicode().tag(sync=True)

    def _ask(self, **change: Any) -> None:
        self.asked = {**self.asked, **change, "seq": self.asked["seq"] + 1}

    def _asked(self, change: Mapping[str, Any]) -> None:
        asked, note = self._checked(change["new"]), FAILED
        self.set_trait("asked", asked)
        try:
            with shown_by(self._showing), task(self._doing()):
                self._answer(asked)
            note = ""
        except FsnbError as error:
            note = str(error)
        finally:
            with self.hold_sync():
                self.note, self.answered = note, asked["seq"]

    @contextmanager
    def _showing(self, made: Task) -> Iterator[None]:
        here = copy_context()  # a kernel keeps there whom it answers
        with Ticking(made, lambda: here.run(self.set_trait, "doing", _told(made)), delay=DELAY):
            yield

    def _doing(self) -> str:
        """What an answer takes its time for."""
        return "compute"

    def _checked(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def _answer(self, asked: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def to_html(self) -> str:
        raise NotImplementedError

    def _text(self) -> str:
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """With `text/html`, for where no widget runs: a saved notebook, nbconvert."""
        made = super()._repr_mimebundle_(**kwargs)
        data, metadata = made if isinstance(made, tuple) else (made or {}, {})
        return {**data, "text/plain": self._text(), "text/html": self.to_html()}, metadata


def _told(made: Task) -> str:
    """A task in one line; nothing once it is over."""
    if made.failed is not None:
        return ""
    share = "" if made.share is None else f" {made.share:.0%},"
    return f"{' '.join(filter(None, (made.title, made.step)))} …{share} {made.seconds:.0f} s"
