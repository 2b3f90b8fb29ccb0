"""Performance without labels: what calibrated scores lead one to expect (CBPE), and what similar rows had
(reweighting).

CBPE is confidence-based performance estimation (NannyML's documentation, 2022; the idea is Guillory et al.,
Predicting with confidence on unseen distributions, 2021): scores are calibrated on labelled rows by isotonic
regression, and each calibrated probability is read as that share of a positive row.

Reweighting is Mandoline (Chen et al., Mandoline: model evaluation under distribution shift, 2021): labelled rows are
weighted, log-linearly in the slices that they belong to, until the slices have the shares that they have now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from fsnb import shells
from fsnb.errors import NotSupported
from fsnb.model import Slice
from fsnb.quality.calibration import calibrated
from fsnb.quality.labelled import Labelled, labelled
from fsnb.quality.scoring import METRICS, Floats, Interval, midranks, scores, weighted_auc
from fsnb.quality.weighting import density_ratio, effective_size

LEAST, LEAST_SHARE = 100, 0.05
DRAWS = 200
CAVEAT = (
    "An estimate: it holds only while the label depends on the features as it did in the reference. "
    "Concept drift is not seen."
)


@dataclass(frozen=True, slots=True)
class Estimated:
    """One metric: estimated for the current rows, of the reference, and realised where labels are known by now.

    `low` and `high` are where the realised figure lies in 95 of 100 samples if the estimate's assumption holds; None
    where that is not worked out. `error` and `realised_error` are the standard errors of the two differences from the
    reference when rows are drawn as well as labels.
    """

    metric: str
    estimate: float | None
    low: float | None
    high: float | None
    reference: float | None
    realised: float | None
    error: float | None = None
    realised_error: float | None = None


@dataclass(frozen=True, repr=False)
class PerformanceEstimate:
    """What performance to expect on rows without labels. `effective`: how many labelled rows it rests on."""

    method: str
    rows: tuple[Estimated, ...]
    n: int
    effective: float
    labelled: int
    caveat: str = CAVEAT

    def __getitem__(self, metric: str) -> Estimated:
        return {row.metric: row for row in self.rows}[metric]

    def __repr__(self) -> str:
        return f"<PerformanceEstimate {self.method}: {self.n:,} rows>"

    def to_polars(self) -> pl.DataFrame:
        """One row per metric: `metric, estimate, low, high, reference, realised`."""
        names = ("estimate", "low", "high", "reference", "realised")
        schema = {"metric": pl.String} | dict.fromkeys(names, pl.Float64)
        return pl.DataFrame([[getattr(row, name) for name in schema] for row in self.rows], schema=schema, orient="row")

    def __str__(self) -> str:
        head = f"{self.method}: {self.n:,} rows now, on {self.effective:,.0f} effective rows of the reference"
        lines = [f"  {_said(row)}" for row in self.rows]
        return "\n".join([head, *lines, f"  {self.labelled:,} of the rows have their labels by now.", self.caveat])

    def _repr_html_(self) -> str:
        return shells.html(self)


def _said(row: Estimated) -> str:
    show = ["-" if value is None else f"{value:.3f}" for value in (row.estimate, row.reference, row.realised)]
    spread = f" [{row.low:.3f}, {row.high:.3f}]" if row.low is not None and row.high is not None else ""
    return f"{row.metric:<9} expected {show[0]}{spread}, reference {show[1]}, realised {show[2]}"


def cbpe(
    reference: Any,
    current: Any,
    *,
    label: str,
    prediction: str,
    threshold: float = 0.5,
    seed: int = 0,
    con: Any = None,
) -> PerformanceEstimate:
    """AUC, accuracy and Brier to expect on rows whose labels are not known yet.

    Parameters
    ----------
    reference
        Labelled rows that the model was not fitted on: a path, a frame or an Ibis table.
    current
        Rows with predictions. If they have the label, NULL where it is not known, the realised figures of the rows that
        have it stand beside the estimate (which is of all rows).
    label, prediction
        As for `slices`.
    threshold
        From here on a score (as it is, not calibrated) says yes, for accuracy.
    seed
        Of the 200 draws of labels that the interval is from.

    Raises
    ------
    NotSupported
        Fewer than 100 labelled rows, or of one class only.
    """
    before, now = _sides(reference, current, label, prediction, (), con)
    truth, known = before.scored()
    _refuse_few("cbpe", len(truth), float(len(truth)), len(truth))
    if truth.min() == truth.max():
        raise NotSupported("cbpe: the reference's labels are all the same; there is nothing to calibrate on.")
    assert now.prediction is not None
    score = now.prediction[~np.isnan(now.prediction)]
    chance = calibrated(known, truth)(score)
    expected = _expected(score, chance, threshold)
    spread = _spread(score, chance, threshold, np.random.default_rng(seed))
    errors = _errors(score, chance, threshold, expected["auc"])
    rows = _rows(expected, spread, before, now, threshold, errors)
    return PerformanceEstimate("CBPE", rows, len(score), float(len(truth)), _labelled(now))


def _expected(score: Floats, chance: Floats, threshold: float) -> dict[str, float | None]:
    """Metrics when each row is positive with its chance."""
    if not len(score):
        return dict.fromkeys(METRICS)
    yes = score >= threshold
    return {
        "auc": weighted_auc(chance, 1 - chance, score),
        "accuracy": float(np.where(yes, chance, 1 - chance).mean()),
        "brier": float((chance * (1 - score) ** 2 + (1 - chance) * score**2).mean()),
    }


def _spread(
    score: Floats, chance: Floats, threshold: float, rng: np.random.Generator
) -> dict[str, tuple[float, float]]:
    """The middle 95 % of the metrics over drawn labels."""
    if not len(score):
        return {}
    ranks, yes, found = midranks(score), score >= threshold, []
    for _ in range(DRAWS):
        drawn = rng.random(len(chance)) < chance
        positives = int(drawn.sum())
        pairs = positives * (len(drawn) - positives)
        area = (ranks[drawn].sum() - positives * (positives + 1) / 2) / pairs if pairs else np.nan
        found.append((area, float((yes == drawn).mean()), float(((score - drawn) ** 2).mean())))
    low, high = np.nanquantile(np.array(found), [0.025, 0.975], axis=0)
    return {name: (float(a), float(b)) for name, a, b in zip(METRICS, low, high, strict=True)}


def _errors(score: Floats, chance: Floats, threshold: float, auc: float | None) -> dict[str, float]:
    """Standard errors of the metrics over rows and labels drawn anew, as many as there are.

    Of the AUC by Hanley and McNeil, The meaning and use of the area under a ROC curve (1982).
    """
    n, positives = len(score), float(chance.sum())
    negatives = n - positives
    if auc is None or min(positives, negatives) < 1:
        return {}
    right = float(np.where(score >= threshold, chance, 1 - chance).mean())
    loss = (chance * (1 - score) ** 2 + (1 - chance) * score**2).mean()
    square = (chance * (1 - score) ** 4 + (1 - chance) * score**4).mean()
    of_positives, of_negatives = auc / (2 - auc) - auc**2, 2 * auc**2 / (1 + auc) - auc**2
    spread = auc * (1 - auc) + (positives - 1) * of_positives + (negatives - 1) * of_negatives
    variances = {"auc": spread / positives / negatives, "accuracy": right * (1 - right) / n}
    variances["brier"] = float(square - loss**2) / n
    return {name: max(variance, 0.0) ** 0.5 for name, variance in variances.items()}


def reweighted(
    reference: Any,
    current: Any,
    slices: Sequence[Slice],
    *,
    label: str,
    prediction: str,
    threshold: float = 0.5,
    con: Any = None,
) -> PerformanceEstimate:
    """AUC, accuracy and Brier of the labelled reference rows, weighted until their slices have the current shares.

    It corrects for what the slices tell, and for nothing else: name the slices that matter. `current` needs no
    prediction.

    Raises
    ------
    NotSupported
        The weights leave fewer than 100 effective rows, or 5 % of the rows: the current data is too far away. Or a
        slice that has rows now has none in the reference.
    """
    before = labelled(reference, "reference", label=label, prediction=prediction, slices=slices, con=con)
    now = _now(current, label, prediction, slices, con)
    assert before.label is not None
    assert before.prediction is not None
    known = ~np.isnan(before.label) & ~np.isnan(before.prediction)
    inside, there = (np.column_stack(list(side.members.values())) for side in (before, now))
    inside = inside[known]
    _refuse_unseen(slices, inside, there)
    weights = density_ratio(inside.astype(float), there.astype(float))
    effective = effective_size(weights)
    _refuse_few("reweighted", len(weights), effective, len(weights))
    expected = _weighted(before.label[known], before.prediction[known], weights, threshold)
    return PerformanceEstimate(
        "reweighting", _rows(expected, {}, before, now, threshold), now.n, effective, _labelled(now)
    )


def _weighted(truth: Floats, score: Floats, weights: Floats, threshold: float) -> dict[str, float | None]:
    return {
        "auc": weighted_auc(weights * truth, weights * (1 - truth), score),
        "accuracy": float(np.average((score >= threshold) == (truth > 0), weights=weights)),
        "brier": float(np.average((score - truth) ** 2, weights=weights)),
    }


# ---------------------------------------------------------------------- what both share


def _sides(
    reference: Any, current: Any, label: str, prediction: str, slices: Sequence[Slice], con: Any
) -> tuple[Labelled, Labelled]:
    before = labelled(reference, "reference", label=label, prediction=prediction, slices=slices, con=con)
    return before, _now(current, label, prediction, slices, con)


def _now(current: Any, label: str, prediction: str, slices: Sequence[Slice], con: Any) -> Labelled:
    """The current rows, with the label and the prediction where they are there."""
    from fsnb.profiling.counting import reading

    counting = reading(current, "current data", con)
    there = counting.table.columns
    if not slices and prediction not in there:
        return labelled(counting.table, "current data", label=None, prediction=prediction)
    return labelled(
        counting.table,
        "current data",
        label=label if label in there and prediction in there else None,
        prediction=prediction if prediction in there else None,
        slices=slices,
    )


def _rows(
    expected: dict[str, float | None],
    spread: dict[str, tuple[float, float]],
    before: Labelled,
    now: Labelled,
    threshold: float,
    errors: Mapping[str, float] | None = None,
) -> tuple[Estimated, ...]:
    then = scores(*before.scored(), threshold)
    realised = scores(*now.scored(), threshold) if now.label is not None else dict.fromkeys(METRICS)
    found = []
    for name in METRICS:
        low, high = spread.get(name, (None, None))
        was, came = then[name], realised[name]
        apart = _apart((errors or {}).get(name), _error(was)), _apart(_error(came), _error(was))
        found.append(Estimated(name, expected[name], low, high, _value(was), _value(came), *apart))
    return tuple(found)


def _error(interval: Interval | None) -> float | None:
    """The standard error that an interval of 95 % was made from."""
    return (interval.high - interval.low) / 3.92 if interval else None


def _apart(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else (one**2 + other**2) ** 0.5


def _value(interval: Interval | None) -> float | None:
    return interval.value if interval else None


def _labelled(now: Labelled) -> int:
    return len(now.scored()[0]) if now.label is not None and now.prediction is not None else 0


def _refuse_few(who: str, n: int, effective: float, rows: int) -> None:
    if effective < LEAST or effective < LEAST_SHARE * rows:
        raise NotSupported(
            f"{who}: {effective:,.0f} effective rows of {n:,} labelled ones; at least {LEAST} and {LEAST_SHARE:.0%} of "
            "them are needed. The current data is too different from the reference, or there are too few labels."
        )


def _refuse_unseen(slices: Sequence[Slice], inside: np.ndarray, there: np.ndarray) -> None:
    for at, one in enumerate(slices):
        if there[:, at].any() and not inside[:, at].any():
            raise NotSupported(
                f"reweighted: slice {one.name!r} has {there[:, at].sum():,} rows now and none with a label in the "
                "reference, so nothing is known of it. Leave it out, or widen it."
            )
