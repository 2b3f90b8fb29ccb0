"""Statements that are compiled once and used for many runs: what a run has of its own stands in them as a place.

Ibis takes about as long to compile what one run asks as PostgreSQL takes to answer it (0.15-0.4 s of processor time for
ten days of the flights), and two runs of a view differ in a few moments and a run id. So an expression is built on
places, calls of a function that no engine has, and its text is cut there; a run's own values are written between the
pieces, quoted by the dialect as any literal is. They are literals to the engine too, so it plans with them.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any, Generic, TypeVar

import ibis
import ibis.expr.types as ir

from fsnb.model.data import TIMESTAMP
from fsnb.publish import sql

PLACE = f"fsnb_place_{secrets.token_hex(8)}"  # of this process alone: no text of a user can hold it
_FOUND = re.compile(rf"{PLACE}_(?:whole|moment|text)\((\d+)\)", re.IGNORECASE)
MOST_TEXTS = 64
Found = TypeVar("Found")


@ibis.udf.scalar.builtin(name=f"{PLACE}_whole")
def _whole(number: int) -> int:  # type: ignore[empty-body]
    """The place of a whole number."""


@ibis.udf.scalar.builtin(name=f"{PLACE}_moment")
def _moment(number: int) -> TIMESTAMP:
    """The place of a naive time."""


@ibis.udf.scalar.builtin(name=f"{PLACE}_text")
def _text(number: int) -> str:  # type: ignore[empty-body]
    """The place of a text."""


KINDS: dict[type, Callable[[int], ir.Value]] = {int: _whole, datetime: _moment, str: _text}


@dataclass(frozen=True, slots=True)
class _Template:
    """A text in pieces, and which value of a run stands after each but the last."""

    pieces: tuple[str, ...]
    places: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> _Template:
        pieces = _FOUND.split(text)
        return cls(tuple(pieces[::2]), tuple(int(number) for number in pieces[1::2]))

    def filled(self, con: Any, values: list[Any]) -> str:
        written = [_written(con, value) for value in values]
        between = [*(written[number] for number in self.places), ""]
        return "".join(piece + value for piece, value in zip(self.pieces, between, strict=True))


def _written(con: Any, value: Any) -> str:
    if isinstance(value, int):
        return f"CAST({value} AS BIGINT)"
    return sql.literal(con, value)


class Kept(Generic[Found]):
    """What was made for a key, the latest used; safe in several threads."""

    def __init__(self, most: int) -> None:
        self._most, self._found, self._lock = most, OrderedDict[Hashable, Found](), Lock()

    def get(self, key: Hashable, make: Callable[[], Found]) -> Found:
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        made = make()
        with self._lock:
            self._found[key] = made
            while len(self._found) > self._most:
                self._found.popitem(last=False)
        return made


class Texts:
    """The statements of one view, by what they are for and by the shape of what they are given."""

    def __init__(self) -> None:
        self._kept: Kept[_Template] = Kept(MOST_TEXTS)

    def text(self, con: Any, what: Hashable, build: Callable[..., ir.Table], *given: Any) -> str:
        """`build(*given)` as SQL, compiled only where the like was not yet.

        Parameters
        ----------
        what
            Says all that the statement depends on but `given`.
        build
            Makes the query. It gets `given` with an expression in the place of every number, time and text, so these
            may only be compared and reckoned with; None, booleans and lengths of tuples it may decide by.
        *given
            Whole numbers, naive times and texts of the run, in tuples and dataclasses too.
        """
        values: list[Any] = []
        placed = [_placed(each, values) for each in given]
        key = (what, *map(_shape, given))
        return self._kept.get(key, lambda: _Template.of(con.compile(build(*placed)))).filled(con, values)


def _placed(given: Any, values: list[Any]) -> Any:
    """The same with a place for each value, which goes into `values`."""
    if given is None or isinstance(given, bool):
        return given
    if isinstance(given, tuple):
        return tuple(_placed(each, values) for each in given)
    if is_dataclass(given) and not isinstance(given, type):
        return replace(given, **{field.name: _placed(getattr(given, field.name), values) for field in fields(given)})
    values.append(given)
    return KINDS[type(given)](len(values) - 1)


def _shape(given: Any) -> Any:
    if given is None or isinstance(given, bool):
        return given
    if isinstance(given, tuple):
        return tuple(map(_shape, given))
    if is_dataclass(given):
        return tuple(_shape(value) for value in _values(given))
    return type(given)


def _values(given: Any) -> Iterator[Any]:
    return (getattr(given, field.name) for field in fields(given))
