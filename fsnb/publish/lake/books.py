"""The ledger of a lake's versions: rows of the tables KEPT in a small DuckDB, read from a log's documents.

A version's document has its rows of each of these tables, and nothing of other versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pyarrow as pa

from fsnb.publish import sql
from fsnb.publish.ledger import BESIDE, MAY_BE_NULL, PROMOTIONS, RUNS, TABLES
from fsnb.publish.prepared import Kept

KEPT = {**TABLES, **BESIDE}
_DEFINITIONS: Kept[str] = Kept(len(KEPT))

Doc = dict[str, list[dict[str, Any]]]


def prepare(books: Any) -> None:
    """Make the ledger's tables, empty."""
    for name in KEPT:
        sql.run(books, _DEFINITIONS.get(name, partial(_definition, books, name)))


def _definition(books: Any, name: str) -> str:
    columns, key = KEPT[name]
    required = [column for column in columns.names if column not in MAY_BE_NULL]
    return sql.table_definition(books, ("", name), columns, required=required, key=key)


def clear(books: Any) -> None:
    for name in KEPT:
        sql.run(books, f"DELETE FROM {sql.quoted(books, name)}")


def load(books: Any, doc: Mapping[str, Any]) -> None:
    """Put a document's rows into the tables."""
    for name, (columns, _) in KEPT.items():
        if found := doc.get(name):
            rows = pa.Table.from_pylist(found, schema=_stored(columns)).cast(columns.to_pyarrow())
            books.con.from_arrow(rows).insert_into(name)


def dump(books: Any, view: str, version: int) -> Doc:
    """The rows of a version, as JSON; moments as microseconds since 1970, UTC."""
    return {name: _rows(books, name, view, version).to_pylist() for name in KEPT}


def _rows(books: Any, name: str, view: str, version: int) -> pa.Table:
    columns, _ = KEPT[name]
    mine = f"view_name = {sql.literal(books, view)} AND version = {version}"
    query = f"SELECT * FROM {sql.quoted(books, name)} WHERE {mine} ORDER BY rowid"
    return books.con.execute(query).to_arrow_table().cast(columns.to_pyarrow()).cast(_stored(columns))


def _stored(columns: Any) -> pa.Schema:
    fields = columns.to_pyarrow()
    return pa.schema([(each.name, pa.int64() if pa.types.is_timestamp(each.type) else each.type) for each in fields])


def until(books: Any, view: str, version: int) -> Any:
    """When the latest run of a version began, which is as of when its current rows are; None without runs."""
    mine = f"view_name = {sql.literal(books, view)} AND version = {version}"
    return sql.rows(books, f"SELECT max(started) FROM {sql.quoted(books, RUNS)} WHERE {mine}")[0][0]


def promoted(books: Any) -> Iterator[tuple[str, int]]:
    """Each view that is in the books, with the version that readers are led to."""
    query = f"SELECT view_name, max_by(version, promoted) FROM {sql.quoted(books, PROMOTIONS)} GROUP BY view_name"
    yield from sql.rows(books, query)
