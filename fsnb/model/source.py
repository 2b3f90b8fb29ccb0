"""Source: a table of events or states, and its clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from fsnb import shells
from fsnb.errors import DefinitionError, TypeMismatch, UnknownName
from fsnb.identity import fingerprint
from fsnb.model.data import absolute_path, is_path, normal_schema, physical_schema
from fsnb.model.entity import check_name, names
from fsnb.model.lag import LagProfile, profile_lag


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A table of events or states: when each happened, and when a reader could first have known it.

    Parameters
    ----------
    name
        The table's name in definitions; a target maps it to the table it has there.
    data
        A path or glob (parquet, csv), a Polars / pandas / Arrow frame, an Ibis table, or a table's name.
        Not part of the identity: the same definition on other data has the same fingerprint.
    event_time
        The timestamp column that says when a row happened; None for a static table (one row per key, no time rule).
        Naive times are UTC, aware ones are converted to UTC; microseconds.
    available
        The timestamp column that says when the row could first be known. Rows are hidden until then.
    tie_break
        Columns that order rows of equal event time and available time; the greatest wins, NULL is lowest.
    schema
        The types, where they cannot be read from `data` (a table's name).

    Raises
    ------
    UnknownName, TypeMismatch, DefinitionError
    """

    name: str
    schema: ibis.Schema
    event_time: str | None
    available: str | None
    tie_break: tuple[str, ...]
    description: str
    data: Any = field(repr=False)

    def __init__(
        self,
        name: str,
        data: Any,
        *,
        event_time: str | None,
        available: str | None = None,
        tie_break: str | Sequence[str] = (),
        description: str = "",
        schema: ibis.Schema | None = None,
    ) -> None:
        who = f"source {check_name(name, 'source')!r}"
        raw = physical_schema(data, who) if schema is None else ibis.schema(schema)
        for column in (event_time, available):
            if column is not None:
                check_clock(raw, column, who, "event_time" if column == event_time else "available")
        if available is not None and event_time is None:
            raise DefinitionError(
                f"{who} has available={available!r} but no event_time. A static table has neither clock."
            )
        ties = names(tie_break, f"{who}: tie_break")
        for column in ties:
            need_column(raw, column, who)
        values = {
            "name": name,
            "schema": normal_schema(raw, who),
            "event_time": event_time,
            "available": available,
            "tie_break": ties,
            "description": description,
            "data": absolute_path(data, who) if is_path(data) else data,
        }
        for key, value in values.items():
            object.__setattr__(self, key, value)

    @property
    def table(self) -> ir.Table:
        """The source as an unbound Ibis table, to build expressions on."""
        return ibis.table(self.schema, name=self.name)

    @property
    def location(self) -> str | None:
        """Where the data lies when a fresh process can find it there: a path or a table's name; else None."""
        if isinstance(self.data, str):
            return self.data
        if isinstance(self.data, ir.Table) and hasattr(self.data.op(), "namespace"):
            return self.data.get_name()
        return None

    @property
    def fingerprint(self) -> str:
        """Identity of the definition: name, types, clocks, tie-break. Not of the data."""
        doc = self.to_doc()
        return fingerprint({key: doc[key] for key in ("name", "schema", "event_time", "available", "tie_break")})

    def profile_lag(self, *, covers: float = 0.99, con: Any = None) -> LagProfile:
        """How late rows become known: the distribution of `available` minus `event_time`, overall and per day.

        Reads the two clocks where the data lies: files and frames by DuckDB, an Ibis table on its own engine.

        Parameters
        ----------
        covers
            The proposed lag is at least that of this share of the rows that become known at all.
        con
            The connection, where the source's data is only the name of a table; `store.profile_lag` gives it.

        Returns
        -------
        LagProfile
            Quantiles, the share never available, the share available before it happened, `.proposed`, `.days`. What a
            lag would change in a training set: `train.lag_effect(profile.proposed, instead_of_available=True)`.

        Raises
        ------
        DefinitionError
            The source declares no `available`.
        """
        return profile_lag(self, covers=covers, con=con)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Source) and other.fingerprint == self.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def to_doc(self) -> dict:
        """The definition as JSON; `from_doc` reads it back."""
        return {
            "name": self.name,
            "schema": {name: str(dtype) for name, dtype in self.schema.items()},
            "event_time": self.event_time,
            "available": self.available,
            "tie_break": list(self.tie_break),
            "description": self.description,
            "location": self.location,
        }

    @classmethod
    def from_doc(cls, doc: dict, data: Any = None) -> Source:
        """The source of a document, on its own location or on `data`.

        A location that is gone does not fail here: reading it does, with a message.
        """
        schema = ibis.schema({name: dt.dtype(text) for name, text in doc["schema"].items()})
        source = cls(
            doc["name"],
            None,
            event_time=doc["event_time"],
            available=doc["available"],
            tie_break=doc["tie_break"],
            description=doc["description"],
            schema=schema,
        )
        object.__setattr__(source, "data", doc["location"] if data is None else data)
        return source

    def _repr_html_(self) -> str:
        return shells.html(self)


def need_column(schema: ibis.Schema, column: str, who: str) -> None:
    """Refuse a column that is not there, naming the nearest."""
    if column not in schema:
        raise UnknownName.among(who, "column", column, schema.names)


def check_clock(schema: ibis.Schema, column: str, who: str, role: str) -> None:
    """Refuse a clock that is missing, a date, or not a time at all."""
    need_column(schema, column, who)
    dtype = schema[column]
    if dtype.is_date():
        raise TypeMismatch(
            f"{who}: {role} {column!r} is a date, which has no time of day. Say when it was known, "
            f"usually the day's end: t.mutate({column}=t.{column}.cast('timestamp') + ibis.interval(days=1))."
        )
    if dtype.is_string():
        raise TypeMismatch(
            f"{who}: {role} {column!r} is {dtype}, not a timestamp. Read it as UTC, offsets too: "
            f"t.mutate({column}=t.{column}.cast(\"timestamp('UTC')\")); in a frame "
            "pl.col(...).str.to_datetime(time_zone='UTC') or pd.to_datetime(..., utc=True)."
        )
    if not dtype.is_timestamp():
        raise TypeMismatch(f"{who}: {role} {column!r} is {dtype}, not a timestamp. Cast it: .cast('timestamp').")
