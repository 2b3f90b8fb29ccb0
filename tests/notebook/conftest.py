"""A notebook in this process: a real IPython shell with fsnb loaded, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

import fsnb
import fsnb.notebook

SETUP = """
import fsnb, polars as pl
from datetime import datetime as dt
from ibis import _

store = fsnb.open()
legs = pl.DataFrame(
    {
        "tailnum": ["N1", "N1", "N2", "N1"],
        "dep_time": [dt(2013, 1, 1, 8), dt(2013, 1, 1, 12), dt(2013, 1, 1, 9), dt(2013, 1, 2, 7)],
        "landed_at": [dt(2013, 1, 1, 10), dt(2013, 1, 1, 14), dt(2013, 1, 1, 12), dt(2013, 1, 2, 9)],
        "arr_delay": [5.0, 30.0, None, 12.0],
    }
)
flights = store.source("flights", legs, event_time="dep_time", available="landed_at", description="Every leg flown.")
plane = fsnb.Entity("plane", "tailnum")
asked = pl.DataFrame({"tailnum": ["N1", "N2"], "asked_at": [dt(2013, 1, 1, 13), dt(2013, 1, 1, 13)], "late": [1, 0]})
spine = fsnb.Spine(asked, at="asked_at", label="late")
"""
PLANE_DELAYS = '''%%feature_view plane_delays --entity plane --source flights --windows 1d,7d --lag 15m --refresh 1h
"""How late this aircraft has been running."""
minutes = t.arr_delay
{"legs": t.count(), "mean_delay": minutes.mean()}
'''


@dataclass(frozen=True)
class Ran:
    """What one cell came to: its error, what it printed, what it showed."""

    error: BaseException | None
    printed: str
    shown: tuple[dict[str, Any], ...]

    @property
    def html(self) -> str:
        return "".join(bundle.get("text/html", "") for bundle in self.shown)

    @property
    def text(self) -> str:
        return "\n".join(bundle.get("text/plain", "") for bundle in self.shown)

    @property
    def last_line(self) -> str:
        return self.printed.rstrip().splitlines()[-1]


class Notebook:
    """Cells run one after the other."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell

    def __getitem__(self, name: str) -> Any:
        return self.shell.user_ns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.shell.user_ns

    def run(self, cell: str) -> Ran:
        with capture_output() as captured:
            result = self.shell.run_cell(cell, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        shown = [output.data for output in captured.outputs]
        if result.result is not None:
            shown.append(self.shell.display_formatter.format(result.result)[0])
        return Ran(error, captured.stdout + captured.stderr, tuple(shown))

    def ok(self, cell: str) -> Ran:
        """Run a cell that must not fail."""
        ran = self.run(cell)
        if ran.error is not None:
            raise AssertionError(ran.printed) from ran.error
        return ran

    def completed(self, cell: str) -> list[str]:
        """What TAB offers at the end of a cell, as the kernel asks for it."""
        import IPython.core.completer as completer

        with completer.provisionalcompleter():
            found = list(self.shell.Completer.completions(cell, len(cell)))
        return [cell[: each.start] + each.text for each in found]


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    before = os.environ.get("IPYTHONDIR")
    os.environ["IPYTHONDIR"] = str(tmp_path_factory.mktemp("ipython"))
    config = Config({"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}})
    # a module of its own: the default takes the place of __main__
    shell = InteractiveShell.instance(config=config, user_module=types.ModuleType("fsnb_test_notebook"))
    yield shell
    InteractiveShell.clear_instance()
    os.environ.pop("IPYTHONDIR") if before is None else os.environ.update(IPYTHONDIR=before)


@pytest.fixture
def bare(shell: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook that has loaded fsnb and nothing else."""
    monkeypatch.chdir(tmp_path)
    shell.user_ns.clear()  # shell.reset() also collects garbage, which takes longer than a test
    shell.init_user_ns()
    fsnb.notebook.load(shell)
    settings = shell.magics_manager.registry["FsnbMagics"]
    settings.progress = False  # what takes long is another thing on another machine
    yield Notebook(shell)
    fsnb.notebook.unload(shell)
    shell.extension_manager.loaded.discard("fsnb")


@pytest.fixture
def notebook(bare: Notebook) -> Notebook:
    """A notebook with an open store, a source, an entity and a spine."""
    bare.ok(SETUP)
    return bare


@pytest.fixture
def defined(notebook: Notebook) -> Notebook:
    """A notebook that has defined `plane_delays`."""
    notebook.ok(PLANE_DELAYS)
    return notebook


@pytest.fixture(scope="session")
def published_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `plane_delays` was published once, for the tests that only look at it."""
    folder = tmp_path_factory.mktemp("published")
    names: dict[str, Any] = {}
    with contextlib.chdir(folder):
        exec(SETUP, names)
        store = names["store"]
        store.target("prod", "prod.duckdb")
        store.load(names["flights"], to="prod")
        store.publish(plane_delays(names["flights"]), to="prod")
    return folder


def plane_delays(flights: fsnb.Source) -> fsnb.FeatureView:
    """What PLANE_DELAYS defines."""
    return fsnb.FeatureView(
        "plane_delays",
        entity=fsnb.Entity("plane", "tailnum"),
        source=flights,
        features={"legs": ibis._.count(), "mean_delay": ibis._.arr_delay.mean()},
        windows=["1d", "7d"],
        lag="15m",
        refresh="1h",
        description="How late this aircraft has been running.",
    )


@pytest.fixture
def published(bare: Notebook, published_folder: Path, tmp_path: Path) -> Notebook:
    """A notebook whose catalog has a target and a publication."""
    shutil.copytree(published_folder, tmp_path, dirs_exist_ok=True)
    bare.ok(SETUP)
    bare.ok(PLANE_DELAYS)
    return bare
