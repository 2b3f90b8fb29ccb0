"""The one transaction on the target: lock, guard, stage, append to the history, bring the current table up to date.

A reader sees the tables as they were or as they are now, never in between; a publisher that dies leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from fsnb.checks import CheckReport
from fsnb.model import FeatureView
from fsnb.pit import strategies
from fsnb.pit.around import to_micros
from fsnb.pit.choosing import COUNTED, Estimate, choose
from fsnb.publish import history, inputs, intervals, ledger, lookback, sql
from fsnb.publish.gates import Gates
from fsnb.publish.history import AVAILABLE_TIME, EVENT_TIME, LAST, RUN_ID, STAGE, TICKS, Stretches
from fsnb.publish.inputs import in_ticks
from fsnb.publish.intervals import Done, Mark
from fsnb.publish.lake import lake_of
from fsnb.publish.ledger import RUNS, Known
from fsnb.publish.pointing import point_views
from fsnb.publish.runs import Names, Run, Written
from fsnb.publish.starting import Due, Job, Started, begin

GROWN = 10
"""A history of which one row in so many is new is analysed again; autovacuum does the rest."""


def materialize(
    view: FeatureView,
    con: Any,
    tables: Mapping[str, ir.Table],
    schema: str,
    run: Run,
    *,
    last: tuple[int, str] | None = None,
    clock: Callable[[], datetime],
    expected: Known | None = None,
    guard: Callable[[Job, Stretches], None] | None = None,
    gates: Gates | None = None,
) -> Written:
    """Bring a view's published tables up to date in the intervals that are due, in one transaction.

    Parameters
    ----------
    view
        What to publish.
    con, tables
        The target and the sources on it.
    schema
        Where the published tables are.
    run
        Its id and what it covers.
    last
        Version and fingerprint that were published last, as far as the caller knows; the target's own runs count too.
    clock
        Tells the time at which the run finished.
    expected
        What the caller has seen of the target's ledger; refused where another publisher has changed the versions since.
    guard
        Called before anything is staged, with what is about to be told; raises to refuse it.
    gates
        The view's checks: on the stage, and on the current table before the transaction ends.

    Raises
    ------
    BreakingChange
        The version's tables are there with other columns.
    GateFailed
        A check stops it. Nothing was written.
    PublishError
        The target refuses something, or has a table under one of our names. Nothing was written.
    """
    job = Job.of(view, con, tables)
    with sql.transaction(con):
        started = begin(job, schema, run, last=last, expected=expected)
        names, told, found = started.names, started.told, started.due
        before = _rows_before(job, names, gates)
        staged, gone, appended, reports = _tell(job, started, run, guard, gates)
        upserted = (
            _upsert(job, names, told, found, run, started.since) if appended or _ripe(job, names, run, started) else 0
        )
        _write_ledger(job, names, told, found, run)
        _write_run(job, names, run, (staged, appended, upserted), clock())
        promoted = _promote(con, names, started.there, run, complete=found.total == len(found.numbers))
        entities = _count(con, names)
        if gates:
            reports += gates.after_load(_current(job, names), before, told)
    bounds = [inputs.as_moment(us) for us in _bounds(found)]
    first, until = (bounds[0], bounds[1]) if bounds else (None, None)
    counts = (staged, appended, upserted, entities, gone, found.total, len(found.numbers), found.kept)
    return Written(started.names, run.id, *counts, first, until, promoted, reports)


def _count(con: Any, names: Names) -> int:
    return int(sql.rows(con, f"SELECT count(*) FROM {sql.quoted(con, *names.current)}")[0][0])


def _rows_before(job: Job, names: Names, gates: Gates | None) -> int | None:
    """Rows of the current table before the run, where a check compares them; None where it has just been made."""
    return (_count(job.con, names) or None) if gates and gates.compares_rows else None


def _current(job: Job, names: Names) -> ir.Table:
    return ibis.table(job.layout.current, name=names.current[1], database=names.schema or None)


def _bounds(found: Due) -> list[int]:
    return [found.grid.start(found.numbers[0]), found.grid.end(found.numbers[-1])] if found.numbers else []


# ---------------------------------------------------------------------- what is said of it


def _write_ledger(job: Job, names: Names, told: ir.Table, found: Due, run: Run) -> None:
    """What was told, and how many rows the history has of it now; of the interval after a gap too, if one was told."""
    if not found.numbers:
        return
    grid, closing = found.grid, found.stretches(run.wanted).closing
    after = [] if closing is None else [grid.number(closing + 1)]
    stretches = inputs.times(intervals.ranges(grid, sorted({*found.numbers, *after})))
    counted = job.read(("rows", names, grid), lambda given: history.rows_of(job.con, told, given, grid), stretches)
    rows = {int(number): int(count) for number, count in counted}
    now = {number: replace(found.done[number], rows=rows.get(number, 0)) for number in after}
    now |= {number: _done(job, found, number, rows.get(number, 0), run) for number in found.numbers}
    ledger.write(job.con, names.schema, names.view, names.version, grid, now)


def _done(job: Job, found: Due, number: int, rows: int, run: Run) -> Done:
    until = intervals.told_until(found.grid, number, to_micros(run.end), in_ticks(job.view))
    return Done(until, found.marks.get(number, Mark()), job.view.fingerprint, run.id, rows)


def _write_run(job: Job, names: Names, run: Run, counts: tuple[int, int, int], finished: datetime) -> None:
    identity = {"run_id": run.id, "view_name": names.view, "version": names.version}
    times = {"interval_end": run.end, "started": run.now, "finished": finished}
    rows = dict(zip(("rows_staged", "rows_appended", "rows_upserted"), counts, strict=True))
    sql.insert_values(
        sql.books(job.con), (names.schema, RUNS), identity | {"fingerprint": job.view.fingerprint} | times | rows
    )


# ---------------------------------------------------------------------- the rows


def _tell(
    job: Job,
    started: Started,
    run: Run,
    guard: Callable[[Job, Stretches], None] | None,
    gates: Gates | None,
) -> tuple[int, int, int, tuple[CheckReport, ...]]:
    """Rows staged, told rows that the sources no longer give, rows appended, and what checks say of the staged."""
    if not started.due.numbers:
        return 0, 0, 0, ()
    stretches = started.due.stretches(run.wanted)
    if guard:
        guard(job, stretches)
    staged, gone = _stage(job, started, stretches, run)
    reports = gates.after_transform(job.layout) if gates else ()
    return staged, gone, _append(job, started.names, started.due, run), reports


def _stage(job: Job, started: Started, stretches: Stretches, run: Run) -> tuple[int, int]:
    """Fill the stage with what the history should hold in these stretches of time."""
    times = remember_told(job, started, stretches)
    if in_ticks(job.view):
        stage_ticks(job, stretches, times)
        return sql.create_temporary(job.con, STAGE, tick_values(job, times), job.layout.ticks.names), 0
    staged = sql.create_temporary(job.con, STAGE, staged_rows(job, stretches, times), job.layout.ticks.names)
    until = run.end + timedelta(microseconds=job.part.lag)
    gone = job.read("withdrawn", lambda until: history.withdrawn(job.layout, until).count().as_table(), until)
    return staged, gone[0][0]


def remember_told(job: Job, started: Started, stretches: Stretches) -> inputs.Times | None:
    """Put what the history says now into the table LAST; the event times of the source rows that count in these."""
    reach = stretches.reach(job.part) if in_ticks(job.view) else list(stretches.told)
    names, times = started.names, inputs.times(reach)
    looked_up = in_ticks(job.view) and lookback.by_index(job.con, reach, started.since)
    before = in_ticks(job.view) and not looked_up

    def last(given: inputs.Times) -> ir.Table:
        return history.last_told(job.layout, started.told, given, before=before)

    query = job.text(("last", names, before), last, times)
    if looked_up and started.since:
        query = f"({query}) UNION ALL {lookback.last_before(job.con, job.layout, names, times, started.since)}"
    sql.create_temporary(job.con, LAST, query, job.layout.ticks.names)
    return job.times(reach)


def stage_ticks(job: Job, stretches: Stretches, times: inputs.Times | None) -> int:
    """Fill the table of candidate ticks."""

    def candidates(stretches: Stretches, times: inputs.Times | None) -> ir.Table:
        return history.candidate_ticks(job.part, job.con, job.in_times(times), stretches)

    text = job.text("ticks", candidates, stretches, times)
    return sql.create_temporary(job.con, TICKS, text, job.layout.ticks.names)


def tick_values(job: Job, times: inputs.Times | None) -> str:
    """The query of the values at the candidate ticks, by the strategy that is the cheapest for these."""

    def counting(times: inputs.Times | None) -> ir.Table:
        return history.on_ticks(job.joined, job.con, job.in_times(times)).counting(job.part)

    counted = None
    if strategies.counts(job.con.name, job.part):
        (row,) = job.read("pairs", counting, times)
        counted = Estimate.of(dict(zip(COUNTED, row, strict=True)))
    steps = choose(job.part, job.con.name, counted).steps

    def values(times: inputs.Times | None) -> ir.Table:
        return history.tick_values(job.joined, job.con, job.in_times(times), counted)

    if any(strategies.reads(job.con.name, step.shape, step.strategy) for step in steps):
        return str(job.con.compile(values(times)))
    way = tuple((step.shape, step.strategy, step.primitives) for step in steps)
    return job.text(("values", way), values, times)


def staged_rows(job: Job, stretches: Stretches, times: inputs.Times | None) -> str:
    """The query of the source rows that the history should hold."""

    def rows(end: Any, times: inputs.Times | None) -> ir.Table:
        return history.source_rows(job.part, job.con, job.in_times(times), end)

    return job.text("source rows", rows, stretches.end, times)


def _append(job: Job, names: Names, found: Due, run: Run) -> int:
    lacking = history.ticks_lacking if in_ticks(job.view) else history.rows_lacking

    def rows(now: Any, run_id: Any) -> ir.Table:
        return lacking(job.layout, now).mutate(**{RUN_ID: run_id}).select(job.layout.history.names).order_by(EVENT_TIME)

    text = job.text("lacking", rows, run.now, run.id)
    appended = sql.insert(job.con, names.history, job.layout.history.names, text)
    if appended:
        sql.summarize(job.con, names.history)
    if appended * GROWN >= sum(each.rows for each in found.done.values()) > 0 or (appended and not found.done):
        sql.analyze(job.con, names.history)
    return appended


def _ripe(job: Job, names: Names, run: Run, started: Started) -> bool:
    """Whether a row that was told before has become available since the last run."""
    if started.since is None:
        return False
    clock = sql.quoted(job.con, AVAILABLE_TIME)
    after, until = sql.literal(job.con, started.since), sql.literal(job.con, run.now)
    told = sql.quoted(job.con, *names.history)
    return bool(sql.rows(job.con, f"SELECT 1 FROM {told} WHERE {clock} > {after} AND {clock} <= {until} LIMIT 1"))


def _upsert(job: Job, names: Names, told: ir.Table, found: Due, run: Run, since: datetime | None) -> int:
    """Newer wins: a later event time, or the same one told later. On a lake that is a query over the history."""
    con, layout = job.con, job.layout
    if lake := lake_of(con):
        lake.bring_up(names.current[1], run.now)
        mine = f"{sql.quoted(con, RUN_ID)} = {sql.literal(con, run.id)}"
        return int(sql.rows(con, f"SELECT count(*) FROM {sql.quoted(con, *names.current)} WHERE {mine}")[0][0])
    stretches = found.stretches(run.wanted).reach(job.part) if found.numbers else []
    now = run.now if since is None else max(run.now, since)  # another that began later may have been the first
    given = (now, run.id, since, inputs.times(stretches))
    rows = job.text(("current", names), lambda *given: history.current_rows(layout, told, *given), *given)
    changed = [name for name in layout.current.names if name not in layout.keys]
    update = ", ".join(f"{sql.quoted(con, name)} = EXCLUDED.{sql.quoted(con, name)}" for name in changed)
    new, old = (
        ", ".join(f"{table}.{sql.quoted(con, name)}" for name in (EVENT_TIME, AVAILABLE_TIME))
        for table in ("EXCLUDED", sql.quoted(con, names.current[1]))
    )
    newer = f" ON CONFLICT ({sql.names(con, layout.keys)}) DO UPDATE SET {update} WHERE ({new}) > ({old})"
    return sql.insert(con, names.current, layout.current.names, rows + newer)


def _promote(con: Any, names: Names, there: Known, run: Run, *, complete: bool) -> bool:
    """Lead readers to this version where that was asked for and nothing is left to tell; whether they are led there."""
    if not (run.promote and complete):
        return there.promoted == names.version
    if there.promoted != names.version:
        point_views(con, names)
        ledger.promote(con, names.schema, names.view, names.version, run.id, run.now)
    return True
