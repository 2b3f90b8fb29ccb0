"""What a search looks at: the words of a document by field, written beside it when it is put.

    name\tplane_delays plane delays planedelays
    owner\tops

One line per field. Words are folded (case, width, composed letters) and stand once; a word with marks in it stands
whole and in its parts, so that `mean_delay_7d`, `delay` and `100%` are all found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

PART = re.compile(r"[^\W_]+")
RUN_TOGETHER = ("name", "feature")  # fields whose parts are also looked up as one: `planedelays`


def search_text(name: str, body: Mapping[str, Any]) -> str:
    """The words of a document, a line per field that has any."""
    found = ((field, _words(field, texts(name, body))) for field, texts in FIELDS.items())
    return "\n".join(f"{field}\t{' '.join(words)}" for field, words in found if words)


def by_field(text: str) -> dict[str, frozenset[str]]:
    """The words that `search_text` wrote."""
    found = {}
    for line in text.split("\n"):
        field, _, words = line.partition("\t")
        found[field] = frozenset(words.split(" "))
    return found


def folded(text: str) -> str:
    """As a search compares: no case, one width, letters composed, nothing that a database cannot store."""
    return storable(unicodedata.normalize("NFKC", text).casefold())


def storable(text: str) -> str:
    """Without NUL and half surrogate pairs."""
    return text.replace("\0", " ").encode(errors="replace").decode()


def parts(word: str) -> list[str]:
    """The runs of letters and digits."""
    return PART.findall(word)


def _words(field: str, texts: Iterable[Any]) -> dict[str, None]:
    found: dict[str, None] = {}
    for word in (word for text in _strings(list(texts)) for word in folded(text).split()):
        pieces = parts(word)
        found |= dict.fromkeys((word, *pieces))
        if field in RUN_TOGETHER and len(pieces) > 1:
            found["".join(pieces)] = None
    return found


def _strings(value: object) -> Iterator[str]:
    """The strings in nested lists; of a mapping the keys, which are the columns of a schema."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value:
            yield from _strings(item)


# ---------------------------------------------------------------------- where the words of a field come from


def _read_columns(body: Mapping[str, Any]) -> Iterator[Any]:
    """The columns that a view's expressions read, by its stored definition; of a source all of its columns."""
    expression = body.get("expression")
    for node in expression.get("nodes", ()) if isinstance(expression, Mapping) else ():
        if isinstance(node, list | tuple) and len(node) == 2 and node[0] == "Field":
            yield node[1].get("name")
    schema = body.get("schema")  # of a target it is a name
    yield schema if "features" not in body and not isinstance(schema, str) else None


def _of(*keys: str) -> Callable[[str, Mapping[str, Any]], Iterable[Any]]:
    return lambda name, body: [body.get(key) for key in keys]


def _inside(key: str, *inner: str) -> Callable[[str, Mapping[str, Any]], Iterable[Any]]:
    def texts(name: str, body: Mapping[str, Any]) -> Iterable[Any]:
        value = body.get(key)
        return [value.get(each) for each in inner] if isinstance(value, Mapping) else [value]

    return texts


FIELDS: Mapping[str, Callable[[str, Mapping[str, Any]], Iterable[Any]]] = {
    "name": lambda name, body: [name],
    "tag": _of("tags"),
    "owner": _of("owner"),
    "feature": _of("features", "label"),
    "entity": _inside("entity", "name", "keys"),
    "source": _of("sources", "view", "views"),
    "column": lambda name, body: _read_columns(body),
    "description": _of("description"),
}
