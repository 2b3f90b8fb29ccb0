"""Examples as people write them -> rows: a text table, a list of dicts, a frame.

    tailnum | dep_time         | arr_delay        columns are parted by |, the first line names them
    N1      | 2024-01-05 08:00 | 20               times are naive UTC, in ISO 8601
    'N 2'   | 2024-01-05 09:30 | NULL             NULL or nothing is NULL; quotes keep a text as it is

Markdown's outer bars and its line of dashes may stand there; lines that begin with # do not count.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa

from fsnb.errors import DefinitionError, UnknownName

Rows = list[dict[str, Any]]
RULE = re.compile(r"[\s|:+-]+")
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def read_rows(data: Any, who: str) -> Rows:
    """The rows of an example, values as they were written."""
    if isinstance(data, str):
        return _parsed(data, who)
    if isinstance(data, Sequence) and all(isinstance(row, Mapping) for row in data):
        return [dict(row) for row in data]
    if isinstance(data, Mapping):
        columns = {name: list(values) for name, values in data.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for way in ("to_pylist", "to_dicts"):  # Arrow, Polars
        if hasattr(data, way):
            return list(getattr(data, way)())
    if hasattr(data, "to_dict"):  # pandas
        return pa.Table.from_pandas(data, preserve_index=False).to_pylist()
    raise DefinitionError(f"{who}: a {type(data).__name__} is no table. Give text with |, a list of dicts, or a frame.")


def _parsed(text: str, who: str) -> Rows:
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if lines and lines[0].startswith(("[", "{")):
        return _literals("\n".join(lines), who)
    bars = lines and lines[0].startswith("|") and lines[0].endswith("|")
    table = [_cells(line[1:-1] if bars else line) for line in lines if not (RULE.fullmatch(line) and "-" in line)]
    if not table:
        raise DefinitionError(f"{who}: there is no table. Its first line names the columns: tailnum | at | legs_1d.")
    names = [str(cell) for cell in table[0]]
    for line, cells in zip(lines[-len(table) + 1 :], table[1:], strict=False):
        if len(cells) != len(names):
            raise DefinitionError(
                f"{who}: {len(cells)} values for {len(names)} columns ({' | '.join(names)}) in: {line}"
            )
    return [dict(zip(names, cells, strict=True)) for cells in table[1:]]


def _cells(line: str) -> list[Any]:
    """Parted by bars that stand in no quotes."""
    found = re.findall(r"""((?:'[^']*'|"[^"]*"|[^|'"]|['"])*?)(?:\||$)""", line + "|")
    return [cell.strip() for cell in found[: -1 if not found[-1] else None]]


def _literals(text: str, who: str) -> Rows:
    try:
        found = ast.literal_eval(text)
    except (SyntaxError, ValueError) as error:
        raise DefinitionError(f"{who}: not a list of dicts in plain Python: {error}.") from None
    return read_rows([found] if isinstance(found, Mapping) and not _columns(found) else found, who)


def _columns(found: Mapping[str, Any]) -> bool:
    return all(isinstance(values, list | tuple) for values in found.values())


def typed(rows: Rows, types: Mapping[str, dt.DataType], who: str, *, all_columns: bool = False) -> pa.Table:
    """Rows as Arrow in these types; a column that no row has is left out, or with `all_columns` NULL.

    Raises
    ------
    UnknownName
        A row has another column.
    DefinitionError
        A value is not of its column's type.
    """
    named = list(dict.fromkeys(name for row in rows for name in row))
    for name in named:
        if name not in types:
            raise UnknownName.among(who, "column", name, types)
    kept = list(types) if all_columns else [name for name in types if name in named]
    columns = {name: [value(row.get(name), types[name], f"{who}: {name!r}") for row in rows] for name in kept}
    schema = ibis.schema({name: types[name] for name in kept}).to_pyarrow()
    return pa.table({name: pa.array(columns[name], type=schema.field(name).type) for name in kept}, schema=schema)


def value(given: Any, dtype: dt.DataType, who: str) -> Any:
    """A value in a column's type; text as it stands in a table, anything else as it is."""
    if isinstance(given, str):
        return _read(given, dtype, who)
    if isinstance(given, datetime) and given.tzinfo:
        return given.astimezone(UTC).replace(tzinfo=None)
    if isinstance(given, float) and given != given:
        return None  # NaN reads as NULL, everywhere
    return float(given) if dtype.is_floating() and isinstance(given, int) and not isinstance(given, bool) else given


def _read(text: str, dtype: dt.DataType, who: str) -> Any:
    if text in ("", "NULL", "null", "None"):
        return None
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
        if dtype.is_string():
            return text
    try:
        return _plain(text, dtype)
    except (KeyError, ValueError):
        raise DefinitionError(f"{who} is {dtype}, and {text!r} is not.") from None


def _plain(text: str, dtype: dt.DataType) -> Any:
    if dtype.is_timestamp():
        return value(datetime.fromisoformat(text), dtype, "")
    if dtype.is_boolean():
        return BOOLEANS[text.lower()]
    if dtype.is_integer():
        return int(text)
    if dtype.is_floating() or dtype.is_decimal():
        return value(float(text), dtype, "")
    if dtype.is_date():
        return date.fromisoformat(text)
    return text if dtype.is_string() else ast.literal_eval(text)
