"""The catalog's widget as a person uses it: search, choose, walk along the lineage, take code into the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tests.support.browser import violations
from tests.support.lab import Notebook, nobody_inserts, use_theme

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.support.lab import JupyterServer

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CELLS = [
    """
import fsnb, polars as pl
from datetime import datetime
from ibis import _
%load_ext fsnb
store = fsnb.open("browsed")
legs = pl.DataFrame({"tailnum": ["N1"], "dep_time": [datetime(2013, 1, 1)], "arr_delay": [5.0]})
flights = store.source("flights", legs, event_time="dep_time", description="<img src=x onerror=alert(1)>")
plane = fsnb.Entity("plane", "tailnum")
for n, owner in enumerate(["ops", "data", "web"] * 20):
    store.register(fsnb.FeatureView(f"view_{n:02d}", entity=plane, source=flights, owner=owner, tags=[f"t{n % 4}"],
        features={"mean_delay_of_aircraft": _.arr_delay.mean()}, windows=["7d"], lag="15m"))
store.profile(store.view("view_00"))
""",
    "w = %fs catalog\nw",
]


def shown(book: Notebook) -> Locator:
    return book.output(1).locator(".fsnb-browse")


def found(book: Notebook, number: int) -> None:
    """Until so many are found."""
    shown(book).get_by_text(f"{number} found", exact=True).wait_for()


def test_catalog_is_searched_read_and_walked_through(page: Page, lab: JupyterServer) -> None:
    book = Notebook.open(page, lab, "catalog", CELLS).run()
    shown(book).wait_for()
    found(book, 61)
    search = shown(book).get_by_role("searchbox")
    search.fill("owner:web tag:t2")
    found(book, int(book.ask("len(store.catalog.search('owner:web tag:t2'))")))
    names = shown(book).locator("tr[data-row] button").all_inner_texts()
    assert str(names) == book.ask("[each.name for each in store.catalog.search('owner:web tag:t2')]")
    search.fill("")
    shown(book).get_by_label("only of one owner").select_option("data")
    found(book, 20)
    assert search.input_value() == "owner:data"
    by_keyboard(book, search)
    along_the_lineage(book)
    for theme in THEMES:
        use_theme(page, theme)
        assert violations(page, ".fsnb-browse") == []
    assert shown(book).locator("img").count() == 0


def test_distributions_are_seen_whole_whatever_the_width(page: Page, lab: JupyterServer) -> None:
    book = Notebook.open(page, lab, "catalog_widths", CELLS).run()
    shown(book).get_by_role("button", name="view_00", exact=True).click()
    shown(book).get_by_role("columnheader", name="distribution", exact=True).wait_for()
    for width in (1000, 1280, 1440, 1600, 1900):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("width => window.innerWidth === width", arg=width)
        for pane in (".fsnb-right", ".fsnb-scroll"):
            cut_off = shown(book).locator(pane).evaluate("pane => pane.scrollWidth - pane.clientWidth")
            assert cut_off <= 0, (width, pane)


def by_keyboard(book: Notebook, search: Locator) -> None:
    search.focus()
    book.page.keyboard.press("ArrowDown")
    book.page.keyboard.press("ArrowDown")
    second = book.ask("w.documents[1].name").strip("'")
    shown(book).locator(".fsnb-part-detail .fsnb-title", has_text=second).wait_for()
    assert book.page.evaluate("document.activeElement.textContent") == second


def along_the_lineage(book: Notebook) -> None:
    detail = shown(book).locator(".fsnb-part-detail")
    detail.get_by_role("button", name="insert code").click()
    detail.get_by_text("inserted", exact=True).wait_for()
    code = book.ask("f'{w.document.name} = store.view({w.document.name!r})'").strip('"')
    assert book.sources() == [*CELLS, code]
    # with nobody there who inserts cells, it is copied
    nobody_inserts(book.page)
    detail.get_by_role("button", name="insert code").click()
    detail.get_by_text(f"copied: {code}").wait_for()
    assert book.page.evaluate("navigator.clipboard.readText()") == code
    assert book.sources() == [*CELLS, code]
    detail.get_by_role("button", name="source flights").click()
    detail.locator(".fsnb-title", has_text="flights").wait_for()
    assert book.ask("w.document.kind") == "'source'"
