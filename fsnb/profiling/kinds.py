"""What kind a column is, which says how it is compared: by type first, then by how many distinct values it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import ibis
import ibis.expr.datatypes as dt

from fsnb.errors import DefinitionError, UnknownName

Kind = Literal["numeric", "boolean", "categorical", "text", "identifier", "datetime", "other"]
KINDS: tuple[str, ...] = get_args(Kind)

MOST_CATEGORIES = 200
"""Text with more distinct values is no category."""
MOST_VALUES = 10_000
"""Up to so many distinct values are kept and counted one by one."""
UNIQUE_SHARE = 0.9
"""Text of many values, and integers of more than are counted, identify something from this share of the rows on."""
TRIED_VALUES = 25_000
"""Values are counted one by one up to this estimate, which may be off by a fifth: the count then decides."""

NEEDS: Mapping[str, str] = {
    "numeric": "a number",
    "boolean": "boolean or text",
    "categorical": "text, boolean or an integer",
    "text": "text",
    "identifier": "text or an integer",
    "datetime": "a date or timestamp",
}


def by_type(dtype: dt.DataType) -> Kind | None:
    """The kind that a type alone decides; None for text, where the values do."""
    if dtype.is_boolean():
        return "boolean"
    if dtype.is_numeric():
        return "numeric"
    if dtype.is_timestamp() or dtype.is_date():
        return "datetime"
    return None if dtype.is_string() else "other"


def of_text(distinct: int, known: int, mean_length: float) -> Kind:
    """The kind of a text column: up to 200 distinct values are categories; nearly all distinct and short, identifiers.

    Names, codes and sentences with many values are text, and compared by their length.
    """
    if distinct <= MOST_CATEGORIES:
        return "categorical"
    short = mean_length <= 40
    return "identifier" if short and distinct > UNIQUE_SHARE * known else "text"


def unique(distinct: int, known: int) -> bool:
    """Whether nearly every row has a value of its own, and there are many."""
    return distinct > MOST_VALUES and distinct > UNIQUE_SHARE * known


def check(kinds: Mapping[str, str], schema: ibis.Schema, who: str) -> dict[str, Kind]:
    """Kinds that a user gave, held to what there is."""
    for name, kind in kinds.items():
        if name not in schema:
            raise UnknownName.among(who, "column", name, schema.names)
        if kind not in KINDS:
            raise UnknownName.among(f"{who}: column {name!r}", "kind", kind, KINDS)
        if not _fits(kind, schema[name]):
            raise DefinitionError(
                f"{who}: column {name!r} is {schema[name]}, which cannot be {kind}: that needs {NEEDS[kind]}."
            )
    return dict(kinds)  # type: ignore[arg-type]


def _fits(kind: str, dtype: dt.DataType) -> bool:
    countable = dtype.is_string() or dtype.is_boolean() or dtype.is_integer()
    return {
        "numeric": dtype.is_numeric() and not dtype.is_boolean(),
        "boolean": dtype.is_boolean() or dtype.is_string(),
        "categorical": countable,
        "text": dtype.is_string(),
        "identifier": countable,
        "datetime": dtype.is_timestamp() or dtype.is_date(),
    }.get(kind, True)
