"""What of a baseline later data breaks: each break with the name that the field has for it.

    missing_column_check      a column of the baseline is not there
    extra_column_check        a column is there that the baseline does not have
    data_type_check           a column has a type of another kind
    completeness_check        more NULLs than chance explains: over 3 standard errors, and 1 % of the rows
    categorical_values_check  a category or flag that the baseline does not have
    range_check               a number further out than the baseline's range, by more than half of its width
    baseline_drift_check      the verdict of the drift is "alert"

Columns are compared by name, never by position. The names are those of Amazon SageMaker Model Monitor's violations, and
range_check of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ibis

from fsnb.profiling import kinds as kind
from fsnb.profiling.baseline import Baseline
from fsnb.profiling.column import Column
from fsnb.quality.comparing import Compared

MARGIN = 0.5
LEAST_MORE = 0.01
ERRORS = 3.0


@dataclass(frozen=True, slots=True)
class Violation:
    """A column, the check that it breaks, and how."""

    column: str
    check: str
    message: str


def of_schema(baseline: Baseline, schema: ibis.Schema, names: Sequence[str]) -> list[Violation]:
    """Columns that are missing, new, or of another kind of type."""
    missing = [
        Violation(name, "missing_column_check", f"is {baseline[name].dtype} in the baseline and not there now")
        for name in names
        if name not in schema
    ]
    extra = [
        Violation(name, "extra_column_check", f"is {dtype} now and not in the baseline")
        for name, dtype in schema.items()
        if name not in baseline
    ]
    return [*missing, *extra, *of_types(baseline, schema, names)]


def of_types(baseline: Baseline, schema: ibis.Schema, names: Sequence[str]) -> list[Violation]:
    """Columns whose type is of another kind than the baseline's: any number stands for any other."""
    return [
        Violation(name, "data_type_check", f"is {schema[name]} now and {baseline[name].dtype} in the baseline")
        for name in names
        if name in schema and _family(str(schema[name])) != _family(baseline[name].dtype)
    ]


def _family(dtype: str) -> str:
    found = ibis.dtype(dtype.removeprefix("!"))
    return {"numeric": "number", None: "text"}.get(kind.by_type(found), str(kind.by_type(found)))


def of_columns(pairs: Iterable[tuple[Column, Column, Compared]]) -> list[Violation]:
    """What the values of a column break."""
    return [violation for pair in pairs for violation in _of_column(*pair)]


def _of_column(reference: Column, current: Column, row: Compared) -> list[Violation]:
    found = {
        "completeness_check": _completeness(reference, current),
        "categorical_values_check": _categories(reference, row),
        "range_check": _range(reference, current),
        "baseline_drift_check": f"has drifted: {row.reason}" if row.verdict == "alert" else None,
    }
    return [Violation(reference.name, check, message) for check, message in found.items() if message]


def _completeness(reference: Column, current: Column) -> str | None:
    before, now = reference.null_rate, current.null_rate
    if before is None or now is None:
        return None
    both = (reference.nulls + current.nulls) / (reference.n + current.n)
    error = (both * (1 - both) * (1 / reference.n + 1 / current.n)) ** 0.5
    more = now - before
    return f"is {now:.1%} NULL now and {before:.1%} in the baseline" if more > max(LEAST_MORE, ERRORS * error) else None


def _categories(reference: Column, row: Compared) -> str | None:
    if reference.kind not in ("categorical", "boolean") or not row.unseen_share:
        return None
    return f"has {row.unseen_share:.2%} of values that are not among the baseline's {reference.distinct}"


def _range(reference: Column, current: Column) -> str | None:
    known = reference.minimum is not None and reference.maximum is not None and current.minimum is not None
    if reference.kind != "numeric" or not known or current.maximum is None:
        return None
    assert reference.minimum is not None
    assert reference.maximum is not None
    assert current.minimum is not None
    slack = MARGIN * (reference.maximum - reference.minimum)
    if reference.minimum - slack <= current.minimum and current.maximum <= reference.maximum + slack:
        return None
    return (
        f"goes from {current.minimum:.6g} to {current.maximum:.6g} now and "
        f"from {reference.minimum:.6g} to {reference.maximum:.6g} in the baseline"
    )
