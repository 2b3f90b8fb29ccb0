"""What a check asks of a table, and how counts are judged: the words that the kinds of checks are written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

import ibis
import ibis.expr.types as ir

from fsnb.model import Check

Values = Mapping[str, Any]
Compare = Callable[[Check, ir.Table], "Judged"]
"""Holds a table against the baseline that a check means."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a check: how many rows were judged and failed, where it counts rows, and why it holds or not."""

    holds: bool
    reason: str
    failing: int | None = None
    judged: int | None = None
    skipped: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What a check asks of a table.

    Attributes
    ----------
    scan
        Aggregates for the one scan that all checks share, by short names.
    own
        A query of its own, of one row.
    examples
        Rows that fail, for a sample.
    judge
        From the values of both to what became of it.
    """

    judge: Callable[[Values], Judged]
    scan: Mapping[str, ir.Scalar] = field(default_factory=dict)
    own: ir.Table | None = None
    examples: ir.Table | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """What else a check may need: the connection, other tables by name, the time, the rows of an earlier report, and
    what measures drift, which stands above this package.
    """

    con: Any
    now: datetime
    tables: Mapping[str, ir.Table]
    rows_before: int | None
    compare: Compare | None = None


def without_nan(table: ir.Table) -> ir.Table:
    """The table with NaN as NULL."""
    floats = [name for name, dtype in table.schema().items() if dtype.is_floating()]
    cleaned = {name: table[name].isnan().ifelse(ibis.null(table[name].type()), table[name]) for name in floats}
    return table.mutate(**cleaned) if cleaned else table


def of_rows(check: Check, table: ir.Table, judged: ir.BooleanValue | None, failing: ir.BooleanValue) -> Question:
    """Count the failing ones among those that are judged; None: all are."""
    scan = {"failing": table.count(where=failing)}
    scan |= {} if judged is None else {"judged": table.count(where=judged)}
    return Question(lambda values: of_share(check, values), scan, examples=table.filter(failing))


def of_share(check: Check, values: Values) -> Judged:
    """Whether enough of the judged rows pass."""
    failing, judged = values["failing"] or 0, values.get("judged", values["rows"]) or 0
    mostly = dict(check.options).get("mostly", 1.0)
    holds = judged - failing >= Fraction(repr(mostly)) * judged
    allowed = "" if mostly == 1 else f", at most {percent(1 - mostly)} may"
    said = f"{failing:,} of {judged:,} rows fail ({percent(failing / judged if judged else 0)}{allowed})"
    return Judged(holds, said if failing else f"all {judged:,} rows pass", failing, judged)


def percent(share: float) -> str:
    """A share of one in percent, four digits."""
    return f"{share * 100:.4g} %"


def bounds(low: Any, high: Any, form: str) -> str:
    """What is allowed, in words; None is no bound."""
    said = [
        f"at least {form.format(low)}" if low is not None else "",
        f"at most {form.format(high)}" if high is not None else "",
    ]
    return ", ".join(filter(None, said)) or "no bound"
