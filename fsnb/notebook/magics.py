"""The magics: parse, call the store, answer. What each does is the store's; see the Python call in each help.

A magic that makes a value binds it to a variable and, where there is something to see, returns it: IPython shows a
returned value once, and `x = %pit train 3` works. `%train` only says what it made, because a training set is lazy.
"""

from __future__ import annotations

from typing import Any

import ibis
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class

import fsnb
from fsnb.catalog import Diff, Lineage
from fsnb.checks import CheckReport, Suggestions
from fsnb.errors import UnknownName, UsageError
from fsnb.model import FeatureView, Spine
from fsnb.notebook import arguments, cards
from fsnb.notebook.body import compiled
from fsnb.notebook.card import Card
from fsnb.notebook.catalogued import find
from fsnb.notebook.progress import Progress
from fsnb.notebook.session import Session
from fsnb.publish import Publication
from fsnb.training import Preview, TrainingSet, Why


@magics_class
class FsnbMagics(Magics):
    """`%fs`, `%%feature_view`, `%train`, `%pit`, `%publish`, `%check`."""

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
        store = self.session.open(asked.path, asked.engine, asked.out, asked.catalog)
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
        return shown.card

    def _fs_search(self, asked: Any) -> Card:
        words = " ".join(arguments.quoted(word) for word in asked.words)
        documents = self.session.store.catalog.search(words, limit=asked.limit)
        self._bind(asked.out, documents)
        return cards.found(documents, words)

    def _fs_catalog(self, asked: Any) -> Any:
        made = self.session.store.browse(" ".join(arguments.quoted(word) for word in asked.words))
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

    # ------------------------------------------------------------------ the way: define, train, see, publish

    @line_cell_magic
    def feature_view(self, line: str, cell: str | None = None) -> FeatureView | None:
        asked = arguments.FEATURE_VIEW.parse(line)
        if asked is None:
            return None
        if cell is None:
            raise UsageError("%%feature_view has a body: write it with two % in the first line of a cell of its own.")
        store = self.session.store
        body = compiled(f"feature view {asked.name!r}", f"%%feature_view {line}", cell, self.shell)
        try:
            view = FeatureView(
                asked.name,
                entity=self.session.entity(asked.entity),
                source=self.session.source(asked.source),
                features=lambda t: body.run({**self.session.names, "t": t, "_": ibis._, "ibis": ibis, "fsnb": fsnb}),
                windows=[window for window in asked.windows.split(",") if window.strip()],
                lag=asked.lag,
                ttl=asked.ttl,
                refresh=asked.refresh,
                closed=asked.closed,
                skip_nulls=asked.skip_nulls,
                description=body.description,
                owner=asked.owner,
                tags=asked.tag,
            )
        except Exception as error:
            body.explain(error, self.shell)
            raise
        self.session.bind(asked.out or asked.name, store.register(view))
        return view

    @line_magic
    def train(self, line: str) -> None:
        asked = arguments.TRAIN.parse(line)
        if asked is None:
            return
        spine = self.session.variable(asked.spine, Spine, "fsnb.Spine(frame, at='asked_at')")
        features = self.session.features(asked.features)
        made = self.session.store.training_set(spine, features, engine=asked.engine, strategy=asked.strategy)
        self.session.bind(asked.out, made)
        print(f"{asked.out}: {made!r}")

    @line_magic
    def pit(self, line: str) -> Why | Preview | None:
        asked = arguments.PIT.parse(line)
        if asked is None:
            return None
        train = self.session.variable(asked.train, TrainingSet, "%train SPINE FEATURE...")
        shown = train.why(asked.row, asked.feature) if asked.feature else train.preview(asked.row)
        self._bind(asked.out, shown)
        return shown

    @line_magic
    def publish(self, line: str) -> Publication | None:
        asked = arguments.PUBLISH.parse(line)
        if asked is None:
            return None
        view = self.session.view(asked.view)
        with Progress(f"publish {view.name} to {asked.to}") as progress:
            publication = self.session.store.publish(view, to=asked.to, progress=progress)
        self.session.bind(asked.out, publication)
        return publication

    @line_magic
    def check(self, line: str) -> CheckReport | Suggestions | None:
        asked = arguments.CHECK.parse(line)
        if asked is None:
            return None
        store = self.session.store
        what = self.session.names.get(asked.checked, asked.checked)
        if asked.suggest:
            proposed = store.suggest_checks(what)
            self._bind(asked.out, proposed)
            variable = f"{asked.checked}_checks" if asked.checked.isidentifier() else "checks"
            self.session.shell.set_next_input(f"{proposed.code(variable)}\n\n%check {asked.checked} --with {variable}")
            return proposed
        checks = self.session.variable(asked.checks, list, "[fsnb.checks.not_null('column')]") if asked.checks else None
        report = store.check(what, checks, to=asked.to)
        self._bind(asked.out, report)
        return report

    def _bind(self, name: str | None, value: Any) -> None:
        if name:
            self.session.bind(name, value)


for _magic, _help in arguments.HELPS.items():
    getattr(FsnbMagics, _magic).__doc__ = _help


def unregister(shell: Any) -> None:
    """Take our magics out of IPython's tables, unless someone has put others in their place."""
    ours = shell.magics_manager.registry.pop(FsnbMagics.__name__, None)
    for table in shell.magics_manager.magics.values():
        for name in [name for name, function in table.items() if getattr(function, "__self__", None) is ours]:
            del table[name]
