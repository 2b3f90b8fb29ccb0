"""The one transaction on the target: lock, guard, stage, append to the history, bring the current table up to date.

A reader sees the tables as they were or as they are now, never in between; a publisher that dies leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from fsnb.errors import BreakingChange, PublishError
from fsnb.identity import bind
from fsnb.model import FeatureView
from fsnb.model.durations import micros, show_duration
from fsnb.pit import JoinPlan
from fsnb.pit.outcomes import to_micros
from fsnb.publish import history, inputs, intervals, ledger, sql
from fsnb.publish.history import AVAILABLE_TIME, EVENT_TIME, KNOWN_TIME, LAST, RUN_ID, STAGE, TICKS, Layout, Stretches
from fsnb.publish.inputs import in_ticks
from fsnb.publish.intervals import Done, Grid, Mark, Wanted
from fsnb.publish.ledger import RUNS, Known, Version


@dataclass(frozen=True, slots=True)
class Run:
    """What one publication is: which run, what was asked for, when. Times are naive UTC.

    Attributes
    ----------
    end
        The last tick or moment that it covers.
    now
        Corrections are available from then on.
    start, lookback, full, most
        As in `fsnb.publish.intervals.Wanted`.
    every
        The length of an interval; None: as the version was published first, a day where it is new.
    promote
        Lead the stable views to this version; otherwise a version that is new stays beside the promoted one.
    """

    id: str
    end: datetime
    now: datetime
    start: datetime | None = None
    lookback: timedelta = timedelta(0)
    full: bool = False
    most: int | None = None
    every: timedelta | None = None
    promote: bool = True

    @property
    def wanted(self) -> Wanted:
        start = None if self.start is None else to_micros(self.start)
        lookback = self.lookback // timedelta(microseconds=1)
        return Wanted(to_micros(self.end), start, lookback, self.full, self.most)


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
    def live(self) -> tuple[str, str]:
        """The database view of a version with no tables."""
        return self.schema, f"{self.view}__v{self.version}_live"

    @property
    def stable(self) -> dict[tuple[str, str], tuple[str, str]]:
        return {(self.schema, self.view): self.current, (self.schema, f"{self.view}_history"): self.history}


@dataclass(frozen=True, slots=True)
class Written:
    """What a run has written.

    `due` intervals there were, `told` were told, `kept` were as the ledger has them; `first` and `last` bound the told.
    """

    names: Names
    staged: int
    appended: int
    upserted: int
    current: int
    withdrawn: int
    due: int
    told: int
    kept: int
    first: datetime | None
    last: datetime | None
    promoted: bool


@dataclass(frozen=True, slots=True)
class Due:
    """The intervals of one run: on a grid, with their inputs now; `done` is what the ledger said before."""

    grid: Grid
    numbers: tuple[int, ...]
    marks: Mapping[int, Mark]
    done: Mapping[int, Done]
    total: int
    kept: int

    def stretches(self, wanted: Wanted) -> Stretches:
        """What to tell anew; the ends of a part of the history are looked at too."""
        first, last = wanted.numbers(self.grid)
        following = min((number for number in self.done if number > last), default=None)
        return Stretches(
            tuple(intervals.ranges(self.grid, self.numbers)),
            wanted.end,
            opening=None if first is None else self.grid.start(self.numbers[0]),
            closing=None if following is None else self.grid.start(following),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A view on a target, ready to be told: its plan over its own rows, these rows, its tables."""

    view: FeatureView
    joined: JoinPlan
    rows: ir.Table
    layout: Layout
    con: Any

    @classmethod
    def of(cls, view: FeatureView, con: Any, tables: Mapping[str, ir.Table]) -> Job:
        alone = inputs.standing_on_rows(view)
        return cls(alone, history.tick_plan(alone), bind(view.relation, tables), Layout.of(view), con)

    @property
    def part(self) -> Any:
        (part,) = self.joined.views
        return part

    def within(self, stretches: list[intervals.Range]) -> dict[str, ir.Table]:
        """The rows that count in some stretches of the history, as the one table that the view stands on."""
        needed = inputs.needed(self.part, stretches)
        return {self.view.source.name: inputs.within(self.view, self.rows, needed)}


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

    Raises
    ------
    BreakingChange
        The version's tables are there with other columns.
    PublishError
        The target refuses something, or has a table under one of our names. Nothing was written.
    """
    job = Job.of(view, con, tables)
    with sql.transaction(con):
        sql.lock(con, f"fsnb view {schema}.{view.name}")
        ledger.prepare(con, schema)
        there = ledger.known(con, schema, view.name)
        _need_expected(view, there, expected)
        version = _version(there, last, view, run)
        names = Names(schema, view.name, version.number)
        since = ledger.latest_run(con, schema, view.name, version.number)
        _prepare(con, job.layout, names, version, there, run)
        told = ibis.table(job.layout.history, name=names.history[1], database=schema)
        found = find_due(job, schema, version, run.wanted)
        staged, gone, appended = _tell(job, names, told, found, run, guard)
        upserted = _upsert(con, job.layout, names, history.current_rows(job.layout, told, run.now, since, run.id))
        _write_ledger(job, names, told, found, run)
        _write_run(job, names, run, (staged, appended, upserted), clock())
        promoted = _promote(con, names, there, run, complete=found.total == len(found.numbers))
        current = sql.rows(con, f"SELECT count(*) FROM {sql.quoted(con, *names.current)}")[0][0]
    bounds = [inputs.as_moment(us) for us in _bounds(found)]
    first, until = (bounds[0], bounds[1]) if bounds else (None, None)
    counts = (staged, appended, upserted, current, gone, found.total, len(found.numbers), found.kept)
    return Written(names, *counts, first, until, promoted)


def _bounds(found: Due) -> list[int]:
    return [found.grid.start(found.numbers[0]), found.grid.end(found.numbers[-1])] if found.numbers else []


# ---------------------------------------------------------------------- before


def _need_expected(view: FeatureView, there: Known, expected: Known | None) -> None:
    promoted = there.version(there.promoted)
    if promoted is None or promoted.fingerprint == view.fingerprint:
        return
    if expected is not None and there.promoted != expected.promoted:
        raise PublishError(
            f"feature view {view.name!r}: another publisher has changed its versions meanwhile; the promoted one is "
            f"{there.promoted}, it was {expected.promoted}. Publish again to compare with that one."
        )


def _version(there: Known, last: tuple[int, str] | None, view: FeatureView, run: Run) -> Version:
    """The last published version where nothing but this definition was published as that, else the next."""
    published = [(each.number, each.fingerprint) for each in there.versions] + ([last] if last else [])
    number = max((number for number, _ in published), default=0)
    kept = there.version(number)
    same = all(print_ == view.fingerprint for other, print_ in published if other == number)
    same = same and (kept is None or kept.mode == "table")
    number = number if number and same else number + 1
    every = _interval(view, there.version(number), run)
    return there.version(number) or Version(number, view.fingerprint, "table", every, view.to_doc())


def _interval(view: FeatureView, kept: Version | None, run: Run) -> int:
    """The length of an interval, in microseconds: what a version began with stays."""
    refresh = to_us(view.refresh)
    every = to_us(run.every) or (kept.every if kept else intervals.usual_interval(refresh))
    who = f"feature view {view.name!r}"
    if kept and every != kept.every:
        raise PublishError(
            f"{who}: version {kept.number} is told in intervals of {_shown(kept.every)}, which stay as they were "
            f"published first; not {_shown(every)}. Leave interval out, or change the definition."
        )
    if every < (refresh or 0):
        raise PublishError(
            f"{who}: an interval of {_shown(every)} is shorter than its refresh, {_shown(refresh or 0)}. "
            "Give one that is at least as long."
        )
    return every


def to_us(length: timedelta | None) -> int | None:
    return None if length is None else micros(length)


def _shown(us: int) -> str:
    return show_duration(timedelta(microseconds=us))


def _prepare(con: Any, layout: Layout, names: Names, version: Version, there: Known, run: Run) -> None:
    """Make the version's tables, or check that those that are there have our columns."""
    who = f"feature view {names.view!r}"
    need_names(con, names, there, layout.history.names)
    relations = sql.relations(con, names.schema)
    if there.version(version.number) is None:
        ledger.add_version(con, names.schema, names.view, version, run.now)
    for where, schema, key in ((names.history, layout.history, ()), (names.current, layout.current, layout.keys)):
        if where[1] in relations:
            _guard(con, where, sql.stored_schema(con, schema, who), who)
        else:
            sql.create_table(con, where, schema, required=layout.required, key=key)
            if where == names.history and con.name == "postgres":
                order = sql.names(con, [*layout.keys, EVENT_TIME, KNOWN_TIME, AVAILABLE_TIME])
                sql.run(con, f"CREATE INDEX ON {sql.quoted(con, *where)} ({order})")
                for clock in (EVENT_TIME, AVAILABLE_TIME):
                    sql.run(con, f"CREATE INDEX ON {sql.quoted(con, *where)} USING brin ({sql.quoted(con, clock)})")


def need_names(con: Any, names: Names, there: Known, columns: Sequence[str]) -> None:
    """Refuse names that the target would cut short, or that others have taken."""
    who = f"feature view {names.view!r}"
    ours = [names.history[1], names.current[1], *(name for _, name in names.stable)]
    sql.check_length(con, [*columns, *ours], who)
    taken = [name for _, name in names.stable if name in sql.relations(con, names.schema)]
    if taken and not there.versions:
        raise PublishError(
            f"{who}: {names.schema!r} has a table or view {taken[0]!r} that fsnb did not make. "
            "Rename the feature view, or give the target another schema."
        )


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


# ---------------------------------------------------------------------- what is due


def find_due(job: Job, schema: str, version: Version, wanted: Wanted) -> Due:
    """The intervals that a run would tell: one scan of the source rows that may count in them, beside the ledger."""
    grid = Grid(version.every)
    first, last = wanted.numbers(grid)
    rows = job.rows
    if first is not None:
        needed = inputs.needed(job.part, [(grid.start(first), grid.end(last))])
        rows = inputs.within(job.view, rows, needed)
    groups = inputs.groups(job.part, job.con, rows, grid, wanted.end)
    begin = min((group.enter for group in groups), default=0) if first is None else first
    marks = intervals.marks(groups, begin, last)
    done = ledger.done(job.con, schema, job.view.name, version.number, grid)
    numbers = intervals.due(grid, marks, done, version.fingerprint, wanted, in_ticks(job.view))
    looked_at = [number for number in {*marks, *done} if (first is None or number >= first) and number <= last]
    return Due(grid, tuple(numbers[: wanted.most]), marks, done, len(numbers), len(looked_at) - len(numbers))


def _write_ledger(job: Job, names: Names, told: ir.Table, found: Due, run: Run) -> None:
    if not found.numbers:
        return
    stretches = intervals.ranges(found.grid, found.numbers)
    counted = history.rows_of(job.layout, job.con, told, stretches, found.grid)
    rows = dict(sql.rows(job.con, job.con.compile(counted)))
    until = {n: intervals.told_until(found.grid, n, to_micros(run.end), in_ticks(job.view)) for n in found.numbers}
    print_ = job.view.fingerprint
    told_now = {
        n: Done(until[n], found.marks.get(n, Mark()), print_, run.id, int(rows.get(n, 0))) for n in found.numbers
    }
    ledger.write(job.con, names.schema, names.view, names.version, found.grid, told_now)


def _write_run(job: Job, names: Names, run: Run, counts: tuple[int, int, int], finished: datetime) -> None:
    identity = {"run_id": run.id, "view_name": names.view, "version": names.version}
    times = {"interval_end": run.end, "started": run.now, "finished": finished}
    rows = dict(zip(("rows_staged", "rows_appended", "rows_upserted"), counts, strict=True))
    sql.insert_values(job.con, (names.schema, RUNS), identity | {"fingerprint": job.view.fingerprint} | times | rows)


# ---------------------------------------------------------------------- the rows


def _tell(
    job: Job,
    names: Names,
    told: ir.Table,
    found: Due,
    run: Run,
    guard: Callable[[Job, Stretches], None] | None,
) -> tuple[int, int, int]:
    """Rows staged, told rows that the sources no longer give, rows appended."""
    if not found.numbers:
        return 0, 0, 0
    stretches = found.stretches(run.wanted)
    if guard:
        guard(job, stretches)
    staged, gone = _stage(job, told, stretches, run)
    return staged, gone, _append(job, names, run)


def _stage(job: Job, told: ir.Table, stretches: Stretches, run: Run) -> tuple[int, int]:
    """Fill the stage with what the history should hold in these stretches of time."""
    con, layout, part = job.con, job.layout, job.part
    tables = job.within(stretches.reach(part) if in_ticks(job.view) else list(stretches.told))
    last = history.last_told(layout, told, stretches.reach(part), before=in_ticks(job.view))
    sql.create_temporary(con, LAST, last)
    if in_ticks(job.view):
        sql.create_temporary(con, TICKS, history.candidate_ticks(part, con, tables, stretches))
        return sql.create_temporary(con, STAGE, history.tick_values(job.joined, con, tables)), 0
    staged = sql.create_temporary(con, STAGE, history.source_rows(part, con, tables, stretches.end))
    gone = history.withdrawn(layout, run.end + timedelta(microseconds=part.lag))
    return staged, sql.rows(con, con.compile(gone.count().as_table()))[0][0]


def _append(job: Job, names: Names, run: Run) -> int:
    lacking = history.ticks_lacking if in_ticks(job.view) else history.rows_lacking
    rows = lacking(job.layout, run.now).mutate(**{RUN_ID: ibis.literal(run.id)})
    appended = sql.insert(job.con, names.history, rows)
    if appended:
        sql.run(job.con, f"ANALYZE {sql.quoted(job.con, *names.history)}")
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


def _promote(con: Any, names: Names, there: Known, run: Run, *, complete: bool) -> bool:
    """Lead readers to this version where that was asked for and nothing is left to tell; whether they are led there."""
    if not (run.promote and complete):
        return there.promoted == names.version
    if there.promoted != names.version:
        point_views(con, names)
        ledger.promote(con, names.schema, names.view, names.version, run.id, run.now)
    return True


def point_views(con: Any, names: Names) -> None:
    """Lead the stable names to this version's tables."""
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
    have, want = sql.table_schema(con, view), sql.table_schema(con, table)
    if any(want.get(name) != dtype for name, dtype in have.items()):
        return None
    return [*have.names, *(name for name in want.names if name not in have)]
