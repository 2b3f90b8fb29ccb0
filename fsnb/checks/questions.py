"""Check -> Question: what to count on a table, and what the counts mean. ASKED is the table of kinds.

Everything is a count that any engine has: COUNT(*) with a condition, MAX, GROUP BY, an anti join. So all checks of
columns are one aggregate, one scan, and a key costs one query of its own.

Why not the engines' own words: Ibis counts NULL as a value in `nunique` on Polars, PostgreSQL sums integers into
decimals, and NaN is greater than every number on PostgreSQL, no number on Polars. Here NaN is NULL before anything is
asked, and every condition is false, not NULL, where a value is NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from functools import reduce
from operator import and_
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.checks.judging import Context, Judged, Question, Values, bounds, of_rows, of_share, percent
from fsnb.checks.previous import with_previous
from fsnb.errors import DefinitionError, NotSupported, TypeMismatch, UnknownName, counted
from fsnb.model import Check
from fsnb.model.checks import FAMILIES
from fsnb.model.data import RESERVED
from fsnb.model.durations import parse_duration, show_duration

REPEATS = f"{RESERVED}repeats"
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def ask(check: Check, table: ir.Table, context: Context) -> Question:
    """The question of a check on a table.

    Raises
    ------
    UnknownName, TypeMismatch, DefinitionError
        The table lacks a column, or its type cannot be judged so.
    """
    check.needs(table)
    return ASKED[check.kind](check, table, context)


# ---------------------------------------------------------------------- rows: each passes or fails


def _not_null(check: Check, table: ir.Table, context: Context) -> Question:
    return of_rows(check, table, None, table[check.columns[0]].isnull())


def _null_rate(check: Check, table: ir.Table, context: Context) -> Question:
    null = table[check.columns[0]].isnull()

    def judge(values: Values) -> Judged:
        failing, rows, most = values["failing"] or 0, values["rows"], check.option("max_rate")
        rate = percent(failing / rows if rows else 0)
        said = f"{failing:,} of {rows:,} rows are NULL ({rate}; at most {percent(most)})"
        return Judged(failing <= Fraction(repr(most)) * rows, said, failing, rows)

    return Question(judge, {"failing": table.count(where=null)}, examples=table.filter(null))


def _accepted_values(check: Check, table: ir.Table, context: Context) -> Question:
    column = table[check.columns[0]]
    there = column.notnull()
    return of_rows(check, table, there, there & ~column.isin(check.option("values")))


def _in_range(check: Check, table: ir.Table, context: Context) -> Question:
    column = table[check.columns[0]]
    low, high = check.option("min_value"), check.option("max_value")
    outside = []
    if low is not None:
        outside.append(column < low if check.option("include_min") else column <= low)
    if high is not None:
        outside.append(column > high if check.option("include_max") else column >= high)
    there = column.notnull()
    return of_rows(check, table, there, there & ibis.or_(*outside))


def _pattern(check: Check, table: ir.Table, context: Context) -> Question:
    column = table[check.columns[0]]
    if not column.type().is_string():
        raise TypeMismatch(
            f"check {check.name!r}: {check.columns[0]!r} is {column.type()}, and a pattern is for text. Cast it."
        )
    there = column.notnull()
    return of_rows(check, table, there, there & ~column.re_search(check.option("regex")))


def _predicate(check: Check, table: ir.Table, context: Context) -> Question:
    value = check.value(table)
    if isinstance(value, ir.Scalar):
        return _of_scalar(value)
    return of_rows(check, table, value.notnull(), (~value).fill_null(False))


def _of_scalar(value: ir.BooleanScalar) -> Question:
    """Whether it is true; of a comparison with what stands on either side."""
    op = value.op()
    ends = {"left": op.left, "right": op.right} if type(op) in SIGNS else {}
    known: Values = {name: end.value for name, end in ends.items() if isinstance(end, ops.Literal)}
    scan = {name: end.to_expr() for name, end in ends.items() if name not in known}

    def judge(values: Values) -> Judged:
        if values["value"] is None:
            raise DefinitionError("it gave NULL, as an aggregate of no values does: it says neither yes nor no")
        said = "it is true" if values["value"] else "it is not true"
        left, right = ({**known, **values}.get(name) for name in ("left", "right"))
        return Judged(bool(values["value"]), f"{said}: {_end(left)} {SIGNS[type(op)]} {_end(right)}" if ends else said)

    return Question(judge, {"value": value, **scan})


def _end(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


SIGNS = {ops.Less: "<", ops.LessEqual: "<=", ops.Greater: ">", ops.GreaterEqual: ">=", ops.Equals: "=="}


# ---------------------------------------------------------------------- keys


def _unique(check: Check, table: ir.Table, context: Context) -> Question:
    keys = list(check.columns)
    there = reduce(and_, [table[name].notnull() for name in keys])
    groups = table.filter(there).group_by(keys).aggregate(**{REPEATS: lambda t: t.count()})
    repeated = groups.filter(groups[REPEATS] > 1)
    repeats = repeated.aggregate(failing=repeated[REPEATS].sum().cast("int64"), keys=repeated.count())

    def judge(values: Values) -> Judged:
        found, repeats = of_share(check, values), values["keys"]
        said = f"{found.reason}: {repeats:,} {'key occurs' if repeats == 1 else 'keys occur'} more than once"
        return Judged(found.holds, said if repeats else found.reason, found.failing, found.judged)

    shown = repeated.rename({"rows": REPEATS}) if "rows" not in keys else repeated
    return Question(judge, {"judged": table.count(where=there)}, repeats, shown)


def _references(check: Check, table: ir.Table, context: Context) -> Question:
    name = check.option("to")
    other = check.other if check.other is not None else context.tables.get(name)
    if other is None:
        raise UnknownName.among(
            f"check {check.name!r}", "table", name, context.tables, "Give it: tables={name: table}."
        )
    pairs = list(zip(check.columns, check.option("key"), strict=True))
    for _, key in pairs:
        if key not in other.columns:
            raise UnknownName.among(f"check {check.name!r}: table {name!r}", "column", key, other.columns)
    there = reduce(and_, [table[column].notnull() for column in check.columns])
    keys = other.select(**{f"{RESERVED}{key}": other[key] for _, key in pairs}).distinct()
    missing = table.filter(there).anti_join(keys, [(column, f"{RESERVED}{key}") for column, key in pairs])
    own = missing.aggregate(failing=missing.count())
    return Question(lambda values: of_share(check, values), {"judged": table.count(where=there)}, own, missing)


# ---------------------------------------------------------------------- time


def _freshness(check: Check, table: ir.Table, context: Context) -> Question:
    column, within = table[check.columns[0]], check.option("within")
    if not column.type().is_temporal() or column.type().is_time():
        raise TypeMismatch(f"check {check.name!r}: {check.columns[0]!r} is {column.type()}, which is no point in time.")

    def judge(values: Values) -> Judged:
        newest = values["newest"]
        if newest is None:
            return Judged(False, "no row has a time in it")
        moment = newest if isinstance(newest, datetime) else datetime(newest.year, newest.month, newest.day)
        age = context.now - moment
        said = f"the newest is of {moment:%Y-%m-%d %H:%M:%S}, {_age(age)} at {context.now:%Y-%m-%d %H:%M:%S}"
        return Judged(age <= parse_duration(within), f"{said} (at most {within})")

    return Question(judge, {"newest": column.max()})


def _age(age: timedelta) -> str:
    length = abs(age)
    unit = timedelta(hours=1) if length >= 2 * DAY else timedelta(minutes=1) if length >= DAY / 12 else SECOND
    whole = length // unit * unit
    return f"{show_duration(whole)} {'old' if age >= timedelta(0) else 'in the future'}"


def _increasing(check: Check, table: ir.Table, context: Context) -> Question:
    column, order, by = check.columns[0], check.option("order_by"), check.option("by")
    there = reduce(and_, [table[name].notnull() for name in (column, *order, *by)])
    beside, before = with_previous(context.con, table.filter(there), column, order, by)
    back = beside[column] <= beside[before] if check.option("strictly") else beside[column] < beside[before]
    failing = beside.filter(back.fill_null(False))
    own = failing.aggregate(failing=failing.count())
    return Question(
        lambda values: of_share(check, values), {"judged": table.count(where=there)}, own, failing.drop(before)
    )


# ---------------------------------------------------------------------- the table


def _row_count(check: Check, table: ir.Table, context: Context) -> Question:
    low, high = check.option("min_value"), check.option("max_value")

    def judge(values: Values) -> Judged:
        rows = values["rows"]
        holds = (low is None or rows >= low) and (high is None or rows <= high)
        return Judged(holds, f"{counted(rows, 'row')} ({bounds(low, high, '{:,}')})")

    return Question(judge)


def _row_count_change(check: Check, table: ir.Table, context: Context) -> Question:
    low, high, before = check.option("min_value"), check.option("max_value"), context.rows_before

    def judge(values: Values) -> Judged:
        rows = values["rows"]
        if before is None:
            return Judged(True, f"{counted(rows, 'row')}; there is no earlier report to compare with", skipped=True)
        change = (Fraction(rows, before) - 1) if before else (Fraction(0) if rows == 0 else None)
        above = high is not None and (change is None or change > Fraction(repr(high)))
        below = low is not None and change is not None and change < Fraction(repr(low))
        said = "from none" if change is None else f"{float(change):+.4g}"
        return Judged(
            not (above or below), f"{before:,} to {counted(rows, 'row')}: {said} ({bounds(low, high, '{:+g}')})"
        )

    return Question(judge)


def _column_type(check: Check, table: ir.Table, context: Context) -> Question:
    have, want = table.schema()[check.columns[0]], check.option("dtype")
    holds = getattr(have, f"is_{want}")() if want in FAMILIES else _same_type(have, dt.dtype(want))
    return Question(
        lambda values: Judged(holds, f"it is {have.copy(nullable=True)}" + ("" if holds else f", not {want}"))
    )


def _same_type(have: dt.DataType, want: dt.DataType) -> bool:
    have, want = have.copy(nullable=True), want.copy(nullable=True)
    if have.is_timestamp() and want.is_timestamp():
        return have.timezone == want.timezone and want.scale in (None, have.scale)
    return have == want


def _baseline_drift(check: Check, table: ir.Table, context: Context) -> Question:
    compare = context.compare
    if compare is None:
        raise NotSupported(
            f"check {check.name!r} needs a baseline, which a feature store has: ask store.check or store.publish."
        )
    return Question(lambda values: compare(check, table))


ASKED: Mapping[str, Callable[[Check, ir.Table, Context], Question]] = {
    "not_null": _not_null,
    "null_rate": _null_rate,
    "unique": _unique,
    "accepted_values": _accepted_values,
    "in_range": _in_range,
    "freshness": _freshness,
    "row_count": _row_count,
    "row_count_change": _row_count_change,
    "column_type": _column_type,
    "pattern": _pattern,
    "increasing": _increasing,
    "references": _references,
    "baseline_drift": _baseline_drift,
    "predicate": _predicate,
}
