"""How well one column alone tells a label: area under the ROC curve by ranks, or correlation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

AUC: Literal["AUC"] = "AUC"
CORRELATION: Literal["correlation"] = "correlation"
MOST_CLASSES = 20


@dataclass(frozen=True, slots=True)
class Score:
    """The measure and its value, which is at least .5 (AUC) or 0 (correlation): a low AUC tells as much as a high one.

    `rows` is how many rows had both values; `least` how many the rarer class had, or all rows for a correlation.
    """

    measure: Literal["AUC", "correlation"]
    value: float
    rows: int
    least: int


def score(column: Any, label: Any) -> Score | None:
    """The score of a column (Arrow or Polars) for a label, over the rows where both are known.

    A label of two values is ranked by the column (AUC: 0.5 says nothing, 1.0 all); one of more numbers is correlated
    with it (the greater of Pearson's and Spearman's, without sign); one of more classes gives the mean AUC of its (at
    most 20) classes, each against the rest. Text and other categories are read as the label's mean in the other half of
    the rows, so that a category of one row tells nothing. None: nested columns, no label, a label of one value.
    """
    if label is None:
        return None
    values, target = plain(column), plain(label)
    if values.dtype.is_nested() or values.dtype == pl.Object:
        return None
    known = values.is_not_null() & target.is_not_null()
    values, target = values.filter(known), target.filter(known)
    return _known(values, target)


def null_score(column: Any, label: Any) -> Score | None:
    """The same for whether the column is NULL; None where it always or never is."""
    values = plain(column)
    if values.null_count() in (0, len(values)):
        return None
    return score(values.is_null().cast(pl.Int8), label)


def plain(column: Any) -> pl.Series:
    """A Polars series without NaN."""
    values = column if isinstance(column, pl.Series) else pl.Series(column)
    return values.fill_nan(None) if values.dtype.is_float() else values


def _known(values: pl.Series, target: pl.Series) -> Score | None:
    classes = target.n_unique()
    if classes < 2:
        return None
    if classes == 2:
        return _auc(values, target == target.max())
    if target.dtype.is_numeric():
        numbers = _numbers(values, target.cast(pl.Float64))
        return Score(CORRELATION, _correlation(numbers, target.cast(pl.Float64)), len(values), len(values))
    common = target.value_counts(sort=True)[target.name or ""].head(MOST_CLASSES)
    each = [_auc(values, target == one) for one in common]
    return Score(AUC, sum(one.value for one in each) / len(each), len(values), min(one.least for one in each))


def _auc(values: pl.Series, positive: pl.Series) -> Score:
    """Mann and Whitney's U over the pairs; ties count half."""
    ranks = _numbers(values, positive.cast(pl.Float64)).rank("average")
    n, p = len(values), int(positive.sum())
    above = float(ranks.filter(positive).sum()) - p * (p + 1) / 2
    share = above / (p * (n - p))
    return Score(AUC, max(share, 1 - share), n, min(p, n - p))


def _correlation(numbers: pl.Series, target: pl.Series) -> float:
    frame = pl.DataFrame({"x": numbers, "y": target})
    found = frame.select(p=pl.corr("x", "y"), s=pl.corr("x", "y", method="spearman")).row(0)
    return max((abs(value) for value in found if value is not None and value == value), default=0.0)


def _numbers(values: pl.Series, target: pl.Series) -> pl.Series:
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return values.cast(pl.Float64)
    if values.dtype.is_temporal():
        return values.to_physical().cast(pl.Float64)
    return _encoded(values, target)


def _encoded(values: pl.Series, target: pl.Series) -> pl.Series:
    """Each category as the target's mean in the other half of the rows; what is not there gets the mean of all."""
    frame = pl.DataFrame({"v": values.cast(pl.String), "y": target}).with_row_index("i")
    frame = frame.with_columns(half=pl.col("i") % 2)
    means = frame.group_by("v", half=1 - pl.col("half")).agg(mean=pl.col("y").mean())
    means = means.with_columns(pl.col("half").cast(frame["half"].dtype))
    met = frame.join(means, on=["v", "half"], how="left", maintain_order="left")
    return met["mean"].fill_null(float(target.mean() or 0.0))  # type: ignore[arg-type]
