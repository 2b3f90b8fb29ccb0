"""Spine: the rows to fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis

from fsnb import shells
from fsnb.model.data import absolute_path, is_path, normal_schema, physical_schema
from fsnb.model.entity import names
from fsnb.model.source import check_clock, need_column


@dataclass(frozen=True, slots=True, eq=False)
class Spine:
    """The rows to fill: entity keys, the time to look back from, labels and other columns carried through.

    Parameters
    ----------
    data
        A path or glob (parquet, csv), a Polars / pandas / Arrow frame, or an Ibis table.
    at
        The timestamp column to look back from. Naive times are UTC. A NULL sees nothing.
    label
        The label column or columns, if any; they are carried through and named in the log.
    keys
        Where the spine names a key differently: `{entity key: spine column}`, e.g. `{"tailnum": "plane_id"}`.

    Every spine row gives exactly one row of a training set, duplicates kept.
    """

    at: str
    label: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    schema: ibis.Schema
    data: Any = field(repr=False)

    def __init__(
        self,
        data: Any,
        *,
        at: str,
        label: str | Sequence[str] | None = None,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        schema = physical_schema(data, "spine")
        check_clock(schema, at, "spine", "at")
        labels = names(label or (), "spine: label")
        for column in (*labels, *(keys or {}).values()):
            need_column(schema, column, "spine")
        object.__setattr__(self, "at", at)
        object.__setattr__(self, "label", labels)
        object.__setattr__(self, "keys", tuple((keys or {}).items()))
        normal_schema(schema, "spine")  # refuses reserved names, warns of nanoseconds; the columns stay as they are
        object.__setattr__(self, "schema", schema)
        object.__setattr__(self, "data", absolute_path(data, "spine") if is_path(data) else data)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.schema.names)

    def key_column(self, key: str) -> str:
        """The spine's column for an entity key."""
        return dict(self.keys).get(key, key)

    def to_doc(self) -> dict:
        return {
            "at": self.at,
            "label": list(self.label),
            "keys": dict(self.keys),
            "schema": {name: str(dtype) for name, dtype in self.schema.items()},
        }

    def _repr_html_(self) -> str:
        return shells.html(self)
