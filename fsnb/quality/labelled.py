"""A table's labels, predictions and slices, as arrays: the few columns that ranks need, read from the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import numpy as np
import polars as pl

from fsnb.errors import DefinitionError, TypeMismatch, UnknownName
from fsnb.model import Slice
from fsnb.pit import collect
from fsnb.profiling.counting import Counting, reading
from fsnb.quality.scoring import Floats


@dataclass(frozen=True)
class Labelled:
    """Rows as arrays. Labels are 0 and 1, NaN where not known; predictions NaN where there are none."""

    n: int
    label: Floats | None
    prediction: Floats | None
    members: Mapping[str, np.ndarray]
    frame: pl.DataFrame

    def scored(self, within: np.ndarray | None = None) -> tuple[Floats, Floats]:
        """Label and prediction of the rows that have both."""
        assert self.label is not None
        assert self.prediction is not None
        known = ~np.isnan(self.label) & ~np.isnan(self.prediction)
        known = known if within is None else known & within
        return self.label[known], self.prediction[known]


def labelled(
    data: Any,
    who: str,
    *,
    label: str | None,
    prediction: str | None,
    slices: Sequence[Slice] = (),
    columns: Sequence[str] = (),
    con: Any = None,
) -> Labelled:
    """Read what ranks need; no other column leaves the engine.

    Raises
    ------
    UnknownName, TypeMismatch, DefinitionError
    """
    counting = reading(data, who, con)
    names = [slice.name for slice in slices]
    if len(set(names)) < len(names):
        raise DefinitionError(f"{who}: two slices are named {next(n for n in names if names.count(n) > 1)!r}.")
    given = [name for name in (label, prediction) if name is not None]
    for name in (*given, *columns):
        if name not in counting.table.columns:
            raise UnknownName.among(who, "column", name, counting.table.columns)
    rows = _read(counting, dict.fromkeys([*given, *columns]), slices)
    return Labelled(
        rows.height,
        binary(rows[label], who, counting.table[label].type()) if label else None,
        _floats(rows[prediction], who) if prediction else None,
        {name: rows[PREFIX + name].to_numpy().astype(bool) for name in names},
        rows.select(list(columns)),
    )


PREFIX = "slice "


def _read(counting: Counting, names: Mapping[str, Any], slices: Sequence[Slice]) -> pl.DataFrame:
    table: ir.Table = counting.table
    flags = {PREFIX + slice.name: slice.on(table) for slice in slices}
    if not names and not flags:
        return pl.DataFrame({"n": np.zeros(int(table.count().to_pyarrow().as_py()))})
    return pl.DataFrame(collect(counting.con, table.select(*names, **flags)))


def binary(values: pl.Series, who: str, dtype: dt.DataType | None = None) -> Floats:
    """A label as 0, 1 and NaN."""
    found = values.cast(pl.Float64, strict=False) if values.dtype.is_numeric() or values.dtype == pl.Boolean else None
    if found is None or not found.drop_nulls().is_in([0.0, 1.0]).all():
        raise TypeMismatch(
            f"{who}: label {values.name!r} is {dtype or values.dtype} and not yes or no. Give a boolean, or 0 and 1."
        )
    return found.fill_null(np.nan).to_numpy()


def _floats(values: pl.Series, who: str) -> Floats:
    if not values.dtype.is_numeric():
        raise TypeMismatch(
            f"{who}: prediction {values.name!r} is {values.dtype}; give the score of the positive class."
        )
    return values.cast(pl.Float64).fill_null(np.nan).to_numpy()
