"""The published tables of a view as an outbox: which runs there are, and the rows of those not pushed yet.

Why runs and not "rows later than": a run's times are told by the publisher's clock. Of two publishers the one whose
clock is behind may commit last, and whoever remembers the latest time would never see its rows. So an online store
remembers which runs it has, and newer-wins makes their order immaterial.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from fsnb.model.data import TIMESTAMP
from fsnb.online.kinds import micros, moment
from fsnb.online.series import Series

EVENT_TIME, AVAILABLE_TIME, RUN_ID, RUNS = "event_time", "available_time", "fsnb_run_id", "fsnb_runs"
BATCH_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Outbox:
    """A view's published tables on a target.

    Attributes
    ----------
    con
        The target's connection.
    schema
        Of its published tables.
    view
        The view's name.
    """

    con: Any
    schema: str
    view: str

    def promoted(self) -> int | None:
        """The version that the view's stable name leads to now; None where nothing is published."""
        if lake := getattr(self.con, "fsnb_lake", None):  # its views are of this connection alone
            return lake.promoted(self.view)
        definition = _definition(self.con, self.schema, self.view)
        found = re.search(rf"\b{re.escape(self.view)}__v(\d+)_current\b", definition or "")
        return int(found[1]) if found else None

    def is_computed(self) -> bool:
        """Whether the view's stable name leads to a database view that computes its values, and has no tables."""
        definition = _definition(self.con, self.schema, self.view)
        return bool(re.search(rf"\b{re.escape(self.view)}__v\d+_live\b", definition or ""))

    def runs(self, version: int) -> list[str]:
        """Ids of the runs that wrote this version; their rows are there too."""
        runs = self._table(RUNS)
        mine = runs.filter(runs.view_name == self.view, runs.version == version)
        return self.con.to_pyarrow(mine.select("run_id"))["run_id"].to_pylist()

    def brought_up(self, version: int) -> int | None:
        """As of when the version's current table is, microseconds."""
        runs = self._table(RUNS)
        mine = runs.filter(runs.view_name == self.view, runs.version == version)
        last = self.con.to_pyarrow(mine.aggregate(last=mine.started.max()))["last"][0].as_py()
        return micros(last) if last else None

    def history(self, version: int) -> ir.Table:
        return self._table(f"{self.view}__v{version}_history")

    def current(self, version: int) -> ir.Table:
        return self._table(f"{self.view}__v{version}_current")

    def untimely(self, version: int) -> ir.Table:
        """The history's rows that were not available yet when their run told them: the current table may lack them."""
        history, runs = self.history(version), self._table(RUNS)
        told = runs.select(fsnb_run=runs.run_id, fsnb_told=runs.started)
        met = history.inner_join(told, [(RUN_ID, "fsnb_run")])
        return met.filter(met[AVAILABLE_TIME] > met.fsnb_told).select(*history.columns)

    def batches(self, table: ir.Table, series: Series) -> Iterator[pa.Table]:
        """A table's rows as Arrow, with the columns that a series needs."""
        columns = [name for name, _ in series.keys] + [EVENT_TIME, AVAILABLE_TIME, *series.names]
        chosen = table.select(*columns)
        if self.con.name == "pyspark":  # Ibis' batches go through pandas, which makes floats of integers beside NULL
            rows = self.con.raw_sql(self.con.compile(chosen)).toArrow().cast(chosen.schema().to_pyarrow())
            yield from (pa.Table.from_batches([batch]) for batch in rows.to_batches(BATCH_ROWS))
            return
        for batch in self.con.to_pyarrow_batches(chosen, chunk_size=BATCH_ROWS):
            if batch.num_rows:
                yield pa.Table.from_batches([batch])

    def _table(self, name: str) -> ir.Table:
        return self.con.table(name, database=self.schema or None)


def of_runs(history: ir.Table, runs: Sequence[str]) -> ir.Table:
    """The rows that some runs wrote."""
    return history.filter(history[RUN_ID].isin(list(runs)))


def latest(history: ir.Table, series: Series, now: int) -> ir.Table:
    """Of each entity the row that a reader finds at a time: the last event time of what is available by then."""
    keys = [name for name, _ in series.keys]
    seen = history.filter(history[AVAILABLE_TIME] <= _literal(moment(now)))
    order = [seen[EVENT_TIME].desc(), seen[AVAILABLE_TIME].desc()]
    ranked = seen.mutate(fsnb_rank=ibis.row_number().over(group_by=keys, order_by=order))
    return ranked.filter(ranked["fsnb_rank"] == 0).drop("fsnb_rank").order_by(keys)


def after(rows: ir.Table, at: int) -> ir.Table:
    """The rows that become available after a time."""
    return rows.filter(rows[AVAILABLE_TIME] > _literal(moment(at)))


def _literal(at: datetime) -> ir.Value:
    return ibis.literal(at, TIMESTAMP)


def _definition(con: Any, schema: str, view: str) -> str | None:
    """The SQL of a database view, as the database tells it."""
    if con.name == "postgres":
        query, names = "SELECT definition FROM pg_views WHERE schemaname = %s AND viewname = %s", (schema, view)
    else:
        mine = "database_name = current_database() AND schema_name = ? AND view_name = ?"
        query, names = f"SELECT sql FROM duckdb_views() WHERE {mine}", (schema, view)
    found = con.con.execute(query, names).fetchone()
    return found[0] if found else None
