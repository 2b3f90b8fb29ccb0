"""What was seen of each column, for the rules that propose checks: one aggregate for all columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from fsnb.pit import collect


@dataclass(frozen=True, slots=True)
class Seen:
    """One column: rows, NULLs, distinct values that are not NULL, the least and greatest of numbers and times."""

    name: str
    dtype: dt.DataType
    rows: int
    nulls: int
    distinct: int
    low: Any = None
    high: Any = None


def seen(table: ir.Table, con: Any) -> tuple[int, tuple[Seen, ...]]:
    """The number of rows, and what was seen of each column that is not nested."""
    flat = {name: dtype for name, dtype in table.schema().items() if not (dtype.is_nested() or dtype.is_json())}
    asked: dict[str, ir.Scalar] = {"rows": table.count()}
    for number, (name, dtype) in enumerate(flat.items()):
        column = table[name]
        asked[f"nulls_{number}"] = table.count(where=column.isnull())
        asked[f"distinct_{number}"] = column.nunique(where=column.notnull())  # on Polars NULL would count
        if dtype.is_numeric() or dtype.is_timestamp():
            asked |= {f"low_{number}": column.min(), f"high_{number}": column.max()}
    found = collect(con, table.aggregate(**asked)).to_pylist()[0]
    rows = found["rows"]
    columns = (
        Seen(
            name,
            dtype,
            rows,
            found[f"nulls_{number}"],
            found[f"distinct_{number}"],
            _plain(found.get(f"low_{number}")),
            _plain(found.get(f"high_{number}")),
        )
        for number, (name, dtype) in enumerate(flat.items())
    )
    return rows, tuple(columns)


def values_of(table: ir.Table, con: Any, name: str) -> list[tuple[Any, int]]:
    """The values of a column and how many rows have each, the most frequent first; without NULL."""
    counted = table.filter(table[name].notnull()).group_by(name).aggregate(_fsnb_n=lambda t: t.count())
    rows = collect(con, counted).to_pylist()
    return sorted(((row[name], row["_fsnb_n"]) for row in rows), key=lambda pair: -pair[1])


def days_of(table: ir.Table, con: Any, name: str) -> list[date]:
    """The days on which a time falls, in order."""
    days = table.filter(table[name].notnull()).select(_fsnb_day=table[name].date()).distinct()
    return sorted(row["_fsnb_day"] for row in collect(con, days).to_pylist())


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
