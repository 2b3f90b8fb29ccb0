"""`%load_ext fsnb`, again, and out again."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import pytest

import fsnb.notebook
from fsnb.model import FeatureView
from fsnb.notebook.arguments import HELPS
from fsnb.notebook.completion import Completer
from tests.notebook.conftest import Notebook


def matchers(shell: Any) -> list[Any]:
    return [each for each in shell.Completer.custom_matchers if isinstance(each.__self__, Completer)]


def magics(shell: Any) -> set[str]:
    return {name for table in shell.magics_manager.magics.values() for name in table}


def html_types(shell: Any) -> set[type]:
    return set(shell.display_formatter.formatters["text/html"].type_printers)


def test_extension_loads_by_name(shell: Any) -> None:
    try:
        shell.run_line_magic("load_ext", "fsnb")
        assert set(HELPS) <= magics(shell)
    finally:
        fsnb.notebook.unload(shell)
        shell.extension_manager.loaded.discard("fsnb")


def test_loading_twice_registers_once(bare: Notebook) -> None:
    fsnb.notebook.load(bare.shell)
    assert len(matchers(bare.shell)) == 1
    assert bare.ok("%fs --help").printed.startswith("%fs")


def test_loading_again_keeps_nothing_of_the_session_before(bare: Notebook) -> None:
    bare.ok("%fs open here -o mine")
    fsnb.notebook.load(bare.shell)
    assert "no feature store is open" in bare.run("%fs status").printed


def test_extension_reloads_by_name(shell: Any, bare: Notebook) -> None:
    bare.ok("%load_ext fsnb")
    bare.ok("%reload_ext fsnb")
    assert len(matchers(shell)) == 1
    assert set(HELPS) <= magics(shell)


def test_extension_unloads_by_name(shell: Any, bare: Notebook) -> None:
    bare.ok("%load_ext fsnb")
    assert bare.ok("%unload_ext fsnb").printed == ""
    assert not set(HELPS) & magics(shell)


def test_unloading_leaves_nothing_behind(shell: Any) -> None:
    before = (magics(shell), html_types(shell), list(shell.Completer.custom_matchers))
    assert FeatureView not in html_types(shell)
    fsnb.notebook.load(shell)
    assert FeatureView in html_types(shell)
    fsnb.notebook.unload(shell)
    assert (magics(shell), html_types(shell), list(shell.Completer.custom_matchers)) == before


def test_unloading_leaves_magics_of_others_alone(shell: Any) -> None:
    fsnb.notebook.load(shell)
    shell.register_magic_function(lambda line: "theirs", "line", "train")
    fsnb.notebook.unload(shell)
    assert shell.run_line_magic("train", "") == "theirs"
    del shell.magics_manager.magics["line"]["train"]


def test_first_call_is_warmed_by_a_thread_that_ends(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[tuple[str, str]] = []
    done = threading.Event()

    def record(name: str) -> None:
        imported.append((threading.current_thread().name, name))
        if name == fsnb.notebook.FIRST_CALL[-1]:
            done.set()

    monkeypatch.setattr(fsnb.notebook, "import_module", record)
    fsnb.notebook.load(shell)
    fsnb.notebook.unload(shell)
    assert done.wait(timeout=60)
    assert imported == [("fsnb-warm", name) for name in fsnb.notebook.FIRST_CALL]


def test_what_is_warmed_is_what_a_first_query_imports() -> None:
    """A query right after the imports brings in nothing heavy any more."""
    code = """
import os, sys, ibis, fsnb
from importlib import import_module
from fsnb.notebook import FIRST_CALL
for name in FIRST_CALL:
    import_module(name)
before = set(sys.modules)
ibis.duckdb.connect().to_pyarrow(ibis.memtable({"x": [1]}).x.sum())
print(len({name.partition(".")[0] for name in set(sys.modules) - before}), flush=True)
os._exit(0)  # on the way out native threads of these libraries now and then abort the process
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= 2
