"""What cards share: facts that say something, counts in words, verdicts, frames as tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fsnb.errors import counted
from fsnb.notebook.card import Bad, Cell, Code, Good, Number, Short, Soft, Table
from fsnb.notebook.drift.marks import share

if TYPE_CHECKING:
    import polars as pl

MOST = 100  # rows of a frame
BELOW = ("_ref", "_change")
SHARES = ("share", "null_rate", "null_rate_cur")
MARKED = {"alert": Bad("alert"), "warn": Soft("warn")}


def said(facts: Mapping[str, Cell]) -> tuple[tuple[str, Cell], ...]:
    """The facts that say something."""
    return tuple((name, cell) for name, cell in facts.items() if cell)


def count(kind: str, number: int) -> str:
    """`1 training set`, `2 entities`."""
    one = kind.replace("_", " ")
    return counted(number, one, f"{one[:-1]}ies" if one.endswith("y") else "")


def verdict(ok: bool, good: str, bad: str) -> str:
    return Good(good) if ok else Bad(bad)


def moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC"


def frame(value: pl.DataFrame, title: str = "") -> Table:
    """The first rows of a frame: figures with their interval beside them, the reference's or the change below."""
    below = {
        name for name in value.columns for end in BELOW if name.endswith(end) and name[: -len(end)] in value.columns
    }
    names = [name for name in value.columns if not name.endswith(("_low", "_high")) and name not in below]
    rows = [tuple(_both(row, name) for name in names) for row in value.head(MOST).to_dicts()]
    if len(value) > MOST:
        rows.append((f"and {len(value) - MOST:,} more", *[""] * (len(names) - 1)))
    return Table(title, tuple(name.replace("_", " ") for name in names), tuple(rows))


def _both(row: Mapping[str, Any], name: str) -> Cell:
    """A figure, and what stands below it."""
    now, change = _cell(row, name), row.get(f"{name}_change")
    if change:
        return now, Number(f"{change:+.4f}")  # type: ignore[return-value]
    return now if f"{name}_ref" not in row else (now, _cell(row, f"{name}_ref"))  # type: ignore[return-value]


def _cell(row: Mapping[str, Any], name: str) -> Cell:
    value, low, high = row[name], row.get(f"{name}_low"), row.get(f"{name}_high")
    if value is None or f"{name}_low" not in row:
        return _figure(value, name)
    return Number(f"{value:.3f}" if low is None or high is None else f"{value:.3f} [{low:.3f}, {high:.3f}]")


def _figure(value: Any, name: str) -> Cell:
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, float):
        return Number(share(value) if name in SHARES else f"{value:#.4g}" if value else "0")
    if isinstance(value, int):
        return Number(f"{value:,}")
    if isinstance(value, list):
        return tuple(Code(str(each)) for each in value)
    if name == "verdict":
        return MARKED.get(value, value)
    return Short(f"{value:%Y-%m-%d %H:%M}") if isinstance(value, datetime) else str(value)
