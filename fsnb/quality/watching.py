"""Drift and estimates as verdicts: what a gate holds rows to, and what monitoring tells.

A verdict has the name that the field has for what is broken (see `fsnb.quality.violations`). What could not be told is
never "ok": few rows, kinds that are not compared, and bases that are not there yet say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ibis.expr.types as ir

from fsnb.checks import Check, Judged, Looked, Verdict
from fsnb.errors import DefinitionError, listed
from fsnb.profiling import Baseline
from fsnb.quality.comparing import Compared
from fsnb.quality.drifting import drift
from fsnb.quality.estimating import Estimated, PerformanceEstimate
from fsnb.quality.report import DriftReport

DRIFT = "baseline_drift_check"
STATUSES: Mapping[str, str] = {
    "missing_column_check": "alert",
    "data_type_check": "alert",
    "completeness_check": "warn",
    "categorical_values_check": "warn",
    "range_check": "warn",
    "extra_column_check": "info",
}
OF_DRIFT: Mapping[str, str] = {
    "alert": "alert",
    "warn": "warn",
    "ok": "ok",
    "too few rows": "info",
    "not compared": "skipped",
}
UNCOMPARED = ("missing_column_check", "data_type_check")
WORSE, MUCH_WORSE = 0.02, 0.05
"""How far AUC or accuracy falls, or Brier rises, from the reference to be a warning and an alert."""
ERRORS = 3.0
LOWER_IS_BETTER = ("brier",)


# ---------------------------------------------------------------------- gates


def judge(check: Check, table: ir.Table, con: Any, baseline: Baseline | None, *, later: bool = False) -> Judged:
    """What became of a `baseline_drift` check on a table.

    Parameters
    ----------
    baseline
        What the check means; None: there is none yet, so that it is skipped.
    later
        The baseline is of an earlier state of this table: judge the rows that are later than its last event time, and
        all of its columns. Otherwise all rows, and the columns that both have.

    Returns
    -------
    Judged
        It fails where a column drifts at the check's level, is missing, or is of another type; the reason names them,
        worst first. Skipped without rows, and where all columns have too few.

    Raises
    ------
    UnknownName
        The baseline has no such column.
    """
    if baseline is None:
        return Judged(True, "nothing was published yet to compare with", skipped=True)
    rows = _later(table, baseline) if later else table
    names = check.columns or _of_baseline(baseline, None if later else rows)
    report = drift(baseline, rows, columns=names, con=con)
    if not report.n_cur:
        return Judged(True, f"no rows to hold against {_what(baseline)}", skipped=True)
    wrong = [*_broken(report), *_drifted(report, check.option("level"))]
    against = f"{report.n_cur:,} rows against {_what(baseline)}"
    if wrong:
        return Judged(False, f"{listed(wrong)} ({against})")
    told = [row for row in report if row.verdict not in ("too few rows", "not compared")]
    if not told:
        return Judged(True, f"no column of {len(names)} can be judged: {_why_not(report)} ({against})", skipped=True)
    return Judged(True, f"{len(told)} of {len(names)} columns judged, none drifted ({against})")


def _later(table: ir.Table, baseline: Baseline) -> ir.Table:
    if baseline.event_times is None or baseline.event_times[0] not in table.columns:
        return table
    clock, _first, last = baseline.event_times
    return table.filter(table[clock] > last)


def _of_baseline(baseline: Baseline, table: ir.Table | None) -> tuple[str, ...]:
    """All columns but the clock; only those that a table has, where the baseline was not made of that very table.

    A training set's has the spine's columns too, and other views' features.
    """
    clock = baseline.event_times[0] if baseline.event_times else None
    names = [column.name for column in baseline if column.name != clock]
    found = names if table is None else [name for name in names if name in table.columns]
    if not found:
        raise DefinitionError(f"{_what(baseline)} has only {listed(names)}, and none of it is there.")
    return tuple(found)


def _what(baseline: Baseline) -> str:
    return f"{baseline.n:,} rows of {baseline.name or 'the baseline'}"


def _broken(report: DriftReport) -> Iterator[str]:
    for violation in report.violations:
        if violation.check in UNCOMPARED:
            yield f"{violation.column} {violation.message}"


def _drifted(report: DriftReport, level: str) -> Iterator[str]:
    levels = ("alert", "warn") if level == "warn" else ("alert",)
    rows = sorted((row for row in report if row.verdict in levels), key=lambda row: -(row.psi or 0))
    for row in rows:
        yield f"{row.column}: {row.reason}"


def _why_not(report: DriftReport) -> str:
    return listed(dict.fromkeys(row.reason or row.verdict for row in report), most=2) or "no column is comparable"


# ---------------------------------------------------------------------- monitoring


def drift_of(baseline: Baseline, table: ir.Table, features: Sequence[str], con: Any) -> Looked:
    """A look at the features of a table: all of a baseline that was kept for it, else those that both have."""
    names = [name for name in features if name in baseline]
    if not names:
        raise DefinitionError(f"{_what(baseline)} has none of the features {listed(features)}.")
    return drift_verdicts(drift(baseline, table, columns=names, con=con, name=_what(baseline)))


def drift_verdicts(report: DriftReport) -> Looked:
    """A verdict for each column and each violation, worst first.

    No rows at all is an error: nothing was looked at.
    """
    if not report.n_cur:
        found = Verdict(DRIFT, report.name or "drift", "error", "there is no row to compare in the window")
        return Looked((found,), report)
    broken = [
        Verdict(each.check, each.column, STATUSES[each.check], f"it {each.message}")
        for each in report.violations
        if each.check != DRIFT  # which the column's own verdict says
    ]
    found_ = [*broken, *(_of_column(row) for row in report)]
    rank = {"error": 0, "alert": 1, "warn": 2, "info": 3, "skipped": 4, "ok": 5}
    found_.sort(key=lambda verdict: rank[verdict.status])
    return Looked(tuple(found_), report)


def _of_column(row: Compared) -> Verdict:
    told = "" if row.psi is None else f"PSI {row.psi:.3g}"
    return Verdict(DRIFT, row.column, OF_DRIFT[row.verdict], row.reason or told)


def estimate_verdicts(estimate: PerformanceEstimate) -> Looked:
    """A verdict for each metric: how much worse it is to be expected, or has turned out, than in the reference.

    "warn" from 0.02, "alert" from 0.05, where that is over three standard errors too. Where labels have come the
    realised figure counts as well. A metric that could not be worked out is an error.
    """
    verdicts = tuple(_of_metric(estimate.method, row) for row in estimate.rows)
    return Looked(verdicts, estimate)


def _of_metric(method: str, row: Estimated) -> Verdict:
    by = f"{method} estimate"
    if row.estimate is None or row.reference is None:
        return Verdict(by, row.metric, "error", "it could not be worked out: too few rows, or of one class only")
    fall = max(_fall(row, row.estimate, row.error), _fall(row, row.realised, row.realised_error))
    status = "alert" if fall >= MUCH_WORSE else "warn" if fall >= WORSE else "ok"
    realised = "" if row.realised is None else f", realised {row.realised:.3f}"
    return Verdict(by, row.metric, status, f"expected {row.estimate:.3f}, reference {row.reference:.3f}{realised}")


def _fall(row: Estimated, value: float | None, error: float | None) -> float:
    """How much worse than the reference; 0 where chance may do as much."""
    if value is None or row.reference is None:
        return 0.0
    fall = value - row.reference if row.metric in LOWER_IS_BETTER else row.reference - value
    return fall if error is None or fall > ERRORS * error else 0.0
