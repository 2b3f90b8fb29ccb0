"""Charts of quality reports: pure functions from a frame to an Altair chart. Everything is counted before it is drawn.

A chart holds a few hundred rows at most, whatever the data. In a cell it shows as a static SVG, with no script and
nothing fetched (`svg`); shape and text say what colour says.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from fsnb.errors import UnknownName

VERDICTS = ("alert", "warn", "ok", "too few rows", "not compared")
COLOURS = ("#b42318", "#b54708", "#3b7c5b", "#8a8f98", "#c4c8ce")
SHAPES = ("triangle-up", "diamond", "circle", "cross", "square")
REFERENCE, CURRENT = "#5b6470", "#1f6feb"
THRESHOLDS = (0.1, 0.25)
WIDTH, LONGEST = 460, 1.0


def svg(chart: Any) -> str:
    """The chart as SVG text: for a cell (`IPython.display.SVG`), a page, a file."""
    import vl_convert

    return vl_convert.vegalite_to_svg(chart.to_json())


def _colour(title: str | None = "verdict") -> alt.Color:
    scale = alt.Scale(domain=list(VERDICTS), range=list(COLOURS))
    return alt.Color("verdict:N", scale=scale, legend=alt.Legend(title=title) if title else None)


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
    floors = base.mark_tick(thickness=2, size=15, color="#1b1f24").encode(x="psi_floor95_shown:Q", y=y)
    words = base.mark_text(align="left", dx=5, fontSize=10).encode(x=x, y=y, text=alt.Text("psi:Q", format=".3f"))
    title = alt.Title("Drift by column", subtitle="tick: what chance alone stays under; dashes: 0.1 and 0.25")
    return alt.layer(bars, floors, words, _thresholds("x")).properties(width=WIDTH, height=alt.Step(20), title=title)


def _thresholds(axis: str) -> Any:
    data = alt.Data(values=[{"limit": limit} for limit in THRESHOLDS])
    return alt.Chart(data).mark_rule(strokeDash=[4, 3], color="#6b7280").encode(**{axis: "limit:Q"})


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

    sides = {side: shares(bins[side].to_numpy()) for side in ("reference", "current")}
    rows = [
        {"bin": label, "place": place, "side": side, "share": float(found[place])}
        for side, found in sides.items()
        if found is not None
        for place, label in enumerate(bins["bin"])
    ]
    added = contributions(bins["reference"].to_numpy(), bins["current"].to_numpy())
    parts = [{"bin": label, "adds": float(value)} for label, value in zip(bins["bin"], added, strict=True)]
    x = alt.X("bin:N", sort=bins["bin"].to_list(), title=None, axis=alt.Axis(labelAngle=-40, labelLimit=110))
    colours = alt.Scale(domain=["reference", "current"], range=[REFERENCE, CURRENT])
    dashes = alt.Scale(domain=["reference", "current"], range=[[4, 3], [1, 0]])
    steps = (
        alt.Chart(alt.Data(values=rows), width=WIDTH, height=150)
        .mark_line(interpolate="step", strokeWidth=2)
        .encode(
            x=alt.X("bin:N", sort=bins["bin"].to_list(), title=None, axis=None),
            y=alt.Y("share:Q", title="share of rows", axis=alt.Axis(format="%")),
            color=alt.Color("side:N", scale=colours, legend=alt.Legend(title=None, orient="top")),
            strokeDash=alt.StrokeDash("side:N", scale=dashes, legend=None),
        )
    )
    below = (
        alt.Chart(alt.Data(values=parts), width=WIDTH, height=60)
        .mark_bar(color="#9aa3af")
        .encode(x=x, y=alt.Y("adds:Q", title="adds to PSI"))
    )
    return alt.vconcat(steps, below, spacing=4).properties(title=name or "Shares by bin")


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
    charts = [_multiple(known.filter(pl.col("column") == name), name) for name in names]
    return alt.concat(*charts, columns=columns, spacing=18).properties(title="Drift over time against one reference")


def _multiple(rows: pl.DataFrame, name: str) -> Any:
    shown = rows.select(pl.col("start").dt.to_string("%Y-%m-%dT%H:%M:%S"), "psi", "psi_floor95", "verdict").to_dicts()
    base = alt.Chart(alt.Data(values=shown)).encode(x=alt.X("start:T", title=None, axis=alt.Axis(tickCount=4)))
    band = base.mark_area(color="#d5dae1", opacity=0.8).encode(y=alt.Y("psi_floor95:Q", title=None))
    line = base.mark_line(color="#5b6470", strokeWidth=1.2).encode(y=alt.Y("psi:Q", title=None))
    scale = alt.Scale(domain=list(VERDICTS), range=list(SHAPES))
    points = base.mark_point(filled=True, size=34, opacity=1).encode(
        y="psi:Q", color=_colour(), shape=alt.Shape("verdict:N", scale=scale, legend=alt.Legend(title="verdict"))
    )
    return alt.layer(band, line, points, _thresholds("y")).properties(width=190, height=95, title=name)


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
    shown = kept.with_columns(
        label=pl.format("{}  ({} rows{})", "slice", "n", pl.when(pl.col("verdict") == "ok").then(pl.lit("")).otherwise(
            pl.lit(", too few")))
    ).to_dicts()  # fmt: skip
    y = alt.Y("label:N", sort=[row["label"] for row in shown], title=None, axis=alt.Axis(labelLimit=280))
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
