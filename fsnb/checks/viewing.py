"""Checks of a feature view: those of its source on the source's rows, those of its result on the values it gives.

Where nothing is published yet the result is what the view gives for every entity at one moment, computed by the same
plan as a training set; on a target it is the published current table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from fsnb.checks.alerts import Alert, need_alerts
from fsnb.checks.judging import Compare
from fsnb.checks.monitoring import Look, Monitoring, Verdict, verdicts_of, watch
from fsnb.checks.report import CheckReport
from fsnb.checks.running import run
from fsnb.errors import DefinitionError
from fsnb.identity import bind
from fsnb.model import Check, FeatureView, Spine
from fsnb.model.data import TIMESTAMP
from fsnb.model.durations import parse_duration, show_duration
from fsnb.model.moments import utc_now
from fsnb.model.placing import of_checks, placed
from fsnb.pit import collect, lower, plan

EVENT_TIME, AVAILABLE_TIME = "event_time", "available_time"
JUDGE_NO_ROWS = ("freshness", "row_count")


def check_table(
    table: ir.Table, checks: Sequence[Check] | None, who: str, previous: CheckReport | None = None, **more: Any
) -> CheckReport:
    """`run`, when there is something to run."""
    if not checks:
        raise DefinitionError(
            f"{who}: no checks to hold it against. Give some, e.g. [fsnb.checks.not_null('column')], or look at "
            "fsnb.checks.suggest(table)."
        )
    return run(table, checks, who=who, previous=previous, **more)


def referenced(checks: Sequence[Check]) -> tuple[str, ...]:
    """Names of the tables that references are to, where they were not given as tables."""
    given = of_checks(checks, "references")
    names = (check.option("to") for check in given if check.kind == "references" and check.other is None)
    return tuple(dict.fromkeys(names))


def checks_of(view: FeatureView, checks: Sequence[Check] | None) -> tuple[Check, ...]:
    """The checks to hold a view against, each on its source or its result: those given, else the view's own."""
    who = f"feature view {view.name!r}"
    if checks is None and not view.checks:
        raise DefinitionError(
            f"{who} has no checks. Give it some, checks=[fsnb.checks.not_null({view.features[0]!r})], or look at "
            "fsnb.checks.suggest(table)."
        )
    tables = {"result": view.result, "source": view.source.table}
    return view.checks if checks is None else placed(checks, tables, who)


def check_view(
    view: FeatureView,
    con: Any,
    tables: Mapping[str, ir.Table],
    *,
    checks: Sequence[Check] | None = None,
    at: datetime | None = None,
    window: timedelta | None = None,
    previous: CheckReport | None = None,
    now: datetime | None = None,
    result: ir.Table | None = None,
    others: Mapping[str, ir.Table] | None = None,
    compare: Compare | None = None,
) -> CheckReport:
    """Hold a feature view against checks: its source's rows, and its values for every entity.

    Parameters
    ----------
    con, tables
        The engine, and every table of `view.sources` on it, as fsnb reads them.
    checks
        In place of the view's own.
    at
        When values are asked, naive UTC; by default as soon as the newest row of the source is seen.
    window
        Only rows of the source whose event time is in `(at - window, at]`, and only their entities.
    previous
        The report that row counts are compared with.
    now
        What freshness is judged at; the clock's time by default.
    result
        A table that has the values: the published one. Only rows in the window count where one is given.
    others
        Tables that references name, beside `tables`.
    compare
        What measures drift, for checks of it.

    Returns
    -------
    CheckReport
        On one table or two: the source, and the result.
    """
    who = f"feature view {view.name!r}"
    asked = checks_of(view, checks)
    rows = tables[view.source.name]
    at = at or _soon(view, con, rows)
    names = {**(others or {}), **tables}
    places = {
        "source": (f"source {view.source.name!r}", lambda: _within(rows, view.source.event_time, at, window)),
        "result": (
            f"{who}: its values",
            lambda: (
                values_at(view, con, tables, at, window) if result is None else _within(result, EVENT_TIME, at, window)
            ),
        ),
    }
    reports = [
        run(make(), chosen, who=table, previous=previous, tables=names, now=now, con=con, compare=compare)
        for place, (table, make) in places.items()
        if (chosen := [check for check in asked if check.on == place])
    ]
    return CheckReport.joined(who, reports)


def _within(table: ir.Table, clock: str | None, at: datetime, window: timedelta | None) -> ir.Table:
    """Rows of the window that ends at a time; all of them without a window or without a clock."""
    if window is None or clock is None:
        return table
    return table.filter((table[clock] > at - window) & (table[clock] <= at))


def _soon(view: FeatureView, con: Any, rows: ir.Table) -> datetime:
    """The first moment at which the newest row of the source is seen; now where it has none."""
    clocks = [name for name in (view.source.event_time, view.source.available) if name]
    if not clocks:
        return utc_now()
    newest = collect(con, rows.aggregate(**{f"t{i}": rows[name].max() for i, name in enumerate(clocks)})).to_pylist()
    moments = [moment for moment in newest[0].values() if moment is not None]
    if not moments:
        return utc_now()
    seen = max(moments)
    if view.refresh:
        late = (seen - datetime(1970, 1, 1)) % view.refresh
        seen += view.refresh - late if late else timedelta(0)
    return seen + view.lag


def values_at(
    view: FeatureView, con: Any, tables: Mapping[str, ir.Table], at: datetime, window: timedelta | None = None
) -> ir.Table:
    """A view's values for each entity at a moment, in the columns of `view.result`; lazy.

    Entities are those with a row in the source, or in its window; one with NULL in a key is none.
    """
    rows = bind(view.relation, tables)
    rows = _within(rows, view.source.event_time, at, window)
    keys = list(view.entity.keys)
    moment = ibis.literal(at, TIMESTAMP)
    entities = rows.drop_null(keys).select(keys).distinct()
    asked = entities.mutate(**{EVENT_TIME: moment})
    filled = lower(plan(Spine(asked, at=EVENT_TIME), view), con, tables, asked)
    return filled.mutate(**{AVAILABLE_TIME: filled[EVENT_TIME]}).select(view.result.columns)


def monitor_view(
    view: FeatureView,
    window: str | timedelta,
    con: Any,
    tables: Mapping[str, ir.Table],
    *,
    at: datetime | None = None,
    alert: Alert | Sequence[Alert] = (),
    retrain: Callable[[Monitoring], Any] | None = None,
    looks: Sequence[Look] = (),
    keep: Callable[[Monitoring], Any] | None = None,
    **checked: Any,
) -> Monitoring:
    """Check the last `window` of a view; tell and retrain where that is called for. See `watch` and `check_view`.

    A view without checks is looked at by `looks` alone.
    """
    need_alerts(alert)
    length = parse_duration(window, "window")
    at = at or utc_now()
    unchecked = bool(looks) and not view.checks and checked.get("checks") is None
    report = None if unchecked else check_view(view, con, tables, at=at, window=length, now=at, **checked)
    verdicts = (*_empty(report), *verdicts_of(report)) if report else ()
    found = Monitoring(f"feature view {view.name!r}", at, show_duration(length), verdicts, report)
    return watch(found, looks=looks, alert=alert, retrain=retrain, keep=keep)


def _empty(report: CheckReport) -> Iterator[Verdict]:
    """An error for each table without a row in the window, where no check tells that: of no rows the others hold."""
    for table, rows in report.tables:
        on_it = [each for each in report.results if each.table == table]
        told = any(each.check.kind in JUDGE_NO_ROWS or each.status in ("failed", "error") for each in on_it)
        if rows == 0 and not told:
            yield Verdict("check", table, "error", "there is no row in the window, so nothing was looked at")
