"""Card: what there is to say about a value, as text. Text and HTML are both made from it, so they say the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from fsnb import shells


class Code(str):
    """Text that one could type: a name, a type, an expression."""

    __slots__ = ()


class Number(str):
    """Text of a number, which stands to the right."""

    __slots__ = ()


class Short(str):
    """Text that stays on one line: a moment, a word."""

    __slots__ = ()


class Good(str):
    """Text that says that something holds."""

    __slots__ = ()


class Bad(str):
    """Text that says that something does not hold."""

    __slots__ = ()


class Soft(str):
    """Text that warns."""

    __slots__ = ()


class Bars(str):
    """A histogram, a block character for each bin."""

    __slots__ = ()


Cell = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a title."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The rules of time, to be drawn: how far the cutoff is before `t`, and the spans before the cutoff.

    A span is its label, its far end (None: for ever) and its near end, both counted back from the cutoff.
    """

    lag: timedelta
    refresh: timedelta | None
    closed: str
    spans: tuple[tuple[str, timedelta | None, timedelta], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """What there is to say about a value."""

    kind: str
    title: str
    about: str = ""
    facts: tuple[tuple[str, Cell], ...] = ()
    timeline: Timeline | None = None
    tables: tuple[Table, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()

    def _repr_html_(self) -> str:
        return shells.html(self)

    def __repr__(self) -> str:
        return "\n".join(_printable(line) for line in _lines(self))


# ---------------------------------------------------------------------- as text


def _lines(card: Card) -> Iterable[str]:
    yield f"{card.kind} {card.title}"
    yield from card.about.splitlines()
    width = max((len(name) for name, _ in card.facts), default=0)
    for name, cell in card.facts:
        first, *rest = (cell,) if isinstance(cell, str) else cell
        yield f"  {name:<{width}}  {first}"
        yield from (f"  {'':<{width}}  {line}" for line in rest)
    for table in card.tables:
        yield from _columns(table)
    for title, text in card.notes:
        yield from (f"  {title}", *(f"    {line}" for line in text.splitlines()))


def _printable(text: str) -> str:
    """Without the control characters that a terminal would obey."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _columns(table: Table) -> Iterable[str]:
    if table.title:
        yield f"  {table.title}"
    rows = [table.columns, *(tuple(_flat(cell) for cell in row) for row in table.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.columns))]
    for row in rows:
        yield "    " + "  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _flat(cell: Cell) -> str:
    return cell if isinstance(cell, str) else ", ".join(cell)


def _padded(cell: str, width: int) -> str:
    return cell.rjust(width) if isinstance(cell, Number) else cell.ljust(width)
