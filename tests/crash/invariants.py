"""What must hold of a target at any moment, whoever died there: violations in words, none when all is well.

Counts are taken in one statement for each view, so that on PostgreSQL it sees one snapshot: the same statement is what
onlookers run while others publish.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from fsnb.catalog import Catalog
from tests.crash.places import Place, Reader
from tests.crash.tables import LEDGER, RUNS, relations, versions

KEYS = "city, courier"
OWN = {RUNS, LEDGER, "fsnb_versions", "fsnb_promotions", "fsnb_baselines"}


def one_look(schema: str, view: str, features: str) -> str:
    """One statement that counts what must not be, in what readers of a view's stable names see.

    In turn: rows of current that are not the latest of the history by then; the latest of the history that are not in
    current; moments told twice; history rows that no run speaks of; what the runs count more or less than is there.
    """
    history, current, runs = f"{schema}.{view}_history", f"{schema}.{view}", f"{schema}.{RUNS}"
    columns = f"{KEYS}, event_time, available_time, {features}, fsnb_run_id"
    latest = (
        f"SELECT {columns} FROM (SELECT *, row_number() OVER (PARTITION BY {KEYS} ORDER BY event_time DESC, "
        f"available_time DESC) AS place FROM {history} WHERE available_time <= (SELECT max(started) FROM {runs} "
        f"WHERE view_name = '{view}')) AS ranked WHERE place = 1"
    )
    mine = (
        f"{runs} WHERE view_name = '{view}' AND version = (SELECT max(version) FROM {runs} WHERE view_name = '{view}')"
    )
    return (
        f"SELECT (SELECT count(*) FROM (SELECT {columns} FROM {current} EXCEPT ALL {latest}) AS a), "
        f"(SELECT count(*) FROM ({latest} EXCEPT ALL SELECT {columns} FROM {current}) AS b), "
        f"(SELECT count(*) FROM (SELECT 1 FROM {history} GROUP BY {KEYS}, event_time, available_time, fsnb_known_time "
        "HAVING count(*) > 1) AS c), "
        f"(SELECT count(*) FROM (SELECT fsnb_run_id, count(*) AS n FROM {history} GROUP BY fsnb_run_id "
        f"EXCEPT ALL SELECT run_id, rows_appended FROM {mine} AND rows_appended > 0) AS d), "
        f"(SELECT coalesce(sum(rows_appended), 0) FROM {mine}) - (SELECT count(*) FROM {history}), "
        f"(SELECT max(version) FROM {mine}), (SELECT count(*) FROM {history})"
    )


SAID = (
    "current rows that are not the latest of the history",
    "latest rows of the history that are not in current",
    "moments told twice",
    "runs whose count is not that of their history rows",
    "rows that the runs count beyond the history's",
)
FEATURES = {
    "latest_trip": "fare, rating",
    "fares": "trips_6h, trips_2d, fares_6h, fares_2d, best_6h, best_2d",
    "last_rating": "fare, rating",
}


Extent = tuple[int, int]
"""A version, and how many rows its history has: neither ever shrinks."""
NOT_YET: Extent = (0, 0)


def look(found: Reader, schema: str, view: str) -> tuple[list[str], Extent]:
    """What is wrong with a view, and how far it has come."""
    *counts, version, rows = found.rows(one_look(schema, view, FEATURES[view]))[0]
    return [f"{view}: {number} {said}" for number, said in zip(counts, SAID, strict=True) if number], (version, rows)


class Looks:
    """Look after look at some views, and what was wrong in any of them.

    `gone` is the error for a table that is not there: fine before a view is published, wrong afterwards.
    """

    def __init__(self, schema: str, views: Sequence[str], gone: tuple[type[Exception], ...]) -> None:
        self.count, self.slowest, self.wrong = 0, 0.0, list[str]()
        self.views, self._schema, self._gone = views, schema, gone
        self._seen = dict.fromkeys(views, NOT_YET)

    def at_all(self, reader: Reader) -> None:
        for view in self.views:
            self.at(view, nullcontext(reader))

    def at(self, view: str, opened: AbstractContextManager[Reader]) -> None:
        """One look at a view; opening what is read is part of it."""
        began, before = time.monotonic(), self._seen[view]
        try:
            with opened as reader:
                wrong, extent = look(reader, self._schema, view)
        except self._gone:
            self.wrong += [f"{view}: it was there and is gone"] if before != NOT_YET else []
            return
        back = [f"{view}: from version and rows {before} back to {extent}"] if extent < before else []
        self.wrong += wrong + back
        self.count, self._seen[view] = self.count + 1, extent
        self.slowest = max(self.slowest, time.monotonic() - began)


def violations(place: Place) -> list[str]:
    """Everything that is wrong with a place."""
    found = [f"left behind: {each}" for each in place.left_behind()]
    with place.reader() as reader:
        there = relations(reader, place.schema)
        published = versions(reader, place)
        found += _names_beside(there, published)
        for view in (each for each in published if {each, f"{each}_history"} <= there):
            found += look(reader, place.schema, view)[0]
            found += _ledger_beside(reader, place.schema, view, there)
    return found


def _ledger_beside(reader: Reader, schema: str, view: str, there: set[str]) -> list[str]:
    """Intervals whose rows are not those of the history, or whose run is none; rows of the history in no interval.

    An interval is told once: its start is part of the ledger's key.
    """
    if LEDGER not in there:
        return []
    mine = f"view_name = '{view}' AND version = (SELECT max(version) FROM {schema}.{RUNS} WHERE view_name = '{view}')"
    in_interval = "h.event_time > i.interval_start AND h.event_time <= i.interval_end"
    intervals, history = f"{schema}.{LEDGER} AS i WHERE {mine}", f"{schema}.{view}_history AS h"
    miscounted, unknown, outside = reader.rows(
        f"SELECT (SELECT count(*) FROM {intervals} AND rows <> (SELECT count(*) FROM {history} WHERE {in_interval})), "
        f"(SELECT count(*) FROM {intervals} AND run_id NOT IN (SELECT run_id FROM {schema}.{RUNS})), "
        f"(SELECT count(*) FROM {history} WHERE NOT EXISTS (SELECT 1 FROM {intervals} AND {in_interval}))"
    )[0]
    said = {"intervals with other counts": miscounted, "intervals of no run": unknown, "rows in no interval": outside}
    return [f"{view}: {number} {what}" for what, number in said.items() if number]


def _names_beside(there: set[str], published: dict[str, int]) -> list[str]:
    """A view has all of its tables or none, and nothing else is there."""
    tables = {
        f"{view}__v{version}_{kind}"
        for view, last in published.items()
        for version in range(1, last + 1)
        for kind in ("history", "current")
    }
    stable = {name for view in published for name in (view, f"{view}_history")}
    missing = (tables | stable) - there
    beside = there - tables - stable - OWN
    return [f"{name} is missing" for name in sorted(missing)] + [f"{name} is left over" for name in sorted(beside)]


def catalogue_violations(place: Place) -> list[str]:
    """Publications in the catalog of which the target knows no run, or other counts.

    The other way round is no violation: a publisher that dies between COMMIT and the catalog leaves a run that only the
    target knows.
    """
    catalog = Catalog(place.home / "store" / "catalog.sqlite")
    with place.reader() as reader:
        query = f"SELECT run_id, version, rows_appended, rows_upserted FROM {place.schema}.{RUNS}"
        runs = {run: tuple(told) for run, *told in reader.rows(query)}
    found = []
    for document in catalog.list("publication"):
        for version in catalog.history("publication", document.name):
            body = version.body
            told = tuple(body[name] for name in ("version", "rows_appended", "rows_upserted"))
            if runs.get(body["run_id"]) != told:
                found.append(f"catalog: publication {version.version} of {document.name} is not what the target ran")
    return found
