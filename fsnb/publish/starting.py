"""How a run begins, within its transaction: the lock, the version, its tables, the intervals that are due."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.errors import BreakingChange, PublishError
from fsnb.identity import bind
from fsnb.model import FeatureView
from fsnb.model.durations import micros, show_duration
from fsnb.pit import JoinPlan
from fsnb.publish import history, inputs, intervals, ledger, sql
from fsnb.publish.history import AVAILABLE_TIME, EVENT_TIME, KNOWN_TIME, Layout, Stretches
from fsnb.publish.inputs import in_ticks
from fsnb.publish.intervals import Done, Grid, Mark, Wanted
from fsnb.publish.ledger import Known, Version
from fsnb.publish.prepared import Kept, Texts
from fsnb.publish.runs import Names, Run


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
    """A view on a target, ready to be told: as it is defined, on its own rows, its plan over these, its tables."""

    definition: FeatureView
    view: FeatureView
    joined: JoinPlan
    rows: ir.Table
    layout: Layout
    con: Any
    texts: Texts = field(default_factory=Texts)

    @classmethod
    def of(cls, view: FeatureView, con: Any, tables: Mapping[str, ir.Table]) -> Job:
        """What was made ready for the same view over the same tables serves again, on another connection too."""
        there = {name: _off(table) for name, table in sorted(tables.items())}
        key = (view.name, view.fingerprint, con.name, *((name, table.op()) for name, table in there.items()))
        return replace(_READY.get(key, lambda: cls._made(view, there)), definition=view, con=con)

    @classmethod
    def _made(cls, view: FeatureView, tables: Mapping[str, ir.Table]) -> Job:
        alone = inputs.standing_on_rows(view)
        return cls(alone, alone, history.tick_plan(alone), bind(view.relation, tables), Layout.of(view), None)

    @property
    def part(self) -> Any:
        (part,) = self.joined.views
        return part

    def within(self, stretches: list[intervals.Range]) -> dict[str, ir.Table]:
        """The rows that count in some stretches of the history, as the one table that the view stands on."""
        return self.in_times(self.times(stretches))

    def times(self, stretches: Sequence[intervals.Range]) -> inputs.Times | None:
        """The stretches of event time of the rows that count in some stretches of the history; None: all."""
        needed = inputs.needed(self.part, stretches)
        return None if needed is None else inputs.times(needed)

    def in_times(self, wanted: inputs.Times | None) -> dict[str, ir.Table]:
        """The rows of some stretches of event time, as the one table that the view stands on."""
        return {self.view.source.name: inputs.within(self.view, self.rows, wanted)}

    def text(self, what: Hashable, build: Callable[..., ir.Table], *given: Any) -> str:
        """A query as SQL, compiled where the like was not yet; see `Texts.text`."""
        return self.texts.text(self.con, what, build, *given)

    def read(self, what: Hashable, build: Callable[..., ir.Table], *given: Any) -> list[tuple[Any, ...]]:
        """The rows of such a query."""
        return sql.rows(self.con, self.text(what, build, *given))


_READY: Kept[Job] = Kept(32)


def _off(table: ir.Table) -> ir.Table:
    """The same table of no connection: by its name, where it lies, and its columns."""
    found = {t: ops.UnboundTable(t.name, t.schema, t.namespace) for t in table.op().find(ops.DatabaseTable)}
    return table.op().replace(found).to_expr() if found else table


@dataclass(frozen=True, slots=True, eq=False)
class Started:
    """A run that has the lock: what was there, its version and tables, and what is due; `since` the last run began."""

    there: Known
    version: Version
    names: Names
    told: ir.Table
    since: datetime | None
    due: Due


def begin(
    job: Job, schema: str, run: Run, *, last: tuple[int, str] | None = None, expected: Known | None = None
) -> Started:
    """Within the transaction: wait for other publishers of the view, make what tables are missing, find what is due."""
    con, view = job.con, job.view
    sql.lock(con, f"fsnb view {schema}.{view.name}")
    relations = ledger.prepare(con, schema)
    there = ledger.recorded(con, schema, view.name)
    _need_expected(view, there, expected)
    version = _version(there, last, job.definition, run)
    names = Names(schema, view.name, version.number)
    since = ledger.latest_run(con, schema, view.name, version.number)
    _prepare(job, names, version, there, run, relations)
    told = ibis.table(job.layout.history, name=names.history[1], database=schema or None)
    return Started(there, version, names, told, since, find_due(job, schema, version, run.wanted))


def find_due(job: Job, schema: str, version: Version, wanted: Wanted) -> Due:
    """The intervals that a run would tell: one scan of the source rows that may count in them, beside the ledger."""
    grid = Grid(version.every)
    first, last = wanted.numbers(grid)

    def counted(times: inputs.Times | None, end: Any) -> ir.Table:
        (rows,) = job.in_times(times).values()
        return inputs.counted(job.part, job.con, rows, grid, end)

    times = None if first is None else job.times([(grid.start(first), grid.end(last))])
    groups = inputs.groups(job.part, job.read(("marks", grid), counted, times, wanted.end))
    begin = min((group.enter for group in groups), default=0) if first is None else first
    marks = intervals.marks(groups, begin, last)
    done = ledger.done(job.con, schema, job.view.name, version.number, grid)
    numbers = intervals.due(grid, marks, done, version.fingerprint, wanted, in_ticks(job.view))
    looked_at = [number for number in {*marks, *done} if (first is None or number >= first) and number <= last]
    return Due(grid, tuple(numbers[: wanted.most]), marks, done, len(numbers), len(looked_at) - len(numbers))


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
    """The promoted version where it is this definition; the last one where nothing else is that; else the next."""
    if run.of_version is not None:
        kept = there.version(run.of_version)
        assert kept is not None
        _interval(view, kept, run)
        return kept
    published = [(each.number, each.fingerprint) for each in there.versions] + ([last] if last else [])
    number = max((number for number, _ in published), default=0)
    same = all(print_ == view.fingerprint for other, print_ in published if other == number)
    for kept in (there.version(there.promoted), there.version(number) if same else None):
        if kept and (kept.fingerprint, kept.mode) == (view.fingerprint, "table"):
            _interval(view, kept, run)
            return kept
    number = number if number and same and there.version(number) is None else number + 1
    return Version(number, view.fingerprint, "table", _interval(view, None, run), view.to_doc())


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


def _prepare(job: Job, names: Names, version: Version, there: Known, run: Run, relations: set[str]) -> None:
    """Make the version's tables, or check that those that are there have our columns."""
    con, layout, who = job.con, job.layout, f"feature view {names.view!r}"
    need_names(con, names, there, layout.history.names, relations)
    if there.version(version.number) is None:
        ledger.add_version(con, names.schema, names.view, version, run.now)
    for where, schema, key in ((names.history, layout.history, ()), (names.current, layout.current, layout.keys)):
        if where[1] in relations:
            _guard(con, where, sql.stored_schema(con, schema, who), who)
        else:
            sql.create_table(con, where, schema, required=layout.required, key=key)
            if where == names.history:
                order = [*layout.keys, EVENT_TIME, KNOWN_TIME, AVAILABLE_TIME]
                for statement in sql.index_definitions(con, where, order, (EVENT_TIME, AVAILABLE_TIME)):
                    sql.run(con, statement)


def need_names(con: Any, names: Names, there: Known, columns: Sequence[str], relations: set[str]) -> None:
    """Refuse names that the target would cut short, or that others have taken."""
    who = f"feature view {names.view!r}"
    ours = [names.history[1], names.current[1], *(name for _, name in names.stable)]
    sql.check_length(con, [*columns, *ours], who)
    taken = [name for _, name in names.stable if name in relations]
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
