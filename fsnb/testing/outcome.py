"""What an example came to: each value that was expected, what each engine gave, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import polars as pl

from fsnb.errors import FsnbError

MOST_SHOWN = 5  # differing values in an error


class FeaturesDiffer(FsnbError, AssertionError):
    """A feature view does not give what an example expects; `.test` has all of it."""

    def __init__(self, message: str, test: FeatureTest) -> None:
        super().__init__(message)
        self.test = test


@dataclass(frozen=True, slots=True)
class Value:
    """One expected value: the row that asks (its number and its columns), the feature, what each engine gave.

    `why` is the sentence of `train.why()` where an engine gave something else, else empty.
    """

    row: int
    asked: Mapping[str, Any]
    feature: str
    expected: Any
    got: Mapping[str, Any]
    ok: bool
    why: str

    @property
    def gave(self) -> str:
        """What came, once where all agree: `25`, or `25 on duckdb and polars, NULL in the oracle`."""
        said: dict[str, list[str]] = {}
        for engine, value in self.got.items():
            said.setdefault(shown(value), []).append(engine)
        if len(said) == 1:
            return next(iter(said))
        return ", ".join(f"{value} ({' and '.join(engines)})" for value, engines in said.items())


@dataclass(frozen=True, slots=True)
class FeatureTest:
    """The outcome of an example: `.ok`, every value in `.values`, `.to_polars()`, `.raise_if_failed()`.

    `engines` says which were held to it, `notes` what else there is to know: an oracle that cannot read the view, ties.
    """

    view: str
    engines: tuple[str, ...]
    values: tuple[Value, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.differing

    @property
    def differing(self) -> tuple[Value, ...]:
        return tuple(value for value in self.values if not value.ok)

    @property
    def verdict(self) -> str:
        """One line."""
        on = f"on {', '.join(self.engines)}"
        if self.ok:
            return f"feature view {self.view!r}: all {len(self.values)} values are as expected {on}"
        return (
            f"feature view {self.view!r}: {len(self.differing)} of {len(self.values)} values are not as expected {on}"
        )

    def to_polars(self) -> pl.DataFrame:
        """A row for each expected value, as text: row, what it asks, feature, expected, each engine, ok, why."""
        return pl.DataFrame(
            [
                {"row": v.row, "asked": asked(v), "feature": v.feature, "expected": shown(v.expected)}
                | {engine: shown(value) for engine, value in v.got.items()}
                | {"ok": v.ok, "why": v.why}
                for v in self.values
            ]
        )

    def raise_if_failed(self) -> None:
        """Raise with the first differing values.

        Raises
        ------
        FeaturesDiffer
        """
        if not self.ok:
            raise FeaturesDiffer(str(self), self)

    def __str__(self) -> str:
        lines = [f"{self.verdict}."]
        for value in self.differing[:MOST_SHOWN]:
            lines.append(f"  row {value.row} ({asked(value)}), {value.feature}: ")
            lines[-1] += f"expected {shown(value.expected)}, got {value.gave}"
            lines += [f"    {value.why}"] if value.why else []
        more = len(self.differing) - MOST_SHOWN
        lines += [f"  and {more} more"] if more > 0 else []
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        heads = ("row", "asks", "feature", "expected", "got", "why")
        head = "".join(f'<th style="text-align:left">{name}</th>' for name in heads)
        body = "".join(_html_row(value) for value in self.values)
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return (
            f"<div><p>{'✓' if self.ok else '✗'} {escape(self.verdict)}</p>"
            f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>{notes}</div>"
        )


def _html_row(value: Value) -> str:
    cells = (str(value.row), asked(value), value.feature, shown(value.expected), value.gave, value.why)
    mark = '<td aria-label="as expected">✓</td>' if value.ok else '<td aria-label="not as expected">✗</td>'
    shown_cells = "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in cells)
    return f"<tr>{mark}{shown_cells}</tr>"


def asked(value: Value) -> str:
    return ", ".join(shown(each) for each in value.asked.values())


def shown(value: Any) -> str:
    """A value as an example spells it."""
    if value is None:
        return "NULL"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
