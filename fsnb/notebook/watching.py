"""Cards of quality: baselines, drift by stretch and slice, figures by slice, estimates."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl

from fsnb.notebook import wording
from fsnb.notebook.card import Bars, Card, Cell, Code, Number, Table
from fsnb.notebook.cataloguing import bars
from fsnb.quality import (
    Baseline,
    Column,
    DriftOverTime,
    FoundSlices,
    PerformanceEstimate,
    RobustnessReport,
    SliceReport,
)

BINS = 20
FOUND = (
    "Largest effect first: how much higher the loss is than elsewhere, in standard deviations. p is adjusted, by Holm, "
    "for all the cuts that were tried."
)
CATEGORIES = 20


def baseline(value: Baseline) -> Card:
    """A row for each column."""
    times = value.event_times
    facts: dict[str, Cell] = {
        "rows": f"{value.n:,}, all counted",
        "times": f"{times[0]}: {wording.moment(times[1])} to {wording.moment(times[2])}" if times else "",
        "bins of the PSI": str(value.bins),
        "labels": ", ".join(value.labels),
        "fingerprint": Code(value.fingerprint[:12]),
    }
    heads = ("column", "kind", "NULL", "distinct", "least", "mean", "greatest", "distribution")
    table = Table("columns", heads, tuple(map(_column, value.columns)))
    return Card("baseline", value.name or value.fingerprint[:12], facts=wording.said(facts), tables=(table,))


def _column(value: Column) -> tuple[Cell, ...]:
    times = value.kind == "datetime"
    about = "" if value.distinct_exact else "about "
    return (
        Code(value.name),
        value.kind,
        Number("" if value.null_rate is None else f"{value.null_rate:.1%}"),
        Number("" if value.distinct is None else f"{about}{value.distinct:,}"),
        *(Number("" if v is None or times else f"{v:.4g}") for v in (value.minimum, value.mean, value.maximum)),
        Bars(bars(_counts(value))),
    )


def _counts(value: Column) -> list[int]:
    """Bins of equal width of numbers, the commonest categories, hours of the day."""
    if value.hours is not None:
        return list(value.hours)
    if value.numbers is None or value.minimum is None or value.maximum is None:
        return sorted((count for _, count in value.categories or ()), reverse=True)[:CATEGORIES]
    if value.minimum == value.maximum:
        return [value.known]
    at = np.linspace(value.minimum, value.maximum, BINS + 1)
    if value.numbers.values is not None:
        exact = value.numbers.exact
        return [round(each) for each in np.histogram(exact.values, bins=at, weights=exact.counts)[0]]
    reached = np.concatenate([[0], np.cumsum(value.numbers.counts)])
    ends = np.concatenate([[value.minimum], value.numbers.edges or (), [value.maximum]])
    return [round(each) for each in np.diff(np.interp(at, ends, reached))]


def over_time(value: DriftOverTime) -> Card:
    by = "slice" if value.by == "slice" else "stretch of time"
    about = f"Each {by} against one reference; every row counted, none sampled."
    return Card("drift", f"by {by}", about, tables=(wording.frame(value.to_polars()),))


def slices(value: SliceReport) -> Card:
    about = "Every row of a slice counts, none is sampled. Intervals are of 95 %."
    if any(row.n_ref is not None for row in value.rows):
        about += " Below each figure: the reference's."
    return Card(
        "slices", f"worst {value.by.replace('_', ' ')} first", about, tables=_frames(value.to_polars(), value.nulls)
    )


def _frames(first: object, nulls: object) -> tuple[Table, ...]:
    tables = (wording.frame(first),)  # type: ignore[arg-type]
    return (*tables, wording.frame(nulls, "NULLs")) if len(nulls) else tables  # type: ignore[arg-type]


def found_slices(value: FoundSlices) -> Card:
    title = f"{len(value)} of {value.tried:,} cuts"
    about = FOUND if len(value) else "No cut is worse than the rest by more than chance and the least effect."
    return Card("slices found", title, about, tables=(wording.frame(value.to_polars()),) if len(value) else ())


def robustness(value: RobustnessReport) -> Card:
    kinds = Counter(row.kind for row in value.rows)
    title = ", ".join(wording.count(kind, kinds[kind]) for kind in ("subpopulation", "perturbation"))
    about = "Changes are from all rows, as they are. Intervals are of 95 %."
    return Card("robustness", title, about, tables=(wording.frame(value.to_polars()),))


def estimate(value: PerformanceEstimate) -> Card:
    facts: dict[str, Cell] = {
        "rows now": f"{value.n:,}, {value.labelled:,} of them with their labels",
        "rests on": f"{value.effective:,.0f} effective rows of the reference",
    }
    # all three with as many digits: as figures that could have an interval
    spread = {f"{name}_{end}": None for name in ("reference", "realised") for end in ("low", "high")}
    rows = value.to_polars().rename({"low": "estimate_low", "high": "estimate_high"})
    table = wording.frame(rows.with_columns(**{name: pl.lit(end) for name, end in spread.items()}))
    return Card("expected performance", value.method, value.caveat, wording.said(facts), tables=(table,))
