"""Where no widget runs: a page made by nbconvert, and marimo, show the static form of the same."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import nbformat
import pytest

from fsnb import shells
from fsnb.notebook.drift.marks import figure
from fsnb.quality import DriftReport
from tests.notebook.test_drift_widget import AFTER, BEFORE, COLUMNS, quality


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
import polars as pl
from marimo._output.formatting import try_format
from fsnb import quality

report = quality.drift(pl.DataFrame({"moves": range(1000)}), pl.DataFrame({"moves": range(500, 1500)}))
shown = try_format(report)
assert shown.mimetype == "text/html", shown.mimetype
assert shown.data == report._repr_html_()
print("shown")
"""


def test_marimo_shows_the_static_form_of_a_report() -> None:
    # in a process of its own: once imported, marimo answers for IPython's displays
    done = subprocess.run([sys.executable, "-c", MARIMO], capture_output=True, text=True, timeout=300)
    assert done.stdout == "shown\n", done.stderr


def test_value_shows_itself_without_the_extension(report: DriftReport) -> None:
    assert report._repr_html_() == shells.html(report)
    assert "fsnb-psi" in report._repr_html_()
