"""Charts of quality reports: pure functions from a frame to an Altair chart. Everything is counted before it is drawn.

A chart holds a few hundred rows at most, whatever the data. It is drawn as a static SVG, with no script and nothing
fetched; shape and text say what colour says. No one colour reads well on white and on a dark theme's #111 (4.3 to 1 at
best), so words and lines have the text's own, which a cell takes from its page (`show`) and a file is given (`svg`).
Marks have at least 3 to 1 on both.
"""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import polars as pl
from IPython.display import HTML

from fsnb.errors import UnknownName

VERDICTS = ("alert", "warn", "ok", "too few rows", "not compared")
COLOURS = ("#d1352b", "#b07a00", "#2f8f5b", "#80868f", "#80868f")
SHAPES = ("triangle-up", "diamond", "circle", "cross", "square")
REFERENCE, CURRENT = "#80868f", "#388bfd"
INK = "currentColor"
PAGE = "var(--jp-layout-color0,var(--vscode-editor-background,var(--background,Canvas)))"
PAPER, PRINT = "#ffffff", "#1b1f24"
THRESHOLDS = (0.1, 0.25)
WIDTH, LONGEST, GAP = 460, 1.0, 0.05
NAME = 40  # characters of a slice's name


_LINES = {"domainColor": INK, "domainOpacity": 0.5, "tickColor": INK, "tickOpacity": 0.5}
_WORDS = {"labelColor": INK, "titleColor": INK}
# The first of these that the kernel's machine has measures the words: where that is narrower than the page's, words
# are cut off. The page's own sans-serif is often the wide one of these, which "sans-serif" would not measure.
FONT = "Arial, DejaVu Sans, sans-serif"
THEME: dict[str, Any] = {
    "font": FONT,
    "background": "transparent",
    "view": {"stroke": INK, "strokeOpacity": 0.2},
    "axis": {**_LINES, **_WORDS, "gridColor": INK, "gridOpacity": 0.15},
    "legend": _WORDS,
    "header": _WORDS,
    "title": {"color": INK, "subtitleColor": INK},
    "text": {"color": INK},
}


def show(chart: Any) -> HTML:
    """The chart for a cell: a static picture in the colours of its page, light or dark; nothing is fetched.

    Parameters
    ----------
    chart
        Of this module, or any Altair chart that gives words and lines no colours of their own.
    """
    return HTML(_drawn(chart).replace("<svg ", '<svg style="max-width:100%;height:auto" ', 1))


def svg(chart: Any) -> str:
    """The chart as SVG text that stands alone, dark on white: for a file, a report. A cell takes `show`."""
    return _drawn(chart, background=PAPER).replace(INK, PRINT).replace(PAGE, PAPER)


def _drawn(chart: Any, **config: str) -> str:
    import vl_convert

    return vl_convert.vegalite_to_svg(chart.to_json(), config=THEME | config)


def _colour() -> alt.Color:
    scale = alt.Scale(domain=list(VERDICTS), range=list(COLOURS))
    return alt.Color("verdict:N", scale=scale, legend=alt.Legend(title="verdict"))


def drift_bars(report: pl.DataFrame, most: int = 30) -> Any:
    """PSI of each column as a bar, worst first, with its noise floor as a tick and the thresholds as lines.

    Bars end at 1, which is far beyond any threshold; the figure beside a bar is the PSI.

    Parameters
    ----------
    report
        `DriftReport.to_polars()`; columns without a PSI are left out.
    most
        So many bars.
    """
    rows = report.filter(pl.col("psi").is_not_null()).sort("psi", descending=True).head(most)
    top = min(max([*rows["psi"].to_list(), 0.3]), LONGEST)
    cut = [pl.col(name).clip(upper_bound=top).alias(f"{name}_shown") for name in ("psi", "psi_floor95")]
    shown = rows.select("column", "psi", "psi_floor95", "verdict", *cut).to_dicts()
    order = rows["column"].to_list()
    y = alt.Y("column:N", sort=order, title=None, axis=alt.Axis(labelLimit=220))
    base = alt.Chart(alt.Data(values=shown))
    x = alt.X("psi_shown:Q", title="PSI against the reference", scale=alt.Scale(domain=[0, top * 1.12], nice=False))
    bars = base.mark_bar(height=11).encode(x=x, y=y, color=_colour())
    floors = base.mark_tick(thickness=2, size=15, color=INK).encode(x="psi_floor95_shown:Q", y=y)
    beside: dict[str, Any] = {"align": "left", "dx": 5, "fontSize": 10}
    figures: dict[str, Any] = {"x": x, "y": y, "text": alt.Text("psi:Q", format=".3f")}
    halo = base.mark_text(**beside, stroke=PAGE, strokeWidth=4).encode(**figures)
    words = base.mark_text(**beside).encode(**figures)
    ends = "; bars end at 1" if any(row["psi"] > LONGEST for row in shown) else ""
    title = alt.Title("Drift by column", subtitle=f"tick: what chance alone stays under; dashes: 0.1 and 0.25{ends}")
    layers = (bars, floors, _thresholds("x"), halo, words)
    return alt.layer(*layers).properties(width=WIDTH, height=alt.Step(20), title=title)


def _thresholds(axis: str) -> Any:
    data = alt.Data(values=[{"limit": limit} for limit in THRESHOLDS])
    return alt.Chart(data).mark_rule(strokeDash=[4, 3], color=INK, opacity=0.6).encode(**{axis: "limit:Q"})


def histograms(bins: pl.DataFrame, name: str = "") -> Any:
    """Shares of both sides in each bin of a column's PSI as two steps, and what each bin adds to the PSI below.

    Parameters
    ----------
    bins
        `DriftReport.bins(column)`.
    name
        The column's.
    """
    from fsnb.quality.distances import contributions, shares

    labels = bins["bin"].to_list()
    sides = {side: shares(bins[side].to_numpy()) for side in ("reference", "current")}
    rows = [
        {"place": place, "side": side, "share": float(found[min(place, len(labels) - 1)])}
        for side, found in sides.items()
        if found is not None
        for place in range(len(labels) + 1)  # the last bin reaches to its end
    ]
    added = contributions(bins["reference"].to_numpy(), bins["current"].to_numpy())
    parts = [{"from": n + GAP, "to": n + 1 - GAP, "none": 0, "adds": float(value)} for n, value in enumerate(added)]
    return alt.vconcat(_steps(rows, len(labels)), _parts(parts, labels), spacing=4).properties(
        title=name or "Shares by bin"
    )


def _steps(rows: list[dict[str, Any]], bins: int) -> Any:
    colours = alt.Scale(domain=["reference", "current"], range=[REFERENCE, CURRENT])
    dashes = alt.Scale(domain=["reference", "current"], range=[[4, 3], [1, 0]])
    return (
        alt.Chart(alt.Data(values=rows), width=WIDTH, height=150)
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("place:Q", scale=alt.Scale(domain=[0, bins], nice=False), title=None, axis=None),
            y=alt.Y("share:Q", title="share of rows", axis=alt.Axis(format="%")),
            color=alt.Color("side:N", scale=colours, legend=alt.Legend(title=None, orient="top")),
            strokeDash=alt.StrokeDash("side:N", scale=dashes, legend=None),
        )
    )


def _parts(parts: list[dict[str, Any]], labels: list[str]) -> Any:
    axis = alt.Axis(
        values=[place + 0.5 for place in range(len(labels))],
        labelExpr=f"{json.dumps(labels)}[floor(datum.value)]",
        labelAngle=-40,
        labelLimit=110,
        labelOverlap=False,
        grid=False,
    )
    x = alt.X("from:Q", scale=alt.Scale(domain=[0, len(labels)], nice=False), title=None, axis=axis)
    return (
        alt.Chart(alt.Data(values=parts), width=WIDTH, height=60)
        .mark_rect(color=REFERENCE)
        .encode(x=x, x2="to:Q", y=alt.Y("adds:Q", title="adds to PSI"), y2="none:Q")
    )


def over_time(rows: pl.DataFrame, columns: int = 3, most: int = 12) -> Any:
    """PSI over time as small multiples, one for each column in the given order, over the band of its noise floor.

    Parameters
    ----------
    rows
        `DriftOverTime.to_polars()` of `drift_over_time`.
    columns
        Multiples in a line.
    most
        So many multiples.
    """
    known = rows.filter(pl.col("psi").is_not_null())
    names = known["column"].unique(maintain_order=True).to_list()[:most]
    shown = known.filter(pl.col("column").is_in(names)).select(
        pl.col("start").dt.to_string("%Y-%m-%dT%H:%M:%S"), "column", "psi", "psi_floor95", "verdict"
    )
    told = "heights are roots of the PSI; band: what chance alone stays under; dashes: 0.1 and 0.25"
    title = alt.Title("Drift over time against one reference", subtitle=told, anchor="start")
    of = alt.Facet("column:N", sort=names, title=None, header=alt.Header(labelFontWeight="bold", labelLimit=200))
    return (
        alt.layer(*_multiple(), data=alt.Data(values=shown.to_dicts()))
        .properties(width=190, height=95)
        .facet(facet=of, columns=columns, spacing=14)
        .resolve_scale(y="independent")
        .resolve_axis(x="independent")
        .properties(title=title)
    )


def _multiple() -> list[Any]:
    """Of one column: the band, the line, its points, the thresholds."""
    base = alt.Chart().encode(x=alt.X("start:T", title=None, axis=alt.Axis(tickCount=4)))
    root, axis = alt.Scale(type="sqrt", zero=True), alt.Axis(tickCount=4, minExtent=28, maxExtent=28)
    y = alt.Y("psi:Q", title=None, axis=axis, scale=root)
    scale = alt.Scale(domain=list(VERDICTS), range=list(SHAPES))
    shape = alt.Shape("verdict:N", scale=scale, legend=alt.Legend(title="verdict"))
    return [
        base.mark_area(color=INK, opacity=0.14).encode(y=alt.Y("psi_floor95:Q", title=None, scale=root)),
        base.mark_line(color=REFERENCE, strokeWidth=1.2).encode(y=y),
        base.mark_point(filled=True, size=34, opacity=1).encode(y=y, color=_colour(), shape=shape),
        _thresholds("y"),
    ]


def slice_table(report: pl.DataFrame, metric: str = "auc") -> Any:
    """A metric of each slice with its interval, in the report's order; the reference's as a hollow mark.

    Parameters
    ----------
    report
        `SliceReport.to_polars()`.
    metric
        "auc", "accuracy", "brier" or "label_rate".

    Raises
    ------
    UnknownName
        The report does not have the metric.
    """
    if f"{metric}_low" not in report.columns:
        there = [name.removesuffix("_low") for name in report.columns if name.endswith("_low") and "_ref" not in name]
        raise UnknownName.among("the slice report", "metric", metric, there)
    kept = report.filter(pl.col(metric).is_not_null())
    shown = kept.to_dicts()
    labels = {row["slice"]: _slice_label(row) for row in shown}
    axis = alt.Axis(labelLimit=0, labelExpr=f"({json.dumps(labels)})[datum.label]")
    y = alt.Y("slice:N", sort=list(labels), title=None, axis=axis)
    base = alt.Chart(alt.Data(values=shown))
    x = alt.X(f"{metric}_low:Q", title=f"{metric} (95 % interval)", scale=alt.Scale(zero=False))
    layers = [
        base.mark_rule(strokeWidth=2, color=CURRENT).encode(x=x, x2=f"{metric}_high:Q", y=y),
        base.mark_point(filled=True, size=60, color=CURRENT, opacity=1).encode(x=f"{metric}:Q", y=y),
    ]
    if f"{metric}_ref" in report.columns:
        layers.append(base.mark_point(size=70, shape="square", color=REFERENCE).encode(x=f"{metric}_ref:Q", y=y))
    beside = "; square: the reference" if f"{metric}_ref" in report.columns else ""
    title = alt.Title(f"{metric} by slice, worst first", subtitle=f"dot and line: now{beside}")
    return alt.layer(*layers).properties(width=WIDTH, height=alt.Step(22), title=title)


def _slice_label(row: dict[str, Any]) -> str:
    """Its name, cut where it is long, and its rows, which are always told."""
    name = row["slice"] if len(row["slice"]) <= NAME else f"{row['slice'][: NAME - 1]}…"
    return f"{name}  ({row['n']:,} rows{'' if row['verdict'] == 'ok' else ', too few'})"
