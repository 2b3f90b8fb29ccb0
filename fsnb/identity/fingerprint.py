"""sha256 over the canonical JSON of a value. No Ibis version in it: identity is the hash of our own form."""

from __future__ import annotations

import hashlib
from typing import Any

import ibis.expr.types as ir

from fsnb.identity.document import FORMAT, to_json
from fsnb.identity.values import JSON, canonical, encode, no_identity


def fingerprint(obj: Any) -> str:
    """64 hexadecimal digits that name an Ibis expression, or plain data with expressions in it.

    Plain data: None, bool, int, float, str, bytes, Decimal, UUID, date, time, datetime, timedelta, Ibis types and
    schemas, and dicts with text keys, lists, tuples and sets of these. The order of a dict does not count, of a
    list it does; a list equals a tuple; 1, 1.0 and True differ. The same in every process, on Python 3.11 to 3.13.

    Raises
    ------
    NoStableIdentity
        Something in it is of another type, or an expression has no stable identity (see `to_json`).

    Examples
    --------
    >>> fingerprint({"lag": 1})[:8]
    'b7dc4d4f'
    """
    return hashlib.sha256(canonical({"format": FORMAT, "value": encode(obj, _expression)}).encode()).hexdigest()


def _expression(value: Any) -> JSON:
    if isinstance(value, ir.Expr):
        return {"expression": to_json(value)["nodes"]}
    return no_identity(value)
