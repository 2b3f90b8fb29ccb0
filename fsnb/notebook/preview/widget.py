"""The preview as an anywidget: parts of HTML as synchronized text, and the few things that the browser may ask for.

A message is `{"do": name, "value": ...}`; the answer is the parts that change in one update, then `{"done": true}`.
The browser has one message under way at a time and drops what newer ones overtake, so a slider that is dragged never
leaves a queue behind on the kernel's one thread, or on DuckDB's one connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets
from IPython import get_ipython

from fsnb.errors import FsnbError, UnknownName, UsageError
from fsnb.notebook.preview import code, parts
from fsnb.notebook.preview.listing import Asked, Listing, listing
from fsnb.notebook.preview.sliders import sliders
from fsnb.pit.pausing import cycles_kept
from fsnb.training import Preview
from fsnb.training.html import STYLE

HERE = Path(__file__).parent
LONGEST = 200
"""Characters of a search; the rest is not looked at."""


class PreviewWidget(anywidget.AnyWidget):
    """One preview on the screen, in one place or in several. Each trait is the HTML of a part, but for `status`."""

    _esm = (HERE / "preview.js").read_text("utf-8")
    _css = STYLE + (HERE / "preview.css").read_text("utf-8")

    filters = traitlets.Unicode().tag(sync=True)
    options = traitlets.Unicode().tag(sync=True)
    pager = traitlets.Unicode().tag(sync=True)
    views = traitlets.Unicode().tag(sync=True)
    rules = traitlets.Unicode().tag(sync=True)
    actions = traitlets.Unicode().tag(sync=True)
    effect = traitlets.Unicode().tag(sync=True)
    body = traitlets.Unicode().tag(sync=True)
    status = traitlets.Unicode().tag(sync=True)

    def __init__(self, preview: Preview) -> None:
        self._preview = preview
        self._asked = Asked()
        self._features = 0
        self._hearing = False
        self._asked = self._listed().asked
        super().__init__(**self._parts())
        preview.on_change(self._follow)
        self.on_msg(self._hear)

    # ------------------------------------------------------------------ what is shown

    def _parts(self) -> dict[str, str]:
        preview = self._preview
        if preview.row is None:
            return {"body": parts.body((), (), 0)}
        view, listed = preview.viewed(preview.view), self._listed(here=True)
        found = {
            "filters": parts.filters(self._asked.filter),
            "options": parts.options(preview, listed, self._marks()),
            "pager": parts.pager(listed, preview.sample, len(preview.numbers)),
            "views": parts.views(preview),
            "rules": parts.rules(sliders(view, preview.rules()), f"fsnb-{id(self)}", view.name),
        }
        now = preview.whys_of(view.name)
        if view.kind == "static":
            return found | {"actions": "", "effect": "", "body": parts.body(now, now, self._features)}
        trial = preview.trial()
        return found | {
            "actions": parts.actions(bool(trial.words)),
            "effect": parts.effect(trial),
            "body": parts.body(now, trial.whys, self._features),
        }

    def _marks(self) -> dict[str, set[int]]:
        return {word: set(self._preview.matching(name).tolist()) for name, word in parts.MARKED.items()}

    def _listed(self, *, here: bool = False) -> Listing:
        """The list: the page that was asked for, or the one with the row in view."""
        found = listing(self._preview, self._asked)
        return found if here else found.holding(self._preview.row)

    def _show(self) -> None:
        with self.hold_sync():
            for name, value in self._parts().items():
                setattr(self, name, value)

    def _follow(self) -> None:
        """Someone has set the preview's row, view or rules."""
        if not self._hearing:
            self._asked = self._listed().asked
            self._show()

    # ------------------------------------------------------------------ what the browser asks for

    def _hear(self, widget: Any, content: Any, buffers: Any) -> None:
        """Answer one message; whatever comes of it, the browser hears that it is done.

        Python looks for cycles once it is told: a search through all of a kernel's objects takes as long as the answer.
        """
        self._hearing = True
        with cycles_kept():
            try:
                answer = self._do(content)
                self._show()
                self.status = ""
                if answer:
                    self.send(answer)
            except FsnbError as error:
                self.status = str(error)
            finally:
                self._hearing = False
                self.send({"done": True})

    def _do(self, content: Any) -> Mapping[str, Any] | None:
        asked = content if isinstance(content, Mapping) else {}
        do = self.DOES.get(str(asked.get("do")))
        if do is None:
            raise UnknownName.among("the preview widget", "message", str(asked.get("do")), self.DOES)
        try:
            return do(self, asked.get("value"))
        except (TypeError, ValueError) as error:
            if isinstance(error, FsnbError):
                raise
            raise UsageError(f"the preview widget: {asked['do']!r} does not take {asked.get('value')!r}.") from error

    def _row(self, value: Any) -> None:
        self._preview.row = int(value)

    def _go(self, value: Any) -> None:
        """To a row by its number, wherever the list is."""
        self._preview.row = int(value)
        self._asked = self._listed().asked

    def _step(self, value: Any) -> None:
        to = self._listed().step(self._preview.row, int(value))
        if to is not None and to != self._preview.row:
            self._preview.row = to
        self._asked = self._listed().asked

    def _page(self, value: Any) -> None:
        self._asked = replace(self._asked, page=max(0, int(value)))

    def _filter(self, value: Any) -> None:
        self._preview.matching(str(value))  # refuses an unknown one
        self._asked = replace(self._asked, filter=str(value), page=0)

    def _search(self, value: Any) -> None:
        self._asked = replace(self._asked, words=str(value)[:LONGEST].strip(), page=0)

    def _view(self, value: Any) -> None:
        self._preview.view = str(value)
        self._features = 0

    def _page_of_features(self, value: Any) -> None:
        self._features = max(0, int(value))

    def _try(self, value: Any) -> None:
        """`{"lag": "2h", "windows": {"7d": "3d"}, "ttl": "none"}`: where the sliders stand."""
        given = {name: value[name] for name in ("lag", "windows", "ttl", "over") if name in value}
        self._preview.what_if(**given)

    def _reset(self, value: Any) -> None:
        self._preview.what_if()

    def _insert(self, value: Any) -> Mapping[str, Any]:
        """Only an answer to a cell may make another; so the code goes to the page, which hands it on or shows it."""
        shell = get_ipython()
        return {"code": code.cell(self._preview, shell.user_ns if shell else {})}

    DOES: ClassVar[Mapping[str, Callable[[PreviewWidget, Any], Mapping[str, Any] | None]]] = {
        "row": _row,
        "go": _go,
        "step": _step,
        "page": _page,
        "filter": _filter,
        "search": _search,
        "view": _view,
        "features": _page_of_features,
        "rules": _try,
        "reset": _reset,
        "insert": _insert,
    }
