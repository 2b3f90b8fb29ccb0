"""Charts draw what the reports say, as static pictures that fetch nothing."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import polars as pl
import pytest
from ibis import _

from fsnb import Slice
from fsnb.errors import UnknownName
from fsnb.notebook import charts
from fsnb.quality import DriftReport, drift, drift_over_time, slices
from tests.quality.real import Pairs
from tests.quality.test_slices import rows


@pytest.fixture(scope="module")
def report(pairs: Pairs) -> DriftReport:
    return drift(*pairs, columns=["temp", "wind_dir", "carrier", "hour", "constant"])


def words(chart: Any) -> str:
    """The text of the picture, which must be one, and stand alone."""
    picture = charts.svg(chart)
    assert not re.search(r"<script|href=\"http|src=", picture)
    return " ".join(text for text in ET.fromstring(picture).itertext())


def test_bars_show_psi_verdict_and_floor(report: DriftReport) -> None:
    chart = charts.drift_bars(report.to_polars())
    text = words(chart)
    assert all(name in text for name in ("temp", "carrier", "alert", f"{report['temp'].psi:.3f}"))
    drawn = chart.to_dict()["layer"][0]["data"]["values"]
    assert drawn[0]["column"] == "temp"
    assert max(row["psi_shown"] for row in drawn) <= 1


def test_histograms_share_their_edges_and_the_parts_sum_to_the_psi(report: DriftReport) -> None:
    chart = charts.histograms(report.bins("temp"), "temp").to_dict()
    steps, parts = (part["data"]["values"] for part in chart["vconcat"])
    bins = len(parts)
    inside = [row["share"] for row in steps if row["side"] == "reference" and row["place"] < bins]
    assert sum(inside) == pytest.approx(1)
    assert steps[bins]["share"] == steps[bins - 1]["share"]  # the last bin reaches to its end
    assert sum(row["adds"] for row in parts) == pytest.approx(report["temp"].psi)
    assert "adds to PSI" in words(charts.histograms(report.bins("temp"), "temp"))


def test_time_is_drawn_one_panel_a_column_the_predictions_first() -> None:
    data = rows()
    found = drift_over_time(data.head(1_500), data, at="at", columns=["hour", "score"], prediction="score")
    chart = charts.over_time(found.to_polars())
    assert chart.to_dict()["facet"]["sort"] == ["score", "hour"]
    text = words(chart)
    assert text.index("score") < text.index("hour")
    assert "Drift over time" in text


def test_slices_are_drawn_in_the_reports_order() -> None:
    report = slices(rows(), [Slice("evening", _.hour >= 18)], label="late", prediction="score").to_polars()
    text = words(charts.slice_table(report))
    assert text.index("evening") < text.index("all rows")
    long = report.with_columns(slice=pl.lit("a name that is much too long for the margin of a chart"))
    assert f"…  ({report['n'][0]:,} rows" in words(charts.slice_table(long.head(1)))
    with pytest.raises(UnknownName, match=r"no metric 'f1'\. It has: label_rate, auc"):
        charts.slice_table(report, "f1")


def contrast(colour: str, page: str) -> float:
    """WCAG 2.1, of `#rrggbb`."""
    above, below = sorted((luminance(colour), luminance(page)), reverse=True)
    return (above + 0.05) / (below + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_a_cell_shows_charts_in_the_colours_of_its_page_and_a_file_on_white(report: DriftReport) -> None:
    for chart in (charts.drift_bars(report.to_polars()), charts.histograms(report.bins("temp"))):
        shown = charts.show(chart)._repr_html_()
        colours = {
            each for each in re.findall(r'(?:fill|stroke)="([^"]+)"', shown) if each not in ("none", "transparent")
        }
        marks = {each for each in colours if each.startswith("#")}
        assert colours - marks <= {charts.INK, charts.PAGE}
        assert all(contrast(mark, page) >= 3 for mark in marks for page in ("#ffffff", "#111111"))
        printed = charts.svg(chart)
        assert charts.INK not in printed
        assert "var(" not in printed
        assert f'fill="{charts.PAPER}"' in printed


def test_nothing_to_draw_is_no_error() -> None:
    empty = drift(pl.DataFrame({"x": [1.0]}), pl.DataFrame({"x": [1.0]})).to_polars().clear()
    assert "Drift by column" in words(charts.drift_bars(empty))
