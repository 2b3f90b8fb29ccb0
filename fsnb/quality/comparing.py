"""Two columns -> one row of a drift report. Pure: both are counted already, on the reference's edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from fsnb.profiling import edges as cut
from fsnb.profiling import kinds as kind
from fsnb.profiling.column import Column
from fsnb.profiling.kinds import Kind
from fsnb.quality import shapes
from fsnb.quality.distances import chi_square, hellinger, jensen_shannon, linf, psi, psi_floor
from fsnb.quality.verdicts import Verdict, is_worse, judged, used, worst


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of the PSI: its label, and the rows of either side."""

    label: str
    reference: int
    current: int


@dataclass(frozen=True, slots=True)
class Compared:
    """How far a column is from its reference. None: not measured for its kind, or there are no values.

    Attributes up to `reason` are the columns of `DriftReport.to_polars()`; the others those of `.details()`.
    """

    column: str
    kind: Kind
    n_ref: int
    n_cur: int
    null_rate_ref: float | None = None
    null_rate_cur: float | None = None
    psi: float | None = None
    psi_floor95: float | None = None
    ks: float | None = None
    ks_p: float | None = None
    js: float | None = None
    hellinger: float | None = None
    wasserstein: float | None = None
    wasserstein_norm: float | None = None
    linf: float | None = None
    chi2: float | None = None
    chi2_dof: int | None = None
    chi2_p: float | None = None
    cramers_v: float | None = None
    unseen_share: float | None = None
    verdict: Verdict = "ok"
    reason: str = ""
    psi_with_null: float | None = None
    ks_error: float | None = None
    wasserstein_error: float | None = None
    chi2_expected_min: float | None = None
    mean_ref: float | None = None
    mean_cur: float | None = None
    newest_ref: float | None = None
    newest_cur: float | None = None
    bins: tuple[Bin, ...] = ()


def compared(reference: Column, current: Column) -> Compared:
    """The row of a column; both counted on the reference's edges."""
    row = Compared(
        reference.name, reference.kind, reference.n, current.n, reference.null_rate, current.null_rate,
        unseen_share=unseen_share(reference, current), mean_ref=reference.mean, mean_cur=current.mean,
    )  # fmt: skip
    if not reference.known or not current.known:
        which = "the reference" if not reference.known else "the current data"
        nulls = _nulls(reference, current)
        verdict, reason = nulls if nulls[0] in ("warn", "alert") else ("not compared", f"{which} has no values")
        return replace(row, verdict=verdict, reason=reason)
    return COMPARISONS[reference.kind](row, reference, current)


# ---------------------------------------------------------------------- by kind


def _numeric(row: Compared, reference: Column, current: Column) -> Compared:
    edges = reference.psi_edges
    mine, theirs = (list(side.numbers.binned(edges).counts) for side in (reference, current) if side.numbers)
    row = _by_bins(row, reference, current, labels(edges), mine, theirs)
    ks, distance = _shape(reference, current)
    std = reference.std
    return replace(
        row,
        ks=ks.value,
        ks_error=ks.error,
        ks_p=shapes.ks_p(ks.value, reference.known, current.known),
        wasserstein=distance.value,
        wasserstein_error=distance.error,
        wasserstein_norm=distance.value / std if std else None,
    )


def _shape(reference: Column, current: Column) -> tuple[shapes.Distance, shapes.Distance]:
    """KS and Wasserstein: from value counts where both sides have few values, else from counts on fine edges."""
    mine, theirs = reference.numbers, current.numbers
    assert mine is not None
    assert theirs is not None
    if mine.values is not None and theirs.values is not None and len(theirs.values) <= kind.MOST_VALUES:
        return shapes.ks_exact(mine.exact, theirs.exact), shapes.wasserstein_exact(mine.exact, theirs.exact)
    edges = fine_edges(reference)
    a, b = mine.binned(edges), theirs.binned(edges)
    return shapes.ks_binned(a, b), shapes.wasserstein_binned(a, b)


def fine_edges(reference: Column) -> tuple[float, ...]:
    """The reference's 200 quantiles, and its PSI edges: where other data is counted."""
    numbers = reference.numbers
    if numbers is None:
        return ()
    if numbers.edges is not None:
        return numbers.edges
    quantiles = cut.at_ranks(numbers.exact, cut.ranks(reference.known, cut.FINE))
    return tuple(sorted({*quantiles, *reference.psi_edges}))


def _categorical(row: Compared, reference: Column, current: Column) -> Compared:
    if reference.categories is None or current.categories is None:
        return _identifier(row, reference, current)
    known, there = dict(reference.categories), dict(current.categories)
    unseen = sum(count for value, count in there.items() if value not in known)
    mine = [*known.values(), 0]
    theirs = [*(there.get(value, 0) for value in known), unseen]
    every = sorted({*known, *there})
    cells = [known.get(value, 0) for value in every], [there.get(value, 0) for value in every]
    return _by_bins(row, reference, current, [*known, "(not in the reference)"], mine, theirs, cells=cells)


def _identifier(row: Compared, reference: Column, current: Column) -> Compared:
    return _by_nulls(row, reference, current, "an identifier, or too many values: a PSI would say nothing")


def _text(row: Compared, reference: Column, current: Column) -> Compared:
    """By its length, and by what was never seen."""
    return _numeric(row, reference, current)


def _datetime(row: Compared, reference: Column, current: Column) -> Compared:
    """By hour of day and by weekday; the row has the figures of the one with more PSI over its noise."""
    parts = [
        _by_bins(row, reference, current, names, list(mine or ()), list(theirs or ()), what)
        for what, names, mine, theirs in (
            ("hour of day", [f"{hour:02d}:00" for hour in range(24)], reference.hours, current.hours),
            ("weekday", WEEKDAYS, reference.weekdays, current.weekdays),
        )
    ]
    verdict, reason = worst([(part.verdict, part.reason) for part in parts])
    told = max(parts, key=lambda part: (part.psi or 0) / (part.psi_floor95 or 1))
    return replace(told, verdict=verdict, reason=reason, newest_ref=reference.maximum, newest_cur=current.maximum)


def _other(row: Compared, reference: Column, current: Column) -> Compared:
    return _by_nulls(row, reference, current, f"{reference.dtype}: only NULLs are compared")


def _by_nulls(row: Compared, reference: Column, current: Column, why: str) -> Compared:
    verdict, reason = _nulls(reference, current)
    if verdict in ("warn", "alert"):
        return replace(row, verdict=verdict, reason=reason)
    return replace(row, verdict="not compared", reason=why)


WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
COMPARISONS: Mapping[Kind, Callable[[Compared, Column, Column], Compared]] = {
    "numeric": _numeric,
    "boolean": _categorical,
    "categorical": _categorical,
    "text": _text,
    "identifier": _identifier,
    "datetime": _datetime,
    "other": _other,
}


# ---------------------------------------------------------------------- what kinds share


def _by_bins(
    row: Compared,
    reference: Column,
    current: Column,
    names: list[str],
    mine: list,
    theirs: list,
    what: str = "values",
    cells: tuple[list, list] | None = None,
) -> Compared:
    """The figures that come from counts over the same bins; chi-square from `cells`, where these are finer."""
    with_null = [*mine, reference.nulls], [*theirs, current.nulls]
    apart = worst([judged(what, mine, theirs, cells), _nulls(reference, current)])
    together = _with_null(*with_null, cells)
    verdict, reason = together if is_worse(together, apart) else apart  # of equal ones the plainer reason
    test = chi_square(*(cells or (mine, theirs)))
    return replace(
        row,
        psi=psi(mine, theirs),
        psi_floor95=psi_floor(used(mine, theirs), reference.known, current.known),
        psi_with_null=psi(*with_null),
        js=jensen_shannon(mine, theirs),
        hellinger=hellinger(mine, theirs),
        linf=linf(mine, theirs),
        chi2=test.statistic if test else None,
        chi2_dof=test.dof if test else None,
        chi2_p=test.p if test else None,
        cramers_v=test.cramers_v if test else None,
        chi2_expected_min=test.expected_min if test else None,
        verdict=verdict,
        reason=reason,
        bins=tuple(Bin(name, int(a), int(b)) for name, a, b in zip(names, mine, theirs, strict=True)),
    )


def _nulls(reference: Column, current: Column) -> tuple[Verdict, str]:
    """Whether the share of NULLs moved."""
    return judged("NULLs", [reference.known, reference.nulls], [current.known, current.nulls])


def _with_null(mine: list, theirs: list, cells: tuple[list, list] | None) -> tuple[Verdict, str]:
    """The values with NULL as one more, where there are any."""
    if not mine[-1] and not theirs[-1]:
        return "ok", ""
    finer = ([*cells[0], mine[-1]], [*cells[1], theirs[-1]]) if cells else None
    return judged("values and NULLs", mine, theirs, finer)


def unseen_share(reference: Column, current: Column) -> float | None:
    """The share of the current values that the reference does not have; of text, booleans and identifiers."""
    if reference.categories is None or current.categories is None or not current.known:
        return None
    known = dict(reference.categories)
    return sum(count for value, count in current.categories if value not in known) / current.known


def labels(edges: tuple[float, ...]) -> list[str]:
    """Bins in words: "<= 1", "1 to 2.5", "= 0", "> 9"."""
    if not edges:
        return ["all"]
    shown = [f"{edge:.4g}" for edge in edges]
    inner = [_label(low, high) for low, high in pairwise(edges)]
    first = f"< {shown[1]}" if len(edges) > 1 and _is_atom(edges[0], edges[1]) else f"<= {shown[0]}"
    return [first, *inner, f"> {shown[-1]}"]


def _label(low: float, high: float) -> str:
    return f"= {high:.4g}" if _is_atom(low, high) else f"{low:.4g} to {high:.4g}"


def _is_atom(low: float, high: float) -> bool:
    return low == cut.around(high)[0]


def times_apart(row: Compared) -> float | None:
    """Seconds from the reference's newest time to the current one's."""
    return None if row.newest_ref is None or row.newest_cur is None else (row.newest_cur - row.newest_ref) / 1e6
