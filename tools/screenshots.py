"""Draw the README's picture from the real flights: one training row, and why its features have their values.

Needs Debian's chromium (or any, named by CHROMIUM).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import polars as pl

import fsnb
from fsnb.demo import flights, views

IMAGES = Path(__file__).parents[1] / "docs" / "images"
ROW, SIZE = 15080, (872, 690)
PAGE = "<!doctype html><meta charset=utf-8><body style='margin:16px;background:#fff;color:#111'>{body}</body>"
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "preview.html")
        page.write_text(PAGE.format(body=preview(Path(folder))))
        IMAGES.mkdir(parents=True, exist_ok=True)
        draw(page, IMAGES / "preview.png", folder)


def preview(folder: Path) -> str:
    """The preview of one row of the tour's training set, as the notebook shows it."""
    store = fsnb.open(folder / "store")
    tables = flights.tables(folder / "flights")
    defined = {view.name: view for view in views.views(views.sources(store, tables))}
    asked = pl.read_parquet(tables.questions).gather_every(10).select("tailnum", "origin", "asked_at", "late")
    features = [defined["aircraft_last_leg"]["last_arr_delay"], defined["origin_departures"]["origin_left_1h"]]
    train = store.training_set(fsnb.Spine(asked, at="asked_at", label="late"), features)
    return train.preview(ROW).to_html()


def draw(page: Path, image: Path, profile: str) -> None:
    browser = os.environ.get("CHROMIUM", "chromium")
    where = [f"--user-data-dir={profile}/chromium", f"--window-size={SIZE[0]},{SIZE[1]}", f"--screenshot={image}"]
    scale = "--force-device-scale-factor=2"
    subprocess.run([browser, *OPTIONS, scale, *where, page.as_uri()], check=True, capture_output=True, timeout=120)


if __name__ == "__main__":
    main()
