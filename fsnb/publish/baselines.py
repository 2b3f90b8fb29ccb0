"""The statistics of what was published, kept on the target: what later rows of the same definition are held against.

They lie beside the rows, and not in the catalog, since they hold values of them: who may read the one may read the
other. What they are is not this package's business: whoever publishes hands over a function that makes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from fsnb.errors import PublishError
from fsnb.model import FeatureView
from fsnb.publish import ledger, sql
from fsnb.publish.asked import need_one_of
from fsnb.publish.checks import tables_on
from fsnb.publish.history import AVAILABLE_TIME, EVENT_TIME
from fsnb.publish.lake import at_last, lake_of
from fsnb.publish.ledger import Version
from fsnb.publish.runs import Names
from fsnb.publish.target import Target

TABLE = ledger.BASELINES
COLUMNS, KEY = ledger.BESIDE[TABLE]
ROWS = 200_000
"""The newest rows that a baseline is made of: its noise is then a hundredth of what is a warning."""
FEW = 1_000
"""A baseline of fewer rows is made again as soon as there are more."""
WHEN = ("auto", "always", "never")

Describe = Callable[[Any, ir.Table, str | None], Mapping[str, Any]]
"""Connection, table, its column of event times -> the document of its statistics."""


def read(con: Any, schema: str, view: str, fingerprint: str, place: str) -> Mapping[str, Any] | None:
    """The last document that was kept of a definition, of its "source" or its "result"; None where there is none."""
    return _kept(con, schema, view, _versions(view, fingerprint, con, schema), place)


def _kept(con: Any, schema: str, view: str, versions: Sequence[Version], place: str) -> Mapping[str, Any] | None:
    if not versions or TABLE not in sql.relations(con, schema):
        return None
    where = f"view_name = {sql.literal(con, view)} AND place = {sql.literal(con, place)}"
    numbers = ", ".join(str(each.number) for each in versions)
    con = sql.books(con)
    found = sql.rows(
        con,
        f"SELECT document FROM {sql.quoted(con, schema, TABLE)} WHERE {where} AND version IN ({numbers}) "
        "ORDER BY version DESC, made DESC LIMIT 1",
    )
    return json.loads(found[0][0]) if found else None


def check_when(when: str, view: FeatureView) -> None:
    """Refuse a word that `keep` does not know, before anything is published."""
    need_one_of("baseline", when, WHEN, f"feature view {view.name!r}")


def keep(
    view: FeatureView, target: Target, describe: Describe, now: datetime, *, when: str = "auto"
) -> tuple[str, ...]:
    """Describe what was published of a definition, and keep that on the target; the places that were described.

    The result's rows are the newest 200,000 of the history; of a database view, those that it gives now. Rows of the
    source are described where a check of drift is on it.

    Parameters
    ----------
    when
        "auto": where there is no baseline of this definition yet, or one of fewer than 1,000 rows and there are more
        now, so that publishing again does not move it. "always": a new one. "never": none.
    """
    if when == "never":
        return ()
    who = f"feature view {view.name!r}: target {target.name!r}"
    with target.session() as con, sql.engine_errors_as(PublishError, who, "It is published, without a baseline."):
        schema = target.schema_on(con)
        versions = _versions(view.name, view.fingerprint, con, schema)
        if not versions:
            return ()
        made, version = [], versions[-1]
        for place in _places(view):
            before = None if when == "always" else _kept(con, schema, view.name, versions, place)
            if before is not None and before["n"] >= FEW:
                continue
            table, clock = _rows(place, view, target, con, schema, version)
            if _count(con, table) > (before["n"] if before else 0):
                _write(con, schema, view.name, version.number, place, describe(con, table, clock), now)
                made.append(place)
        return tuple(made)


def version_of(view: FeatureView, con: Any, schema: str) -> Version | None:
    """The last version of this very definition on a target; None where it has none."""
    found = _versions(view.name, view.fingerprint, con, schema)
    return found[-1] if found else None


def _versions(view: str, fingerprint: str, con: Any, schema: str) -> list[Version]:
    """The versions of one definition, the last one at the end."""
    return [each for each in ledger.known(con, schema, view).versions if each.fingerprint == fingerprint]


def _places(view: FeatureView) -> tuple[str, ...]:
    watched = any(check.kind == "baseline_drift" and check.on == "source" for check in view.checks)
    return ("result", "source") if watched else ("result",)


def _rows(
    place: str, view: FeatureView, target: Target, con: Any, schema: str, version: Version
) -> tuple[ir.Table, str | None]:
    """The newest rows of a place, and its clock."""
    if place == "source":
        at = view.source.event_time
        return _newest(con, tables_on(view, target, con)[view.source.name], at), at
    table, clock = result(view, con, schema, version)
    return _newest(con, table, clock).select([*view.features, *([clock] if clock else [])]), clock


def result(view: FeatureView, con: Any, schema: str, version: Version) -> tuple[ir.Table, str | None]:
    """What a version gives and its clock: its history; of a database view its values now, which have no past."""
    names = Names(schema, view.name, version.number)
    if version.mode == "view":
        rows = con.table(names.live[1], database=schema or None)
        return rows.mutate(**{AVAILABLE_TIME: rows[EVENT_TIME]}), None
    return con.table(names.history[1], database=schema or None), EVENT_TIME if view.source.event_time else None


def _newest(con: Any, table: ir.Table, clock: str | None) -> ir.Table:
    """The newest rows, all of equal times together; every row where there are no more, or no times."""
    if clock is None:
        return table
    times = table.select(clock).order_by(ibis.desc(clock)).limit(1, offset=ROWS)
    found = sql.rows(con, con.compile(times))
    return table.filter(table[clock] > found[0][0]) if found else table


def _count(con: Any, table: ir.Table) -> int:
    return int(con.to_pyarrow(table.count()).as_py())


def _write(
    con: Any, schema: str, view: str, version: int, place: str, document: Mapping[str, Any], now: datetime
) -> None:
    values = {"view_name": view, "version": version, "place": place, "made": now, "document": json.dumps(document)}

    def put() -> None:
        with sql.transaction(con):
            sql.lock(con, f"fsnb schema {schema}")
            if lake := lake_of(con):
                lake.attach(view)
            elif TABLE not in sql.relations(con, schema):
                sql.create_table(con, (schema, TABLE), COLUMNS, required=COLUMNS.names, key=KEY)
            sql.insert_values(sql.books(con), (schema, TABLE), values)

    at_last(put)


@contextmanager
def in_window(
    view: FeatureView, target: Target, at: datetime, window: timedelta
) -> Iterator[tuple[Any, ir.Table, Mapping[str, Any]]]:
    """The connection, what a published definition told in `(at - window, at]`, and its baseline.

    Of a database view, what it gives now.

    Raises
    ------
    PublishError
        The target has no such definition, or no baseline of it.
    """
    who = f"feature view {view.name!r}: target {target.name!r}"
    with target.session() as con, sql.engine_errors_as(PublishError, who):
        schema = target.schema_on(con)
        kept = read(con, schema, view.name, view.fingerprint, "result")
        version = version_of(view, con, schema)
        if kept is None or version is None:
            raise PublishError(
                f"{who} has no baseline of this definition. Publish it, with baseline='always' where it is published "
                "already."
            )
        table, clock = result(view, con, schema, version)
        if clock is not None:
            table = table.filter((table[clock] > at - window) & (table[clock] <= at))
        yield con, table.select(view.features), kept
