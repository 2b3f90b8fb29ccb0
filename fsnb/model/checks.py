"""The checks one can make, named as the field names them; `fsnb.checks` offers them beside what runs them.

One rule for all: a check of values judges the values that are there. NULL, and NaN, which reads as NULL, pass every
check but `not_null` and `null_rate`, as with a constraint in SQL. `mostly` is the share of the judged rows that must
pass; with no rows to judge nothing fails. All but `check` take `name`, `severity` and `on` too (see `How`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal, TypedDict, Unpack

import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from fsnb.errors import DefinitionError, listed
from fsnb.model.checking import PREDICATE, Check, usual_name
from fsnb.model.durations import parse_duration, show_duration
from fsnb.model.entity import names
from fsnb.model.source import Source


class How(TypedDict, total=False):
    """What every check takes: its name in reports, what its failure does, and which table of a view it is about."""

    name: str
    severity: Literal["fail", "warn", "info"]
    on: Literal["source", "result"] | None


class Rest(TypedDict, total=False):
    """The same, for a check whose severity is written out."""

    name: str
    on: Literal["source", "result"] | None


DRIFT_LEVELS = ("alert", "warn")
FAMILIES = ("boolean", "integer", "floating", "numeric", "decimal", "string", "date", "timestamp", "time", "temporal")


def check(name: str, predicate: Any, *, mostly: float = 1.0, severity: str = "fail", on: str | None = None) -> Check:
    """A claim of your own, as an Ibis expression.

    Parameters
    ----------
    name
        What reports call it: "fares are positive".
    predicate
        A boolean on the table: `_.fare > 0`, or a function of the table. Of rows: each must be true; one that is NULL
        passes, as with a constraint in SQL, so write `_.fare.notnull() & (_.fare > 0)` where it must not. Of the table
        (`_.fare.mean() < 40`): it must be true; NULL, as on an empty table, is an error.
    mostly
        The share of the judged rows that must pass, 0 to 1.
    severity
        "fail" stops a publication, "warn" is shown, "info" is only in the report.
    on
        Of a feature view's check: "source" or "result"; by default the result where it has the columns.

    Examples
    --------
    >>> check("fares are positive", _.fare > 0)
    <Check fares are positive: predicate, fail>
    """
    return Check(PREDICATE, name, (), (("mostly", _share(mostly, "mostly", name)),), severity, on, predicate)


def not_null(column: str, *, mostly: float = 1.0, **how: Unpack[How]) -> Check:
    """No value of the column is NULL or NaN; or at least a share `mostly` of the rows has one."""
    return _check("not_null", (column,), how, mostly=mostly)


def null_rate(column: str, *, max_rate: float, **how: Unpack[How]) -> Check:
    """At most a share `max_rate` (0 to 1, inclusive) of the rows has NULL or NaN in the column."""
    share = _share(max_rate, "max_rate", f"null rate of {column}")
    return _check("null_rate", (column,), how, max_rate=share)


def unique(*columns: str, mostly: float = 1.0, **how: Unpack[How]) -> Check:
    """No two rows agree in all of the columns. Every row of a repeated key fails; a NULL in any of them is no key."""
    if not columns:
        raise DefinitionError("unique() needs the columns of the key, e.g. unique('order_id').")
    return _check("unique", columns, how, mostly=mostly)


def accepted_values(column: str, *, values: Sequence[Any], mostly: float = 1.0, **how: Unpack[How]) -> Check:
    """Every value is one of `values`; NULL passes."""
    found = tuple(value for value in values if value is not None)
    if not found:
        raise DefinitionError(f"accepted_values({column!r}) has no values. Give those that may stand there.")
    return _check("accepted_values", (column,), how, values=found, mostly=mostly)


def in_range(
    column: str,
    *,
    min_value: Any = None,
    max_value: Any = None,
    include_min: bool = True,
    include_max: bool = True,
    mostly: float = 1.0,
    **how: Unpack[How],
) -> Check:
    """Every value lies between two bounds, which belong to the range unless `include_min` or `include_max` is False.

    Bounds are numbers, times, dates or text, as the column is; None is no bound. Infinity is beyond any number.
    """
    if min_value is None and max_value is None:
        raise DefinitionError(f"in_range({column!r}) has no bound. Give min_value, max_value or both.")
    bounds = {"min_value": min_value, "max_value": max_value, "include_min": include_min, "include_max": include_max}
    return _check("in_range", (column,), how, **bounds, mostly=mostly)


def freshness(column: str, *, within: str | timedelta, **how: Unpack[How]) -> Check:
    """The newest time of the column is at most `within` before the check's own time ("2h", "1d").

    Naive times are UTC; a date counts from its midnight. A table without any time in the column is not fresh.
    """
    length = show_duration(parse_duration(within, f"freshness of {column}: within"))
    return _check("freshness", (column,), how, within=length)


def row_count(*, min_value: int | None = 1, max_value: int | None = None, **how: Unpack[How]) -> Check:
    """The table has at least `min_value` and at most `max_value` rows; by default it is not empty."""
    return _check("row_count", (), how, min_value=min_value, max_value=max_value)


def row_count_change(*, min_value: float | None = -0.5, max_value: float | None = None, **how: Unpack[How]) -> Check:
    """The number of rows has changed by a share between two bounds since the last report: -0.2 is a fifth fewer.

    By default at most half of the rows are gone. With no earlier report there is nothing to compare: it is skipped,
    which the report says. From none to some rows is an infinite growth.
    """
    return _check("row_count_change", (), how, min_value=min_value, max_value=max_value)


def column_type(column: str, *, dtype: str, **how: Unpack[How]) -> Check:
    """The column has this type: an Ibis type ("int64", "timestamp"), or a family, which is the same on every engine.

    Families: boolean, integer, floating, decimal, numeric, string, date, time, timestamp, temporal. NOT NULL does not
    count; of a timestamp the zone counts where it is named.
    """
    if dtype not in FAMILIES:
        try:
            dtype = str(dt.dtype(dtype))
        except Exception as error:  # its parser raises errors of its own
            raise DefinitionError(
                f"column_type({column!r}): {dtype!r} is neither an Ibis type such as 'int64' nor one of "
                f"{listed(FAMILIES)}."
            ) from error
    return _check("column_type", (column,), how, dtype=dtype)


def pattern(column: str, *, regex: str, mostly: float = 1.0, **how: Unpack[How]) -> Check:
    """The regular expression is found in every value; anchor it with ^ and $ to match all of it. NULL passes.

    The engine's own dialect reads it. Classes, groups, alternatives and counts mean the same on all; lookarounds and
    back references do not exist on DuckDB, Polars and DataFusion.
    """
    try:
        re.compile(regex)
    except re.error as error:
        raise DefinitionError(f"pattern({column!r}): {regex!r} is no regular expression: {error}.") from error
    return _check("pattern", (column,), how, regex=regex, mostly=mostly)


def increasing(
    column: str,
    *,
    order_by: str | Sequence[str],
    by: str | Sequence[str] = (),
    strictly: bool = False,
    **how: Unpack[How],
) -> Check:
    """In the order of `order_by`, values never go back (`strictly`: nor stay), within each group of `by`.

    For times that must not run backwards, as events in the order of their sequence number. Rows of equal `order_by`
    are taken in the order of the column, so they fail only `strictly`. NULL in any of these columns is left out.
    """
    what = f"{column} increasing"
    order, groups = names(order_by, f"{what}: order_by"), names(by, f"{what}: by")
    if not order:
        raise DefinitionError(f"{what}: rows have no order of their own. Give order_by, e.g. order_by='sequence'.")
    return _check("increasing", (column,), how, order_by=order, by=groups, strictly=strictly)


def references(
    *columns: str,
    to: str | Source | ir.Table,
    key: str | Sequence[str] | None = None,
    mostly: float = 1.0,
    **how: Unpack[How],
) -> Check:
    """Every value is found in another table: a foreign key. NULL in any of the columns passes.

    Parameters
    ----------
    to
        A source, its name, or an Ibis table of the same connection. A stored check knows it by its name.
    key
        Its columns, as many; by default those of the same names.
    """
    keys = names(columns if key is None else key, "references: key")
    if not columns or len(keys) != len(columns):
        raise DefinitionError(f"references: columns {listed(columns)} and key {listed(keys)} are not as many.")
    other = to if isinstance(to, ir.Table) else None
    name = to.get_name() if isinstance(to, ir.Table) else to.name if isinstance(to, Source) else to
    found = _check("references", columns, how, to=name, key=keys, mostly=mostly)
    return Check(found.kind, found.name, found.columns, found.options, found.severity, found.on, None, other)


def baseline_drift(
    *columns: str, baseline: str | None = None, level: str = "alert", severity: str = "warn", **how: Unpack[Rest]
) -> Check:
    """The columns have not drifted from a stored baseline, and none of them is missing or of another type.

    `fsnb.quality.drift` measures. Of a feature view the rows are those that are later than the baseline: of the source
    before publishing, of what is about to be told, of what was told. It is skipped, and says so, where there is no
    baseline yet or the rows are too few to tell drift from chance.

    Parameters
    ----------
    columns
        Which ones; by default all that the baseline has, of a view's result its features.
    baseline
        The name of a logged training set, a run id or a model's URI. By default the baseline that was kept when the
        view was published, on that target.
    level
        The verdict that fails: "alert" (PSI of 0.25 and more), or "warn" (0.1) too.
    severity
        A warning unless said otherwise: "fail" stops what it guards.
    """
    if level not in DRIFT_LEVELS:
        raise DefinitionError(f"baseline_drift: level={level!r} is not one of {listed(DRIFT_LEVELS)}.")
    given: How = {"severity": severity, **how}  # type: ignore[typeddict-item]
    return _check("baseline_drift", columns, given, baseline=baseline, level=level)


def _check(kind: str, columns: tuple[str, ...], how: How, **options: Any) -> Check:
    unknown = [each for each in how if each not in ("name", "severity", "on")]
    if unknown:
        raise TypeError(f"{kind}() got an unexpected keyword argument {unknown[0]!r}; it also takes name, severity, on")
    name = how.get("name", usual_name(kind, columns, options))
    if "mostly" in options:
        options["mostly"] = _share(options["mostly"], "mostly", name)
    return Check(kind, name, columns, tuple(options.items()), how.get("severity", "fail"), how.get("on"))


def _share(value: Any, what: str, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise DefinitionError(f"check {name!r}: {what}={value!r} is not a share. Give a number from 0 to 1.")
    return float(value)
