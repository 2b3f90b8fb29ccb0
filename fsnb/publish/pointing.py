"""The stable names, by which readers find the promoted version."""

from __future__ import annotations

from typing import Any

from fsnb.publish import sql
from fsnb.publish.lake import lake_of
from fsnb.publish.runs import Names


def point_views(con: Any, names: Names) -> None:
    """Lead the stable names to this version's tables. On a lake the ledger's promotion leads there."""
    if lake := lake_of(con):
        lake.lead(names.view, names.version)
        return
    for view, table in names.stable.items():
        columns = columns_to_keep(con, view, table)
        if columns is None:
            sql.run(con, f"DROP VIEW IF EXISTS {sql.quoted(con, *view)}")
        sql.lead(con, view, table, columns)


def columns_to_keep(con: Any, view: tuple[str, str], table: tuple[str, str]) -> list[str] | None:
    """The columns of a stable view in their order, then what else its next table has.

    Views of others may stand on it, and stay where it keeps its columns. None where it is not there or cannot.
    """
    if view[1] not in sql.relations(con, view[0]):
        return None
    have, want = sql.column_types(con, view), sql.column_types(con, table)
    if any(want.get(name) != dtype for name, dtype in have.items()):
        return None
    return [*have, *(name for name in want if name not in have)]
