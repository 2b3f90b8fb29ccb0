"""Slices: how many rows, how many of them positive, and how good the predictions are, slice by slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from fsnb.errors import DefinitionError, UnknownName
from fsnb.model import Slice
from fsnb.pit import collect
from fsnb.profiling.counting import reading
from fsnb.quality.labelled import Labelled, labelled
from fsnb.quality.scoring import BETTER_HIGH, METRICS, Interval, rate, scores
from fsnb.quality.tables import Tabular

LEAST = 100
ALL = "all rows"


@dataclass(frozen=True, slots=True)
class SliceRow:
    """A slice: rows, share of all rows, share of positive labels, metrics; and the same of the reference."""

    name: str
    n: int
    share: float
    label_rate: Interval | None
    metrics: dict[str, Interval | None]
    n_ref: int | None = None
    label_rate_ref: Interval | None = None
    metrics_ref: dict[str, Interval | None] | None = None

    @property
    def few(self) -> bool:
        return self.n < LEAST or (self.n_ref is not None and self.n_ref < LEAST)


@dataclass(frozen=True, repr=False)
class SliceReport(Tabular):
    """Slices, worst first; those of fewer than 100 rows last, marked "too few rows"."""

    rows: tuple[SliceRow, ...]
    by: str
    nulls: pl.DataFrame

    def __repr__(self) -> str:
        return f"<SliceReport: {len(self.rows)} rows, worst {self.by} first>"

    def __getitem__(self, name: str) -> SliceRow:
        found = {row.name: row for row in self.rows}
        if name not in found:
            raise UnknownName.among("the slice report", "slice", name, found)
        return found[name]

    def to_polars(self) -> pl.DataFrame:
        """One row per slice: `slice, n, share, verdict`, each figure with `_low` and `_high`, the reference's."""
        return pl.DataFrame([_flat(row) for row in self.rows], infer_schema_length=None)

    def null_rates(self) -> pl.DataFrame:
        """One row per slice and column: the share of NULLs."""
        return self.nulls


def slices(
    data: Any,
    slices: Sequence[Slice],
    *,
    label: str | None = None,
    prediction: str | None = None,
    reference: Any = None,
    threshold: float = 0.5,
    by: str | None = None,
    columns: Sequence[str] = (),
    con: Any = None,
) -> SliceReport:
    """Figures of each slice, and of all rows, worst first.

    Conditions and NULLs are computed by the engine; label, prediction and one flag per slice are read from it, since
    AUC needs ranks: about `9 + slices / 8` bytes a row.

    Parameters
    ----------
    data, reference
        A path, a frame, or an Ibis table; `reference` to compare with.
    slices
        They may overlap.
    label
        A boolean column, or one of 0 and 1. Rows where it is NULL count as rows and have no part in metrics.
    prediction
        The score of the positive class; for accuracy and Brier a probability.
    threshold
        From here on a score says yes.
    by
        "auc", "accuracy", "brier" or "label_rate": what is sorted by; with a reference by how much worse it became.
        The AUC by default, without a prediction the label's rate.
    columns
        Whose NULLs to count in each slice.

    Returns
    -------
    SliceReport
        Intervals are of 95 %: DeLong's for AUC, Wilson's for shares, normal for Brier.

    Raises
    ------
    UnknownName, TypeMismatch, DefinitionError
    """
    by = _sorted_by(by, label, prediction)
    now = labelled(data, "slices", label=label, prediction=prediction, slices=slices, con=con)
    before = None
    if reference is not None:
        before = labelled(reference, "reference", label=label, prediction=prediction, slices=slices, con=con)
    rows = [_row(name, now, before, threshold) for name in (ALL, *(slice.name for slice in slices))]
    rows.sort(key=lambda row: (row.few, _badness(row, by)))
    return SliceReport(tuple(rows), by, _null_rates(data, slices, columns, con))


def _sorted_by(by: str | None, label: str | None, prediction: str | None) -> str:
    if prediction is not None and label is None:
        raise DefinitionError("slices: a prediction without a label has no metric. Give label= too.")
    can = ("label_rate", *(METRICS if prediction else ())) if label else ("n",)
    if by is None:
        return "auc" if prediction else can[0]
    if by not in can:
        raise UnknownName.among("slices", "figure to sort by", by, can)
    return by


def _row(name: str, now: Labelled, before: Labelled | None, threshold: float) -> SliceRow:
    n, label_rate, metrics = _figures(name, now, threshold)
    share = n / now.n if now.n else 0.0
    if before is None:
        return SliceRow(name, n, share, label_rate, metrics)
    return SliceRow(name, n, share, label_rate, metrics, *_figures(name, before, threshold))


def _figures(name: str, side: Labelled, threshold: float) -> tuple[int, Interval | None, dict[str, Interval | None]]:
    within = side.members.get(name, np.ones(side.n, dtype=bool)) if name != ALL else np.ones(side.n, dtype=bool)
    n = int(within.sum())
    if side.label is None:
        return n, None, {}
    known = side.label[within & ~np.isnan(side.label)]
    label_rate = rate(float(known.sum()), len(known))
    return n, label_rate, scores(*side.scored(within), threshold) if side.prediction is not None else {}


def _badness(row: SliceRow, by: str) -> float:
    """Lower is worse."""
    if by == "n":
        return float(row.n)
    now = row.label_rate if by == "label_rate" else row.metrics.get(by)
    then = (row.label_rate_ref if by == "label_rate" else (row.metrics_ref or {}).get(by)) if row.n_ref else None
    if now is None:
        return float("inf")
    value = now.value - (then.value if then else 0.0)
    return value if BETTER_HIGH.get(by, False) else -value


def _flat(row: SliceRow) -> dict[str, Any]:
    found: dict[str, Any] = {"slice": row.name, "n": row.n, "share": row.share}
    found["verdict"] = "too few rows" if row.few else "ok"
    found |= _spread("label_rate", row.label_rate)
    for name, interval in row.metrics.items():
        found |= _spread(name, interval)
    if row.n_ref is not None:
        found |= {"n_ref": row.n_ref} | _spread("label_rate_ref", row.label_rate_ref)
        for name, interval in (row.metrics_ref or {}).items():
            found |= _spread(f"{name}_ref", interval)
    return found


def _spread(name: str, interval: Interval | None) -> dict[str, float | None]:
    if interval is None:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _null_rates(data: Any, slices: Sequence[Slice], columns: Sequence[str], con: Any) -> pl.DataFrame:
    schema = {"slice": pl.String, "column": pl.String, "null_rate": pl.Float64}
    if not columns:
        return pl.DataFrame(schema=schema)
    counting = reading(data, "slices", con)
    table = counting.table
    parts = {ALL: None, **{slice.name: slice.on(table) for slice in slices}}
    asked = {}
    for at, within in enumerate(parts.values()):
        asked[f"n{at}"] = table.count() if within is None else table.count(where=within)
        for number, column in enumerate(columns):
            missing = table[column].isnull()
            asked[f"c{at}_{number}"] = table.count(where=missing if within is None else within & missing)
    found = collect(counting.con, table.aggregate(**asked)).to_pylist()[0]
    rows = [
        (name, column, found[f"c{at}_{number}"] / found[f"n{at}"] if found[f"n{at}"] else None)
        for at, name in enumerate(parts)
        for number, column in enumerate(columns)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")
