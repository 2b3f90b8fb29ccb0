"""The README's pictures: each can be taken, and is there in both themes. (`make screenshots` takes them.)"""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tools.screenshots import IMAGES, SHOTS, Shot, write


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_notebook_of_a_picture_is_as_the_picture_needs_it(shot: Shot, tmp_path: Path) -> None:
    number = write(shot, tmp_path / "book.ipynb")
    cells = nbformat.read(tmp_path / "book.ipynb", 4).cells
    assert number == len(cells) - 1
    assert (shot.cell or shot.until) in cells[number].source
    assert not [cell for cell in cells if cell.get("outputs")]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_picture_is_there_and_small_enough_for_a_page(shot: Shot, theme: str) -> None:
    path = IMAGES / f"{shot.name}-{theme}.png"
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size < 600_000


def test_cell_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no cell of 00_tour holds 'nowhere'"):
        write(Shot("x", "00_tour", "nowhere"), tmp_path / "book.ipynb")
