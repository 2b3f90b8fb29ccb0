"""The preview widget in JupyterLab, on the flights: what is clicked, slid, searched and read is what Python says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import Account, violations
from tests.support.lab import Notebook, nobody_inserts, use_theme

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

    from tests.support.lab import JupyterServer

SETUP = """
import fsnb, polars as pl
from fsnb.demo import flights, views
store = fsnb.open()
tables = flights.tables()
aircraft_last_leg, aircraft_week, *others = views.views(views.sources(store, tables))
asked = pl.read_parquet(tables.questions).gather_every(10)
spine = fsnb.Spine(asked.select("tailnum", "carrier", "asked_at", "late"), at="asked_at", label="late")
train = store.training_set(spine, [aircraft_last_leg, aircraft_week])
w = train.preview(20017)
"""
FOCUSED = """(() => {
    const now = document.activeElement;
    return now.closest('.fsnb-pit') && (now.dataset.focus || now.getAttribute('role') || now.type);
})()"""


class Widget:
    """The widget on a page."""

    def __init__(self, book: Notebook) -> None:
        self.book, self.page = book, book.page
        self.root = self.page.locator(".fsnb-pit")

    def at(self, selector: str) -> Locator:
        return self.root.locator(selector)

    def has(self, selector: str, words: str | re.Pattern[str]) -> None:
        """Wait until a part shows these words."""
        self.at(selector).filter(has_text=words).first.wait_for()

    def listed(self) -> list[str]:
        return self.at("[role=option] b").all_inner_texts()

    def is_row(self, number: int) -> None:
        self.has("[data-part=body] .fsnb-asked b", re.compile(rf"^Row {number}$"))
        assert self.book.ask("w.row") == str(number)


@pytest.fixture(scope="module")
def widget(browser: Browser, lab: JupyterServer) -> Iterator[Widget]:
    """One notebook for all of these tests, which each leave the widget where they like."""
    account, context = Account(), browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(90_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    account.watch(page)
    book = Notebook.open(page, lab, "preview", [SETUP, "w"]).run()
    page.locator(".fsnb-pit [role=option]").first.wait_for()
    yield Widget(book)
    context.close()
    assert not account.unexpected, "\n".join(account.unexpected)


def test_rows_are_clicked_and_stepped_through_by_keyboard(widget: Widget) -> None:
    widget.is_row(20017)
    widget.at("[role=option]").nth(2).click()
    widget.is_row(20012)
    widget.at("[role=listbox]").focus()
    widget.page.keyboard.press("ArrowDown")
    widget.is_row(20013)
    widget.page.keyboard.press("PageDown")
    widget.is_row(20023)
    assert widget.at("[aria-selected=true] b").inner_text() == "20,023"
    selected = widget.at("[role=listbox]").get_attribute("aria-activedescendant")
    assert widget.at(f"[id='{selected}']").get_attribute("aria-selected") == "true"


def test_values_on_the_screen_are_pythons(widget: Widget) -> None:
    widget.at(
        "[data-do=view]",
    ).filter(has_text="aircraft_week").click()
    widget.has("[data-part=rules]", "window 7d")
    told = widget.book.ask("[f'{why.value:.6g}' for why in w.whys_of('aircraft_week')]")
    shown = widget.at("[data-part=body] .fsnb-value").all_inner_texts()
    assert str(shown) == told


def test_sliding_the_lag_shows_its_effect_and_the_row_under_it(widget: Widget) -> None:
    widget.at("[data-do=view]").filter(has_text="aircraft_last_leg").click()
    widget.has("[data-part=rules]", "ttl")
    slider = widget.root.get_by_label("lag", exact=True)
    slider.focus()
    for _ in range(7):
        widget.page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "3h"
    widget.has("[data-part=effect]", "lag 3h instead of 0s")
    changed, rows = widget.book.ask("(lambda t: (t.changed, t.rows))(w.trial())").strip("()").split(", ")
    assert int(changed) > 0
    widget.has("[data-part=effect]", f"{int(changed):,} of {int(rows):,} rows change")
    assert widget.book.ask("w.rules().lag.total_seconds()") == "10800.0"
    widget.has("[data-part=body]", "t - 3h")
    assert slider.evaluate("slider => slider === document.activeElement")


def test_rows_that_the_lag_changes_can_be_listed(widget: Widget) -> None:
    widget.at("[data-do=filter]").filter(has_text="Changed").click()
    widget.has("[data-part=pager]", "that the rules tried change")
    told = widget.book.ask("[f'{n:,}' for n in w.matching('changed')[:10].tolist()]")
    assert str(widget.listed()) == told
    widget.at("[role=option]").first.click()
    widget.has("[data-part=body]", "→")
    widget.at("[data-do=filter]").filter(has_text="All").click()
    widget.has("[data-part=pager]", "of 32,735")


def test_entities_are_searched(widget: Widget) -> None:
    widget.at("input[type=search]").fill("n954u")
    found = int(widget.book.ask("len(w.find('n954u'))"))
    assert found > 0
    widget.has("[data-part=pager]", re.compile(rf"of {found}\b"))
    assert all("N954U" in row for row in widget.at("[role=option] span").all_inner_texts())
    widget.at("input[type=search]").fill("no such aircraft")
    widget.has("[data-part=pager]", "none")
    widget.at("input[type=search]").fill("")
    widget.has("[data-part=pager]", "of 32,735")


def test_the_lag_tried_is_handed_on_as_code_or_copied(widget: Widget) -> None:
    widget.book.ask("w.what_if(view='aircraft_last_leg', lag='3h')")
    widget.has("[data-part=effect]", "lag 3h instead of 0s")
    widget.at("[data-do=insert]").focus()
    widget.page.keyboard.press("Enter")
    widget.has(".fsnb-status", "Inserted as a new cell")
    assert not widget.at(".fsnb-code").is_visible()
    *before, code = widget.book.sources()
    assert before == [SETUP, "w"]
    assert 'aircraft_last_leg = aircraft_last_leg.with_rules(lag="3h")' in code
    # with nobody there who inserts cells, it is copied
    nobody_inserts(widget.page)
    widget.at("[data-do=insert]").click()
    widget.has(".fsnb-status", "paste it into a new cell")
    assert widget.at(".fsnb-code pre").inner_text() == code
    assert widget.page.evaluate("navigator.clipboard.readText()") == code
    assert widget.book.sources() == [*before, code]
    widget.at("[data-here=close]").click()
    assert not widget.at(".fsnb-code").is_visible()


def test_python_moves_the_widget(widget: Widget) -> None:
    widget.book.ask("setattr(w, 'row', 7)")
    widget.is_row(7)


def test_nothing_serious_for_axe_in_either_theme(widget: Widget) -> None:
    for theme in ("dark", "light"):
        use_theme(widget.page, theme)
        assert violations(widget.page, ".fsnb-pit") == []


def test_all_of_it_is_reached_by_tab(widget: Widget) -> None:
    widget.at("input[type=search]").focus()
    met = []
    for _ in range(20):
        widget.page.keyboard.press("Tab")
        met.append(widget.page.evaluate(FOCUSED))
    assert {"filter:NULL", "listbox", "number", "view:aircraft_week", "range", "insert:Insert as code"} <= set(met), met
