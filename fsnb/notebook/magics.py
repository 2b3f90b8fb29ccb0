"""The magics: parse, call the store, answer. What each does is the store's; see the Python call in each help.

A magic displays nothing by itself. It returns its value, which IPython shows once where a cell ends with it, so that
`x = %pit train 3` works; `-o NAME` binds it. `%train` only says what it made, because a training set is lazy.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class
from traitlets import Bool, Float, Unicode

from fsnb.catalog import Diff, Lineage
from fsnb.errors import UnknownName, UsageError
from fsnb.model import Entity, FeatureView, Source, Spine
from fsnb.notebook import arguments, cards, defining, doing, keeping
from fsnb.notebook.card import Card
from fsnb.notebook.catalogued import code_of, find
from fsnb.notebook.parsing import HELP, quoted
from fsnb.notebook.session import Session
from fsnb.testing import FeatureTest


@magics_class
class FsnbMagics(Magics):
    """`%fs` and its commands, `%entity`, `%source`, `%%feature_view`, `%train`, `%preview`, `%publish`, ..."""

    path = Unicode(".fsnb", help="The folder of the store that `%fs open` opens.").tag(config=True)
    engine = Unicode("duckdb", help="What that store computes with: duckdb or polars.").tag(config=True)
    catalog = Unicode("", help="Its catalog where that is not in the folder: a file, or postgresql://...").tag(
        config=True
    )
    target = Unicode("", help="The target where --to is left out.").tag(config=True)
    progress = Bool(True, help="Whether to show what takes longer than a moment.").tag(config=True)
    progress_after = Float(2.0, min=0.0, help="How many seconds that moment is.").tag(config=True)

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.session = Session(shell, self)

    # ------------------------------------------------------------------ %fs

    @line_magic
    def fs(self, line: str) -> Any:
        command, _, rest = line.strip().partition(" ")
        if command in HELP:
            print(arguments.FS_HELP)
            return None
        command = command or "status"
        if command not in arguments.FS:
            raise UnknownName.among("%fs", "command", command, arguments.FS)
        asked = arguments.FS[command].parse(rest)
        if asked is None:
            return None
        kept = keeping.COMMANDS.get(command)
        with _stopping(f"%fs {command}"):
            return kept(self.session, asked) if kept else getattr(self, f"_fs_{command}")(asked)

    def _fs_open(self, asked: Any) -> None:
        wanted = asked.path or self.path, asked.engine or self.engine
        store = self.session.open(*wanted, asked.out, asked.catalog or self.catalog or None)
        print(f"{asked.out}: {store!r}")

    def _fs_status(self, asked: Any) -> Card:
        return cards.of(self.session.store)

    def _fs_list(self, asked: Any) -> Card:
        catalog = self.session.store.catalog
        documents = catalog.list(asked.kind)
        if asked.kind and not documents:
            kinds = sorted({document.kind for document in catalog.list()})
            raise UnknownName.among(f"catalog {catalog.where}", "kind", asked.kind, kinds)
        listed = tuple(each for each in documents if asked.kind or each.kind not in cards.ASIDE)
        self._bind(asked.out, listed)
        return cards.listing(listed, catalog.where)

    def _fs_show(self, asked: Any) -> Card:
        shown = find(self.session.store, asked.document, asked.version)
        self._bind(asked.out, shown.value)
        if asked.code:
            self.session.shell.set_next_input(code_of(shown))
        return shown.card

    def _fs_search(self, asked: Any) -> Card:
        words = " ".join(quoted(word) for word in asked.words)
        documents = self.session.store.catalog.search(words, limit=asked.limit)
        self._bind(asked.out, documents)
        return cards.found(documents, words)

    def _fs_catalog(self, asked: Any) -> Any:
        made = self.session.store.browse(" ".join(quoted(word) for word in asked.words))
        self._bind(asked.out, made)
        return made

    def _fs_diff(self, asked: Any) -> Diff:
        sides = [self.session.definition(name) for name in (asked.old, asked.new) if name]
        made = self.session.store.catalog.diff(*sides)
        self._bind(asked.out, made)
        return made

    def _fs_lineage(self, asked: Any) -> Lineage:
        made = self.session.store.catalog.lineage(asked.made, asked.kind)
        self._bind(asked.out, made)
        return made

    # ------------------------------------------------------------------ define

    @line_cell_magic
    def entity(self, line: str, cell: str | None = None) -> Entity | None:
        asked = arguments.MAGICS["entity"].parse(line)
        return None if asked is None else defining.entity(self.session, asked, cell)

    @line_cell_magic
    def source(self, line: str, cell: str | None = None) -> Source | None:
        asked = arguments.MAGICS["source"].parse(line)
        return None if asked is None else defining.source(self.session, asked, cell, f"%%source {line}")

    @line_cell_magic
    def feature_view(self, line: str, cell: str | None = None) -> FeatureView | None:
        asked = arguments.MAGICS["feature_view"].parse(line)
        return None if asked is None else defining.feature_view(self.session, asked, _body("feature_view", cell), line)

    @line_cell_magic
    def on_spine(self, line: str, cell: str | None = None) -> Spine | None:
        asked = arguments.MAGICS["on_spine"].parse(line)
        return None if asked is None else defining.on_spine(self.session, asked, _body("on_spine", cell), line)

    @line_cell_magic
    def feature_test(self, line: str, cell: str | None = None) -> FeatureTest | None:
        asked = arguments.MAGICS["feature_test"].parse(line)
        return None if asked is None else defining.feature_test(self.session, asked, _body("feature_test", cell))

    # ------------------------------------------------------------------ train, look, watch, publish

    @line_magic
    def train(self, line: str) -> None:
        self._do("train", line)

    @line_magic
    def preview(self, line: str) -> Any:
        return self._do("preview", line)

    @line_magic
    def pit(self, line: str) -> Any:
        return self._do("pit", line)

    @line_magic
    def drift(self, line: str) -> Any:
        return self._do("drift", line)

    @line_magic
    def check(self, line: str) -> Any:
        return self._do("check", line)

    @line_magic
    def publish(self, line: str) -> Any:
        return self._do("publish", line)

    def _do(self, magic: str, line: str) -> Any:
        asked = arguments.MAGICS[magic].parse(line)
        if asked is None:
            return None
        with _stopping(f"%{magic}"):
            return doing.MAGICS[magic](self.session, asked)

    def _bind(self, name: str | None, value: Any) -> None:
        self.session.bind_if(name, value)


@contextmanager
def _stopping(magic: str) -> Iterator[None]:
    """Ctrl-C is what the user wants and no bug: one line in place of our frames. The cell still fails."""
    try:
        yield
    except KeyboardInterrupt as stopped:
        said = f"KeyboardInterrupt: {magic} was stopped. Nothing is half-written; the connection can be used."
        vars(stopped)["_render_traceback_"] = lambda: [said]  # IPython asks the exception itself how to show it
        raise


def _body(magic: str, cell: str | None) -> str:
    if cell is None:
        raise UsageError(f"%%{magic} has a body: write it with two % in the first line of a cell of its own.")
    return cell


for _magic, _help in arguments.HELPS.items():
    getattr(FsnbMagics, _magic).__doc__ = _help


def unregister(shell: Any) -> None:
    """Take our magics out of IPython's tables, unless someone has put others in their place."""
    ours = shell.magics_manager.registry.pop(FsnbMagics.__name__, None)
    for table in shell.magics_manager.magics.values():
        for name in [name for name, function in table.items() if getattr(function, "__self__", None) is ours]:
            del table[name]
