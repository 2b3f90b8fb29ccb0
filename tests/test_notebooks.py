"""The notebooks run top to bottom from a clean kernel; each ends with an assertion that a reader can see."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

from tools.run_notebooks import NOTEBOOKS, WIDGET, execute, portable

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert PATHS


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_notebook_runs(path: Path, tmp_path: Path) -> None:
    execute(path, tmp_path)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_notebook_names_no_folder_of_the_machine_that_ran_it(path: Path) -> None:
    assert "/tmp" not in path.read_text().replace("<wbr>", "")


def test_path_that_html_may_break_is_left_out(tmp_path: Path) -> None:
    breakable = f"<dd>{tmp_path / 'flights.parquet'}</dd>".replace("/", "/<wbr>").replace("</<wbr>", "</")
    output = nbformat.v4.new_output("display_data", {"text/html": breakable, "text/plain": str(tmp_path)})
    cell = nbformat.v4.new_code_cell("", outputs=[output])
    made = portable(nbformat.v4.new_notebook(cells=[cell]), tmp_path).cells[0].outputs[0].data
    assert made == {"text/html": "<dd>./<wbr>flights.parquet</dd>", "text/plain": "."}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_notebook_reads_as_a_static_page(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    shown = [cell for cell in cells if cell.outputs]
    assert len(shown) > len(cells) / 2, "run tools/run_notebooks.py to store the outputs"
    assert not [output for cell in shown for output in cell.outputs if output.output_type == "error"]
    assert not [output for cell in shown for output in cell.outputs if output.get("name") == "stderr"]
    assert not [output for cell in shown for output in cell.outputs if WIDGET in output.get("data", {})]
    assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(cells[-1].source)))
