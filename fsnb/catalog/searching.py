"""Ranked search that forgives typos, over the words that stand beside each document; the same on every database.

Why not the databases' own full text search: SQLite's and PostgreSQL's split words, rank and forgive differently, and
one catalog must not answer otherwise than another. Documents never change, so each one's words are read once per
process; a search asks the database only for what was put since. 2,000 views are then compared in a few milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from fsnb.catalog.words import FIELDS, by_field, folded, parts

TERM = re.compile(r'(?:(?P<field>[^\W\d_]+):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))')
WEIGHTS = {"name": 8.0, "tag": 4.0, "owner": 4.0, "feature": 3.0, "entity": 2.0, "source": 2.0, "column": 2.0}
WHOLE, START, WITHIN, TYPO = 1.0, 0.8, 0.6, 0.4
SHORT = 3  # letters; a part of a word that is no longer, such as the `l` of `l_gs`, must be there as it is
NOTHING: frozenset[str] = frozenset()
ASIDE = frozenset({"profile"})  # kinds that describe another document, found when asked for


@dataclass(frozen=True, slots=True)
class Term:
    """A word that is asked for, in one field or in any."""

    word: str
    field: str | None
    whole: bool = False  # as it is, neither a part nor a typo


@dataclass(frozen=True, slots=True)
class Entry:
    """One document in the index."""

    id: int
    kind: str
    name: str
    words: Mapping[str, frozenset[str]]


def entry(id: int, kind: str, name: str, search_text: str) -> Entry:
    return Entry(id, kind, name, by_field(search_text))


@dataclass(frozen=True, slots=True)
class Index:
    """The latest version of each name, by key, and all words of some kinds, gathered when first asked for."""

    entries: Mapping[str, Entry]
    _vocabularies: dict[frozenset[str], Mapping[str, frozenset[str]]] = field(default_factory=dict, compare=False)

    @property
    def last(self) -> int:
        """The newest id in it, 0 for none."""
        return max((each.id for each in self.entries.values()), default=0)

    def among(self, kinds: frozenset[str]) -> list[Entry]:
        """The entries of these kinds; of none, all but those that stand aside."""
        return [each for each in self.entries.values() if (each.kind in kinds if kinds else each.kind not in ASIDE)]

    def vocabulary(self, kinds: frozenset[str]) -> Mapping[str, frozenset[str]]:
        if kinds not in self._vocabularies:
            among = self.among(kinds)
            self._vocabularies[kinds] = {
                name: frozenset().union(*[each.words[name] for each in among if name in each.words]) for name in FIELDS
            }
        return self._vocabularies[kinds]

    def ranked(self, text: str, kind: str | None = None) -> list[int]:
        """Ids of the entries that hold every word, the best first; then by name and kind."""
        terms, kinds = asked(text, kind)
        matches = [match for term in terms for match in _matches(term, self.vocabulary(kinds))]
        wanted = " ".join(folded(text).split())
        found: list[tuple[bool, float, str, str, int]] = []
        for each in self.among(kinds):
            scores = [_score(each, match) for match in matches]
            if all(scores):
                found.append((folded(each.name) != wanted, -sum(scores), each.name, each.kind, each.id))
        return [id for *_, id in sorted(found)]


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

_Match = Mapping[str, Mapping[str, float]]  # by field: words of the vocabulary, and how well they match


def _matches(term: Term, vocabulary: Mapping[str, frozenset[str]]) -> Iterator[_Match]:
    """What matches a word: as it is; else, of a word with marks in it, what matches each of its parts; else a typo."""
    direct = _found(term, vocabulary, _direct)
    pieces = parts(term.word)
    if direct or not pieces:
        yield direct
    elif pieces != [term.word] and not term.whole:
        for piece in pieces:
            yield from _matches(Term(piece, term.field, whole=len(piece) <= SHORT), vocabulary)
    else:
        yield _found(term, vocabulary, _typos)


def _found(
    term: Term, vocabulary: Mapping[str, frozenset[str]], match: Callable[[Term, frozenset[str]], Mapping[str, float]]
) -> _Match:
    """Of the fields that have any."""
    fields = FIELDS if term.field is None else (term.field,)
    found = ((name, match(term, vocabulary[name])) for name in fields)
    return {name: words for name, words in found if words}


def _direct(term: Term, vocabulary: frozenset[str]) -> Mapping[str, float]:
    word = term.word
    if term.whole:
        return {word: WHOLE} if word in vocabulary else {}
    holding = [each for each in vocabulary if word in each]
    return {each: WHOLE if each == word else START if each.startswith(word) else WITHIN for each in holding}


def _typos(term: Term, vocabulary: frozenset[str]) -> Mapping[str, float]:
    word, most = term.word, typos_allowed(term.word)
    if not most:
        return {}
    near = ((each, distance(word, each, most)) for each in vocabulary if abs(len(each) - len(word)) <= most)
    return {each: TYPO / (1 + far) for each, far in near if far <= most}


def _score(entry: Entry, match: _Match) -> float:
    """The best of all fields."""
    best = 0.0
    for name, words in match.items():
        there = words.keys() & entry.words.get(name, NOTHING)
        if there:
            best = max(best, WEIGHTS.get(name, 1.0) * max(map(words.__getitem__, there)))
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
