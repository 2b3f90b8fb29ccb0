"""What an Ibis expression means, in plain Python: the half of the oracle that reads operation graphs.

One explicit table per sort of operation, one line per operation: what no table names is refused, never guessed.
Values are None, bool, int, float, str, date, naive UTC datetime and timedelta; a value has its operation's type.

Where engines disagree, the oracle takes one side:
- a division by zero is inf or NaN (DuckDB, Polars), an integer remainder of zero is NULL; of aggregates both are NULL;
- NaN equals NaN and exceeds every number (DuckDB, Polars, PostgreSQL); at a reduction and in a feature it is NULL;
- `%` has the dividend's sign (SQL); Polars gives the divisor's;
- `round` takes halves away from zero (DuckDB, Spark), a cast of a float to an integer takes them to the even neighbour
  (DuckDB, PostgreSQL); Polars does the opposite of both: halves to even, casts towards zero;
- the length of a text counts characters;
- the square root or logarithm of a negative number is NaN, a text that is no number casts to NULL, an infinity
  has no integer and is NULL there: engines that do not say so stop with an error.
"""

from __future__ import annotations

import math
import operator
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops

from fsnb.errors import UnknownName
from fsnb.identity import Over

Row = dict[str, Any]
Tables = Mapping[str, Sequence[Mapping[str, Any]]]

EPOCH = datetime(1970, 1, 1)
UNITS = {
    "D": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
    "us": timedelta(microseconds=1),
}
PARTS = {"day": "D", "hour": "h", "minute": "m", "second": "s", "millisecond": "ms", "microsecond": "us"}


# ---------------------------------------------------------------------- reading values


def plain(value: Any) -> Any:
    """A value of a table or spine as fsnb reads it: decimals as floats, NaN as NULL, times as naive UTC."""
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return known(value)


def known(value: Any) -> Any:
    """The value, but NULL for NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value


def typed(value: Any, dtype: dt.DataType) -> Any:
    """The value in the Python type that stands for `dtype`."""
    if value is None:
        return None
    if dtype.is_boolean():
        return bool(value)
    if dtype.is_floating() or dtype.is_decimal():
        return float(value)
    if dtype.is_integer():
        return int(value) if math.isfinite(value) else None
    return value


def order(value: Any) -> tuple[int, Any]:
    """Sorts NULL first, NaN last, a date as its midnight."""
    if value is None:
        return 0, 0
    if isinstance(value, float) and math.isnan(value):
        return 2, 0
    return 1, _midnight(value) if _is_date(value) else value


def _is_date(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _midnight(value: date) -> datetime:
    return datetime.combine(value, time())


# ---------------------------------------------------------------------- arithmetic


def _divide(left: float, right: float) -> float:
    if right:
        return left / right
    return math.copysign(math.inf, left) * math.copysign(1, right) if left and not math.isnan(left) else math.nan


def _floor(value: float) -> float:
    return math.floor(value) if math.isfinite(value) else value


def _ceil(value: float) -> float:
    return -_floor(-value)


def _modulus(left: float, right: float) -> float | None:
    if isinstance(left, int) and isinstance(right, int):
        return int(math.copysign(1, left)) * (abs(left) % abs(right)) if right else None
    return math.fmod(left, right) if right and math.isfinite(left) else math.nan


def _power(left: float, right: float) -> float:
    try:
        return math.pow(left, right)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan if left else math.inf


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _log(value: float, base: float = math.e) -> float:
    if value > 0:
        return math.log(value) if base == math.e else _divide(math.log(value), _log(base))
    return math.nan if value else -math.inf


def _round(value: float, digits: int | None = None) -> float:
    scale = 10.0 ** (digits or 0)
    scaled = abs(value) * scale
    if not math.isfinite(scaled):
        return value
    whole = math.floor(scaled)
    return math.copysign((whole + (scaled - whole >= 0.5)) / scale, value)


def _sign(value: float) -> float:
    return (value > 0) - (value < 0)


# ---------------------------------------------------------------------- comparison, with NULL as a third truth


def _compare(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | None]:
    def compare(left: Any, right: Any) -> bool | None:
        if left is None or right is None:
            return None
        if isinstance(left, str) != isinstance(right, str):  # a text beside a time is read as a time
            left, right = (datetime.fromisoformat(side) if isinstance(side, str) else side for side in (left, right))
        return holds(order(left), order(right))

    return compare


_equal, _at_most = _compare(operator.eq), _compare(operator.le)


def _and(left: bool | None, right: bool | None) -> bool | None:
    return False if left is False or right is False else None if left is None or right is None else True


def _or(left: bool | None, right: bool | None) -> bool | None:
    return True if left or right else None if left is None or right is None else False


def _among(value: Any, options: tuple[Any, ...]) -> bool | None:
    found = [_equal(value, option) for option in options]
    return True if True in found else None if None in found else False


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _best(pick: Callable[..., Any]) -> Callable[[tuple[Any, ...]], Any]:
    return lambda values: pick((value for value in values if value is not None), key=order, default=None)


def _clip(value: Any, lower: Any, upper: Any) -> Any:
    return None if value is None else _best(max)((lower, _best(min)((upper, value))))


def _case(base: Any, cases: tuple[Any, ...], results: tuple[Any, ...], default: Any) -> Any:
    return next((result for case, result in zip(cases, results, strict=True) if _equal(base, case)), default)


# ---------------------------------------------------------------------- the tables

Operations = Mapping[type, Callable[..., Any]]

# NULL in, NULL out.
STRICT: dict[type, Callable[..., Any]] = {
    ops.Add: operator.add,
    ops.Subtract: operator.sub,
    ops.Multiply: operator.mul,
    ops.Divide: _divide,
    ops.FloorDivide: lambda left, right: _floor(_divide(left, right)),
    ops.Modulus: _modulus,
    ops.Power: _power,
    ops.Negate: operator.neg,
    ops.Abs: abs,
    ops.Ceil: _ceil,
    ops.Floor: _floor,
    ops.Round: _round,
    ops.Sign: _sign,
    ops.Sqrt: lambda value: math.sqrt(value) if value >= 0 else math.nan,
    ops.Exp: _exp,
    ops.Ln: _log,
    ops.Log: lambda value, base: _log(value) if base is None else _log(value, base),
    ops.Log2: lambda value: _log(value, 2),
    ops.Log10: lambda value: _log(value, 10),
    ops.IsNan: lambda value: isinstance(value, float) and math.isnan(value),
    ops.IsInf: lambda value: isinstance(value, float) and math.isinf(value),
    ops.Not: operator.not_,
    ops.Xor: operator.ne,
    ops.Lowercase: str.lower,
    ops.Uppercase: str.upper,
    ops.Strip: str.strip,
    ops.LStrip: str.lstrip,
    ops.RStrip: str.rstrip,
    ops.StringLength: len,
    ops.StringContains: operator.contains,
    ops.StartsWith: str.startswith,
    ops.EndsWith: str.endswith,
    ops.StringConcat: "".join,
    ops.Substring: lambda text, start, length: text[start:][:length],
    ops.StringSlice: lambda text, start, end: text[start:end],
    ops.ExtractEpochSeconds: lambda value: (value - EPOCH) // UNITS["s"],
    ops.DayOfWeekIndex: lambda value: value.weekday(),
    ops.Date: datetime.date,
    ops.TimestampTruncate: lambda value, unit: value - (value - EPOCH) % UNITS[unit.value],
    ops.TimestampAdd: operator.add,
    ops.TimestampSub: operator.sub,
    ops.TimestampDiff: operator.sub,
    ops.TimestampDelta: lambda part, left, right: (
        (left - EPOCH) // UNITS[PARTS[part]] - (right - EPOCH) // UNITS[PARTS[part]]
    ),
    ops.IntervalFromInteger: lambda value, unit: value * UNITS[unit.value],
    ops.ExtractYear: operator.attrgetter("year"),
    ops.ExtractMonth: operator.attrgetter("month"),
    ops.ExtractDay: operator.attrgetter("day"),
    ops.ExtractHour: operator.attrgetter("hour"),
    ops.ExtractMinute: operator.attrgetter("minute"),
    ops.ExtractSecond: operator.attrgetter("second"),
    ops.ExtractMicrosecond: operator.attrgetter("microsecond"),
}

# Instead of STRICT in arithmetic over aggregates.
OVER_AGGREGATES: dict[type, Callable[..., Any]] = {
    op: (lambda left, right, usual=STRICT[op]: usual(left, right) if right else None)
    for op in (ops.Divide, ops.FloorDivide, ops.Modulus)
}

# These decide for themselves what NULL means.
NULL_AWARE: dict[type, Callable[..., Any]] = {
    ops.Alias: lambda value, name: value,
    ops.Equals: _equal,
    ops.NotEquals: _compare(operator.ne),
    ops.Less: _compare(operator.lt),
    ops.LessEqual: _at_most,
    ops.Greater: _compare(operator.gt),
    ops.GreaterEqual: _compare(operator.ge),
    ops.IdenticalTo: lambda left, right: order(left) == order(right),
    ops.Between: lambda value, lower, upper: _and(_at_most(lower, value), _at_most(value, upper)),
    ops.InValues: _among,
    ops.And: _and,
    ops.Or: _or,
    ops.IsNull: lambda value: value is None,
    ops.NotNull: lambda value: value is not None,
    ops.Coalesce: _first,
    ops.NullIf: lambda value, null: None if _equal(value, null) else value,
    ops.IfElse: lambda condition, then, otherwise: then if condition else otherwise,
    ops.SearchedCase: lambda cases, results, default: _case(True, cases, results, default),
    ops.SimpleCase: _case,
    ops.Greatest: _best(max),
    ops.Least: _best(min),
    ops.Clip: _clip,
}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _integer(value: float) -> int | None:
    return round(value) if math.isfinite(value) else None


SORTS: dict[str, tuple[type, ...]] = {
    "bool": (dt.Boolean,),
    "int": (dt.Integer,),
    "float": (dt.Floating, dt.Decimal),
    "string": (dt.String,),
    "timestamp": (dt.Timestamp,),
    "date": (dt.Date,),
}


def _sort(dtype: dt.DataType) -> str | None:
    return next((sort for sort, types in SORTS.items() if isinstance(dtype, types)), None)


# (from, to) -> how; of one sort to itself nothing happens.
CASTS: dict[tuple[str | None, str | None], Callable[[Any], Any]] = {
    ("int", "float"): float,
    ("int", "bool"): bool,
    ("int", "string"): str,
    ("float", "int"): _integer,
    ("bool", "int"): int,
    ("bool", "float"): float,
    ("bool", "string"): lambda value: str(value).lower(),
    ("string", "int"): lambda text: int(text) if text.strip().lstrip("+-").isdecimal() else None,
    ("string", "float"): _number,
    ("string", "timestamp"): lambda text: plain(datetime.fromisoformat(text)),
    ("timestamp", "date"): datetime.date,
    ("date", "timestamp"): _midnight,
} | {(sort, sort): lambda value: value for sort in SORTS}


def _total(values: list[Any]) -> Any:
    if not any(isinstance(value, float) for value in values):
        return sum(values)
    try:
        return math.fsum(values)
    except (ValueError, OverflowError):  # infinities of both signs, or beyond the largest float
        return sum(values)


SPREADS: dict[tuple[type, str], Callable[[list[float]], float]] = {
    (ops.Variance, "sample"): statistics.variance,
    (ops.Variance, "pop"): statistics.pvariance,
    (ops.StandardDev, "sample"): statistics.stdev,
    (ops.StandardDev, "pop"): statistics.pstdev,
}


def _between(values: list[float], share: float) -> float:
    """The value `share * (n - 1)` places above the least; between two places, in proportion."""
    ordered, place = sorted(values), share * (len(values) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low if low == high else low + (high - low) * (place - math.floor(place))


def _most_frequent(values: list[Any]) -> Any:
    counts = {value: values.count(value) for value in values}
    return min(value for value, count in counts.items() if count == max(counts.values()))


def _spread(values: list[Any], op: Any) -> float | None:
    if len(values) < 2 and op.how == "sample":
        return None
    if not all(map(math.isfinite, values)):
        return math.nan
    return SPREADS[type(op), op.how]([float(value) for value in values])


COUNTS: dict[type, Callable[[list[Any]], int]] = {
    ops.CountStar: len,
    ops.Count: len,
    ops.CountDistinct: lambda values: len(set(values)),
}
# Over at least one value; of none they are NULL.
REDUCTIONS: dict[type, Callable[[list[Any], Any], Any]] = {
    ops.Sum: lambda values, op: _total(values),
    ops.Mean: lambda values, op: _total(values) / len(values),
    ops.Min: lambda values, op: min(values),
    ops.Max: lambda values, op: max(values),
    ops.Variance: _spread,
    ops.StandardDev: _spread,
    ops.Any: lambda values, op: any(values),
    ops.All: lambda values, op: all(values),
    ops.Median: lambda values, op: _between(values, 0.5),
    ops.Quantile: lambda values, op: _between(values, op.quantile.value),
    ops.Mode: lambda values, op: _most_frequent(values),
}


# ---------------------------------------------------------------------- values

Context = Callable[[Any], Any]  # answers for the leaves: a field of the row, a reduction of the rows


@dataclass(frozen=True, slots=True, eq=False)
class Taking:
    """What a reduction takes: rows, each with what ranks it among them; `within` is the same of another window."""

    rows: list[Mapping[Any, Row]]
    ranks: list[tuple[Any, ...]]
    within: Callable[[Any], Taking]


def row_value(op: Any, rows: Mapping[Any, Row]) -> Any:
    """A row-level value; `rows` says which row of each relation is meant."""
    return _value(op, lambda field: rows[field.rel][field.name])


def aggregate(op: Any, taking: Taking) -> Any:
    """A reduction, or scalar arithmetic over reductions, of these rows."""

    def answer(leaf: Any) -> Any:
        return aggregate(leaf.arg, taking.within(leaf)) if isinstance(leaf, Over) else _reduce(leaf, taking)

    return _value(op, answer, STRICT | OVER_AGGREGATES)


def windows_of(op: Any, window: Any) -> list[Any]:
    """The windows that an aggregate takes: those it says itself, and `window` where it says none."""
    if isinstance(op, Over):
        return [op]
    if isinstance(op, ops.Reduction):
        return [window]
    return [found for child in op.__children__ for found in windows_of(child, window)]


def _value(op: Any, context: Context, strict: Operations = STRICT) -> Any:
    if isinstance(op, (ops.Field, ops.Reduction, Over)):
        return typed(context(op), op.dtype)
    if isinstance(op, ops.Literal):
        return _literal(op)
    given = [_argument(argument, context, strict) for argument in op.args]
    if isinstance(op, ops.Cast):
        return None if given[0] is None else typed(CASTS[_sort(op.arg.dtype), _sort(op.to)](given[0]), op.to)
    if type(op) in NULL_AWARE:
        return typed(NULL_AWARE[type(op)](*given), op.dtype)
    missing = any(argument is not None and _has_null(value) for argument, value in zip(op.args, given, strict=True))
    return None if missing else typed(strict[type(op)](*given), op.dtype)


def _argument(argument: Any, context: Context, strict: Operations) -> Any:
    if isinstance(argument, tuple):
        return tuple(_argument(each, context, strict) for each in argument)
    return _value(argument, context, strict) if isinstance(argument, ops.Node) else argument


def _has_null(value: Any) -> bool:
    return value is None or (isinstance(value, tuple) and None in value)


def _literal(op: ops.Literal) -> Any:
    if op.value is None:
        return None
    if op.dtype.is_interval():
        return op.value * UNITS[op.dtype.unit.value]
    if op.dtype.is_timestamp():
        return plain(op.value)
    return typed(op.value, op.dtype)


def _reduce(op: Any, taking: Taking) -> Any:
    kept = [(row, rank) for row, rank in zip(taking.rows, taking.ranks, strict=True) if _chosen(op, row)]
    if isinstance(op, ops.CountStar):
        return len(kept)
    if type(op) in PICKS:
        return PICKS[type(op)](op, kept)
    values = [value for row, _ in kept if (value := known(row_value(op.arg, row))) is not None]
    if type(op) in COUNTS:
        return COUNTS[type(op)](values)
    return REDUCTIONS[type(op)](values, op) if values else None


def _chosen(op: Any, row: Mapping[Any, Row]) -> bool:
    return op.where is None or bool(row_value(op.where, row))


Ranked = list[tuple[Mapping[Any, Row], tuple[Any, ...]]]


def _end(op: Any, kept: Ranked) -> Any:
    """First or last: sorted by value, then by rank, then by each key from the last to the first; sorting is stable."""
    found = [(known(row_value(op.arg, row)), rank, row) for row, rank in kept]
    found = [each for each in found if op.include_null or each[0] is not None]
    found.sort(key=lambda each: order(each[0]))
    found.sort(key=lambda each: tuple(map(order, each[1])))
    for key in reversed(op.order_by):
        found.sort(key=_sorting(key), reverse=key.descending)
    return None if not found else found[-1 if isinstance(op, ops.Last) else 0][0]


def _sorting(key: Any) -> Callable[[tuple[Any, ...]], tuple[bool, Any]]:
    """NULLs last unless `nulls_first`, in whichever direction."""

    def sorted_by(each: tuple[Any, ...]) -> tuple[bool, Any]:
        value = known(row_value(key.arg, each[-1]))
        return (value is None) is (key.ascending is not key.nulls_first), order(value)

    return sorted_by


def _extreme(op: Any, kept: Ranked) -> Any:
    """Of the rows with value and key those of the greatest (least) key; of these the latest, of these the greatest."""
    found = [(known(row_value(op.key, row)), rank, known(row_value(op.arg, row))) for row, rank in kept]
    found = [each for each in found if each[0] is not None and each[2] is not None]
    if not found:
        return None
    best = (max if isinstance(op, ops.ArgMax) else min)(each[0] for each in found)
    tied = [(tuple(map(order, rank)), order(value), value) for key, rank, value in found if key == best]
    return max(tied, key=lambda each: each[:2])[2]


PICKS: dict[type, Callable[[Any, Ranked], Any]] = {
    ops.First: _end,
    ops.Last: _end,
    ops.ArgMax: _extreme,
    ops.ArgMin: _extreme,
}


# ---------------------------------------------------------------------- relations


def rows_of(op: Any, tables: Tables) -> list[Row]:
    """The rows of a relation, in no order that matters."""
    return RELATIONS[type(op)](op, tables)


def _table(op: ops.UnboundTable, tables: Tables) -> list[Row]:
    if op.name not in tables:
        raise UnknownName.among("the oracle", "table", op.name, tables)
    columns = op.schema.items()
    return [{name: typed(plain(row[name]), dtype) for name, dtype in columns} for row in tables[op.name]]


def _project(op: ops.Project, tables: Tables) -> list[Row]:
    rows = rows_of(op.parent, tables)
    return [{name: row_value(value, {op.parent: row}) for name, value in op.values.items()} for row in rows]


def _filter(op: ops.Filter, tables: Tables) -> list[Row]:
    rows = rows_of(op.parent, tables)
    return [row for row in rows if all(row_value(predicate, {op.parent: row}) for predicate in op.predicates)]


def _distinct(op: ops.Distinct, tables: Tables) -> list[Row]:
    return list({tuple(map(order, row.values())): row for row in rows_of(op.parent, tables)}.values())


def _drop_columns(op: ops.DropColumns, tables: Tables) -> list[Row]:
    return [{name: row[name] for name in op.schema} for row in rows_of(op.parent, tables)]


def _drop_null(op: ops.DropNull, tables: Tables) -> list[Row]:
    names = op.schema.names if op.subset is None else [field.name for field in op.subset]
    enough = all if op.how == "any" else any
    return [row for row in rows_of(op.parent, tables) if enough(row[name] is not None for name in names)]


def _fill_null(op: ops.FillNull, tables: Tables) -> list[Row]:
    fill = {name: typed(plain(value), op.schema[name]) for name, value in op.replacements.items()}
    rows = rows_of(op.parent, tables)
    return [{name: fill.get(name) if value is None else value for name, value in row.items()} for row in rows]


def _join(op: ops.JoinChain, tables: Tables) -> list[Row]:
    joined: list[dict[Any, Row]] = [{op.first: row} for row in rows_of(op.first, tables)]
    for link in op.rest:
        right = rows_of(link.table, tables)
        joined = [match for left in joined for match in _matches(left, link, right)]
    return [{name: row_value(value, rows) for name, value in op.values.items()} for rows in joined]


def _matches(left: dict[Any, Row], link: ops.JoinLink, right: list[Row]) -> list[dict[Any, Row]]:
    pairs = [left | {link.table: row} for row in right]
    found = [pair for pair in pairs if all(row_value(predicate, pair) for predicate in link.predicates)]
    return found or ([left | {link.table: dict.fromkeys(link.table.schema)}] if link.how == "left" else [])


def _parent(op: Any, tables: Tables) -> list[Row]:
    return rows_of(op.parent, tables)


RELATIONS: dict[type, Callable[[Any, Tables], list[Row]]] = {
    ops.UnboundTable: _table,
    ops.Project: _project,
    ops.Filter: _filter,
    ops.Sort: _parent,
    ops.Distinct: _distinct,
    ops.DropColumns: _drop_columns,
    ops.DropNull: _drop_null,
    ops.FillNull: _fill_null,
    ops.JoinChain: _join,
    ops.JoinReference: _parent,
    ops.SelfReference: _parent,
}


# ---------------------------------------------------------------------- what is refused


def first_unknown(op: Any, reducing: bool, seen: set[tuple[Any, bool]] | None = None) -> str | None:
    """The name of the first operation that is in no table; `reducing` where reductions may stand, and no bare field."""
    seen = set() if seen is None else seen
    if (op, reducing) in seen:
        return None
    seen.add((op, reducing))
    if not _is_known(op, reducing):
        return f"Cast from {op.arg.dtype} to {op.to}" if isinstance(op, ops.Cast) else type(op).__name__
    inner = reducing and not isinstance(op, ops.Reduction)
    children = (op.parent,) if isinstance(op, ops.Sort) else op.__children__
    return _first(first_unknown(child, inner and not isinstance(child, ops.Relation), seen) for child in children)


def _is_known(op: Any, reducing: bool) -> bool:
    if type(op) in LIMITED:
        return LIMITED[type(op)](op)
    if isinstance(op, ops.Relation):
        return type(op) in RELATIONS
    if isinstance(op, ops.Reduction):
        return reducing and any(type(op) in table for table in (COUNTS, REDUCTIONS, PICKS))
    if isinstance(op, Over):
        return reducing
    if isinstance(op, ops.SortKey):
        return not reducing
    if isinstance(op, ops.Field):
        return not reducing
    return type(op) in STRICT or type(op) in NULL_AWARE


def _known_literal(op: Any) -> bool:
    if op.dtype.is_interval():
        return op.dtype.unit.value in UNITS
    return op.value is None or _sort(op.dtype) is not None


# Known for some arguments only.
LIMITED: dict[type, Callable[[Any], bool]] = {
    ops.Literal: _known_literal,
    ops.Cast: lambda op: op.arg.dtype.is_null() or (_sort(op.arg.dtype), _sort(op.to)) in CASTS,
    ops.FillNull: lambda op: isinstance(op.replacements, Mapping),
    ops.JoinLink: lambda op: op.how in ("inner", "left"),
    ops.TimestampTruncate: lambda op: op.unit.value in UNITS,
    ops.TimestampDelta: lambda op: isinstance(op.part, ops.Literal) and op.part.value in PARTS,
    ops.IntervalFromInteger: lambda op: op.unit.value in UNITS,
}
