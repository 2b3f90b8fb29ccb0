"""A pandera schema as checks: types, NULLs, uniqueness, and its built-in checks.

It needs no pandera: a schema is read by its names, whichever backend it is of (pandas, Polars, Ibis). What has no
counterpart here is refused by name, never dropped. `fsnb.checks.to_pandera` writes one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ibis import _

from fsnb.errors import NotSupported
from fsnb.model import checks
from fsnb.model.checking import Check

# how the text of a data type of pandas, Polars or Ibis begins -> our family
TYPES: Mapping[str, str] = {
    "int": "integer",
    "uint": "integer",
    "float": "floating",
    "decimal": "decimal",
    "bool": "boolean",
    "str": "string",
    "object": "string",
    "utf8": "string",
    "datetime": "timestamp",
    "timestamp": "timestamp",
    "date": "date",
    "time": "time",
}
Made = Callable[[str, Mapping[str, Any], dict[str, Any]], Check]


def is_schema(given: Any) -> bool:
    """Whether it is a schema or a model of pandera, of any backend."""
    kinds = (given if isinstance(given, type) else type(given)).__mro__
    whole = hasattr(given, "to_schema") or hasattr(given, "columns")
    return whole and any(each.__module__.partition(".")[0] == "pandera" for each in kinds)


def from_pandera(schema: Any, *, without: Sequence[str] = ()) -> tuple[Check, ...]:
    """The checks that a pandera schema or model says: types, NULLs, uniqueness, and its built-in checks.

    Parameters
    ----------
    schema
        A `DataFrameSchema`, or a `DataFrameModel` class, of any of pandera's backends.
    without
        Names of pandera checks to leave out: functions of one's own, which are code; write them as `fsnb.check`.

    Returns
    -------
    tuple of Check
        In the schema's order. A check that only warns in pandera has the severity "warn". One difference stays: NULLs
        in a unique column are equal for pandera, and no key here.

    Raises
    ------
    NotSupported
        Something in it has no counterpart here; the message names it.
    """
    schema = schema.to_schema() if hasattr(schema, "to_schema") else schema
    found = [each for name, column in schema.columns.items() for each in _of_column(name, column, without)]
    keys = [schema.unique] if isinstance(schema.unique, str) else list(schema.unique or ())
    found += [checks.unique(*keys)] if keys else []
    for each in schema.checks or ():
        if _said_name(each) not in without:
            raise _refused_check(each, "the whole frame")
    return tuple(_with_own_names(found))


def _of_column(name: str, column: Any, without: Sequence[str]) -> Iterator[Check]:
    if not column.required or column.regex:
        raise _refused(f"column {name!r}", "one that may be missing, or is named by a pattern")
    if column.dtype is not None:
        yield checks.column_type(name, dtype=_family(name, str(column.dtype)))
    if not column.nullable:
        yield checks.not_null(name)
    if column.unique:
        yield checks.unique(name)
    for each in column.checks or ():
        if _said_name(each) in without:
            continue
        make = MADE.get(each.name)
        if make is None or not each.statistics:
            raise _refused_check(each, f"column {name!r}")
        how = {"severity": "warn" if each.raise_warning else "fail"}
        yield make(name, each.statistics, how | {"name": f"{name} {_said_name(each)}"})


def _family(column: str, dtype: str) -> str:
    text = dtype.lower()
    for begins in sorted(TYPES, key=len, reverse=True):
        if text.startswith(begins):
            return TYPES[begins]
    raise _refused(f"type {dtype} of column {column!r}", "a type without counterpart")


def _said_name(check: Any) -> str:
    return str(check.name or "unnamed")


def _refused(what: str, kind: str) -> NotSupported:
    return NotSupported(
        f"pandera schema: {what} is {kind}. Take it out of the schema, and say it as a check of fsnb's."
    )


def _refused_check(check: Any, of: str) -> NotSupported:
    name = _said_name(check)
    return NotSupported(
        f"pandera schema: check {name!r} of {of} is a function, or one without counterpart. Leave it out, "
        f"fsnb.checks.from_pandera(schema, without=[{name!r}]), and say it as fsnb.check(name, _.x > 0)."
    )


def _with_own_names(found: Iterable[Check]) -> list[Check]:
    """A number on the second of a name: a column may have two patterns."""
    seen: dict[str, int] = {}
    named = []
    for each in found:
        seen[each.name] = seen.get(each.name, 0) + 1
        number = seen[each.name]
        name = each.name if number == 1 else f"{each.name} {number}"
        named.append(Check(each.kind, name, each.columns, each.options, each.severity, each.on, each.predicate))
    return named


def _range(column: str, said: Mapping[str, Any], how: dict[str, Any], **closed: bool) -> Check:
    bounds = {name: said[name] for name in ("min_value", "max_value", "include_min", "include_max") if name in said}
    return checks.in_range(column, **bounds | closed, **how)


def _predicate(value: Callable[[Any, Mapping[str, Any]], Any]) -> Made:
    """A check that is written out as an expression of the column."""

    def make(column: str, said: Mapping[str, Any], how: dict[str, Any]) -> Check:
        return checks.check(how["name"], value(_[column], said), severity=how["severity"])

    return make


def _length(column: Any, said: Mapping[str, Any]) -> Any:
    low, high, exact = (said.get(name) for name in ("min_value", "max_value", "exact_value"))
    if exact is not None:
        return column.length() == exact
    if low is None or high is None:
        return column.length() <= high if low is None else column.length() >= low
    return (column.length() >= low) & (column.length() <= high)


def _anchored(regex: Any) -> str:
    """`str_matches` of pandera begins at the beginning."""
    text = regex if isinstance(regex, str) else regex.pattern
    return text if text.startswith("^") else f"^(?:{text})"


MADE: Mapping[str, Made] = {
    "in_range": _range,
    "greater_than": lambda column, said, how: _range(column, said, how, include_min=False),
    "greater_than_or_equal_to": _range,
    "less_than": lambda column, said, how: _range(column, said, how, include_max=False),
    "less_than_or_equal_to": _range,
    "isin": lambda column, said, how: checks.accepted_values(column, values=list(said["allowed_values"]), **how),
    "str_matches": lambda column, said, how: checks.pattern(column, regex=_anchored(said["pattern"]), **how),
    "str_contains": lambda column, said, how: checks.pattern(column, regex=_text(said["pattern"]), **how),
    "equal_to": _predicate(lambda column, said: column == said["value"]),
    "not_equal_to": _predicate(lambda column, said: column != said["value"]),
    "notin": _predicate(lambda column, said: ~column.isin(list(said["forbidden_values"]))),
    "str_startswith": _predicate(lambda column, said: column.startswith(said["string"])),
    "str_endswith": _predicate(lambda column, said: column.endswith(said["string"])),
    "str_length": _predicate(_length),
}


def _text(regex: Any) -> str:
    return regex if isinstance(regex, str) else str(regex.pattern)
