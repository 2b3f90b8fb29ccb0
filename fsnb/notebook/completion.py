"""Names after TAB: sub-commands, options, what the catalog and the notebook's variables hold, the columns of `t`.

What may stand where is read from the magics' own parsers; VALUES says where the words come from.

A matcher and not the older hook `complete_command`: the hook sees one line, so it knows nothing of a cell's body, and
it does not silence Jedi, which takes a magic for Python; in a notebook `%fs ` was offered `and, if, in` first.
"""

from __future__ import annotations

import argparse
import re
import shlex
import string
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from fsnb.catalog import graph
from fsnb.catalog.words import FIELDS
from fsnb.checks import CheckReport
from fsnb.errors import FsnbError
from fsnb.model import Check, Feature, FeatureView, Source, Spine
from fsnb.model.pandera_schemas import is_schema
from fsnb.model.view import CLOSED
from fsnb.notebook import arguments
from fsnb.notebook.parsing import HELP
from fsnb.notebook.session import Session
from fsnb.pit.strategies import WORDS
from fsnb.publish.publishing import CERTIFY, MODES
from fsnb.store import ENGINES
from fsnb.testing.running import ENGINES as LOCAL
from fsnb.training import TrainingSet

BODIES = ("%%feature_view", "%%on_spine")  # of which the cell sees `t`
ASSIGNED = re.compile(r"^[\w\s,]+=\s*(?=%)")  # `x = %train ...`
TYPED = string.ascii_letters + string.digits + "_."  # what a dotted name in a body is made of
PARSERS = {f"{mark}{name}": parser for name, parser in arguments.MAGICS.items() for mark in ("%", "%%")}


def register(shell: Any, session: Session) -> None:
    shell.Completer.custom_matchers.append(Completer(session).match)


def unregister(shell: Any) -> None:
    matchers = shell.Completer.custom_matchers
    matchers[:] = [each for each in matchers if not isinstance(getattr(each, "__self__", None), Completer)]


class Completer:
    """Completes our magics in one notebook."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @context_matcher(identifier="fsnb")
    def match(self, context: CompletionContext) -> SimpleMatcherResult:
        """The words that may stand at the cursor, instead of what others would offer; none outside our magics."""
        before = context.text_until_cursor
        if context.cursor_line > 0 and context.full_text.startswith(tuple(f"{body} " for body in BODIES)):
            word = before[len(before.rstrip(TYPED)) :]
            found = self._offered(self._columns_of_t, context.full_text, word)
        else:
            words = re.split(r"\s+", ASSIGNED.sub("", before).lstrip())
            word = words[-1]
            found = sorted(set(self._offered(self._words, *words)))
        candidates = [SimpleCompletion(each, type="fsnb") for each in found if each.startswith(word)]
        return SimpleMatcherResult(
            completions=candidates, matched_fragment=word, suppress=bool(candidates), ordered=True
        )

    def _offered(self, names: Callable[..., Iterable[str]], *words: str) -> Iterable[str]:
        try:
            return names(*words)
        except FsnbError:
            return ()  # no store, or one that cannot be read: nothing to offer, and no place to say so

    def _words(self, magic: str, *words: str) -> Iterable[str]:
        """What may stand for the last of the words after the magic's name."""
        if magic == "%fs" and len(words) == 1:
            return arguments.FS
        if magic == "%fs" and len(words) > 1 and words[0] in arguments.FS:
            return self._arguments(arguments.FS[words[0]], words[1:])
        return self._arguments(PARSERS[magic], words) if magic in PARSERS and words else ()

    def _arguments(self, parser: argparse.ArgumentParser, words: tuple[str, ...]) -> Iterable[str]:
        *done, word = words
        options = {option: action for action in parser._actions for option in action.option_strings}
        placed: list[str] = []  # words that are neither an option nor its value
        waiting: argparse.Action | None = None
        for each in done:
            if waiting is not None:
                waiting = None
            elif each in options:
                waiting = options[each] if options[each].nargs != 0 else None
            elif not each.startswith("-"):
                placed.append(each)
        option, given, _ = word.partition("=")
        if waiting is None and given and option in options:
            return [f"{option}={value}" for value in self._values(options[option], placed, word)]
        if waiting is None and word.startswith("-"):
            return [*(action.option_strings[-1] for action in options.values()), HELP[-1]]
        return self._values(waiting or _place(parser, len(placed)), placed, word)

    def _values(self, action: argparse.Action | None, placed: list[str], word: str) -> Iterable[str]:
        found = VALUES.get(action.dest) if action else None
        return found(self.session, placed, word) if found else ()

    def _columns_of_t(self, cell: str, word: str) -> Iterable[str]:
        """`t.` in a body: the source's columns and what can be done with them."""
        first, *path = word.split(".")
        value: Any = self._table(cell.partition("\n")[0]) if first == "t" and path else None
        if value is None:
            return ()
        for name in path[:-1]:
            if name not in getattr(value, "columns", ()):
                return ()
            value = value[name]
        start = ".".join([first, *path[:-1]])
        names = [*getattr(value, "columns", ()), *dir(value)]
        return [f"{start}.{name}" for name in dict.fromkeys(names) if not name.startswith("_")]

    def _table(self, line: str) -> ir.Table | None:
        """What `t` is under this first line."""
        source = re.search(r"--source[ =]+(\w+)", line)
        if source:
            return self.session.source(source[1]).table
        spine = re.match(r"%%on_spine\s+(\w+)", line)
        found = self.session.holding(Spine).get(spine[1]) if spine else None
        return ibis.table(found.schema, name="spine") if found else None


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


def _words(session: Session, placed: list[str], word: str) -> Iterable[str]:
    """Names; the fields of a search; after `owner:`, `tag:` or `kind:` what there is."""
    field, colon, _ = word.partition(":")
    if not colon:
        return [*_documents(session, placed, word), *(f"{name}:" for name in (*FIELDS, "kind"))]
    if field == "kind":
        return [f"kind:{kind}" for kind in _kinds(session, placed, word)]
    bodies = [document.body for document in session.documents("view")] if field in ("owner", "tag") else []
    said = {each for body in bodies for each in (body["tags"] if field == "tag" else [body["owner"]]) if each}
    return [f"{field}:{shlex.quote(each)}" for each in said]


def _definitions(session: Session, placed: list[str], word: str) -> Iterable[str]:
    """Views and sources; after `@` the versions of one."""
    name, at, _ = word.partition("@")
    known = [document for kind in ("view", "source") for document in session.documents(kind)]
    if not at:
        return [*(document.name for document in known), *session.holding(FeatureView), *session.holding(Source)]
    return [f"{name}@{n + 1}" for document in known if document.name == name for n in range(document.version)]


def _made(session: Session, placed: list[str], word: str) -> Iterable[str]:
    return [document.name for document in session.store.catalog.list() if document.kind not in ("target", "profile")]


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
    return train.features if isinstance(train, TrainingSet) else ()


def _lists_of_checks(session: Session) -> list[str]:
    lists = session.holding(list) | session.holding(tuple)
    of_checks = [name for name, value in lists.items() if value and all(isinstance(each, Check) for each in value)]
    single = [name for name, value in session.holding(object).items() if isinstance(value, Check) or is_schema(value)]
    return [*of_checks, *single]


def _versions(session: Session, placed: list[str], word: str) -> Iterable[str]:
    """The versions of the view, or whatever it is, that was named before."""
    known = [document for document in session.store.catalog.list() if placed and document.name == placed[0]]
    mine = [document for document in known if document.kind in graph.DEFINED] or known
    return [str(n + 1) for document in mine for n in range(document.version)]


def _tags(session: Session, placed: list[str], word: str) -> Iterable[str]:
    return {shlex.quote(tag) for document in session.documents("view") for tag in document.body["tags"]}


def _owners(session: Session, placed: list[str], word: str) -> Iterable[str]:
    return {shlex.quote(who) for document in session.documents("view") if (who := document.body["owner"])}


def _clocks(session: Session, placed: list[str], word: str) -> Iterable[str]:
    """The columns of the data that a source is named on, where a variable holds it."""
    data = session.names.get(placed[1]) if len(placed) > 1 else None
    return [str(name) for name in getattr(data, "columns", ())]


def _looked_at(session: Session, placed: list[str], word: str) -> Iterable[str]:
    """Training sets, and spines: `%preview` takes both."""
    return [*session.holding(TrainingSet), *session.holding(Spine)]


def _frames(session: Session, placed: list[str], word: str) -> Iterable[str]:
    """What drift can be measured between: logged sets by name, and variables that hold rows."""
    rows = (name for name, value in session.names.items() if name[:1] != "_" and _has_rows(value))
    return [*_named(session, "baseline"), *rows]


def _has_rows(value: Any) -> bool:
    return isinstance(value, TrainingSet) or (hasattr(value, "columns") and not isinstance(value, type | Spine))


def _last_of_list(found: Callable[[], Iterable[str]]) -> Callable[[Session, list[str], str], Iterable[str]]:
    """Words for the last part of a list that is parted by commas."""

    def values(session: Session, placed: list[str], word: str) -> Iterable[str]:
        begun = word[: word.rfind(",") + 1]
        return [f"{begun}{each}" for each in found() if each not in begun.split(",")]

    return values


VALUES: Mapping[str, Callable[[Session, list[str], str], Iterable[str]]] = {
    "checked": lambda session, placed, word: [*_views(session, placed, word), *_sources(session, placed, word)],
    "at": _clocks,
    "available": _clocks,
    "certify": lambda session, placed, word: CERTIFY,
    "checks": lambda session, placed, word: _lists_of_checks(session),
    "closed": lambda session, placed, word: CLOSED,
    "current": _frames,
    "data": lambda session, placed, word: [n for n, v in session.names.items() if n[:1] != "_" and _has_rows(v)],
    "document": _documents,
    "engine": lambda session, placed, word: ENGINES,
    "engines": _last_of_list(lambda: LOCAL),
    "entity": lambda session, placed, word: session.entities(),
    "event_time": _clocks,
    "feature": _columns,
    "features": _features,
    "kind": _kinds,
    "made": _made,
    "mode": lambda session, placed, word: MODES,
    "new": _definitions,
    "number": _versions,
    "old": _definitions,
    "online": lambda session, placed, word: ("sqlite", "redis://", "postgresql://"),
    "owner": _owners,
    "previous": lambda session, placed, word: session.holding(CheckReport),
    "reference": _frames,
    "source": _sources,
    "spine": lambda session, placed, word: session.holding(Spine),
    "strategy": lambda session, placed, word: WORDS,
    "tag": _tags,
    "to": lambda session, placed, word: _named(session, "target"),
    "train": lambda session, placed, word: session.holding(TrainingSet),
    "version": _versions,
    "view": _views,
    "what": _looked_at,
    "words": _words,
}
