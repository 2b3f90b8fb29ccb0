"""find_slices: parts of the rows, cut by one feature or two, on which a model does worse than on the others.

After Slice Finder (Chung et al., Automated data slicing for model validation, 2019): the loss of a slice is held
against that of all other rows by Welch's test (1947), one-sided. Hundreds of cuts are tried, so the p-values are
adjusted over all of them, by Holm (1979): the chance that *any* proposed slice is none is under `alpha`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, Literal

import ibis
import numpy as np
import polars as pl
from ibis import _
from scipy import special

from fsnb.errors import DefinitionError, UnknownName
from fsnb.model import Slice
from fsnb.profiling.counting import reading
from fsnb.quality.labelled import labelled
from fsnb.quality.scoring import Floats
from fsnb.quality.tables import Tabular

Loss = Literal["brier", "log"]
MOST_CATEGORIES = 30


@dataclass(frozen=True, slots=True)
class Cut:
    """Rows of one feature: a range, a category or NULL; as a mask, and as an Ibis condition."""

    feature: str
    name: str
    condition: Any
    rows: np.ndarray


@dataclass(frozen=True, slots=True)
class FoundSlice:
    """A proposed slice, ready for `slices()`, and the evidence.

    `effect` is the difference of the mean losses in standard deviations (Cohen's d); `p` is Welch's, `p_adjusted`
    Holm's over all cuts that were tried.
    """

    slice: Slice
    features: tuple[str, ...]
    n: int
    share: float
    loss: float
    loss_elsewhere: float
    effect: float
    p: float
    p_adjusted: float


@dataclass(frozen=True, repr=False)
class FoundSlices(Tabular):
    """Proposed slices, the largest effect first; `tried` says among how many cuts."""

    found: tuple[FoundSlice, ...]
    tried: int

    def __iter__(self) -> Iterator[FoundSlice]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        return f"<FoundSlices: {len(self.found)} of {self.tried} cuts>"

    def __str__(self) -> str:
        said = f"{len(self.found)} of {self.tried:,} cuts are worse by more than chance and the least effect"
        return f"{said}\n{super().__str__()}" if self.found else said

    @property
    def slices(self) -> tuple[Slice, ...]:
        return tuple(one.slice for one in self.found)

    def to_polars(self) -> pl.DataFrame:
        """One row per slice: `slice, n, share, loss, loss_elsewhere, effect, p, p_adjusted`."""
        names = ("n", "share", "loss", "loss_elsewhere", "effect", "p", "p_adjusted")
        schema = {"slice": pl.String, "n": pl.Int64} | dict.fromkeys(names[1:], pl.Float64)
        rows = [{"slice": one.slice.name} | {name: getattr(one, name) for name in names} for one in self.found]
        return pl.DataFrame(rows, schema=schema)


def find_slices(
    data: Any,
    *,
    label: str,
    prediction: str,
    features: Sequence[str] | None = None,
    loss: Loss = "log",
    parts: int = 4,
    least: int = 100,
    effect: float = 0.1,
    alpha: float = 0.05,
    most: int = 20,
    con: Any = None,
) -> FoundSlices:
    """Propose slices on which the predictions are worse than elsewhere.

    Candidates: quantile ranges of each number, the 30 commonest categories, NULL; and every pair of these of two
    features. A pair is proposed only where it is worse than both of its parts. The proposals were found on these
    rows: confirm them on others.

    Parameters
    ----------
    data
        A path, a frame or an Ibis table; features, label and prediction are read into memory.
    features
        Numbers, booleans or text to cut by; all columns that can be, by default.
    loss
        "log" (of a probability, clipped at 1e-6) or "brier". Either is higher where labels are less certain,
        whatever the model: compare with AUC in `slices()`.
    parts
        Ranges of a number, between its quantiles.
    least
        Smaller slices are not tried.
    effect
        Smaller effects are not proposed.
    alpha
        The chance that any of the proposed slices is none.
    most
        At most so many are proposed, those of the greatest effect.

    Raises
    ------
    UnknownName, TypeMismatch, DefinitionError
    """
    counting = reading(data, "find_slices", con)
    wanted = _features(counting.table.schema(), features, (label, prediction))
    read = labelled(counting.table, "find_slices", label=label, prediction=prediction, columns=wanted)
    assert read.label is not None
    assert read.prediction is not None
    known = ~np.isnan(read.label) & ~np.isnan(read.prediction)
    if known.sum() < 2 * least:
        raise DefinitionError(f"find_slices: {known.sum():,} rows with label and prediction; {2 * least:,} are needed.")
    losses = _losses(read.label[known], read.prediction[known], loss)
    frame = read.frame.filter(pl.Series(known))
    tried = _tried([_cuts(frame[name], parts) for name in wanted], losses, least)
    return FoundSlices(tuple(_proposed(tried, effect, alpha)[:most]), len(tried))


def _features(schema: ibis.Schema, wanted: Sequence[str] | None, taken: tuple[str, ...]) -> tuple[str, ...]:
    for name in wanted or ():
        if name not in schema:
            raise UnknownName.among("find_slices", "feature", name, schema.names)
    able = [n for n, t in schema.items() if n not in taken and (t.is_numeric() or t.is_boolean() or t.is_string())]
    chosen = able if wanted is None else list(wanted)
    unable = [name for name in chosen if name not in able]
    if unable or not chosen:
        raise DefinitionError(
            f"find_slices: {unable[0] if unable else 'nothing'!r} cannot be cut by. Give some of: {able}."
        )
    return tuple(chosen)


def _losses(label: Floats, score: Floats, loss: Loss) -> Floats:
    if loss == "brier":
        return (label - score) ** 2
    if loss != "log":
        raise UnknownName.among("find_slices", "loss", loss, ("log", "brier"))
    sure = np.clip(score, 1e-6, 1 - 1e-6)
    return -(label * np.log(sure) + (1 - label) * np.log(1 - sure))


# ---------------------------------------------------------------------- candidates


def _cuts(column: pl.Series, parts: int) -> list[Cut]:
    name = column.name
    nulls = column.is_null() | (column.is_nan().fill_null(False) if column.dtype.is_float() else False)
    found = [Cut(name, f"{name} is NULL", _[name].isnull(), nulls.to_numpy())] if nulls.any() else []
    if column.dtype.is_numeric():
        return found + _ranges(name, column.cast(pl.Float64).to_numpy(), parts)
    common = column.drop_nulls().value_counts(sort=True).head(MOST_CATEGORIES)[name].to_list()
    return found + [
        Cut(name, f"{name} = {one}", _[name] == one, (column == one).fill_null(False).to_numpy()) for one in common
    ]


def _ranges(name: str, values: Floats, parts: int) -> list[Cut]:
    known = values[~np.isnan(values)]
    if not len(known):
        return []
    marks = _marks(known, parts)
    if not marks:
        return []
    found = [Cut(name, f"{name} <= {marks[0]:g}", _[name] <= marks[0], values <= marks[0])]
    for low, high in pairwise(marks):
        within = (_[name] > low) & (_[name] <= high)
        found.append(Cut(name, f"{low:g} < {name} <= {high:g}", within, (values > low) & (values <= high)))
    return [*found, Cut(name, f"{name} > {marks[-1]:g}", _[name] > marks[-1], values > marks[-1])]


def _marks(known: Floats, parts: int) -> list[float]:
    """Where ranges end: quantiles; the value below the greatest one in place of it, whose rows are a range too."""
    marks = np.quantile(known, np.arange(1, parts) / parts, method="inverted_cdf")
    below = known[known < known.max()]
    return np.unique(np.minimum(marks, below.max())).tolist() if len(below) else []


# ---------------------------------------------------------------------- evidence


@dataclass(frozen=True, slots=True)
class _Tried:
    cuts: tuple[Cut, ...]
    n: int
    share: float
    loss: float
    elsewhere: float
    effect: float
    p: float


def _tried(by_feature: Sequence[list[Cut]], losses: Floats, least: int) -> list[_Tried]:
    total = np.array([len(losses), losses.sum(), (losses**2).sum()])
    cuts = [cut for some in by_feature for cut in some if cut.rows.sum() >= least]
    ones = [((cut,), cut.rows) for cut in cuts]
    twos = [((a, b), a.rows & b.rows) for a, b in combinations(cuts, 2) if a.feature != b.feature]
    found = (_evidence(cut, rows, losses, total, least) for cut, rows in [*ones, *twos])
    return [one for one in found if one is not None]


def _evidence(cuts: tuple[Cut, ...], rows: np.ndarray, losses: Floats, total: Floats, least: int) -> _Tried | None:
    """Welch's test of the losses within against those elsewhere."""
    within = losses[rows]
    n = len(within)
    if n < least or total[0] - n < least:
        return None
    inside = np.array([n, within.sum(), (within**2).sum()])
    (a, u, v), (b, w, x) = _moments(inside), _moments(total - inside)
    error = v / a + x / b
    if error <= 0:
        return None
    freedom = error**2 / ((v / a) ** 2 / (a - 1) + (x / b) ** 2 / (b - 1))
    p = float(special.stdtr(freedom, -(u - w) / np.sqrt(error)))
    return _Tried(cuts, n, n / total[0], u, w, float((u - w) / np.sqrt((v + x) / 2)), p)


def _moments(sums: Floats) -> tuple[float, float, float]:
    """Rows, mean, variance (ddof 1) from sums."""
    n, total, squares = (float(one) for one in sums)
    return n, total / n, max(squares - total**2 / n, 0.0) / (n - 1)


def _proposed(tried: Sequence[_Tried], least: float, alpha: float) -> list[FoundSlice]:
    adjusted = holm(np.array([one.p for one in tried]))
    effects: Mapping[str, float] = {one.cuts[0].name: one.effect for one in tried if len(one.cuts) == 1}
    found = [
        _found(one, float(p))
        for one, p in zip(tried, adjusted, strict=True)
        if p < alpha and one.effect >= least and _is_news(one, effects)
    ]
    return sorted(found, key=lambda one: -one.effect)


def _is_news(one: _Tried, effects: Mapping[str, float]) -> bool:
    """Whether two features tell more than either of them."""
    return len(one.cuts) == 1 or all(one.effect > effects.get(cut.name, 0.0) for cut in one.cuts)


def _found(one: _Tried, p_adjusted: float) -> FoundSlice:
    condition = one.cuts[0].condition if len(one.cuts) == 1 else one.cuts[0].condition & one.cuts[1].condition
    made = Slice(" and ".join(cut.name for cut in one.cuts), condition)
    features = tuple(cut.feature for cut in one.cuts)
    return FoundSlice(made, features, one.n, one.share, one.loss, one.elsewhere, one.effect, one.p, p_adjusted)


def holm(p: Floats) -> Floats:
    """p-values adjusted so that rejecting those under `a` makes any mistake with a chance under `a`."""
    order = np.argsort(p)
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)) if len(p) else p
    adjusted = np.empty_like(steps)
    adjusted[order] = np.minimum(steps, 1)
    return adjusted
