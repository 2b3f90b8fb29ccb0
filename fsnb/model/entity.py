"""Entity and Window: the two smallest nouns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from fsnb import shells
from fsnb.errors import DefinitionError
from fsnb.model.durations import parse_duration, show_duration


def check_name(name: object, what: str) -> str:
    """A name that a table, a file and a magic can carry: letters, digits, underscore; not starting with a digit."""
    if not isinstance(name, str) or not name.isidentifier():
        raise DefinitionError(
            f"{what} {name!r} is not a name. Use letters, digits and underscores, e.g. 'plane_delays'."
        )
    return name


def names(value: str | Sequence[str], what: str) -> tuple[str, ...]:
    """One name or several, as a tuple without repeats."""
    found = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(name, str) for name in found):
        raise DefinitionError(f"{what} must be column names, not {value!r}.")
    repeated = sorted({name for name in found if found.count(name) > 1})
    if repeated:
        raise DefinitionError(f"{what} names {repeated[0]!r} twice.")
    return found


def view_and_feature(word: str) -> tuple[str, str]:
    """`rides.count_1d` as its two names; the second is empty for a whole view."""
    view, _, feature = word.partition(".")
    return view, feature


@dataclass(frozen=True, slots=True)
class Entity:
    """What a feature describes, and the key columns that identify one.

    Parameters
    ----------
    name
        A name for people: "plane".
    keys
        The key column, or several: together they identify one entity. They join as columns, each on its own, never
        as joined text. A NULL in any key never matches.
    """

    name: str
    keys: tuple[str, ...]

    def __init__(self, name: str, keys: str | Sequence[str]) -> None:
        who = f"entity {name!r}"
        object.__setattr__(self, "name", check_name(name, "entity"))
        object.__setattr__(self, "keys", names(keys, f"{who}: keys"))
        if not self.keys:
            raise DefinitionError(f"{who} has no keys. Name the columns that identify one, e.g. keys='tailnum'.")

    def to_doc(self) -> dict:
        return {"name": self.name, "keys": list(self.keys)}

    @classmethod
    def from_doc(cls, doc: dict) -> Entity:
        return cls(doc["name"], doc["keys"])

    def _repr_html_(self) -> str:
        return shells.html(self)


@dataclass(frozen=True, slots=True)
class Window:
    """A length of time that ends at the cutoff, or `offset` before it.

    `Window("7d", offset="7d")` is the week before the last one: `(c - 14d, c - 7d]`. Two windows are equal when
    their sizes and offsets are; `label` is how features are named and keeps the unit that was typed.
    """

    size: timedelta
    offset: timedelta
    label: str = field(compare=False)

    def __init__(self, size: str | timedelta, offset: str | timedelta = "0s") -> None:
        object.__setattr__(self, "size", parse_duration(size, "window size"))
        object.__setattr__(self, "offset", parse_duration(offset, "window offset"))
        if not self.size:
            raise DefinitionError("a window has no size. Give its length, e.g. Window('7d').")
        label = _label(size)
        object.__setattr__(self, "label", f"{label}_offset_{_label(offset)}" if self.offset else label)

    def resized(self, size: str | timedelta) -> Window:
        """A window of another size under the same label, so that its features keep their names."""
        other = Window(size, self.offset)
        object.__setattr__(other, "label", self.label)
        return other

    def to_doc(self) -> dict:
        return {"size": self.size, "offset": self.offset}


def _label(value: str | timedelta) -> str:
    text = "".join(value.split()) if isinstance(value, str) else show_duration(value)
    return text.replace(".", "_")
