"""Names after TAB: sub-commands, options, and what the catalog and the notebook's variables hold.

What may stand where is read from the magics' own parsers; VALUES says where the words come from. IPython ends a word
at `[` and `=` but not at `.` and `-`, so candidates are whole words, of which it is given the part after that.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from IPython.core.error import TryNext

from fsnb.errors import FsnbError
from fsnb.model import Feature, FeatureView, Source, Spine
from fsnb.model.view import CLOSED
from fsnb.notebook import arguments
from fsnb.notebook.session import Session
from fsnb.store import ENGINES
from fsnb.training import TrainingSet

HOOK = "complete_command"
PARSERS = {
    "%%feature_view": arguments.FEATURE_VIEW,
    "%train": arguments.TRAIN,
    "%pit": arguments.PIT,
    "%publish": arguments.PUBLISH,
}
KEYS = ("%fs", *PARSERS)


def register(shell: Any, session: Session) -> None:
    for key in KEYS:
        shell.set_hook(HOOK, Completer(session), str_key=key)


def unregister(shell: Any) -> None:
    """IPython has no call for it: take ours out of its table."""
    table = shell.strdispatchers[HOOK].strs if HOOK in shell.strdispatchers else {}
    for key in KEYS:
        if key in table:
            table[key].chain = [(order, hook) for order, hook in table[key].chain if not _is_ours(hook)]


def _is_ours(hook: Any) -> bool:
    return isinstance(getattr(hook, "__func__", hook), Completer)  # set_hook binds it to the shell


class Completer:
    """Completes the arguments of our magics in one notebook."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def __call__(self, shell: Any, event: Any) -> list[str]:
        """The words that may stand at the cursor, from where IPython's `event.symbol` begins."""
        magic, *done, word = re.split(r"\s+", event.text_until_cursor.lstrip())
        if magic not in KEYS:
            raise TryNext  # IPython asks for `train = ...` too, which is Python
        begun = word.removesuffix(event.symbol)
        try:
            candidates = set(self._candidates(magic, done, word))
        except FsnbError:
            return []  # no store, or one that cannot be read: nothing to offer, and no place to say so
        return sorted(found.removeprefix(begun) for found in candidates if found.startswith(begun))

    def _candidates(self, magic: str, done: list[str], word: str) -> Iterable[str]:
        if magic == "%fs":
            if not done:
                return arguments.FS
            command, *done = done
            return self._arguments(arguments.FS[command], done, word) if command in arguments.FS else ()
        return self._arguments(PARSERS[magic], done, word)

    def _arguments(self, parser: argparse.ArgumentParser, done: list[str], word: str) -> Iterable[str]:
        options = {option: action for action in parser._actions for option in action.option_strings}
        placed: list[str] = []  # words that are neither an option nor its value
        waiting: argparse.Action | None = None
        for each in done:
            if waiting is None and each in options:
                waiting = options[each] if options[each].nargs != 0 else None
            elif waiting is not None:
                waiting = None
            elif not each.startswith("-"):
                placed.append(each)
        option, given, _ = word.partition("=")
        if waiting is None and given and option in options:
            return [f"{option}={value}" for value in self._values(options[option], placed, word)]
        if waiting is None and word.startswith("-"):
            return [*(action.option_strings[-1] for action in options.values()), arguments.HELP[-1]]
        return self._values(waiting or _place(parser, len(placed)), placed, word)

    def _values(self, action: argparse.Action | None, placed: list[str], word: str) -> Iterable[str]:
        found = VALUES.get(action.dest) if action else None
        return found(self.session, placed, word) if found else ()


def _place(parser: argparse.ArgumentParser, position: int) -> argparse.Action | None:
    """The argument that a word in this place is; the last one may take several."""
    places = [action for action in parser._actions if not action.option_strings]
    if position < len(places):
        return places[position]
    return places[-1] if places and places[-1].nargs == "+" else None


# ---------------------------------------------------------------------- where words come from


def _named(session: Session, kind: str) -> list[str]:
    return [document.name for document in session.documents(kind)]


def _sources(session: Session, placed: list[str], word: str) -> Iterable[str]:
    return [*session.holding(Source), *_named(session, "source")]


def _views(session: Session, placed: list[str], word: str) -> Iterable[str]:
    return [*session.holding(FeatureView), *_named(session, "view")]


def _documents(session: Session, placed: list[str], word: str) -> Iterable[str]:
    return [document.name for document in session.store.catalog.list()]


def _kinds(session: Session, placed: list[str], word: str) -> Iterable[str]:
    return {document.kind for document in session.store.catalog.list()}


def _features(session: Session, placed: list[str], word: str) -> Iterable[str]:
    """Whole views until one is named, then its features, as they are being written: dotted or in brackets."""
    name, mark = re.match(r"(\w*)(.?)", word).groups()  # type: ignore[union-attr]
    if not mark:
        return [*_views(session, placed, word), *session.holding(Feature)]
    end = "]" if mark == "[" else ""
    return [f"{name}{mark}{feature}{end}" for feature in _features_of(session, name)]


def _features_of(session: Session, name: str) -> Iterable[str]:
    value = session.names.get(name)
    if isinstance(value, FeatureView):
        return value.features
    found: list[str] = session.store.catalog.get("view", name).body["features"]
    return found


def _columns(session: Session, placed: list[str], word: str) -> Iterable[str]:
    train = session.names.get(placed[0])
    return [feature.column for feature in train.plan.features] if isinstance(train, TrainingSet) else ()


VALUES: Mapping[str, Callable[[Session, list[str], str], Iterable[str]]] = {
    "closed": lambda session, placed, word: CLOSED,
    "document": _documents,
    "engine": lambda session, placed, word: ENGINES,
    "entity": lambda session, placed, word: session.entities(),
    "feature": _columns,
    "features": _features,
    "kind": _kinds,
    "source": _sources,
    "spine": lambda session, placed, word: session.holding(Spine),
    "to": lambda session, placed, word: _named(session, "target"),
    "train": lambda session, placed, word: session.holding(TrainingSet),
    "view": _views,
}
