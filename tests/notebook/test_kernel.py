"""The same in a kernel of its own, run as CI runs notebooks: an error of ours is short and fails the cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.notebook.conftest import PLANE_DELAYS, SETUP

WAY = [
    "%load_ext fsnb\n%config FsnbMagics.progress = False",
    SETUP,
    PLANE_DELAYS,
    "%train spine plane_delays",
    "%pit train 0 legs_1d",
]
BROKEN = "%%feature_view broken --entity plane --source flights\n{'mean': t.arr_dely.mean()}"
NOT_OURS = "%%feature_view broken --entity plane --source flights\n{'mean': nope}"


def executed(cells: list[str], folder: Path, *, allow_errors: bool) -> Any:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        allow_errors=allow_errors,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return notebook.cells


@pytest.fixture(autouse=True)
def _own_ipython(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))


def test_errors_are_short_and_values_are_rich_in_a_kernel(tmp_path: Path) -> None:
    *way, broken, not_ours, wrong = executed([*WAY, BROKEN, NOT_OURS, "%train"], tmp_path, allow_errors=True)
    assert [output["output_type"] for cell in way for output in cell.outputs] == [
        "execute_result",
        "stream",
        "execute_result",
    ]
    assert '<section class="fsnb"' in way[2].outputs[0]["data"]["text/html"]
    assert "fsnb-preview" in way[4].outputs[0]["data"]["text/html"]

    (error,) = broken.outputs
    assert error["ename"] == "UnknownName"
    assert len("\n".join(error["traceback"]).splitlines()) == 2
    assert error["traceback"][0].startswith("UnknownName: feature view 'broken': source 'flights' has no column")
    assert error["traceback"][1] == "  line 2 of the cell: {'mean': t.arr_dely.mean()}"

    (error,) = not_ours.outputs
    assert error["ename"] == "NameError"
    assert "fsnb" not in "\n".join(error["traceback"])

    (error,) = wrong.outputs
    assert (error["output_type"], error["ename"]) == ("error", "UsageError")


def test_error_of_ours_fails_the_notebook(tmp_path: Path) -> None:
    with pytest.raises(CellExecutionError) as raised:
        executed(["%load_ext fsnb", "%fs status", "ran = True"], tmp_path, allow_errors=False)
    assert raised.value.ename == "UsageError"
    assert "UsageError: no feature store is open in this notebook." in str(raised.value)
    assert "magics.py" not in str(raised.value)


def test_stopped_magic_says_so_in_one_line_and_the_connection_answers(tmp_path: Path) -> None:
    press = """import os, signal, threading, time
def press():
    start = time.process_time()
    while time.process_time() - start < 2:
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)
numbers = "select a.range x from range(9000000) a, range(9000000) b where a.range * b.range % 7 = 3 order by x"
endless = store.engine.sql(numbers)"""
    check = "threading.Thread(target=press, daemon=True).start()\n%check endless --with checks"
    checks = "checks = [fsnb.checks.not_null('x')]"
    after = "store.engine.sql('select 42 a').to_pyarrow()['a'][0].as_py()"
    cells = [WAY[0], SETUP, press, checks, check, after]  # the key is pressed once the engine has been busy
    *_, stopped, answered = executed(cells, tmp_path, allow_errors=True)
    (error,) = stopped.outputs
    assert error["ename"] == "KeyboardInterrupt"
    said = "KeyboardInterrupt: %check was stopped. Nothing is half-written; the connection can be used."
    assert error["traceback"] == [said]
    assert answered.outputs[0]["data"]["text/plain"] == "42"
