"""The magics: parse, call the store, answer. What each does is the store's; see the Python call in each help.

A magic that makes a value binds it to a variable and, where there is something to see, returns it: IPython shows a
returned value once, and `x = %pit train 3` works. `%train` only says what it made, because a training set is lazy.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class

from fsnb.errors import UnknownName, UsageError
from fsnb.model import FeatureView, Spine
from fsnb.notebook import arguments, cards
from fsnb.notebook.body import compiled
from fsnb.notebook.progress import Progress
from fsnb.notebook.session import Session
from fsnb.training import TrainingSet


@magics_class
class FsnbMagics(Magics):
    """`%fs`, `%%feature_view`, `%train`, `%pit`, `%publish`."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.session = Session(shell)

    # ------------------------------------------------------------------ %fs

    @line_magic
    def fs(self, line: str) -> Any:
        command, _, rest = line.strip().partition(" ")
        if command in arguments.HELP:
            print(arguments.FS_HELP)
            return None
        command = command or "status"
        if command not in arguments.FS:
            raise UnknownName.among("%fs", "command", command, arguments.FS)
        asked = arguments.FS[command].parse(rest)
        return asked and getattr(self, f"_fs_{command}")(asked)

    def _fs_open(self, asked: Any) -> None:
        store = self.session.open(asked.path, asked.engine, asked.out)
        print(f"{asked.out}: {store!r}")

    def _fs_status(self, asked: Any) -> cards.Card:
        return cards.of(self.session.store)

    def _fs_list(self, asked: Any) -> cards.Card:
        catalog = self.session.store.catalog
        documents = catalog.list(asked.kind)
        if asked.kind and not documents:
            kinds = sorted({document.kind for document in catalog.list()})
            raise UnknownName.among(f"catalog {catalog.where}", "kind", asked.kind, kinds)
        self._bind(asked.out, documents)
        return cards.listing(documents, catalog.where)

    def _fs_show(self, asked: Any) -> cards.Card:
        found = find(self.session.store, asked.name, asked.version)
        self._bind(asked.out, found.value)
        return found.card
