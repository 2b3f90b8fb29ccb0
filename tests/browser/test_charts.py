"""Charts in a page: every word is seen whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from fsnb.notebook import charts

if TYPE_CHECKING:
    from playwright.sync_api import Page

CUT = """() => {
    const page = document.querySelector('svg').getBoundingClientRect();
    return [...document.querySelectorAll('svg text')].filter(text => {
        const box = text.getBoundingClientRect();
        return box.left < page.left || box.right > page.right || box.top < page.top || box.bottom > page.bottom;
    }).map(text => text.textContent); }"""


def test_words_at_the_edge_of_a_chart_are_not_cut_off(page: Page) -> None:
    found = {"auc": 0.7, "auc_low": 0.6, "auc_high": 0.8, "n": 41_667, "verdict": "ok"}
    slices = pl.DataFrame(
        [{"slice": "A very long WORD WITH many Wide letters", **found}, {"slice": "all rows", **found}]
    )
    start = pl.datetime_range(pl.datetime(2013, 1, 1), pl.datetime(2013, 3, 1), "1mo", eager=True)
    psi = {"column": "score", "psi": 0.1, "psi_floor95": 0.01, "verdict": "too few rows"}
    times = pl.DataFrame({"start": start}).with_columns(**{name: pl.lit(value) for name, value in psi.items()})
    for chart in (charts.slice_table(slices), charts.over_time(times)):
        page.set_content(charts.show(chart).data)
        assert page.locator("svg text").count() > 8
        assert page.evaluate(CUT) == []
