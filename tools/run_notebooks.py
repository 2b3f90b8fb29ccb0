"""Run the notebooks from a clean kernel in an empty folder and store their outputs: they read well as static pages.

    python tools/run_notebooks.py [NOTEBOOK ...]

What belongs to one machine is left out: the folder's path, times, progress bars, what servers log on stderr.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

WIDGET = "application/vnd.jupyter.widget-view+json"  # with no kernel behind it, its HTML says the same
ENDED = re.compile(r": done in [\d.]+ s$")  # fsnb's own line of steps and seconds
NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def execute(notebook: Path, folder: Path) -> Any:
    """The notebook with its outputs; raises where a cell fails."""
    document = nbformat.read(notebook, 4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(document, timeout=600, resources=resources, store_widget_state=False, record_timing=False).execute()
    return document


def portable(document: Any, folder: Path) -> Any:
    """The same without the folder's path, progress bars and logs."""
    for cell in document.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _passing(output)]
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET, None)
    path = "(?:<wbr>)?".join(map(re.escape, str(folder)))  # HTML says where a long path may be broken
    return nbformat.reads(re.sub(path, ".", nbformat.writes(document)), 4)


def _passing(output: Any) -> bool:
    said = str(output.get("data", {}).get("text/plain", ""))
    return output.get("name") == "stderr" or "FloatProgress" in said or bool(ENDED.search(said))


def main(names: list[str]) -> None:
    for path in [Path(name) for name in names] or sorted(NOTEBOOKS.glob("*.ipynb")):
        with tempfile.TemporaryDirectory() as folder:
            nbformat.write(portable(execute(path, Path(folder)), Path(folder)), path)
        print(f"stored the outputs of {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
