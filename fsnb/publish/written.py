"""What publishing a view does on a target, as SQL to read, to review and to run by hand; no connection here.

The statements come from the expressions that `materialize` runs, compiled on tables that are only names and types. So
they cannot say anything else than what is done; tests run them and compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.backends.sql.compilers as compilers
import ibis.expr.types as ir

from fsnb.catalog import Catalog
from fsnb.errors import FsnbError
from fsnb.identity import tables_of
from fsnb.model import FeatureView
from fsnb.pit.clocks import microseconds
from fsnb.publish import history, live, sql
from fsnb.publish.checks import check_definition
from fsnb.publish.history import AVAILABLE_TIME, EVENT_TIME, KNOWN_TIME, LAST, RUN_ID, STAGE, TICKS, Layout, Stretches
from fsnb.publish.inputs import in_ticks
from fsnb.publish.publishing import last_publication
from fsnb.publish.runs import Names
from fsnb.publish.starting import Job
from fsnb.publish.target import DEFAULT_SCHEMA, Target
from fsnb.urls import PLACEHOLDER

INTERVAL = "fsnb_interval"
_BOUNDS = ibis.schema({"after": "int64", "upto": "int64"})


@dataclass(frozen=True, slots=True)
class Paper:
    """All that compiling for a target asks of a connection: which engine it would be."""

    name: str

    @property
    def compiler(self) -> Any:
        return getattr(compilers, self.name).compiler

    @property
    def dialect(self) -> Any:
        return self.compiler.dialect

    def compile(self, query: ir.Table) -> str:
        return ibis.to_sql(query, dialect=self.name)


def place(target: Target) -> tuple[str, tuple[str, ...]]:
    """The schema of a target's published tables, and the environment variables that its URL reads."""
    if target.is_lake:
        return "", tuple(dict.fromkeys(PLACEHOLDER.findall(target.url)))
    dialect = "duckdb" if target.url.startswith("duckdb:") else "postgres"
    return target.schema or DEFAULT_SCHEMA[dialect], tuple(dict.fromkeys(PLACEHOLDER.findall(target.url)))


def version_of(view: FeatureView, target: Target, catalog: Catalog) -> int:
    """The version that publishing the view writes, as far as the catalog knows: the last one, or the next."""
    last = last_publication(catalog, view.name, target.name)
    if last is None:
        return 1
    return last.version if last.fingerprint == view.fingerprint else last.version + 1


def statements(view: FeatureView, target: Target, version: int) -> tuple[dict[str, str], str]:
    """`{"ddl/postgres.sql": text, ...}` of a version, for each kind of target: tables, staged select, checks.

    The other value is empty, or says why the view has no tables to be kept up to date. Of a windowed view with no
    `refresh` there is the database view instead, as `mode="view"` makes it.
    """
    found: dict[str, str] = {}
    try:
        check_definition(view, needs_refresh=False)
        for dialect, schema in DEFAULT_SCHEMA.items():
            found |= _statements(view, Paper(dialect), Names(target.schema or schema, view.name, version))
        check_definition(view)
    except FsnbError as error:
        return found, str(error)
    return found, ""


def _statements(view: FeatureView, con: Any, names: Names) -> dict[str, str]:
    if view.kind == "window" and view.refresh is None:
        return {f"ddl/{con.name}.sql": live_ddl(view, con, names)}
    return {
        f"ddl/{con.name}.sql": ddl(view, con, names),
        f"sql/{con.name}.staged.sql": staged(view, con),
        f"checks/{con.name}.sql": checks(view, con, names),
    }


def live_ddl(view: FeatureView, con: Any, names: Names) -> str:
    """The database view of a version that has no tables."""
    query = con.compile(live.query(view, con, _sources(view)))
    stable = next(iter(names.stable))
    lines = [
        f"CREATE SCHEMA IF NOT EXISTS {sql.quoted(con, names.schema)}",
        f"CREATE VIEW {sql.quoted(con, *names.live)} AS\n{query}",
        f"CREATE VIEW {sql.quoted(con, *stable)} AS SELECT * FROM {sql.quoted(con, *names.live)}",
    ]
    return _script(f"{view.name} version {names.version} as a database view: its values as of when it is read.", lines)


def _sources(view: FeatureView) -> dict[str, ir.Table]:
    return {table.name: ibis.table(table.schema, name=table.name) for table in tables_of(view.relation)}


def ddl(view: FeatureView, con: Any, names: Names) -> str:
    """The tables of a version and the views that lead to them, as the first publication makes them."""
    layout, who = Layout.of(view), f"feature view {view.name!r}"
    tables = (names.history, layout.history, ()), (names.current, layout.current, layout.keys)
    sql.check_length(con, [*layout.history.names, names.history[1], names.current[1]], who)
    lines = [f"CREATE SCHEMA IF NOT EXISTS {sql.quoted(con, names.schema)}"]
    for where, schema, key in tables:
        sql.stored_schema(con, schema, who)
        lines.append(sql.table_definition(con, where, schema, required=layout.required, key=key))
    order = [*layout.keys, EVENT_TIME, KNOWN_TIME, AVAILABLE_TIME]
    lines += sql.index_definitions(con, names.history, order, (EVENT_TIME, AVAILABLE_TIME))
    lines += [
        f"CREATE VIEW {sql.quoted(con, *stable)} AS SELECT * FROM {sql.quoted(con, *table)}"
        for stable, table in names.stable.items()
    ]
    return _script(f"The tables of {view.name} version {names.version}, as publishing makes them.", lines)


# ---------------------------------------------------------------------- the staged select


def staged(view: FeatureView, con: Any) -> str:
    """What is written into the stage for one interval of time, from which the history takes what it lacks.

    The interval is a table of one row, `fsnb_interval(after, upto)`, in microseconds since 1970, UTC. The sources bear
    their own names.
    """
    job = Job.of(view, con, _sources(view))
    bounds = ibis.table(_BOUNDS, name=INTERVAL)
    after, upto = bounds["after"].as_scalar(), bounds["upto"].as_scalar()
    rows = {view.source.name: job.rows}
    if in_ticks(view):
        # in the place of numbers: whatever is compared with them is an expression already
        stretch: Any = Stretches(((after, upto),), upto)
        ticks = con.compile(history.candidate_ticks(job.part, con, rows, stretch))
        values = con.compile(history.tick_values(job.joined, con, rows))
        lines = [_temporary(con, TICKS, ticks), _temporary(con, STAGE, values)]
        reads = f"{INTERVAL}, and {LAST}: what the history says last of this interval, empty at first"
    else:
        found = history.source_rows(job.part, con, rows, upto)
        lines = [_temporary(con, STAGE, con.compile(_later(view, con, found, after)))]
        reads = INTERVAL
    return _script(f"What the history of {view.name} should hold in one interval; reads {reads}.", lines)


def _later(view: FeatureView, con: Any, rows: ir.Table, after: Any) -> ir.Table:
    """Of rows that are seen by the interval's end, which none can be before it happened, those of the interval."""
    return rows if view.kind == "static" else rows.filter(microseconds(con, rows[EVENT_TIME]) > after)


def _temporary(con: Any, name: str, query: str) -> str:
    return f"CREATE TEMPORARY TABLE {sql.quoted(con, name)} AS\n{query}"


# ---------------------------------------------------------------------- checks of the published tables


def checks(view: FeatureView, con: Any, names: Names) -> str:
    """What always holds of a version's tables, as one query: a row for each check, with how many rows break it."""
    layout = Layout.of(view)
    told, current = (_published(*pair) for pair in ((names.history, layout.history), (names.current, layout.current)))
    moment = [*layout.keys, EVENT_TIME, AVAILABLE_TIME]
    broken = {
        "history: a moment is told once": _repeated(told, moment),
        "history: nothing is known before the rules of time say": told.filter(told[AVAILABLE_TIME] < told[KNOWN_TIME]),
        "current: an entity has one row": _repeated(current, layout.keys),
        "current: every row is in the history, with its run": current.anti_join(told, [*moment, RUN_ID]),
    }
    counted = [
        rows.aggregate(violations=rows.count()).select(check=ibis.literal(name), violations="violations")
        for name, rows in broken.items()
    ]
    every = ibis.union(*counted).order_by("check")
    return _script(f"Holds of the published tables of {view.name}: no row has violations.", [con.compile(every)])


def _published(where: tuple[str, str], schema: ibis.Schema) -> ir.Table:
    return ibis.table(schema, name=where[1], database=where[0])


def _repeated(table: ir.Table, by: Any) -> ir.Table:
    counted = table.group_by(*by).aggregate(fsnb_rows=table.count())
    return counted.filter(counted["fsnb_rows"] > 1)


def _script(says: str, lines: list[str]) -> str:
    return f"-- {says}\n" + "".join(f"{line};\n" for line in lines)
