"""Whatever a user can call is in the reference; what is written leads somewhere, and is led to."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click
import nbformat
import pytest

import fsnb
from fsnb.cli import main
from fsnb.notebook import arguments
from fsnb.store import FeatureStore
from fsnb.training import TrainingSet
from tools import magics

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
REFERENCE = (DOCS / "reference.md").read_text()
PAGES = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def _public(cls: type) -> list[str]:
    return [name for name in vars(cls) if not name.startswith("_")]


TRAINING_SET = ["to_polars", "to_pandas", "to_arrow", "table", "sql", "save", "plan", "why", "preview", "log", "digest"]
NAMES = {
    "public names": [f"fsnb.{name}" for name in fsnb.__all__ if name != "feature_view"] + ["@fsnb.feature_view"],
    "store": [f"store.{name}" for name in _public(FeatureStore) if name != "tracking_uri"],
    "training set": [f".{name}" for name in TRAINING_SET],
    "magics": [f"%{name}" for name in arguments.HELPS],
    "%fs": [f"%fs {name}" for name in arguments.FS],
    "commands": [f"fsnb {name}" for name in (main.commands if isinstance(main, click.Group) else ())],
}  # fmt: skip


@pytest.mark.parametrize("kind", NAMES)
def test_reference_names(kind: str) -> None:
    assert NAMES[kind]
    assert [name for name in NAMES[kind] if name not in REFERENCE] == []


def test_training_set_names_exist() -> None:
    assert set(TRAINING_SET) <= {*dir(TrainingSet), *TrainingSet.__dataclass_fields__}


# ---------------------------------------------------------------------- links and code


def _prose(path: Path) -> str:
    """A page's text without its code; of a notebook the text cells."""
    if path.suffix == ".ipynb":
        return "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")
    return re.sub(r"^(```+).*?^\1$|`[^`\n]*`", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)


def _links(path: Path) -> list[str]:
    """Where the links, pictures and sources of a page lead within the project."""
    text = _prose(path)
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset|href)="([^"]+)"', text)
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def _anchors(path: Path) -> set[str]:
    """The names that a page's headings have on GitHub."""
    headings = re.findall(r"^#+ +(.+)$", _prose(path) if path.suffix != ".ipynb" else "", flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, *NOTEBOOKS], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for link in _links(page):
        name, _, anchor = link.partition("#")
        there = (page.parent / name).resolve() if name else page
        if not there.exists() or (anchor and anchor not in _anchors(there)):
            dead.append(link)
    assert dead == []


def test_index_leads_to_every_page_and_notebook() -> None:
    led_to = {(DOCS / link.partition("#")[0]).resolve() for link in _links(DOCS / "README.md")}
    pages = {page for page in DOCS.glob("*.md") if page.name != "README.md"} | {DOCS / "adr", *NOTEBOOKS}
    assert sorted(page.name for page in pages - led_to) == []


def test_every_picture_is_shown_somewhere() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in _links(page)}
    assert sorted(path.name for path in (DOCS / "images").iterdir() if path not in shown) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_in_pages_can_be_parsed(page: Path) -> None:
    for code in re.findall(r"^```python\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL):
        ast.parse(re.sub(r"^%", "#", code, flags=re.MULTILINE))


def test_page_of_magics_is_what_their_parsers_say() -> None:
    assert magics.PAGE.read_text() == magics.page(), "run python tools/magics.py"
