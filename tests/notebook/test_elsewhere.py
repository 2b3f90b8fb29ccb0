"""Elsewhere: a page of nbconvert has static forms; marimo's has them of values, and widgets with what they show."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from fsnb import shells
from fsnb.notebook.drift.marks import figure
from fsnb.quality import DriftReport
from tests.notebook.test_drift_widget import AFTER, BEFORE, COLUMNS, quality

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def report() -> DriftReport:
    return quality.drift(BEFORE, AFTER, columns=COLUMNS)


def exported(data: dict[str, Any]) -> str:
    """The page of a saved notebook that has one output and no widget state."""
    from nbconvert import HTMLExporter

    shown = nbformat.v4.new_output("display_data", data)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("report.widget()", outputs=[shown])])
    page, _resources = HTMLExporter().from_notebook_node(book)
    return page


def test_page_of_nbconvert_shows_the_static_form(report: DriftReport) -> None:
    data, _metadata = report.widget()._repr_mimebundle_()
    page = exported(data)
    assert 'class="fsnb"' in page
    assert f'<td class="fsnb-number">{figure(report["moves"].psi)}</td>' in page
    assert "Every row is counted, none is sampled" in page


MARIMO = """
import marimo

app = marimo.App()

@app.cell
def _():
    import polars as pl
    import fsnb
    from fsnb import quality
    rows = pl.DataFrame({"rider": ["a", "a", "b"], "ts": [1, 2, 3], "fare": [1.0, 2.0, 3.0]})
    rows = rows.with_columns(pl.col("ts").cast(pl.Datetime("us")))
    store = fsnb.open(".fsnb")
    view = fsnb.FeatureView(
        "fares",
        entity=fsnb.Entity("rider", "rider"),
        source=store.source("trips", rows, event_time="ts"),
        features=lambda t: {"total": t.fare.sum()},
    )
    store.training_set(fsnb.Spine(rows.select("rider", "ts"), at="ts"), [view]).preview(1)
    return pl, quality, view

@app.cell
def _(view):
    view
    return

@app.cell
def _(pl, quality):
    quality.drift(pl.DataFrame({"moves": range(1000)}), pl.DataFrame({"moves": range(500, 1500)})).widget()
    return
"""


def test_page_of_marimo_shows_values_and_runs_the_widget(tmp_path: Path) -> None:
    # in a process of its own: once imported, marimo answers for IPython's displays
    (tmp_path / "book.py").write_text(MARIMO)
    done = subprocess.run(
        [sys.executable, "-m", "marimo", "export", "html", "book.py", "-o", "book.html", "--no-include-code"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "book.html").read_text()
    for shown in ("fsnb-preview", "by the cutoff", "feature view"):
        assert shown in page
    assert "marimo-anywidget data-initial-value" in page
    assert "1,000 rows of the reference, 1,000 rows now. Every row is counted" in page  # a part that the widget draws


def test_value_shows_itself_without_the_extension(report: DriftReport) -> None:
    assert report._repr_html_() == shells.html(report)
    assert "fsnb-psi" in report._repr_html_()
