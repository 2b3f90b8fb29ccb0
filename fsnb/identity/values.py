"""Plain values, types and schemas as JSON, and back.

A text, a small integer, a boolean and null stand for themselves, an array is a tuple, and everything else is an
object with one member, the tag: {"float": "0.5"}, {"timedelta": "60000000"}, {"type": ["Timestamp", {...}]}.
Floats and large integers are text, so that no JSON parser or JSONB column can change 1.0, -0.0 or 2**53 + 1.

There is no place for a type's nullability: a table in PostgreSQL or DuckDB may say NOT NULL where a Parquet file
or a Polars frame of the very same rows does not, so it is no part of identity, and all types read back nullable.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import ibis.expr.datashape as ds
import ibis.expr.datatypes as dt
from ibis import Schema
from ibis.common.collections import FrozenDict, FrozenOrderedDict
from ibis.common.temporal import Unit

from fsnb.errors import DefinitionError, NoStableIdentity, NotSupported, listed
from fsnb.identity.operations import SHAPES, TYPES, UNITS

JSON = Any
EXACT_IN_JSON = 2**53
OMITTED = {"nullable", "namespace"}  # what an engine adds to a type or a table
MICROSECOND = timedelta(microseconds=1)
_WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def canonical(doc: JSON) -> str:
    """The one text of a JSON value."""
    return _WRITER.encode(doc)


def arguments(concrete: Any) -> dict[str, Any]:
    """The named arguments of an Ibis type or operation, without those that an engine adds."""
    pairs = zip(concrete.__argnames__, concrete.__args__, strict=True)
    return {name: value for name, value in pairs if name not in OMITTED}


def no_identity(value: Any) -> JSON:
    """Refuse what is no plain value."""
    kind = type(value)
    raise NoStableIdentity(f"a {kind.__module__}.{kind.__qualname__} has no stable identity. Make it plain data first.")


def unknown_kind(tag: str, content: JSON) -> Any:
    """Refuse to load what is no plain value."""
    raise NotSupported(f"stored definition: a value of the kind {short(tag)!r} is not one that fsnb loads.")


def nullable(schema: Schema) -> Schema:
    """The schema without NOT NULL, on any level of its types."""
    return decode(encode(schema))


def encode(value: Any, other: Callable[[Any], JSON] = no_identity) -> JSON:
    """A value as JSON; `other` is asked for what is not a plain value."""
    kind = type(value)
    if value is None or kind in (bool, str) or (kind is int and abs(value) <= EXACT_IN_JSON):
        return value
    if kind in _SCALARS:
        tag, write, _ = _SCALARS[kind]
        return {tag: write(value)}
    if kind in (tuple, list):
        return [encode(item, other) for item in value]
    if kind in (dict, FrozenDict, FrozenOrderedDict):
        return _encode_mapping(value, other)
    if kind in (set, frozenset):
        return {"set": sorted((encode(item, other) for item in value), key=canonical)}
    return _encode_ibis(value, other)


def _encode_mapping(value: Mapping[Any, Any], other: Callable[[Any], JSON]) -> JSON:
    pairs = [[encode(key, other), encode(item, other)] for key, item in value.items()]
    if isinstance(value, FrozenOrderedDict):
        return {"record": pairs}
    if type(value) is dict and not all(type(key) is str for key in value):
        raise NoStableIdentity(f"a dict has a stable identity when its keys are text, not {listed(map(repr, value))}.")
    return {"map": sorted(pairs, key=canonical)}


def _encode_ibis(value: Any, other: Callable[[Any], JSON]) -> JSON:
    if isinstance(value, dt.DataType):
        return {"type": _encode_type(value, other)}
    if isinstance(value, Schema):
        return {"schema": [[name, _encode_type(dtype, other)] for name, dtype in value.items()]}
    if isinstance(value, Unit):
        return {"unit": [type(value).__name__, value.name]}
    if isinstance(value, ds.DataShape):
        return {"shape": type(value).__name__}
    return other(value)


def _encode_type(dtype: dt.DataType, other: Callable[[Any], JSON]) -> JSON:
    name = type(dtype).__name__
    if TYPES.get(name) is not type(dtype):
        raise NoStableIdentity(f"type {dtype} ({name}) has no stable identity. Cast the column or leave it out.")
    return [name, {arg: encode(value, other) for arg, value in arguments(dtype).items()}]


def decode(doc: JSON, other: Callable[[str, JSON], Any] = unknown_kind) -> Any:
    """The value of a JSON; `other(tag, content)` is asked for a tag that is not of a plain value."""
    if doc is None or type(doc) in (bool, int, str):
        return doc
    if type(doc) is list:
        return tuple(decode(item, other) for item in doc)
    if type(doc) is not dict or len(doc) != 1:
        raise DefinitionError(f"stored definition: a {type(doc).__name__} stands where a value should be.")
    ((tag, content),) = doc.items()
    if tag in _READERS:
        return attempt(f"a value {tag!r}", _READERS[tag], content)
    if tag in ("map", "record"):
        return attempt("a mapping", FrozenOrderedDict, decode(content, other))
    if tag == "set":
        return attempt("a set", frozenset, decode(content, other))
    if tag in ("type", "schema"):
        return _decode_type(content, other) if tag == "type" else _decode_schema(content, other)
    return other(tag, content)


def _decode_schema(content: JSON, other: Callable[[str, JSON], Any]) -> Schema:
    columns = attempt("a schema", lambda: [(name, _decode_type(dtype, other)) for name, dtype in content])
    return attempt("a schema", Schema, dict(columns))


def _decode_type(content: JSON, other: Callable[[str, JSON], Any]) -> dt.DataType:
    cls, args = named("type", TYPES, content)
    return attempt(f"type {cls.__name__}", cls, **{arg: decode(value, other) for arg, value in args.items()})


def named(what: str, known: Mapping[str, Any], content: JSON) -> tuple[Any, dict[str, JSON]]:
    """The class that a document names, from our own list, and its arguments: all of them and no others."""
    if not (type(content) is list and len(content) == 2 and type(content[0]) is str and type(content[1]) is dict):
        raise DefinitionError(f"stored definition: {what} should be a name and its arguments, not {short(content)}.")
    name, args = content
    if name not in known:
        raise NotSupported(f"stored definition: {what} {short(name)} is not one that fsnb loads.")
    expected = [arg for arg in known[name].__argnames__ if arg not in OMITTED]
    if set(args) != set(expected):
        given = listed(map(short, args))
        raise DefinitionError(f"stored definition: {what} {name} takes {listed(expected)}, not {given}.")
    return known[name], args


def attempt(what: str, build: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Build a part of a stored definition; whatever Python or Ibis has against it becomes a DefinitionError.

    The document may hold anything, and what Ibis raises for bad arguments is of a dozen types.
    """
    try:
        return build(*args, **kwargs)
    except (DefinitionError, NotSupported):
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {short(error)}"
        raise DefinitionError(f"stored definition: {what} cannot be built: {why}") from error


def short(value: Any, most: int = 300) -> str:
    """A value for a message, on one line."""
    text = " ".join(str(value).split())
    return text if len(text) <= most else f"{text[:most]}..."


def _write_datetime(value: datetime) -> str:
    """Aware ones in UTC: an offset would depend on the machine's time zone tables."""
    return (value.astimezone(UTC) if value.tzinfo else value).isoformat()


def _write_timedelta(value: timedelta) -> str:
    return str(value // MICROSECOND)


def _read_timedelta(text: str) -> timedelta:
    return timedelta(microseconds=int(text))


def _read_integer(text: str) -> int:
    return int(text, 16)


def _read_unit(content: Iterable[str]) -> Unit:
    name, member = content
    return UNITS[name][member]


_SCALARS: dict[type, tuple[str, Callable[[Any], str], Callable[[str], Any]]] = {
    int: ("int", hex, _read_integer),
    float: ("float", repr, float),
    Decimal: ("decimal", str, Decimal),
    bytes: ("bytes", bytes.hex, bytes.fromhex),
    UUID: ("uuid", str, UUID),
    datetime: ("datetime", _write_datetime, datetime.fromisoformat),
    date: ("date", date.isoformat, date.fromisoformat),
    time: ("time", time.isoformat, time.fromisoformat),
    timedelta: ("timedelta", _write_timedelta, _read_timedelta),
}
_READERS: dict[str, Callable[[Any], Any]] = {tag: read for tag, _, read in _SCALARS.values()}
_READERS |= {"unit": _read_unit, "shape": SHAPES.__getitem__}
