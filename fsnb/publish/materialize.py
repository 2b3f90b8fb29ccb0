"""The one transaction on the target: lock, guard, stage, append to the history, bring the current table up to date.

A reader sees the tables as they were or as they are now, never in between; a publisher that dies leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from fsnb.errors import BreakingChange, PublishError
from fsnb.model import FeatureView
from fsnb.pit.outcomes import to_micros
from fsnb.publish import history, sql
from fsnb.publish.history import AVAILABLE_TIME, EVENT_TIME, KNOWN_TIME, LAST, RUN_ID, STAGE, TICKS, Layout

RUNS = "fsnb_runs"
RUN_COLUMNS = ibis.schema(
    {
        "run_id": "string",
        "view_name": "string",
        "version": "int32",
        "fingerprint": "string",
        "interval_end": "timestamp(6)",
        "rows_staged": "int64",
        "rows_appended": "int64",
        "rows_upserted": "int64",
        "started": "timestamp(6)",
        "finished": "timestamp(6)",
    }
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one publication is: which run, of which definition, as of when. Times are naive UTC."""

    id: str
    end: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a view's tables of one version, and of its views that always lead to the published version."""

    schema: str
    view: str
    version: int

    @property
    def history(self) -> tuple[str, str]:
        return self.schema, f"{self.view}__v{self.version}_history"

    @property
    def current(self) -> tuple[str, str]:
        return self.schema, f"{self.view}__v{self.version}_current"

    @property
    def stable(self) -> dict[tuple[str, str], tuple[str, str]]:
        return {(self.schema, self.view): self.current, (self.schema, f"{self.view}_history"): self.history}


@dataclass(frozen=True, slots=True)
class Written:
    """What a run has written."""

    names: Names
    staged: int
    appended: int
    upserted: int
    current: int
    withdrawn: int


def materialize(
    view: FeatureView,
    con: Any,
    tables: Mapping[str, ir.Table],
    schema: str,
    run: Run,
    *,
    last: tuple[int, str] | None = None,
    clock: Callable[[], datetime],
) -> Written:
    """Bring a view's published tables up to date, in one transaction.

    Parameters
    ----------
    view
        What to publish.
    con, tables
        The target and the sources on it.
    schema
        Where the published tables are.
    run
        Its id; `end` is the last tick or moment that it covers; corrections are available from `now`.
    last
        Version and fingerprint that were published last, as far as the caller knows; the target's own runs count too.
    clock
        Tells the time at which the run finished.

    Raises
    ------
    BreakingChange
        The version's tables are there with other columns.
    PublishError
        The target refuses something, or has a table under one of our names. Nothing was written.
    """
    layout = Layout.of(view)
    with sql.transaction(con):
        sql.lock(con, f"fsnb view {schema}.{view.name}")
        runs = _earlier_runs(con, schema, view)
        version = _version([*runs, *([last] if last else [])], view.fingerprint)
        names = Names(schema, view.name, version)
        _prepare(con, layout, names, known=bool(runs))
        told = ibis.table(layout.history, name=names.history[1], database=schema)
        staged, gone = _stage(view, con, tables, layout, told, run)
        appended = _append(view, con, layout, names, run)
        upserted = _upsert(con, layout, names, history.current_rows(layout, told, run.now))
        counts = {"rows_staged": staged, "rows_appended": appended, "rows_upserted": upserted}
        identity = {"run_id": run.id, "view_name": view.name, "version": version, "fingerprint": view.fingerprint}
        times = {"interval_end": run.end, "started": run.now, "finished": clock()}
        sql.insert_values(con, (schema, RUNS), identity | times | counts)
        _point_views(con, names, again=any(v == version for v, _ in runs))
        current = sql.rows(con, f"SELECT count(*) FROM {sql.quoted(con, *names.current)}")[0][0]
    return Written(names, staged, appended, upserted, current, gone)


# ---------------------------------------------------------------------- before


def _earlier_runs(con: Any, schema: str, view: FeatureView) -> list[tuple[int, str]]:
    """Versions and fingerprints of the view's runs so far; the table of runs is made if missing."""
    if RUNS not in sql.relations(con, schema):
        sql.lock(con, f"fsnb schema {schema}")  # CREATE ... IF NOT EXISTS fails where two do it at once
        sql.run(con, f"CREATE SCHEMA IF NOT EXISTS {sql.quoted(con, schema)}")
        if RUNS not in sql.relations(con, schema):
            sql.create_table(con, (schema, RUNS), RUN_COLUMNS, required=RUN_COLUMNS.names, key=["run_id"])
    runs = sql.quoted(con, schema, RUNS)
    return sql.rows(
        con,
        f"SELECT DISTINCT version, fingerprint FROM {runs} WHERE view_name = {sql.literal(con, view.name)}",
    )


def _version(published: list[tuple[int, str]], fingerprint: str) -> int:
    """The last published version where nothing but this definition was published as that, else the next."""
    version = max((version for version, _ in published), default=0)
    same = all(print_ == fingerprint for v, print_ in published if v == version)
    return version if version and same else version + 1


def _prepare(con: Any, layout: Layout, names: Names, known: bool) -> None:
    """Make the version's tables, or check that those that are there have our columns."""
    who = f"feature view {names.view!r}"
    columns = [*layout.history.names, names.history[1], names.current[1], *(name for _, name in names.stable)]
    sql.check_length(con, columns, who)
    there = sql.relations(con, names.schema)
    taken = [name for _, name in names.stable if name in there]
    if taken and not known:
        raise PublishError(
            f"{who}: {names.schema!r} has a table or view {taken[0]!r} that fsnb did not make. "
            "Rename the feature view, or give the target another schema."
        )
    for where, schema, key in ((names.history, layout.history, ()), (names.current, layout.current, layout.keys)):
        if where[1] in there:
            _guard(con, where, sql.stored_schema(con, schema, who), who)
        else:
            sql.create_table(con, where, schema, required=layout.required, key=key)
            if where == names.history and con.name == "postgres":
                order = sql.names(con, [*layout.keys, EVENT_TIME, KNOWN_TIME, AVAILABLE_TIME])
                sql.run(con, f"CREATE INDEX ON {sql.quoted(con, *where)} ({order})")


def _guard(con: Any, where: tuple[str, str], want: ibis.Schema, who: str) -> None:
    have = sql.table_schema(con, where)
    if have == want:
        return
    differ = [name for name in dict.fromkeys([*want, *have]) if want.get(name) != have.get(name)]
    said = "; ".join(f"{name!r} is {have.get(name) or 'missing'}, not {want.get(name) or 'there'}" for name in differ)
    raise BreakingChange(
        f"{who}: table {'.'.join(where)!r} is not as fsnb made it: {said or 'its columns stand in another order'}. "
        "Put it back, or change the definition so that a new version is made."
    )


# ---------------------------------------------------------------------- the rows


def _stage(
    view: FeatureView, con: Any, tables: Mapping[str, ir.Table], layout: Layout, told: ir.Table, run: Run
) -> tuple[int, int]:
    """Fill the stage with all that the history should hold. How many rows; how many told ones are not among them."""
    joined, end = history.tick_plan(view), to_micros(run.end)
    (part,) = joined.views
    sql.create_temporary(con, LAST, history.last_told(layout, told))
    if history.in_ticks(view):
        sql.create_temporary(con, TICKS, history.candidate_ticks(part, con, tables, end))
        return sql.create_temporary(con, STAGE, history.tick_values(joined, con, tables)), 0
    staged = sql.create_temporary(con, STAGE, history.source_rows(part, con, tables, end))
    gone = history.withdrawn(layout, run.end + timedelta(microseconds=part.lag))
    return staged, sql.rows(con, con.compile(gone.count().as_table()))[0][0]


def _append(view: FeatureView, con: Any, layout: Layout, names: Names, run: Run) -> int:
    lacking = history.ticks_lacking if history.in_ticks(view) else history.rows_lacking
    appended = sql.insert(con, names.history, lacking(layout, run.now).mutate(**{RUN_ID: ibis.literal(run.id)}))
    sql.run(con, f"ANALYZE {sql.quoted(con, *names.history)}")
    return appended


def _upsert(con: Any, layout: Layout, names: Names, rows: ir.Table) -> int:
    """Newer wins: a later event time, or the same one told later."""
    changed = [name for name in rows.columns if name not in layout.keys]
    update = ", ".join(f"{sql.quoted(con, name)} = EXCLUDED.{sql.quoted(con, name)}" for name in changed)
    new, old = (
        ", ".join(f"{table}.{sql.quoted(con, name)}" for name in (EVENT_TIME, AVAILABLE_TIME))
        for table in ("EXCLUDED", sql.quoted(con, names.current[1]))
    )
    newer = f" ON CONFLICT ({sql.names(con, layout.keys)}) DO UPDATE SET {update} WHERE ({new}) > ({old})"
    return sql.insert(con, names.current, rows, newer)


def _point_views(con: Any, names: Names, again: bool) -> None:
    """Lead the stable names to this version. Where they do already they stay: views of others may stand on them."""
    there = sql.relations(con, names.schema)
    for view, table in names.stable.items():
        if again and view[1] in there:
            continue
        sql.run(con, f"DROP VIEW IF EXISTS {sql.quoted(con, *view)}")
        sql.run(con, f"CREATE VIEW {sql.quoted(con, *view)} AS SELECT * FROM {sql.quoted(con, *table)}")
