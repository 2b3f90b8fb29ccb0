"""Ranked search that forgives typos, over the words that stand beside each document; the same on every database.

Why not the databases' own full text search: SQLite's and PostgreSQL's split words, rank and forgive differently, and
one catalog must not answer otherwise than another. Documents never change, so each one's words are read once per
process; a search asks the database only for what was put since. 2,000 views are then compared in a few milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from fsnb.catalog.words import FIELDS, by_field, folded, parts

TERM = re.compile(r'(?:(?P<field>[^\W\d_]+):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))')
WEIGHTS = {"name": 8.0, "tag": 4.0, "owner": 4.0, "feature": 3.0, "entity": 2.0, "source": 2.0, "column": 2.0}
WHOLE, START, WITHIN, TYPO = 1.0, 0.8, 0.6, 0.4
SHORT = 3  # letters; a part of a word that is no longer, such as the `l` of `l_gs`, must be there as it is
NOTHING: frozenset[str] = frozenset()
ASIDE = frozenset({"failed_publication", "profile"})  # kinds that describe another document, found when asked for


@dataclass(frozen=True, slots=True)
class Term:
    """A word that is asked for, in one field or in any."""

    word: str
    field: str | None
    whole: bool = False  # as it is, neither a part nor a typo


@dataclass(frozen=True)
class Entry:
    """One document in the index. Its words are told apart when first needed: most documents hold none of a query's."""

    id: int
    kind: str
    name: str
    text: str

    @cached_property
    def words(self) -> Mapping[str, frozenset[str]]:
        return by_field(self.text)


@dataclass(frozen=True, slots=True)
class Index:
    """The latest version of each name, by key, and all words of some kinds, gathered when first asked for."""

    entries: Mapping[str, Entry]
    _vocabularies: dict[frozenset[str], frozenset[str]] = field(default_factory=dict, compare=False)

    @property
    def last(self) -> int:
        """The newest id in it, 0 for none."""
        return max((each.id for each in self.entries.values()), default=0)

    def among(self, kinds: frozenset[str]) -> list[Entry]:
        """The entries of these kinds; of none, all but those that stand aside."""
        return [each for each in self.entries.values() if (each.kind in kinds if kinds else each.kind not in ASIDE)]

    def ranked(self, text: str, kind: str | None = None) -> list[int]:
        """Ids of the entries that hold every word, the best first; then by name and kind."""
        terms, kinds = asked(text, kind)
        left = self.among(kinds)
        total = dict.fromkeys((each.id for each in left), 0.0)
        for term in terms:
            for scores in self._scores(term, left, kinds):
                left = [each for each in left if each.id in scores]
                total = {each.id: total[each.id] + scores[each.id] for each in left}
        wanted = " ".join(folded(text).split())
        found = [(folded(each.name) != wanted, -total[each.id], each.name, each.kind, each.id) for each in left]
        return [id for *_, id in sorted(found)]

    def _scores(self, term: Term, left: list[Entry], kinds: frozenset[str]) -> Iterator[Mapping[int, float]]:
        """How well entries hold a word as it is; where none does, the parts of one with marks in it; else a typo."""
        pieces = parts(term.word)
        direct = _held(term, left)
        if direct or not pieces or _held(term, self.among(kinds)):
            yield direct
        elif pieces != [term.word] and not term.whole:
            for piece in pieces:
                yield from self._scores(Term(piece, term.field, whole=len(piece) <= SHORT), left, kinds)
        else:
            near = _typos(term.word, self._vocabulary(kinds))
            yield {each.id: score for each in left if (score := _score(each, term, near))}

    def _vocabulary(self, kinds: frozenset[str]) -> frozenset[str]:
        """Every word of every field, and the fields' names, which no entry holds by them alone."""
        if kinds not in self._vocabularies:
            self._vocabularies[kinds] = frozenset().union(*(each.text.split() for each in self.among(kinds)))
        return self._vocabularies[kinds]


def asked(text: str, kind: str | None = None) -> tuple[list[Term], frozenset[str]]:
    """The words of a query, each with its field, and the kinds that it keeps to.

    `owner:ops tag:delay kind:view mean` and `owner:"data platform"`; what names no field is a word with a colon in it.
    """
    terms: list[Term] = []
    kinds = set() if kind is None else {kind}
    for found in TERM.finditer(text):
        name = (found["field"] or "").casefold().removesuffix("s")
        value = found["plain"] if found["quoted"] is None else found["quoted"]
        if name == "kind":
            kinds.add(value)
        elif name in FIELDS:
            terms.extend(Term(word, name) for word in folded(value).split())
        else:
            terms.extend(Term(word, None) for word in folded(found[0].replace('"', " ")).split())
    return terms, frozenset(kinds)


# ---------------------------------------------------------------------- one word


def _fields(term: Term) -> Iterable[str]:
    return FIELDS if term.field is None else (term.field,)


def _held(term: Term, entries: Iterable[Entry]) -> Mapping[int, float]:
    """The entries that hold a word as it is."""
    holding = (each for each in entries if term.word in each.text)
    return {each.id: score for each in holding if (score := _direct(each, term))}


def _direct(entry: Entry, term: Term) -> float:
    """The best place of a word as it is; 0 for none."""
    there = ((name, each) for name in _fields(term) for each in entry.words.get(name, NOTHING) if term.word in each)
    return max((WEIGHTS.get(name, 1.0) * _quality(term, each) for name, each in there), default=0.0)


def _quality(term: Term, word: str) -> float:
    if word == term.word:
        return WHOLE
    if term.whole:
        return 0.0
    return START if word.startswith(term.word) else WITHIN


def _typos(word: str, vocabulary: frozenset[str]) -> Mapping[str, float]:
    most = typos_allowed(word)
    if not most:
        return {}
    near = ((each, distance(word, each, most)) for each in vocabulary if abs(len(each) - len(word)) <= most)
    return {each: TYPO / (1 + far) for each, far in near if far <= most}


def _score(entry: Entry, term: Term, near: Mapping[str, float]) -> float:
    """The best place of the words that are near; 0 for none."""
    best = 0.0
    for name in _fields(term) if any(word in entry.text for word in near) else ():
        there = near.keys() & entry.words.get(name, NOTHING)
        if there:
            best = max(best, WEIGHTS.get(name, 1.0) * max(map(near.__getitem__, there)))
    return best


# ---------------------------------------------------------------------- typos


def typos_allowed(word: str) -> int:
    """None in up to 3 letters, one in up to 7, else two."""
    return 0 if len(word) <= SHORT else 1 if len(word) < 8 else 2


def distance(one: str, other: str, most: int) -> int:
    """Letters left out, put in, changed or swapped with their neighbour; `most + 1` for anything beyond `most`.

    The optimal string alignment distance: Damerau's four errors, no letter touched twice.
    """
    if one == other:
        return 0
    if abs(len(one) - len(other)) > most or len(set(one) - set(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        row = [i]
        for j, b in enumerate(other, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return min(last[-1], most + 1)
