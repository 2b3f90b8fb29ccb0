"""The drift widget as a person uses it: click, keys, brush, search, slices; what stands there is what Python says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from tests.support.browser import violations
from tests.support.lab import Notebook, use_theme

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.support.lab import JupyterServer

# The real flights' questions of 2013, a part of them: January to March against the rest of the year.
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CELLS = [
    """
import fsnb, polars as pl
from ibis import _
from fsnb import quality
from fsnb.demo import flights

asked = pl.read_parquet(flights.tables().questions).gather_every(40)
columns = ["minute_of_day", "distance", "carrier", "dest", "seats", "late", "month"]
hostile = "<img src=x onerror=alert(1)> a name that is much too long for the place that it has been given"
asked = asked.with_columns(pl.col("flight").alias(hostile))
winter, rest = asked.filter(pl.col("month") <= 3), asked.filter(pl.col("month") > 3)
report = quality.drift(winter, rest, columns=[*columns, hostile], at="asked_at", name="flights")
w = report.widget(every="4w", slices=[fsnb.Slice("evening", _.minute_of_day >= 1080)])
w
""",
]


def shown(book: Notebook) -> Locator:
    return book.output(0).locator(".fsnb-drift")


def number(text: str) -> float:
    return float(text.replace(",", ""))


def row(book: Notebook, column: str) -> Locator:
    return shown(book).locator("tr[data-row]").filter(has=book.page.get_by_role("button", name=column, exact=True))


def test_what_is_clicked_and_brushed_is_what_python_says(page: Page, lab: JupyterServer) -> None:
    book = Notebook.open(page, lab, "drift", CELLS).run()
    shown(book).wait_for()
    list_says_what_the_report_says(book)
    click_shows_both_distributions_and_what_bins_add(book)
    brush_counts_the_window_anew(book)


def list_says_what_the_report_says(book: Notebook) -> None:
    names = shown(book).locator("tr[data-row] button").all_inner_texts()
    assert names[0] == "month"
    assert len(names) == 8
    for name in ("month", "distance", "carrier"):
        said = row(book, name).locator("td").nth(3).inner_text()
        assert number(said) == pytest.approx(float(book.ask(f"report[{name!r}].psi")), rel=0.01, abs=0.0006)
    assert shown(book).locator("img").count() == 0


def click_shows_both_distributions_and_what_bins_add(book: Notebook) -> None:
    row(book, "distance").click()
    detail = shown(book).locator(".fsnb-part-detail")
    detail.locator("h3", has_text="distance").wait_for()
    assert book.ask("w.column") == "'distance'"
    detail.locator("summary").click()
    now = [number(each) for each in detail.locator("tbody tr td:nth-child(4)").all_inner_texts()]
    assert str([int(each) for each in now]) == book.ask("report.bins('distance')['current'].to_list()")
    adds = [number(each) for each in detail.locator("tbody tr td:nth-child(6)").all_inner_texts()]
    assert sum(adds) == pytest.approx(float(book.ask("report['distance'].psi")), abs=0.0006 * len(adds))


def brush_counts_the_window_anew(book: Notebook) -> None:
    chart = shown(book).locator("svg.fsnb-times")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    at = box["y"] + box["height"] / 2
    book.page.mouse.move(box["x"] + box["width"] * 0.3, at)
    book.page.mouse.down()
    book.page.mouse.move(box["x"] + box["width"] * 0.55, at, steps=5)
    book.page.mouse.up()
    book.page.locator(".fsnb-part-head", has_text="with asked_at from").wait_for()
    rows = int(book.ask("rest.filter(pl.col('asked_at').is_between(*w.window, closed='left')).height"))
    assert 0 < rows < int(book.ask("rest.height"))
    assert f"{rows:,} rows now" in shown(book).locator(".fsnb-part-head").inner_text()
    said = number(row(book, "distance").locator("td").nth(3).inner_text())
    assert said == pytest.approx(float(book.ask("report.within(*w.window)['distance'].psi")), rel=0.01, abs=0.0006)
    assert shown(book).locator("rect.fsnb-brush").count() == 1
    shown(book).get_by_role("button", name="whole time").click()
    book.page.locator(".fsnb-part-head", has_text=f"{int(book.ask('rest.height')):,} rows now").wait_for()
    assert book.ask("w.window") == "None"


def test_all_of_it_by_keyboard_and_for_everybody(page: Page, lab: JupyterServer) -> None:
    book = Notebook.open(page, lab, "drift_keys", CELLS).run()
    shown(book).wait_for()
    keys_reach_a_column(book)
    keys_reach_a_window_and_a_slice(book)
    assert len(book.sources()) == 1  # Lab's own keys, which add and delete cells, are not at work here
    for theme in THEMES:
        use_theme(page, theme)
        assert violations(page, ".fsnb-drift") == []
    saved = next(output["data"]["text/html"] for output in book.outputs(0) if "text/html" in output.get("data", {}))
    assert "<script" not in saved
    assert "rows of the reference" in saved


def keys_reach_a_column(book: Notebook) -> None:
    find = shown(book).get_by_role("searchbox")
    find.focus()
    book.page.keyboard.type("dist")
    assert shown(book).locator("tr[data-row]:visible").count() == 1
    book.page.keyboard.press("ArrowDown")
    shown(book).locator("h3", has_text="distance").wait_for()
    assert book.page.evaluate("document.activeElement.textContent") == "distance"
    find.fill("")
    row(book, "distance").locator("button").focus()
    book.page.keyboard.press("Home")
    shown(book).locator("h3", has_text="month").wait_for()
    assert book.page.evaluate("document.activeElement.textContent") == "month"


def keys_reach_a_window_and_a_slice(book: Notebook) -> None:
    slider = shown(book).get_by_label("first stretch of the window")
    slider.focus()
    book.page.keyboard.press("ArrowRight")
    book.page.keyboard.press("ArrowRight")
    book.page.locator(".fsnb-part-head", has_text="with asked_at from 2013-05-27").wait_for()
    assert book.ask("w.asked['first'], w.asked['last'] - w._found.places") == "(2, -1)"
    shown(book).get_by_role("button", name="evening").focus()
    book.page.keyboard.press("Enter")
    book.page.locator(".fsnb-part-head", has_text="both of slice evening").wait_for()
    assert book.ask("w.slice") == "'evening'"
    assert book.page.evaluate("document.activeElement.textContent") == "evening"
