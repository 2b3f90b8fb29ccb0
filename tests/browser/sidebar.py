"""Catalogs for the sidebar to show, a server that has it, and the steps that its tests share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from ibis import _
from playwright.sync_api import Locator, Page, expect

import fsnb
from tests.support.lab import ROOT, JupyterServer, Notebook

BUILT = ROOT / "extensions" / "fsnb-lab" / "built"
HOSTILE = ["<script>window.hacked = 1</script>", "a\"b'c\n<img src=x onerror='window.hacked = 2'>", "x" * 10_000]
OPEN = "import fsnb\n\nstore = fsnb.open('.fsnb')"
VIEWS, FEATURES = 100, 20  # of the large catalog

expect.set_options(timeout=90_000)  # a slow machine is no defect


def options(labextensions: Path) -> list[str]:
    """What makes a server have the sidebar of this checkout, installed or not."""
    labextensions.mkdir()
    (labextensions / "fsnb").symlink_to(BUILT)
    return [
        "--ServerApp.jpserver_extensions={'fsnb.server': True}",
        f"--LabServerApp.extra_labextensions_path={labextensions}",
    ]


def fill(folder: Path) -> None:
    """Two views in `books`, one of them in two versions with a profile; two thousand features in `many`."""
    books = folder / "books"
    store = fsnb.open(books / ".fsnb")
    trips = store.source("trips", _events(books / "trips.parquet"), event_time="ts", description="Every trip.")
    rider = fsnb.Entity("rider", "rider")
    told: dict[str, Any] = {"entity": rider, "source": trips, "owner": "ops", "tags": ["money"]}
    store.register(fsnb.FeatureView("fares", features={"total": _.fare.sum()}, windows="1d", **told))
    both = {"total": _.fare.sum(), "mean": _.fare.mean()}
    rules: dict[str, Any] = {"windows": "1d", "refresh": "1h", "lag": "15m"}
    view = fsnb.FeatureView("fares", features=both, description="What a rider pays.", **rules, **told)
    store.register(view)
    store.profile(view)
    last = {"fare": _.fare, "km": _.km}
    store.register(fsnb.FeatureView("last_trip", **told | {"features": last, "owner": "risk", "tags": ["trips"]}))
    store.target("prod", str(books / "prod.duckdb"))
    store.load(trips, "prod")
    store.engine.disconnect()
    _fill_many(folder / "many" / ".fsnb", view.to_doc())


def _events(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    hours = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 4), "1h", eager=True).alias("ts")
    count = pl.int_range(pl.len())
    made = pl.select(hours).with_columns(rider=pl.format("r{}", count % 5), fare=(count * 7 % 31) / 2, km=count % 11)
    made.write_parquet(path)
    return path


def _fill_many(folder: Path, doc: dict[str, Any]) -> None:
    """Views as the catalog keeps them: making each from an expression would take longer than all tests."""
    folder.mkdir(parents=True)
    catalog = fsnb.open(folder).catalog
    for number in range(VIEWS):
        features = [*(f"feature_{number:03}_{each:02}" for each in range(FEATURES)), f"other_{number:03}"]
        words = {"owner": ["ops", "risk"][number % 2], "tags": [f"tag{number % 5}"], "description": ""}
        entity = {"name": ["driver", "rider"][number % 2], "keys": ["rider"]}
        names = {"name": f"view_{number:03}", "features": features, "schema": dict.fromkeys(features, "float64")}
        catalog.put("view", names["name"], doc | words | names | {"entity": entity}, fingerprint=str(number))


class Sidebar:
    """The sidebar in a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.panel = page.locator(".fsnb-panel")
        self.detail = page.locator(".fsnb-detail")
        self.search = page.get_by_role("searchbox", name="Search features")

    @classmethod
    def open(
        cls, page: Page, server: JupyterServer, catalog: str = "books", cells: Sequence[str] = (OPEN,)
    ) -> tuple[Sidebar, Notebook]:
        """A notebook of a name of its own beside a catalog, and the sidebar that shows the catalog."""
        book = Notebook.open(page, server, f"{catalog}/notebook_{id(page)}", cells)
        sidebar = cls(page)
        sidebar.show()
        if catalog != "books":
            sidebar.read(f"{catalog}/.fsnb")
        return sidebar, book

    def show(self) -> None:
        self.page.evaluate("window.jupyterapp.commands.execute('fsnb:open')")
        self.panel.wait_for()

    def read(self, catalog: str) -> None:
        self.panel.get_by_label("Catalog").select_option(label=catalog)

    def row(self, name: str, level: int = 2) -> Locator:
        """A row of the tree by the whole of its name."""
        rows = self.page.locator(f'[role="treeitem"][aria-level="{level}"]')
        return rows.filter(has=self.page.locator(".fsnb-name", has_text=name))

    def names(self, level: int = 2) -> list[str]:
        return self.page.locator(f'[role="treeitem"][aria-level="{level}"] .fsnb-name').all_inner_texts()

    def choose(self, name: str) -> Locator:
        """Show a view; answers its details."""
        self.row(name).click()
        self.detail.get_by_role("heading", name="Lineage").wait_for()
        return self.detail

    def button(self, name: str) -> Locator:
        return self.panel.get_by_role("button", name=name, exact=True)
