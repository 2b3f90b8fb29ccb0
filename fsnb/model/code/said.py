"""A text of Python and the value that it gives: made by the call that the text spells, so that they cannot differ."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any

from fsnb.errors import NotSupported

MOST = 20_000  # letters of one expression: what is shared in it is written again and again
INFIX: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
IN_A_ROW = ("+", "*", "&", "|")
PREFIX: Mapping[str, Callable[[Any], Any]] = {"~": operator.invert, "-": operator.neg}


class Unwritable(NotSupported):
    """There is no Python that this fsnb can write for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """`text` evaluates to `value`.

    `whole`: it may stand before a dot or beside an operator without parentheses; `sign`: the operator in it.
    """

    text: str
    value: Any
    whole: bool = True
    sign: str = ""

    def __post_init__(self) -> None:
        if len(self.text) > MOST:
            raise Unwritable(f"it would be longer than {MOST:,} letters")

    @property
    def tight(self) -> str:
        return self.text if self.whole else f"({self.text})"

    def call(self, method: str, /, *args: Said, **named: Said) -> Said:
        """`self.method(*args, **named)`."""
        value = getattr(self.value, method)(*_values(args), **{name: said.value for name, said in named.items()})
        return Said(f"{self.tight}.{method}({_listed(args, named)})", value)

    def item(self, name: str) -> Said:
        """`self.name` where that is the column, `self['name']` otherwise."""
        value = self.value[name]
        plain = name.isidentifier() and name.isascii() and not iskeyword(name) and not name.startswith("_")
        if plain and not hasattr(type(self.value), name):
            return Said(f"{self.text}.{name}", value)
        return Said(f"{self.text}[{text(name)}]", value)


def text(value: str) -> str:
    """A text in double quotes, as formatters want it, where it holds none."""
    shown = repr(value)
    return f'"{shown[1:-1]}"' if shown.startswith("'") and '"' not in shown and "\\'" not in shown else shown


def function(name: str, made: Callable[..., Any], /, *args: Said, **named: Said) -> Said:
    """`name(*args, **named)`, where the name stands for a function."""
    value = made(*_values(args), **{key: said.value for key, said in named.items()})
    return Said(f"{name}({_listed(args, named)})", value)


def infix(left: Said, sign: str, right: Said) -> Said:
    first = left.text if left.sign == sign and sign in IN_A_ROW else left.tight
    second = right.text if isinstance(right.value, (int, float)) else right.tight
    return Said(f"{first} {sign} {second}", INFIX[sign](left.value, right.value), whole=False, sign=sign)


def prefix(sign: str, operand: Said) -> Said:
    return Said(f"{sign}{operand.tight}", PREFIX[sign](operand.value), whole=False)


def several(items: Sequence[Said]) -> Said:
    """`[a, b]`."""
    return Said(f"[{_listed(items, {})}]", [each.value for each in items])


def pair(first: Said, second: Said) -> Said:
    return Said(f"({first.text}, {second.text})", (first.value, second.value))


def _values(args: Sequence[Said]) -> list[Any]:
    return [said.value for said in args]


def _listed(args: Sequence[Said], named: Mapping[str, Said]) -> str:
    return ", ".join([*(each.text for each in args), *(f"{name}={each.text}" for name, each in named.items())])
