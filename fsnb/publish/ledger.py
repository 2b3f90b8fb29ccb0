"""What a target knows of its publications, in tables beside them: versions, promotions, runs, intervals.

The ledger is on the target and not in the catalog, for it must change with the rows or not at all, and several
projects may publish to one target.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis

from fsnb.pit.around import to_micros
from fsnb.publish import sql
from fsnb.publish.inputs import as_moment
from fsnb.publish.intervals import Done, Grid, Mark
from fsnb.publish.lake import lake_of

RUNS, INTERVALS, VERSIONS, PROMOTIONS = "fsnb_runs", "fsnb_intervals", "fsnb_versions", "fsnb_promotions"
MOMENT = "timestamp(6)"
OF_A_VIEW = {"view_name": "string", "version": "int32"}
TABLES: Mapping[str, tuple[ibis.Schema, tuple[str, ...]]] = {
    RUNS: (
        ibis.schema(
            {"run_id": "string", **OF_A_VIEW, "fingerprint": "string", "interval_end": MOMENT}
            | dict.fromkeys(("rows_staged", "rows_appended", "rows_upserted"), "int64")
            | dict.fromkeys(("started", "finished"), MOMENT)
        ),
        ("run_id",),
    ),
    INTERVALS: (
        ibis.schema(
            OF_A_VIEW
            | dict.fromkeys(("interval_start", "interval_end", "told_until"), MOMENT)
            | {"fingerprint": "string", "input_rows": "int64", "input_latest": MOMENT, "input_hash": "string"}
            | {"run_id": "string", "rows": "int64"}
        ),
        ("view_name", "version", "interval_start"),
    ),
    VERSIONS: (
        ibis.schema(
            {**OF_A_VIEW, "fingerprint": "string", "mode": "string", "interval_us": "int64"}
            | {"definition": "string", "made": MOMENT}
        ),
        ("view_name", "version"),
    ),
    PROMOTIONS: (ibis.schema({"promotion_id": "string", **OF_A_VIEW, "promoted": MOMENT}), ("promotion_id",)),
}
MAY_BE_NULL = ("input_latest",)
BASELINES = "fsnb_baselines"
BESIDE: Mapping[str, tuple[ibis.Schema, tuple[str, ...]]] = {  # made when there is something to put there
    BASELINES: (
        ibis.schema({**OF_A_VIEW, "place": "string", "made": MOMENT, "document": "string"}),
        ("view_name", "version", "place", "made"),
    )
}


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a view on a target: what was published as that, how, and on which grid of intervals."""

    number: int
    fingerprint: str
    mode: str
    every: int
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What a target says of a view: its versions in order, and the one that readers are led to."""

    versions: tuple[Version, ...] = ()
    promoted: int | None = None

    def version(self, number: int | None) -> Version | None:
        return next((each for each in self.versions if each.number == number), None)


def prepare(con: Any, schema: str) -> set[str]:
    """Make the tables that are not there yet; the names of all tables and views that are."""
    there = sql.relations(con, schema)
    if there >= set(TABLES) or lake_of(con):
        return there
    sql.lock(con, f"fsnb schema {schema}")  # CREATE ... IF NOT EXISTS fails where two do it at once
    sql.run(con, f"CREATE SCHEMA IF NOT EXISTS {sql.quoted(con, schema)}")
    for name in set(TABLES) - sql.relations(con, schema):
        columns, key = TABLES[name]
        required = [column for column in columns.names if column not in MAY_BE_NULL]
        sql.create_table(con, (schema, name), columns, required=required, key=key)
    return sql.relations(con, schema)


def known(con: Any, schema: str, view: str) -> Known:
    """What the target says of a view; nothing where it has no ledger."""
    return recorded(con, schema, view) if sql.relations(con, schema) >= set(TABLES) else Known()


def recorded(con: Any, schema: str, view: str) -> Known:
    """The same, where the ledger is known to be there."""
    if lake := lake_of(con):
        lake.attach(view)
    found = _of_view(con, schema, VERSIONS, view, "version, fingerprint, mode, interval_us, definition", "version")
    promoted = _of_view(con, schema, PROMOTIONS, view, "version", "promoted DESC LIMIT 1")
    versions = tuple(
        Version(number, print_, mode, every, json.loads(text)) for number, print_, mode, every, text in found
    )
    return Known(versions, promoted[0][0] if promoted else None)


def _of_view(con: Any, schema: str, table: str, view: str, columns: str, order: str) -> list[tuple[Any, ...]]:
    con = sql.books(con)
    return sql.rows(
        con,
        f"SELECT {columns} FROM {sql.quoted(con, schema, table)} "
        f"WHERE view_name = {sql.literal(con, view)} ORDER BY {order}",
    )


def latest_run(con: Any, schema: str, view: str, version: int) -> datetime | None:
    """When the latest run of a version began."""
    con = sql.books(con)
    return sql.rows(
        con,
        f"SELECT max(started) FROM {sql.quoted(con, schema, RUNS)} "
        f"WHERE view_name = {sql.literal(con, view)} AND version = {version}",
    )[0][0]


def add_version(con: Any, schema: str, view: str, version: Version, made: datetime) -> None:
    definition = {"definition": json.dumps(version.definition), "made": made, "interval_us": version.every}
    names = {"view_name": view, "version": version.number, "fingerprint": version.fingerprint, "mode": version.mode}
    sql.insert_values(sql.books(con), (schema, VERSIONS), names | definition)


def promote(con: Any, schema: str, view: str, version: int, promotion_id: str, now: datetime) -> None:
    """Say that readers are led to a version from now on; later than whatever was said before."""
    before = _of_view(con, schema, PROMOTIONS, view, "promoted", "promoted DESC LIMIT 1")
    when = max(now, as_moment(to_micros(before[0][0]) + 1)) if before else now
    values = {"promotion_id": promotion_id, "view_name": view, "version": version, "promoted": when}
    sql.insert_values(sql.books(con), (schema, PROMOTIONS), values)


def promotions(con: Any, schema: str, view: str) -> list[int]:
    """The versions that were promoted, the present one first."""
    return [version for (version,) in _of_view(con, schema, PROMOTIONS, view, "version", "promoted DESC")]


def done(con: Any, schema: str, view: str, version: int, grid: Grid) -> dict[int, Done]:
    """The intervals of a version that are told, by number."""
    con = sql.books(con)
    columns = "interval_start, told_until, input_rows, input_latest, input_hash, fingerprint, run_id, rows"
    where = f"view_name = {sql.literal(con, view)} AND version = {version}"
    found = sql.rows(con, f"SELECT {columns} FROM {sql.quoted(con, schema, INTERVALS)} WHERE {where}")
    return {
        grid.number(to_micros(start) + 1): Done(
            to_micros(until), Mark(rows, latest and to_micros(latest), int(hashed, 16)), print_, run_id, told
        )
        for start, until, rows, latest, hashed, print_, run_id, told in found
    }


def write(con: Any, schema: str, view: str, version: int, grid: Grid, told: Mapping[int, Done]) -> None:
    """Say of intervals what is done now, in place of what was."""
    if not told:
        return
    con = sql.books(con)
    columns, key = TABLES[INTERVALS]
    values = ", ".join(_row(con, view, version, grid, number, each) for number, each in sorted(told.items()))
    changed = [name for name in columns.names if name not in key]
    update = ", ".join(f"{sql.quoted(con, name)} = EXCLUDED.{sql.quoted(con, name)}" for name in changed)
    sql.run(
        con,
        f"INSERT INTO {sql.quoted(con, schema, INTERVALS)} ({sql.names(con, columns.names)}) VALUES {values} "
        f"ON CONFLICT ({sql.names(con, key)}) DO UPDATE SET {update}",
    )


def _row(con: Any, view: str, version: int, grid: Grid, number: int, each: Done) -> str:
    latest = None if each.mark.latest is None else as_moment(each.mark.latest)
    bounds: Sequence[Any] = [as_moment(us) for us in (grid.start(number), grid.end(number), each.until)]
    inputs = [each.fingerprint, each.mark.rows, latest, f"{each.mark.hash:016x}"]
    values = [view, version, *bounds, *inputs, each.run_id, each.rows]
    return f"({', '.join(sql.literal(con, value) for value in values)})"
