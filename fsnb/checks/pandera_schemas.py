"""A pandera schema as checks, and checks as a pandera schema.

Taking one needs no pandera: a schema is read by its names, whichever backend it is of (pandas, Polars, Ibis). What has
no counterpart on the other side is refused by name, never dropped. Writing one needs the extra `fsnb[pandera]`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

import ibis
from ibis import _

from fsnb.errors import NotSupported, UnknownName, listed
from fsnb.model import Check, checks
from fsnb.model.checks import FAMILIES
from fsnb.model.placing import distinct, of_checks

IGNORE_ZONES = "PYARROW_IGNORE_TIMEZONE"
BACKENDS = ("ibis", "polars", "pandas")
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


def imported(backend: str) -> Any:
    """`pandera.<backend>`, with the environment left as it was.

    pandera tries pyspark.pandas, which tells all of this process to read times with a zone as if they had none.
    """
    before = os.environ.get(IGNORE_ZONES)
    try:
        return import_module(f"pandera.{backend}")
    finally:
        if before is None:
            os.environ.pop(IGNORE_ZONES, None)


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
        In the schema's order. A check that only warns in pandera has the severity "warn".

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
            raise _refused(f"check {_said_name(each)!r} of the whole frame", "a function")
    return distinct(_with_own_names(found), "pandera schema")


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
            raise _refused(f"check {_said_name(each)!r} of column {name!r}", "a function, or one without counterpart")
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
    return NotSupported(f"pandera schema: {what} is {kind}. Leave it out, without=[name], and say it as an fsnb.check.")


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


# ---------------------------------------------------------------------- the other way


def to_pandera(given: Sequence[Check], *, backend: str = "ibis") -> Any:
    """A pandera `DataFrameSchema` that says the same: NULLs, uniqueness, accepted values, ranges, patterns, types.

    Parameters
    ----------
    given
        The checks. pandera has no word for freshness, row counts, order, references, rates or `mostly`, and ours has
        no text for a predicate: these are refused.
    backend
        "ibis", "polars" or "pandas": which of pandera's schemas to make. Types are written for "ibis" only.

    Raises
    ------
    NotSupported
        pandera cannot say a check, or is not installed; nothing is dropped.
    UnknownName
        There is no such backend.
    """
    if backend not in BACKENDS:
        raise UnknownName.among("to_pandera()", "backend", backend, BACKENDS)
    try:
        library = imported(backend)
    except ImportError as error:
        raise NotSupported(
            f"to_pandera() needs pandera ({error.name} is missing): pip install 'fsnb[pandera]'."
        ) from None
    columns: dict[str, dict[str, Any]] = {}
    keys: list[str] = []
    for check in of_checks(given, "to_pandera()"):
        if check.kind not in WRITTEN or dict(check.options).get("mostly", 1.0) != 1.0:
            raise NotSupported(
                f"check {check.name!r} ({check.kind}) has no counterpart in pandera. It takes {listed(WRITTEN)}, with "
                "no share of rows that may fail."
            )
        if check.kind == "unique" and len(check.columns) > 1:
            if keys:
                raise NotSupported(f"check {check.name!r}: a pandera schema has one key of several columns, not two.")
            keys = list(check.columns)
            continue
        said = columns.setdefault(check.columns[0], {"nullable": True, "checks": []})
        WRITTEN[check.kind](check, said, library, backend)
    made = {name: library.Column(said.pop("dtype", None), **said) for name, said in columns.items()}
    made |= {name: library.Column(None, nullable=True) for name in keys if name not in made}
    return library.DataFrameSchema(made, unique=keys or None)


def _write_not_null(check: Check, said: dict[str, Any], library: Any, backend: str) -> None:
    said["nullable"] = False


def _write_unique(check: Check, said: dict[str, Any], library: Any, backend: str) -> None:
    said["unique"] = True


def _write_type(check: Check, said: dict[str, Any], library: Any, backend: str) -> None:
    dtype = check.option("dtype")
    if backend != "ibis" or dtype in FAMILIES:
        raise NotSupported(f"check {check.name!r}: type {dtype!r} is no type of pandera.{backend}. Leave it out.")
    said["dtype"] = ibis.dtype(dtype)


def _write_values(check: Check, said: dict[str, Any], library: Any, backend: str) -> None:
    said["checks"].append(library.Check.isin(list(check.option("values")), **_warning(check)))


def _write_pattern(check: Check, said: dict[str, Any], library: Any, backend: str) -> None:
    said["checks"].append(library.Check.str_contains(check.option("regex"), **_warning(check)))


def _write_range(check: Check, said: dict[str, Any], library: Any, backend: str) -> None:
    low, high = check.option("min_value"), check.option("max_value")
    if low is not None:
        make = library.Check.ge if check.option("include_min") else library.Check.gt
        said["checks"].append(make(low, **_warning(check)))
    if high is not None:
        make = library.Check.le if check.option("include_max") else library.Check.lt
        said["checks"].append(make(high, **_warning(check)))


def _warning(check: Check) -> dict[str, Any]:
    return {"raise_warning": check.severity != "fail", "title": check.name}


WRITTEN: Mapping[str, Callable[[Check, dict[str, Any], Any, str], None]] = {
    "not_null": _write_not_null,
    "unique": _write_unique,
    "column_type": _write_type,
    "accepted_values": _write_values,
    "pattern": _write_pattern,
    "in_range": _write_range,
}
