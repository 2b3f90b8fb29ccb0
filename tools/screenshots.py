"""Photograph the README's pictures: JupyterLab as it runs, on the committed notebooks, light and dark.

    python -m tools.screenshots [NAME ...]

A further picture is a further `Shot`. Needs a browser: Debian's chromium, or one that CHROMIUM names. Nothing is
fetched from elsewhere: a request that leaves the machine, or an error on the page's console, fails the run.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Page

from tests.support.browser import Account, chromium
from tests.support.lab import ROOT, JupyterServer, Notebook, use_theme

IMAGES = ROOT / "docs" / "images"
NOTEBOOKS = ROOT / "notebooks"
BUILT = ROOT / "extensions" / "fsnb-lab" / "built"
WINDOW = {"width": 1440, "height": 900}
TALL = 1800  # of the window that a part of the page is photographed in, so that all of it is seen
SHARPNESS = 1.5  # pixels of the picture for one of the page
SECONDS_TO_RUN = 1200  # all cells of a notebook, on a slow machine
SECONDS_TO_DRAW = 120


@dataclass(frozen=True)
class Shot:
    """One picture, in both themes.

    Parameters
    ----------
    name
        Of the files in docs/images: `<name>-light.png`, `<name>-dark.png`.
    notebook
        Which of the notebooks is run.
    until
        The last cell that is run is the first one that holds this text.
    cell
        What a further cell says, run at the end.
    element
        What is photographed in that cell's output; "" for the whole window.
    arrange
        What is clicked before.
    """

    name: str
    notebook: str
    until: str
    cell: str = ""
    element: str = ""
    arrange: Callable[[Page], None] = lambda page: None


def with_catalog(page: Page) -> None:
    """The sidebar, open at the view that the tour has published."""
    page.evaluate("window.jupyterapp.commands.execute('fsnb:open')")
    page.locator(".fsnb-panel").wait_for()
    row = page.locator('[role="treeitem"][aria-level="2"]').filter(has_text="origin_departures")
    row.click()
    page.locator(".fsnb-detail").get_by_role("heading", name="Lineage").wait_for()


SHOTS = (
    Shot("preview", "00_tour", "%train spine", "train.preview(15080)", ".fsnb-pit"),
    Shot("lab", "00_tour", "%publish", "train.preview(15080)", arrange=with_catalog),
    Shot("drift", "02_quality_and_drift", "report = store.drift", "report.widget()", ".fsnb-drift"),
)


def main(names: list[str]) -> None:
    shots = [shot for shot in SHOTS if not names or shot.name in names]
    IMAGES.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for shot in shots:
            with tempfile.TemporaryDirectory() as folder, _lab(Path(folder)) as server, _page(browser) as page:
                for path in photograph(shot, page, server):
                    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e3:.0f} kB", flush=True)


def photograph(shot: Shot, page: Page, server: JupyterServer) -> Iterator[Path]:
    """Run the notebook as far as the shot says, and take its picture in each theme."""
    number = write(shot, server.folder / f"{shot.notebook}.ipynb")
    book = Notebook.open(page, server, shot.notebook)
    book.run(SECONDS_TO_RUN)
    output = book.output(number)
    if [each for each in book.outputs(number) if each["output_type"] == "error"]:
        raise SystemExit(f"{shot.name}: the cell fails: {output.inner_text()}")
    if shot.element:
        page.set_viewport_size({**WINDOW, "height": TALL})
    for theme in ("light", "dark"):
        use_theme(page, theme)
        shot.arrange(page)
        cell = page.locator(".jp-Notebook .jp-Cell").nth(number)
        seen = output.locator(shot.element).first if shot.element else cell
        seen.wait_for(timeout=SECONDS_TO_DRAW * 1000)
        seen.evaluate("node => node.scrollIntoView({block: 'start'})")
        page.mouse.move(0, 0)
        page.wait_for_timeout(1500)  # until what moves has come to rest
        path = IMAGES / f"{shot.name}-{theme}.png"
        if shot.element:
            seen.screenshot(path=path)
        else:
            page.screenshot(path=path)
        yield path


def write(shot: Shot, path: Path) -> int:
    """The notebook's cells up to the shot's, without outputs; answers the place of the one to look at."""
    document = nbformat.read(NOTEBOOKS / f"{shot.notebook}.ipynb", 4)
    last = next((n for n, cell in enumerate(document.cells) if shot.until in cell.source), None)
    if last is None:
        raise SystemExit(f"{shot.name}: no cell of {shot.notebook} holds {shot.until!r}")
    document.cells = document.cells[: last + 1]
    if shot.cell:
        document.cells.append(nbformat.v4.new_code_cell(shot.cell))
    for cell in document.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(document, path)
    return len(document.cells) - 1


@contextmanager
def _page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WINDOW, device_scale_factor=SHARPNESS, reduced_motion="reduce")
    account = Account()
    page = context.new_page()
    account.watch(page)
    try:
        yield page
    finally:
        context.close()
    if account.unexpected:
        raise SystemExit("the page was not clean:\n" + "\n".join(account.unexpected))


def _lab(folder: Path) -> JupyterServer:
    """JupyterLab with the sidebar of this checkout, installed or not."""
    labextensions = folder / "labextensions"
    labextensions.mkdir()
    (labextensions / "fsnb").symlink_to(BUILT)
    loads = "--ServerApp.jpserver_extensions={'fsnb.server': True}"
    return JupyterServer("lab", [loads, f"--LabServerApp.extra_labextensions_path={labextensions}"])


if __name__ == "__main__":
    main(sys.argv[1:])
