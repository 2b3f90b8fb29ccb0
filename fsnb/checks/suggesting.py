"""Propose checks that a table's rows pass today, with margins, in the manner of rule-based profilers.

Each rule says why in a sentence and gives code, for a person to read, change and keep. The rules are those of Deequ's
constraint suggestion (Schelter et al., "Automating large-scale data quality verification", VLDB 2018): completeness,
retained completeness, uniqueness, categorical range, sign; plus usual range, freshness and size.

    not null        no NULL was seen
    null rate       as seen, plus the larger of a fifth and three standard errors of a share, sqrt(p (1 - p) / n)
    unique          no value was seen twice
    domain          at most 25 values, each seen at least 5 times: by Good and Turing the share of rows with a value
                    never seen is about the share of values seen once, which is then 0. A warning
    sign            no value was below 0; for fractions none outside 0 to 1
    usual range     the seen range and its width again on either side. A warning
    freshness       twice the longest run of days without a row, where the table is that fresh now. A warning
    size            half of the rows. A warning
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import ceil, floor, log10, sqrt
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from fsnb import shells
from fsnb.checks.judging import without_nan
from fsnb.model import Check, checks
from fsnb.pit import check_engine, collect
from fsnb.profiling import Column, columns_of, reading
from fsnb.profiling.making import moment
from fsnb.profiling.tallies import LARGEST

FEW_ROWS, DOMAIN, TIMES_SEEN = 100, 25, 5
WIDER, ERRORS = 0.2, 3
WIDTH = 118  # of a line of code, with two spaces before its comment


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A proposed check, the rule that proposes it, and what was seen."""

    check: Check
    rule: str
    reason: str

    @property
    def code(self) -> str:
        return self.check.code()


@dataclass(frozen=True, slots=True, repr=False)
class Suggestions:
    """Proposed checks for a table; `left_out` says what was looked at and why nothing is proposed for it."""

    who: str
    rows: int
    suggestions: tuple[Suggestion, ...]
    left_out: tuple[str, ...]

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks themselves; the rows that were looked at pass them all."""
        return tuple(each.check for each in self.suggestions)

    def code(self, name: str = "checks") -> str:
        """Python that makes the checks as a list `name`, each with its reason beside it, or above a long one."""
        lines = [line for each in self.suggestions for line in _reasoned(each)]
        notes = [f"# {_line(each)}" for each in (f"proposed from {self.rows:,} rows of {self.who}", *self.left_out)]
        return "\n".join([*notes, f"{name} = [", *map(_line, lines), "]"])

    def __str__(self) -> str:
        count = f"{len(self.suggestions)} checks" if len(self.suggestions) != 1 else "1 check"
        lines = [f"{count} proposed from {self.rows:,} rows of {self.who}"]
        lines += [f"  {each.code}\n      {each.rule}: {each.reason}" for each in self.suggestions]
        return "\n".join([*lines, *(f"  {each}" for each in self.left_out)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return shells.html(self)


def _reasoned(each: Suggestion) -> tuple[str, ...]:
    code, reason = f"    {each.code},", f"# {each.rule}: {each.reason}"
    return (f"{code}  {reason}",) if len(code) + len(reason) < WIDTH else (f"    {reason}", code)


def _line(text: str) -> str:
    """On one line: a name from the data must not end a comment."""
    return "".join(each if each.isprintable() else " " for each in text)


def suggest(table: Any, *, who: str = "the table", now: datetime | None = None, con: Any = None) -> Suggestions:
    """Propose checks that the rows of a table pass, with margins, as code to read and keep.

    Two scans of the table (see `fsnb.profiling`), and a query more for each column of times. The module says the rules.
    Nested columns are left out.

    Parameters
    ----------
    table
        A path, a frame, or an Ibis table, which is looked at where it lies.
    who
        What it is, for the text: "source 'flights'".
    now
        What freshness is judged at, naive UTC; the clock's time by default.

    Returns
    -------
    Suggestions
        `.code()` for a cell, `.checks` to run. Of no rows nothing is proposed.
    """
    counting = reading(table, who, con)
    con, table = counting.con, counting.table
    check_engine(con.name, who)
    now = datetime.now(UTC).replace(tzinfo=None) if now is None else now
    table = without_nan(table)
    rows, columns = _seen(table, con, who)
    found: list[Suggestion] = []
    left_out: list[str] = []
    if 0 < rows < FEW_ROWS:
        left_out.append(f"only {rows:,} rows were seen: what holds for so few may be chance")
    for column in columns if rows else ():
        for rule in RULES:
            for each in rule(column, table, con, now):
                found.append(each) if isinstance(each, Suggestion) else left_out.append(each)
    size = [_size(rows)] if rows else []
    return Suggestions(who, rows, (*size, *found), tuple(left_out) if rows else ("it has no rows to learn from",))


@dataclass(frozen=True, slots=True)
class Seen:
    """What the rules ask of a column: its profile, in the column's own terms; how many values are infinite."""

    profile: Column
    dtype: dt.DataType
    infinite: int

    @property
    def name(self) -> str:
        return self.profile.name

    @property
    def rows(self) -> int:
        return self.profile.n

    @property
    def nulls(self) -> int:
        """NULL and NaN."""
        return self.profile.nulls - self.infinite

    @property
    def low(self) -> Any:
        return self._said(self.profile.minimum)

    @property
    def high(self) -> Any:
        return self._said(self.profile.maximum)

    def _said(self, value: float | None) -> Any:
        if value is None or self.dtype.is_numeric():
            return int(value) if value is not None and self.dtype.is_integer() else value
        return moment(value) if self.dtype.is_timestamp() else None


def _seen(table: ir.Table, con: Any, who: str) -> tuple[int, tuple[Seen, ...]]:
    """The number of rows, and what was seen of each column that is not nested."""
    flat = {name: dtype for name, dtype in table.schema().items() if not (dtype.is_nested() or dtype.is_json())}
    floats = [name for name, dtype in flat.items() if dtype.is_floating()]
    beyond = {f"f{n}": (table[name].abs() > LARGEST).sum() for n, name in enumerate(floats)}
    found = collect(con, table.aggregate(n=table.count(), **beyond)).to_pylist()[0]
    if not flat:
        return found["n"], ()
    infinite = {name: found[f"f{n}"] or 0 for n, name in enumerate(floats)}
    columns = columns_of(reading(table.select(*flat), who, con), bins=None)
    return found["n"], tuple(Seen(each, flat[each.name], infinite.get(each.name, 0)) for each in columns)


def _days_of(table: ir.Table, con: Any, name: str) -> list[date]:
    """The days on which a time falls, in order."""
    days = table.filter(table[name].notnull()).select(_fsnb_day=table[name].date()).distinct()
    return sorted(row["_fsnb_day"] for row in collect(con, days).to_pylist())


Proposed = Iterator["Suggestion | str"]


def _size(rows: int) -> Suggestion:
    check = checks.row_count(min_value=max(1, rows // 2), severity="warn")
    return Suggestion(check, "size", f"{rows:,} rows were seen, half of that is allowed")


def _complete(column: Seen, table: ir.Table, con: Any, now: datetime) -> Proposed:
    if not column.nulls:
        yield Suggestion(checks.not_null(column.name), "not null", f"none of {column.rows:,} rows was NULL")
    elif column.nulls == column.rows:
        yield f"{column.name}: every row is NULL"


def _null_rate(column: Seen, table: ir.Table, con: Any, now: datetime) -> Proposed:
    if 0 < column.nulls < column.rows:
        share = column.nulls / column.rows
        margin = max(WIDER * share, ERRORS * sqrt(share * (1 - share) / column.rows))
        most = min(1.0, _outwards(share + margin, up=True, digits=2))
        if most < 1:
            said = f"{column.nulls:,} of {column.rows:,} rows were NULL ({share:.2%})"
            yield Suggestion(checks.null_rate(column.name, max_rate=most), "null rate", f"{said}, with a margin")


def _is_unique(column: Seen) -> bool:
    named = column.dtype.is_integer() or column.dtype.is_string() or column.dtype.is_uuid()
    return named and not column.nulls and column.rows > 1 and column.profile.distinct == column.rows


def _unique(column: Seen, table: ir.Table, con: Any, now: datetime) -> Proposed:
    if _is_unique(column):
        said = f"{column.rows:,} rows had as many values"
        yield Suggestion(checks.unique(column.name), "unique", said)


def _domain(column: Seen, table: ir.Table, con: Any, now: datetime) -> Proposed:
    counts = sorted(column.profile.categories or (), key=lambda one: -one[1])
    if not column.dtype.is_string() or not 0 < len(counts) <= DOMAIN or _is_unique(column):
        return
    rare = [value for value, count in counts if count < TIMES_SEEN]
    if rare:
        yield f"{column.name}: {len(counts)} values, but {len(rare)} of them seen fewer than {TIMES_SEEN} times"
        return
    check = checks.accepted_values(column.name, values=sorted(value for value, _ in counts), severity="warn")
    yield Suggestion(check, "domain", f"{len(counts)} values, the rarest seen {counts[-1][1]:,} times")


def _sign(column: Seen, table: ir.Table, con: Any, now: datetime) -> Proposed:
    if not column.dtype.is_numeric() or column.low is None or column.infinite:
        return
    name, said = column.name, f"seen from {_number(column.low)} to {_number(column.high)}"
    if column.dtype.is_floating() and 0 <= column.low < column.high <= 1:
        yield Suggestion(checks.in_range(name, min_value=0, max_value=1, name=f"{name} is a share"), "sign", said)
    elif column.low >= 0:
        yield Suggestion(checks.in_range(name, min_value=0, name=f"{name} not negative"), "sign", said)
    elif column.high <= 0:
        yield Suggestion(checks.in_range(name, max_value=0, name=f"{name} not positive"), "sign", said)


def _range(column: Seen, table: ir.Table, con: Any, now: datetime) -> Proposed:
    measured = column.dtype.is_numeric() and column.low is not None and not _is_unique(column)
    if measured and column.infinite:
        yield f"{column.name}: {column.infinite:,} values are infinite; no range"
        return
    if not measured or (column.dtype.is_floating() and column.low >= 0 and column.high <= 1):
        return
    width = column.high - column.low
    if not width:
        return
    bounds: dict[str, Any] = {"max_value": _bound(column, column.high + width, up=True)}
    if column.low < 0:
        bounds["min_value"] = _bound(column, column.low - width, up=False)
    check = checks.in_range(column.name, **bounds, name=f"{column.name} in usual range", severity="warn")
    said = f"seen from {_number(column.low)} to {_number(column.high)}, that width again is allowed"
    yield Suggestion(check, "usual range", said)


def _fresh(column: Seen, table: ir.Table, con: Any, now: datetime) -> Proposed:
    if not column.dtype.is_timestamp() or column.high is None:
        return
    days = _days_of(table, con, column.name)
    gap = max((later - earlier for earlier, later in pairwise(days)), default=timedelta(days=1))
    age, within = now - column.high, 2 * max(gap, timedelta(days=1))
    if timedelta(0) <= age <= within:
        check = checks.freshness(column.name, within=within, severity="warn")
        said = f"rows on {len(days):,} days, at most {gap.days} apart; twice that is allowed"
        yield Suggestion(check, "freshness", said)
    elif age > within:
        yield f"{column.name}: the newest is of {column.high:%Y-%m-%d}; too old to propose freshness"
    else:
        yield f"{column.name}: the newest is of {column.high:%Y-%m-%d}, which has not been yet; no freshness"


def _bound(column: Seen, value: float, *, up: bool) -> Any:
    rounded = _outwards(value, up=up, digits=2)
    return int(rounded) if column.dtype.is_integer() else rounded


def _outwards(value: float, *, up: bool, digits: int) -> float:
    """Rounded to so many digits, away from what was seen."""
    if value == 0:
        return 0.0
    step = 10.0 ** (floor(log10(abs(value))) - digits + 1)
    return float(f"{(ceil if up else floor)(value / step) * step:.12g}")


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


RULES = (_complete, _null_rate, _unique, _domain, _sign, _range, _fresh)
