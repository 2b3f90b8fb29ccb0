"""Checks: claims about the rows of a table, run on the engine that holds them; used by publishing and monitoring alike.

checks of values   not_null, null_rate, accepted_values, in_range, pattern
of keys            unique, references
of time            freshness, increasing
of drift           baseline_drift, against what was published or trained on
of the table       row_count, row_count_change, column_type
of your own        fsnb.check("fares are positive", _.fare > 0)

run(table, checks, who=...)     -> CheckReport: counts, rates, sample rows that fail
suggest(table)                  -> Suggestions: checks that the rows pass today, with margins, reasons and code
watch(subject, look, alert=...) -> Monitoring: verdicts, and who was told of them
from_pandera, to_pandera        a pandera schema as checks, checks as a pandera schema
"""

from fsnb.checks.alerts import Alert, tell
from fsnb.checks.judging import Compare, Judged
from fsnb.checks.monitoring import Look, Looked, Monitoring, Verdict, verdicts_of, watch
from fsnb.checks.pandera_schemas import to_pandera
from fsnb.checks.report import CheckReport, Result
from fsnb.checks.running import run
from fsnb.checks.suggesting import Suggestion, Suggestions, suggest
from fsnb.checks.viewing import check_table, check_view, checks_of, monitor_view, referenced, values_at
from fsnb.model.checking import Check
from fsnb.model.checks import (
    accepted_values,
    baseline_drift,
    check,
    column_type,
    freshness,
    in_range,
    increasing,
    not_null,
    null_rate,
    pattern,
    references,
    row_count,
    row_count_change,
    unique,
)
from fsnb.model.pandera_schemas import from_pandera

__all__ = [
    "Alert",
    "Check",
    "CheckReport",
    "Compare",
    "Judged",
    "Look",
    "Looked",
    "Monitoring",
    "Result",
    "Suggestion",
    "Suggestions",
    "Verdict",
    "accepted_values",
    "baseline_drift",
    "check",
    "check_table",
    "check_view",
    "checks_of",
    "column_type",
    "freshness",
    "from_pandera",
    "in_range",
    "increasing",
    "monitor_view",
    "not_null",
    "null_rate",
    "pattern",
    "referenced",
    "references",
    "row_count",
    "row_count_change",
    "run",
    "suggest",
    "tell",
    "to_pandera",
    "unique",
    "values_at",
    "verdicts_of",
    "watch",
]
