"""CSV text, read by DuckDB into values that say what the text says, or not at all.

DuckDB tells a column's type from the first 20,480 rows, and casts what comes after to it without a word: of
`2024-01-01 12:00:00+02:00` in a column of naive times the offset is dropped, of a time in a column of dates the time of
day, 5.5 among integers is 6. Where the first rows have no quotes, later ones stay in the text. So it is asked how it
would read the file, and then told to: columns whose type could lose something come as text, which is cast here in the
same pass; that takes 1.3 to 1.7 times as long. A time without an offset is UTC, one with an offset or a zone is
converted; what else does not fit fails, with the text, when it is read.
"""

from __future__ import annotations

import glob
from collections.abc import Mapping
from typing import Any

import sqlglot.expressions as sge

UNSEEN = ("", "(empty)", "\0")
"""How `sniff_csv` says that the first rows have no quotes, no escapes or no comments."""
# {0} is a column of text; NULL where the text says more than the type holds, or something else
_TIME = (
    # its cast to TIMESTAMP drops an offset; that to TIMESTAMPTZ reads a time without one in the session's zone
    "coalesce(CASE WHEN NOT (contains({0}, '+') OR contains({0}, 'Z') OR {0} LIKE '%:%-%') THEN "
    "try_cast({0} AS TIMESTAMP) END, "
    "try_cast({0} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')"
)
EXACT: Mapping[str, str] = {
    "TIMESTAMP": _TIME,
    "TIMESTAMP WITH TIME ZONE": _TIME,
    "DATE": "CASE WHEN NOT contains({0}, ':') THEN try_cast({0} AS DATE) END",
    "TIME": "CASE WHEN NOT regexp_matches({0}, '[Z+-]') THEN try_cast({0} AS TIME) END",
    "BIGINT": "CASE WHEN NOT (contains({0}, '.') OR contains({0}, 'e-') OR contains({0}, 'E-')) "
    "THEN try_cast({0} AS BIGINT) END",
}


def csv_query(con: Any, path: str) -> str:
    """DuckDB's SQL for the rows of a CSV file, or of all files of a pattern; the first line of each names the columns.

    Of a pattern the first file says what separates and quotes, and in which format dates and times are, if not in ISO.
    """
    files = sorted(glob.glob(path, recursive=True)) or [path]
    options, exact, types = _sniffed(con, files[0])
    if len(files) > 1:
        found = _rows(con, f"DESCRIBE FROM read_csv({_literal(path)}, header = true)")
        types = {name: dtype for name, dtype, *_ in found}
    columns = ", ".join(
        f"{_cast(name, dtype, exact[dtype], path) if dtype in exact else _name(name)} AS {_name(name)}"
        for name, dtype in types.items()
    )
    read = {name: "VARCHAR" if dtype in exact else dtype for name, dtype in types.items()}
    # `columns` go by their place, which may differ from file to file; `types` by name, after another look at the file
    options |= {"types": read} if len(files) > 1 else {"columns": read, "auto_detect": False}
    told = ", ".join(f"{name} = {_literal(value)}" for name, value in options.items())
    return f"SELECT {columns} FROM read_csv({_literal(path)}, {told})"


def _sniffed(con: Any, file: str) -> tuple[dict[str, Any], dict[str, str], dict[str, str]]:
    """What DuckDB sees in the first rows of a file: its dialect, how text is cast exactly, the type of each column."""
    (found,) = _rows(
        con,
        "SELECT Delimiter, Quote, Escape, Comment, SkipRows, DateFormat, TimestampFormat, Columns "
        f"FROM sniff_csv({_literal(file)}, header = true)",
    )
    delimiter, quote, escape, comment, skip, date_format, time_format, columns = found
    quote = '"' if quote in UNSEEN else quote
    options = {
        "delim": delimiter,
        "quote": quote,
        "escape": quote if escape in UNSEEN else escape,
        "comment": "" if comment in UNSEEN else comment,
        "skip": skip,
        "header": True,
    }
    exact = dict(EXACT)
    if date_format:
        exact["DATE"] = f"CAST(try_strptime({{0}}, {_literal(date_format)}) AS DATE)"
    if time_format:
        exact["TIMESTAMP"] = f"try_strptime({{0}}, {_literal(time_format)})"
    return options, exact, {each["name"]: each["type"] for each in columns}


def _cast(name: str, dtype: str, exact: str, path: str) -> str:
    column = _name(name)
    says = f"{path}: the first rows of column {name!r} are read as {dtype}, which does not hold '"
    todo = "'. Give the column one type, or read the file yourself and give the frame."
    fails = f"error({_literal(says)} || {column} || {_literal(todo)})"
    return f"coalesce({exact.format(column)}, CASE WHEN {column} IS NOT NULL THEN {fails} END)"


def _rows(con: Any, statement: str) -> list[tuple[Any, ...]]:
    return con.con.execute(statement).fetchall()


def _name(name: str) -> str:
    return sge.to_identifier(name, quoted=True).sql("duckdb")


def _literal(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_literal(key)}: {_literal(each)}' for key, each in value.items())}}}"
    return sge.convert(value).sql("duckdb")
