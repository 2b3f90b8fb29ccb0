"""How a model holds up: on parts of the rows, and on rows that were tampered with.

After Robustness Gym (Goel et al. 2021): a table of subpopulations and perturbations by metrics. A perturbation is
what goes wrong with features in production: one is gone, one has moved, one is a refresh late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from fsnb.errors import DefinitionError, TypeMismatch, UnknownName
from fsnb.model import Slice, parse_duration, show_duration
from fsnb.quality.labelled import Labelled, binary, labelled
from fsnb.quality.scoring import METRICS, Interval, scores
from fsnb.quality.slicing import ALL, LEAST
from fsnb.quality.tables import Tabular

Predict = Callable[[pl.DataFrame], Any]


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A name and what it does to the rows, which it leaves as many and in their order."""

    name: str
    apply: Callable[[pl.DataFrame], pl.DataFrame]


def nulled(feature: str) -> Perturbation:
    """The feature is not there: NULL in every row."""
    return Perturbation(f"{feature} is NULL", lambda rows: rows.with_columns(_null_like(rows, feature)))


def _null_like(rows: pl.DataFrame, feature: str) -> pl.Series:
    column = _column(rows, feature)
    return pl.Series(feature, [None] * rows.height, dtype=column.dtype)


def shifted(feature: str, by: float = 0.5) -> Perturbation:
    """The feature has moved by so many of its standard deviations (of the population), as by a change of its unit."""

    def apply(rows: pl.DataFrame) -> pl.DataFrame:
        column = _column(rows, feature)
        if not column.dtype.is_numeric():
            raise TypeMismatch(f"shifted: {feature!r} is {column.dtype}; only a number can be shifted.")
        std = column.cast(pl.Float64).std(ddof=0) or 0.0
        return rows.with_columns(pl.col(feature).cast(pl.Float64) + by * std)

    return Perturbation(f"{feature} shifted by {by:+g} std", apply)


def stale(features: Sequence[str], *, keys: Sequence[str], at: str, by: str | timedelta) -> Perturbation:
    """The features are one refresh late: each row has those of the latest row of its keys at or before `at - by`.

    NULL where there is none. So it shows what rows themselves can tell; a training set with a longer `lag` shows the
    very values (`train.lag_effect`).
    """
    late = parse_duration(by)
    name = (
        f"{', '.join(features)} {show_duration(late)} late"
        if len(features) <= 2
        else f"{len(features)} features {show_duration(late)} late"
    )

    def apply(rows: pl.DataFrame) -> pl.DataFrame:
        for column in (*features, *keys, at):
            _column(rows, column)
        known = rows.select(*keys, pl.col(at).alias(THEN), *features).sort(THEN)
        asked = rows.select(*keys, (pl.col(at) - late).alias(THEN)).with_row_index(PLACE).sort(THEN)
        found = asked.join_asof(known, on=THEN, by=list(keys), strategy="backward", check_sortedness=False).sort(PLACE)
        return rows.with_columns(found.select(features))

    return Perturbation(name, apply)


THEN, PLACE = "_fsnb_then", "_fsnb_place"


def _column(rows: pl.DataFrame, name: str) -> pl.Series:
    if name not in rows.columns:
        raise UnknownName.among("perturbation: the rows", "column", name, rows.columns)
    return rows[name]


@dataclass(frozen=True, slots=True)
class RobustnessRow:
    """A part of the rows, or all of them tampered with."""

    kind: str
    name: str
    n: int
    metrics: dict[str, Interval | None]


@dataclass(frozen=True, repr=False)
class RobustnessReport(Tabular):
    """Rows: all, subpopulations, perturbations. Columns: metrics, and how far each is from that of all rows."""

    rows: tuple[RobustnessRow, ...]

    def __repr__(self) -> str:
        return f"<RobustnessReport: {len(self.rows)} rows>"

    def to_polars(self) -> pl.DataFrame:
        """`kind, name, n, verdict`, and for each metric itself, `_low`, `_high` (95 %) and `_change` from all rows."""
        whole = self.rows[0].metrics
        return pl.DataFrame([_flat(row, whole) for row in self.rows], infer_schema_length=None)


def _flat(row: RobustnessRow, whole: dict[str, Interval | None]) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": row.kind, "name": row.name, "n": row.n}
    found["verdict"] = "too few rows" if row.n < LEAST else "ok"
    for name in METRICS:
        now, all_ = row.metrics[name], whole[name]
        found |= {
            name: now.value if now else None,
            f"{name}_low": now.low if now else None,
            f"{name}_high": now.high if now else None,
            f"{name}_change": now.value - all_.value if now and all_ else None,
        }
    return found


def robustness(
    data: Any,
    predict: Predict,
    *,
    label: str,
    slices: Sequence[Slice] = (),
    perturbations: Sequence[Perturbation] = (),
    threshold: float = 0.5,
    con: Any = None,
) -> RobustnessReport:
    """Metrics of a model on all rows, on each slice, and on all rows under each perturbation.

    Parameters
    ----------
    data
        A path, a frame or an Ibis table; its rows are read into memory.
    predict
        From a Polars frame of rows to the score of the positive class, one per row:
        `lambda rows: model.predict_proba(rows.select(features).to_pandas())[:, 1]`.
    label
        A boolean column, or one of 0 and 1; rows where it is NULL have no part.
    perturbations
        `nulled(feature)`, `shifted(feature, by)`, `stale(features, keys=, at=, by=)`, or a `Perturbation` of your own.

    Raises
    ------
    UnknownName, TypeMismatch, DefinitionError
        Among others: `predict` gave another number of scores than there are rows.
    """
    from fsnb.profiling.counting import reading

    counting = reading(data, "robustness", con)
    read = labelled(
        counting.table, "robustness", label=label, prediction=None, slices=slices, columns=counting.table.columns
    )
    truth = binary(read.frame[label], "robustness")
    plain = _predicted(predict, read.frame, "the rows")
    parts = [("all", ALL, np.ones(read.n, dtype=bool))]
    parts += [("subpopulation", slice.name, read.members[slice.name]) for slice in slices]
    rows = [_row(kind, name, truth, plain, within, threshold) for kind, name, within in parts]
    return RobustnessReport((*rows, *(_under(one, read, truth, predict, threshold) for one in perturbations)))


def _under(
    perturbation: Perturbation, read: Labelled, truth: np.ndarray, predict: Predict, threshold: float
) -> RobustnessRow:
    tampered = perturbation.apply(read.frame)
    score = _predicted(predict, tampered, f"the rows with {perturbation.name!r}")
    return _row("perturbation", perturbation.name, truth, score, np.ones(read.n, dtype=bool), threshold)


def _predicted(predict: Predict, rows: pl.DataFrame, what: str) -> np.ndarray:
    score = np.asarray(predict(rows), dtype=float)
    if score.shape != (rows.height,):
        raise DefinitionError(
            f"robustness: predict gave {score.shape} for {what}; {rows.height:,} scores, one a row, are needed."
        )
    return score


def _row(
    kind: str, name: str, truth: np.ndarray, score: np.ndarray, within: np.ndarray, threshold: float
) -> RobustnessRow:
    known = within & ~np.isnan(truth) & ~np.isnan(score)
    return RobustnessRow(kind, name, int(known.sum()), scores(truth[known], score[known], threshold))
