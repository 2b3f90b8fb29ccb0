"""The notebook's current store, and what its variables hold.

A library with an ambient store cannot be reasoned about; a notebook without one must be told the store in each line.
So the one current store lives here, in the shell of the notebook: the one that `%fs open` opened last, or the
variable `store` when it was bound to another one since.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from fsnb.errors import DefinitionError, UnknownName, UsageError, listed
from fsnb.model import Entity, Feature, FeatureView, Source
from fsnb.store import WORDS, FeatureStore
from fsnb.store import open as open_store

T = TypeVar("T")
STORE = "store"
ASKED = re.compile(r"""(?P<view>\w+)(\.(?P<dotted>\w+)|\[(['"]?)(?P<keyed>\w+)\4\])?""")


class Session:
    """One notebook: its shell, its settings, its current store, the values in its variables."""

    def __init__(self, shell: Any, config: Any = None) -> None:
        self.shell = shell
        self.config = config  # `%config FsnbMagics`
        self._opened: FeatureStore | None = None
        self._bound: Any = None  # what the variable `store` was when %fs opened one

    # ------------------------------------------------------------------ the store

    def open(self, path: str | Path, engine: str, name: str, catalog: str | None = None) -> FeatureStore:
        """Open a store, bind it to a variable, and make it the current one."""
        self._opened = open_store(path, engine=engine, catalog=catalog)
        self.bind(name, self._opened)
        self._bound = self.names.get(STORE)
        return self._opened

    @property
    def store(self) -> FeatureStore:
        """The current store."""
        mine = self.names.get(STORE)
        if isinstance(mine, FeatureStore) and mine is not self._bound:
            return mine
        if self._opened is None:
            others = [f"{name} (is one; bind it to `store`)" for name in self.holding(FeatureStore)]
            raise UsageError(
                "no feature store is open in this notebook. Open one: `%fs open`, or `store = fsnb.open()`."
                + (f" There is: {listed(others)}." if others else "")
            )
        return self._opened

    # ------------------------------------------------------------------ variables

    @property
    def names(self) -> Mapping[str, Any]:
        """The user's namespace."""
        names: Mapping[str, Any] = self.shell.user_ns
        return names

    def bind(self, name: str, value: Any) -> None:
        self.shell.push({name: value})

    def bind_if(self, name: str | None, value: T) -> T:
        """The value, bound to a variable where one is named."""
        if name:
            self.bind(name, value)
        return value

    def target(self, asked: str | None, magic: str) -> str:
        """The target that a magic was given, or the notebook's own."""
        found = asked or self.config.target
        if not found:
            targets = [document.name for document in self.documents("target")]
            raise UsageError(
                f"{magic}: the following arguments are required: --to. Targets: {listed(targets)}. "
                "Or set one for the notebook: %config FsnbMagics.target = 'prod'."
            )
        return str(found)

    def holding(self, kind: type[T]) -> dict[str, T]:
        """The user's variables that hold a value of this type; not IPython's own `_`, `_5`."""
        return {name: value for name, value in self.names.items() if isinstance(value, kind) and name[:1] != "_"}

    def variable(self, name: str, kind: type[T], make: str) -> T:
        """What a variable holds; `make` says how to make one."""
        value = self.names.get(name)
        if isinstance(value, kind):
            return value
        others = self.holding(kind)
        if name in self.names:
            raise DefinitionError(f"{name} is a {type(value).__name__}, not a {kind.__name__}. Make one: {make}.")
        raise UnknownName.among("the notebook", f"{kind.__name__} variable", name, others, f"Make one: {make}.")

    # ------------------------------------------------------------------ nouns by name

    def view(self, name: str) -> FeatureView:
        """A feature view by its variable, or by its name in the store."""
        value = self.names.get(name)
        return value if isinstance(value, FeatureView) else self.store.view(name)

    def definition(self, name: str) -> FeatureView | Source | str:
        """For a diff: a variable's view or source where the catalog does not have it as it is here, else the name.

        Words for people do not count: the catalog has them where a definition is silent.
        """
        value = self.names.get(name)
        if not isinstance(value, FeatureView | Source):
            return name
        try:
            made = self.store.catalog.diff(value)
        except UnknownName:
            return value
        return value if any(change.kind not in WORDS for change in made.changes) else name

    def source(self, name: str) -> Source:
        """A source by its variable, or by its name in the store."""
        value = self.names.get(name)
        return value if isinstance(value, Source) else self.store._source(name)

    def entity(self, name: str) -> Entity:
        """An entity by its variable, by its name, or as a view of the catalog has it."""
        known = self.entities()
        if name not in known:
            raise UnknownName.among(
                "the notebook", "entity", name, known, f"Make one: {name} = fsnb.Entity({name!r}, keys=...)."
            )
        return known[name]

    def entities(self) -> dict[str, Entity]:
        """Every entity in sight: the catalog's, then by its own name, then by its variable."""
        mine = self.holding(Entity)
        stored = (Entity.from_doc(document.body["entity"]) for document in self.documents("view"))
        return {each.name: each for each in (*stored, *mine.values())} | mine

    def documents(self, kind: str) -> Sequence[Any]:
        """The catalog's documents of a kind; none while no store is open."""
        try:
            return self.store.catalog.list(kind)
        except UsageError:
            return ()

    def features(self, words: Sequence[str]) -> list[Feature | FeatureView]:
        """What `view.feature`, `view[feature]`, `view` or a variable of features stands for."""
        return [feature for word in words for feature in self._asked(word)]

    def _asked(self, word: str) -> Iterator[Feature | FeatureView]:
        value = self.names.get(word)
        if isinstance(value, Feature | FeatureView):
            yield value
        elif isinstance(value, list | tuple) and all(isinstance(item, Feature | FeatureView) for item in value):
            yield from value
        else:
            view, feature = split(word)
            yield self.view(view)[feature] if feature else self.view(view)


def split(word: str) -> tuple[str, str]:
    """`view.feature` or `view[feature]` -> its two names; the second is empty for `view`."""
    found = ASKED.fullmatch(word)
    if found is None:
        raise UsageError(f"{word!r} names no feature. Write view.feature, view[feature], or view for all of it.")
    return found["view"], found["dotted"] or found["keyed"] or ""
