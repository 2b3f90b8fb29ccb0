"""A view published as a database view: no history, its values are computed when they are read, as of that moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.checks import CheckReport
from fsnb.identity import bind
from fsnb.model import FeatureView, Spine
from fsnb.model.data import TIMESTAMP
from fsnb.pit import lower, plan
from fsnb.pit.clocks import UTC
from fsnb.pit.events import key_names
from fsnb.pit.lowering import events
from fsnb.publish import ledger, sql
from fsnb.publish.gates import Gates
from fsnb.publish.ledger import Known, Version
from fsnb.publish.pointing import columns_to_keep
from fsnb.publish.runs import Names, Run
from fsnb.publish.starting import need_names

AT = "event_time"


@ibis.udf.scalar.builtin(name="now")
def _now() -> UTC:
    """The moment at which a statement runs. Ibis casts its own to the session's zone on DuckDB."""


@ibis.udf.scalar.builtin(name="timezone")
def _in_zone(zone: str, value: UTC) -> TIMESTAMP:
    """The naive time of a moment in a zone, whatever the session's own zone is."""


def query(view: FeatureView, con: Any, tables: Mapping[str, ir.Table]) -> ir.Table:
    """A row for each entity that the source has: keys, the moment as `event_time`, features as of that moment."""
    keys = view.entity.keys
    asked = plan(
        Spine(ibis.table({k: view.relation[k].type() for k in keys} | {AT: TIMESTAMP}, name="asks"), at=AT), view
    )
    (part,) = asked.views
    rows = events(part, con, bind(view.relation, tables))
    everyone = rows.select(**{name: rows[key] for key, name in zip(key_names(part), keys, strict=True)}).distinct()
    spine = everyone.mutate(**{AT: now(con)})
    return lower(asked, con, tables, spine)


def now(con: Any) -> ir.TimestampValue:
    """The moment at which a statement runs, as naive UTC."""
    return ops.Cast(_in_zone("UTC", _now()), TIMESTAMP).to_expr()  # written, though of this type already


def write_live(
    view: FeatureView, con: Any, tables: Mapping[str, ir.Table], schema: str, run: Run, gates: Gates
) -> tuple[Names, str, tuple[CheckReport, ...]]:
    """Make the database view of a version, in one transaction; its names, its SQL, and what checks say."""
    with sql.transaction(con):
        sql.lock(con, f"fsnb view {schema}.{view.name}")
        relations = ledger.prepare(con, schema)
        there = ledger.recorded(con, schema, view.name)
        version = version_of(there, view)
        names = Names(schema, view.name, version.number)
        need_names(con, names, there, [*view.entity.keys, *view.features], relations)
        text = con.compile(query(view, con, tables))
        if there.version(version.number) is None:
            ledger.add_version(con, schema, view.name, version, run.now)
            sql.run(con, f"CREATE VIEW {sql.quoted(con, *names.live)} AS {text}")
        if run.promote and there.promoted != version.number:
            point_live(con, names)
            ledger.promote(con, schema, view.name, version.number, run.id, run.now)
        shown = query(view, con, tables).schema()
        reports = gates.after_load(ibis.table(shown, name=names.live[1], database=schema))
    return names, text, reports


def version_of(there: Known, view: FeatureView) -> Version:
    """The latest version where it is this definition as a view, else the next."""
    last = there.versions[-1] if there.versions else None
    if last and (last.fingerprint, last.mode) == (view.fingerprint, "view"):
        return last
    return Version((last.number if last else 0) + 1, view.fingerprint, "view", 0, view.to_doc())


def point_live(con: Any, names: Names) -> None:
    """Lead the stable name of the latest values to the database view; there is no history to lead to."""
    latest, past = names.stable
    columns = columns_to_keep(con, latest, names.live)
    if columns is None:
        sql.run(con, f"DROP VIEW IF EXISTS {sql.quoted(con, *latest)}")
    sql.run(con, f"DROP VIEW IF EXISTS {sql.quoted(con, *past)}")
    sql.lead(con, latest, names.live, columns)
