"""Do the sources still give the rows that were logged? Column by column, with the first rows that differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import ibis
import numpy as np
import polars as pl
import pyarrow as pa

from fsnb.errors import FsnbError, TrainingSetError
from fsnb.identity import tables_of
from fsnb.model import Source
from fsnb.pit import attach, normalise, read_source, read_spine
from fsnb.training.comparing import differ

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from fsnb.training.loading import LoggedTrainingSet

FIRST = 3
UNREADABLE = (
    FsnbError,
    OSError,
    duckdb.Error,
    ibis.common.exceptions.IbisError,
    pl.exceptions.PolarsError,
    pa.ArrowException,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A column that came out otherwise: in how many rows, and the first of them as (row, logged, rebuilt)."""

    column: str
    rows: int
    first: tuple[tuple[int, Any, Any], ...]

    def __str__(self) -> str:
        shown = ", ".join(f"row {row}: {logged!r} -> {rebuilt!r}" for row, logged, rebuilt in self.first)
        return f"{self.column}: {self.rows:,} rows differ ({shown}{', ...' if self.rows > len(self.first) else ''})"


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer of a rebuild: "same", "differs" or "cannot rebuild", and why."""

    status: Literal["same", "differs", "cannot rebuild"]
    rows: int
    differences: tuple[Difference, ...] = ()
    reason: str = ""

    @property
    def same(self) -> bool:
        return self.status == "same"

    def __str__(self) -> str:
        if self.status == "same":
            return f"same: the sources still give these {self.rows:,} rows"
        said = "; ".join(map(str, self.differences)) or self.reason
        return f"{self.status}: {said}"


def verify(logged: LoggedTrainingSet) -> Verification:
    """Fill the logged spine again from the sources, and compare the features."""
    try:
        rebuilt = _rebuild(logged)
    except UNREADABLE as error:
        return Verification("cannot rebuild", len(logged), reason=str(error).splitlines()[0])
    found = tuple(_differences(logged.rows, rebuilt, logged.features))
    return Verification("differs" if found else "same", len(logged), found)


def _rebuild(logged: LoggedTrainingSet) -> pa.Table:
    from fsnb.training.training_set import TrainingSet

    con = logged.con or ibis.duckdb.connect()
    tables = {name: _table(logged, con, name) for name in logged.plan.sources}
    return TrainingSet(logged.plan, con, tables, read_spine(con, logged.plan.spine)).to_arrow()


def _table(logged: LoggedTrainingSet, con: Any, name: str) -> ir.Table:
    """A source as it was defined, on the data that it has now."""
    mine = logged.resolve(name) if logged.resolve else None
    described = logged.manifest["sources"].get(name)
    if described is not None:
        return read_source(con, Source.from_doc(described), mine.data if mine else None)
    if mine is None:
        raise TrainingSetError(f"nobody knows where table {name!r} is, which a view joins beside its own source.")
    read = [table for part in logged.plan.views for table in tables_of(part.view.relation)]
    schemas = [table.schema for table in read if table.name == name]
    return normalise(attach(con, mine.data, f"source {name!r}"), schemas[0], f"source {name!r}")


# ---------------------------------------------------------------------- comparing


def _differences(logged: pa.Table, rebuilt: pa.Table, columns: tuple[str, ...]) -> Iterator[Difference]:
    for name in columns:
        before, after = logged[name], rebuilt[name].cast(logged[name].type)
        rows = np.flatnonzero(differ(before, after))
        if len(rows):
            first = tuple((int(i), before[i].as_py(), after[i].as_py()) for i in rows[:FIRST].tolist())
            yield Difference(name, len(rows), first)
