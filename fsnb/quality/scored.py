"""Rows that a model was asked about, looked at in three ways: its predictions first, then its features, then how good
it is likely to be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import ibis.expr.types as ir

from fsnb.checks import Looked
from fsnb.errors import DefinitionError, TypeMismatch, UnknownName
from fsnb.profiling import Baseline, profile, reading
from fsnb.quality.drifting import drift
from fsnb.quality.estimating import cbpe
from fsnb.quality.watching import drift_verdicts, estimate_verdicts


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What a model was asked, and what it answered.

    Parameters
    ----------
    rows
        A path, a frame or an Ibis table with the model's features, or a `Spine` to be filled with them; further columns
        are carried through.
    at
        The column of times; a spine has its own.
    prediction
        The column of scores of the positive class. Its drift is told first.
    label
        The column of labels, NULL where they are not known yet; of `calibration` too.
    calibration
        Labelled rows with predictions that the model was not fitted on: what predictions are compared with, and what
        the performance to be expected is estimated from (CBPE), where there is a label.
    threshold
        From here on a score says yes, for accuracy.
    """

    rows: Any
    at: str | None = None
    prediction: str | None = None
    label: str | None = None
    calibration: Any = None
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.label is not None and self.prediction is None:
            raise DefinitionError("Scored: a label without a prediction tells nothing. Give prediction=.")
        if self.calibration is not None and self.prediction is None:
            raise DefinitionError("Scored: calibration= holds predictions. Name their column: prediction=.")


def scored_looks(
    scored: Scored, rows: Any, baseline: Baseline, features: Sequence[str], at: datetime, window: timedelta, con: Any
) -> tuple[Callable[[], Looked], ...]:
    """The looks at the rows with a time in `(at - window, at]`.

    Parameters
    ----------
    rows
        Those of `scored`, its spine filled.
    baseline
        Of the training set.
    features
        The columns that the model was fitted on.
    """

    def there() -> ir.Table:
        return _within(reading(rows, "the rows that were scored", con).table, scored.at, at, window)

    def drift_of_predictions() -> Looked:
        assert scored.prediction is not None
        base = _of_predictions(scored, baseline)
        return drift_verdicts(drift(base, there(), columns=[scored.prediction], con=con, name="predictions"))

    def drift_of_features() -> Looked:
        return drift_verdicts(drift(baseline, there(), columns=features, con=con, name="features"))

    def estimated_performance() -> Looked:
        assert scored.label is not None
        assert scored.prediction is not None
        said: dict[str, Any] = {"label": scored.label, "prediction": scored.prediction, "threshold": scored.threshold}
        return estimate_verdicts(cbpe(scored.calibration, there(), con=con, **said))

    looks = [drift_of_predictions] if scored.prediction else []
    looks += [estimated_performance] if scored.label and scored.calibration is not None else []
    return (*looks, drift_of_features)


def _of_predictions(scored: Scored, baseline: Baseline) -> Baseline:
    """What predictions are compared with: those of the calibration rows, else of the training set where it has them."""
    assert scored.prediction is not None
    if scored.calibration is not None:
        return profile(scored.calibration, columns=[scored.prediction], name="calibration rows")
    if scored.prediction in baseline:
        return baseline
    raise DefinitionError(
        f"there are no predictions to compare {scored.prediction!r} with. Give labelled rows that the model was not "
        "fitted on, with its predictions: Scored(..., calibration=)."
    )


def _within(table: ir.Table, clock: str | None, at: datetime, window: timedelta) -> ir.Table:
    if clock is None:
        raise DefinitionError("Scored: which column says when a row was asked? Give at=.")
    if clock not in table.columns:
        raise UnknownName.among("the rows that were scored", "column", clock, table.columns)
    if not table[clock].type().is_timestamp():
        raise TypeMismatch(f"the rows that were scored: column {clock!r} is {table[clock].type()}, not a timestamp.")
    return table.filter((table[clock] > at - window) & (table[clock] <= at))
