"""Which table of a feature view each of its checks is on; and what is refused as a set of checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import ibis.expr.types as ir
from ibis.common.deferred import Deferred

from fsnb.errors import DefinitionError, UnknownName, listed
from fsnb.identity.values import short
from fsnb.model.checking import Check
from fsnb.model.pandera_schemas import from_pandera, is_schema


def placed(checks: Sequence[Any], tables: Mapping[str, ir.Table], who: str) -> tuple[Check, ...]:
    """A feature view's checks, each on the first of its tables that has its columns: the result, else the source.

    Parameters
    ----------
    checks
        As the user gave them.
    tables
        `{"result": ..., "source": ...}`, unbound, in the order in which they are tried.

    Raises
    ------
    UnknownName
        No table has a check's columns; the message is that of the last one tried.
    DefinitionError
        Something is no check, or two have one name.
    """
    return distinct([_placed(check, tables, who) for check in of_checks(checks, who)], who)


def of_checks(checks: Any, who: str) -> tuple[Check, ...]:
    """What was given, one or several, when all of it are checks; a pandera schema is the checks that it says."""
    several = isinstance(checks, Iterable) and not isinstance(checks, (str, type, Deferred, ir.Expr))
    found: list[Check] = []
    for each in checks if several else (checks,):
        if is_schema(each):
            found += from_pandera(each)
        elif isinstance(each, Check):
            found.append(each)
        else:
            raise DefinitionError(
                f"{who}: {short(repr(each), 80)} is a {_type(each)}, not a check. Make one: "
                "fsnb.checks.not_null('column') or fsnb.check('amounts are positive', _.amount > 0)."
            )
    return tuple(found)


def _type(value: Any) -> str:
    """Its type's name; with the library's where that has a Check too."""
    kind = type(value)
    return f"pandera {kind.__name__}" if kind.__module__.startswith("pandera") else kind.__name__


def distinct(checks: Sequence[Check], who: str) -> tuple[Check, ...]:
    """The checks, when each has a name of its own."""
    names = [check.name for check in checks]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DefinitionError(f"{who} has two checks named {twice[0]!r}. Give one another: name='...'.")
    return tuple(checks)


def _placed(check: Check, tables: Mapping[str, ir.Table], who: str) -> Check:
    fits: Callable[[str], Check] = lambda place: replace(_fitting(check, tables[place]), on=place)  # noqa: E731
    *others, last = [check.on] if check.on else list(tables)
    for place in others:
        try:
            return fits(place)
        except UnknownName:
            continue
    try:
        return fits(last)
    except UnknownName as error:
        has = "; ".join(f"its {place} has {listed(table.columns)}" for place, table in tables.items())
        raise UnknownName(f"{who}: {error} Of this view {has}.") from None


def _fitting(check: Check, table: ir.Table) -> Check:
    check.needs(table)
    return check.kept_on(table)
