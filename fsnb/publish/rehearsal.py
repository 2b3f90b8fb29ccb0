"""What a publication would do, found out in a transaction that is taken back: nothing of it stays."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import ibis.expr.types as ir

from fsnb import shells
from fsnb.catalog import Catalog
from fsnb.checks import Check, CheckReport
from fsnb.errors import PublishError, counted
from fsnb.identity import bind
from fsnb.model import FeatureView, moments
from fsnb.model.changes import Change
from fsnb.model.durations import show_duration
from fsnb.pit.around import to_micros
from fsnb.publish import history, inputs, intervals, ledger, live, publishing, sql
from fsnb.publish.asked import part
from fsnb.publish.checks import check_definition, check_ties, tables_on
from fsnb.publish.gates import Drift, Gates, joined
from fsnb.publish.guardrail import users
from fsnb.publish.materialize import remember_told, stage_ticks, staged_rows, tick_values
from fsnb.publish.runs import Run
from fsnb.publish.starting import Job, Started, begin
from fsnb.publish.target import Target

MOST_LINES = 40
DAY = timedelta(days=1)
Reports = tuple[CheckReport, ...]
Rehearsed = tuple[dict[str, Any], Reports]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What publishing would do. Nothing was written, and no certificate was made.

    Attributes
    ----------
    version
        The version that it would be, new or not; `promoted` is the one that readers have now.
    changes
        What would change for readers; with one that is breaking, publishing is refused without `breaking=True`.
    users
        Training sets and models of the catalog that use the view.
    intervals
        (start, end) of each interval that is due; `kept` are up to date.
    rows_scanned
        Source rows that the due intervals are computed from.
    rows_staged
        Rows that would be computed and compared with the history; at most so many would be appended.
    explain
        The target's own plan of the query that computes them; `cost` is PostgreSQL's estimate, in its units.
    cadence
        The view's refresh, or the length of an interval.
    rows_per_refresh
        Source rows that one refresh at the end computes from.
    checks
        What the view's checks say of the source and, each row by itself, of the rows that would be told; one that fails
        would stop the publication. What is claimed of the current table as a whole is not known before it is written.
        Of a database view, of its values. None without checks.
    """

    view: str
    target: str
    version: int
    promoted: int | None
    changes: tuple[Change, ...]
    users: tuple[str, ...]
    intervals: tuple[tuple[datetime, datetime], ...]
    kept: int
    rows_scanned: int
    rows_staged: int
    explain: str
    cost: float | None
    cadence: timedelta
    rows_per_refresh: int
    checks: CheckReport | None = None

    @property
    def breaking(self) -> bool:
        return any(change.breaking for change in self.changes)

    @property
    def rows_per_day(self) -> int:
        """Source rows that a day of refreshes computes from."""
        return round(self.rows_per_refresh * (DAY / self.cadence))

    def __str__(self) -> str:
        now = "not there yet" if self.promoted is None else f"readers have v{self.promoted}"
        lines = [f"{self.view} to {self.target} would be v{self.version}; {now}. Nothing was written."]
        lines += [f"  {change}" for change in self.changes]
        if self.breaking:
            lines.append(
                f"  refused without breaking=True; used by: {', '.join(self.users) or 'nobody in the catalog'}"
            )
        lines.append(f"  {counted(len(self.intervals), 'interval')} due{self._span()}, {self.kept:,} up to date")
        lines.append(
            f"  {counted(self.rows_scanned, 'source row')} to compute from, "
            f"{counted(self.rows_staged, 'row')} to compare with the history, which is the most that could be appended"
        )
        lines.append(
            f"  every {show_duration(self.cadence)}: about {counted(self.rows_per_refresh, 'source row')} each, "
            f"{self.rows_per_day:,} a day"
        )
        if self.checks is not None:
            lines += [f"  {line}" for line in str(self.checks).splitlines()]
        if self.cost is not None:
            lines.append(f"  the target's estimate: {self.cost:,.0f} of its units of cost")
        return "\n".join([*lines, *(f"    {line}" for line in self.explain.splitlines()[:MOST_LINES])])

    def _span(self) -> str:
        return f" from {self.intervals[0][0]} to {self.intervals[-1][1]}" if self.intervals else ""

    def _repr_html_(self) -> str:
        return shells.html(self)


def rehearse(
    view: FeatureView,
    target: Target,
    *,
    mode: str = "table",
    catalog: Catalog | None = None,
    promote: bool = True,
    checks: Sequence[Check] = (),
    drift: Drift | None = None,
    **asked: Any,
) -> Rehearsal:
    """What publishing would do: what would change, what is due, what it would cost.

    Goes the way of publishing up to the candidates for the stage, in a transaction that is rolled back. A database
    view (`mode="view"`) has no intervals: its rows are those that one read computes from.

    Parameters
    ----------
    checks
        Of this publication alone, besides the view's.
    drift
        What measures drift; without it a check of drift is an error.
    **asked
        `start`, `end`, `lookback`, `full`, `chunk`, `interval`: see `fsnb.publish.asked.part`.

    Raises
    ------
    AmbiguousTies, PublishError, TargetError, NotSupported
        As publishing would.
    """
    now = moments.utc_now()
    wanted = part(f"feature view {view.name!r}", now, **asked)
    who = f"feature view {view.name!r}: target {target.name!r}"
    publishing.need_mode(mode, target, who)
    check_definition(view, needs_refresh=mode == "table")
    with target.session() as con, sql.engine_errors_as(PublishError, who, "Nothing was written."):
        seen, found = publishing.compare(view, target, con, catalog, who, breaking=True)
        there = tables_on(view, target, con)
        check_ties(view, con, there, who)
        gates = replace(Gates.of(view, target, con, now, more=checks, drift=drift), stops=False)
        before = gates.before(there)
        run = Run.of(wanted, now, promote=promote)
        with sql.taken_back(con):
            schema = target.schema_on(con)
            how = _rehearsed_live if mode == "view" else _rehearsed
            rehearsed, after = how(view, con, there, schema, run, gates)
    rehearsed["checks"] = joined(view, before, [after])
    used = tuple(users(view.name, catalog)) if catalog and found else ()
    return Rehearsal(view.name, target.name, rehearsed.pop("version"), seen.promoted, found, used, **rehearsed)


def _rehearsed(
    view: FeatureView, con: Any, tables: Mapping[str, ir.Table], schema: str, run: Run, gates: Gates
) -> Rehearsed:
    job = Job.of(view, con, tables)
    started = begin(job, schema, run)
    due = started.due
    staged, plan, reports = _staged(job, started, run, gates) if due.numbers else (0, "", ())
    grid, every = due.grid, run.every or timedelta(microseconds=due.grid.every)
    cadence = view.refresh or every
    end = to_micros(run.end)
    found = {
        "version": started.version.number,
        "intervals": tuple(
            (inputs.as_moment(grid.start(number)), inputs.as_moment(grid.end(number))) for number in due.numbers
        ),
        "kept": due.kept,
        "rows_scanned": _count(job, intervals.ranges(grid, due.numbers)) if due.numbers else 0,
        "rows_staged": staged,
        "explain": plan,
        "cost": _cost(plan),
        "cadence": cadence,
        "rows_per_refresh": _count(job, [(end - cadence // timedelta(microseconds=1), end)]),
    }
    return found, reports


def _rehearsed_live(
    view: FeatureView, con: Any, tables: Mapping[str, ir.Table], schema: str, run: Run, gates: Gates
) -> Rehearsed:
    ledger.prepare(con, schema)
    version = live.version_of(ledger.known(con, schema, view.name), view)
    query = live.query(view, con, tables)
    plan = sql.explained(con, con.compile(query))
    rows = int(sql.rows(con, con.compile(bind(view.relation, tables).count().as_table()))[0][0])
    found = {
        "version": version.number,
        "intervals": (),
        "kept": 0,
        "rows_scanned": rows,
        "rows_staged": 0,
        "explain": plan,
        "cost": _cost(plan),
        "cadence": view.refresh or DAY,
        "rows_per_refresh": rows,
    }
    return found, gates.after_load(query)


def _cost(plan: str) -> float | None:
    found = re.search(r"cost=[\d.]+\.\.([\d.]+)", plan)
    return float(found[1]) if found else None


def _count(job: Job, told: list[intervals.Range]) -> int:
    (rows,) = job.within(told).values()
    return int(sql.rows(job.con, job.con.compile(rows.count().as_table()))[0][0])


def _staged(job: Job, started: Started, run: Run, gates: Gates) -> tuple[int, str, Reports]:
    """How many rows would be staged, the engine's plan of the query that computes them, and what checks say of them."""
    stretches = started.due.stretches(run.wanted)
    times = remember_told(job, started, stretches)
    in_ticks = inputs.in_ticks(job.view)
    ticks = stage_ticks(job, stretches, times) if in_ticks else 0
    query = tick_values(job, times) if in_ticks else staged_rows(job, stretches, times)
    plan = sql.explained(job.con, query)
    if in_ticks and not gates.of_rows:
        return ticks, plan, ()
    return (
        sql.create_temporary(job.con, history.STAGE, query, job.layout.ticks.names),
        plan,
        gates.after_transform(job.layout),
    )
