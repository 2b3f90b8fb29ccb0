"""Values as Python: plain ones as they are, the rest by what `ibis.literal` and its kin take."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.operations as ops

from fsnb.model.code.said import Said, Unwritable, function, text
from fsnb.model.durations import show_duration


def plain(value: Any) -> Said:
    """A value that Python writes by itself."""
    if isinstance(value, float) and not math.isfinite(value):
        return Said(f'float("{value}")', value)
    if value is None or type(value) in (bool, int, float, str, bytes):
        return Said(text(value) if isinstance(value, str) else repr(value), value, whole=not _signed(value))
    if type(value) in (list, tuple):
        return Said(f"[{', '.join(plain(each).text for each in value)}]", list(value))
    raise Unwritable(f"a {type(value).__name__} has no plain text")


def duration(value: timedelta) -> Said:
    return Said(text(show_duration(value)), show_duration(value))


def argument(node: ops.Literal) -> Said:
    """A literal as an argument or beside an operator: the plain value where Ibis reads it as this very literal."""
    if node.value is not None and type(node.value) in (bool, int, float, str):
        said = plain(node.value)
        if _is(node, ibis.literal(said.value)):
            return said
    return literal(node)


def literal(node: ops.Literal) -> Said:
    """A literal as an expression."""
    for said in _candidates(node):
        if _is(node, said.value):
            return said
    raise Unwritable(f"the literal {str(node.value)[:80]!r} of type {node.dtype} has no text that gives it back")


def _candidates(node: ops.Literal) -> Iterator[Said]:
    dtype = Said(text(str(node.dtype)), str(node.dtype))
    value = node.value
    if value is None:
        yield function("ibis.null", ibis.null)
        yield function("ibis.null", ibis.null, dtype)
    elif node.dtype.is_interval() and type(value) is int:
        unit = str(node.dtype.unit.short)
        yield function("ibis.interval", ibis.interval, plain(value), Said(text(unit), unit))
    elif type(value) in _TIMES:
        name, made = _TIMES[type(value)]
        yield function(name, made, Said(text(str(value)), str(value)))
    elif isinstance(value, Decimal):
        yield function("ibis.literal", ibis.literal, Said(text(str(value)), str(value)), dtype)
    else:
        said = plain(value)
        yield function("ibis.literal", ibis.literal, said)
        yield function("ibis.literal", ibis.literal, said, dtype)


_TIMES: dict[type, tuple[str, Callable[[str], Any]]] = {
    datetime: ("ibis.timestamp", ibis.timestamp),
    date: ("ibis.date", ibis.date),
    time: ("ibis.time", ibis.time),
}


def _is(node: ops.Literal, value: Any) -> bool:
    """The same literal; to Ibis 0.0 equals -0.0, and no NaN equals another."""
    op = value.op()
    return isinstance(op, ops.Literal) and op.dtype == node.dtype and repr(op.value) == repr(node.value)


def _signed(value: Any) -> bool:
    return isinstance(value, (int, float)) and repr(value).startswith("-")  # -1 ** 2 reads otherwise
