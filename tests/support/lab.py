"""JupyterLab and Notebook 7 as a user starts them, in a folder of their own, and a notebook driven in a page of theirs.

Settings, kernels and workspaces of the person at this machine are not looked at: every folder that Jupyter writes to
is a temporary one. The kernel imports the `fsnb` of this checkout.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import nbformat
from playwright.sync_api import Locator, Page

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 120
SECONDS_TO_RUN = 90
App = Literal["lab", "notebook"]

# Cells out of sight stay in the page, and nothing is fetched from elsewhere or asked of the user.
USER_SETTINGS = {
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/completer-extension/manager.jupyterlab-settings": {"autoCompletion": False},
}
OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--expose-app-in-browser",
    "--LabApp.news_url=",
    "--LabApp.extension_manager=readonly",
    "--KernelSpecManager.ensure_native_kernel=True",
]


class JupyterServer:
    """A Jupyter server from `with` until its end; `app` is what its page shows first.

    >>> with JupyterServer() as server:
    ...     page.goto(server.at("lab"))
    """

    def __init__(self, app: App = "lab", options: Sequence[str] = ()) -> None:
        self.app = app
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self._options = [*OPTIONS, *options]
        self._temporary = tempfile.TemporaryDirectory(prefix="fsnb-jupyter-", ignore_cleanup_errors=True)
        self.home = Path(self._temporary.name)
        self.folder = self.home / "notebooks"
        self.log = self.home / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the server answers, without its token."""
        return f"http://127.0.0.1:{self.port}"

    def at(self, path: str) -> str:
        """A page of the server, with the token that lets one in."""
        return f"{self.url}/{path}{'&' if '?' in path else '?'}token={self.token}"

    def __enter__(self) -> JupyterServer:
        self.folder.mkdir()
        _write_settings(self.home / "settings")
        where = [f"--ServerApp.root_dir={self.folder}", f"--port={self.port}", f"--IdentityProvider.token={self.token}"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyter", self.app, *self._options, *where],
                cwd=self.folder,
                env=_environment(self.home),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._temporary.cleanup()

    def write(self, name: str, cells: Sequence[str]) -> Path:
        """A notebook of these code cells in the server's folder."""
        document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        document.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = self.folder / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(document, path)
        return path

    def _wait(self) -> None:
        until = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self.at("api/status"), timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"Jupyter does not answer:\n{self.log.read_text()[-3000:]}")


class Notebook:
    """A notebook open in a page: its cells run, their outputs looked at.

    >>> book = Notebook.open(page, server, "tour", ["1 + 1"])
    >>> book.run().output(0).inner_text()
    '2'
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    def open(cls, page: Page, server: JupyterServer, name: str, cells: Sequence[str] | None = None) -> Notebook:
        """Open the notebook `name` (written first where `cells` are given) in a workspace of its own."""
        if cells is not None:
            server.write(name, cells)
        place = f"lab/workspaces/{secrets.token_hex(4)}/tree" if server.app == "lab" else "notebooks"
        page.goto(server.at(f"{place}/{name}.ipynb"))
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        book = cls(page)
        book.wait_for_kernel()
        return book

    def wait_for_kernel(self) -> None:
        """Until the kernel is idle and connected: what is run before is lost."""
        self._wait_until(
            """panel => { const kernel = panel.sessionContext.session?.kernel;
                return kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle'; }"""
        )

    def run(self, seconds: float = SECONDS_TO_RUN) -> Notebook:
        """Run every cell, and wait until the last has ended; like a user's, the run stops at a cell that fails."""
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        # a cell's own state and not the kernel's, which is idle between two cells too
        self._wait_until(
            """panel => {
                const cells = panel.content.widgets.map(cell => cell.model)
                    .filter(model => model.type === 'code' && model.sharedModel.getSource().trim());
                const failed = cells.findIndex(model =>
                    model.outputs.toJSON().some(output => output.output_type === 'error'));
                return cells.slice(0, failed < 0 ? cells.length : failed + 1)
                    .every(model => model.executionCount !== null && model.executionState === 'idle'); }""",
            seconds,
        )
        return self

    def sources(self) -> list[str]:
        """The text of every cell, as it now stands."""
        return self._panel("panel => panel.content.widgets.map(cell => cell.model.sharedModel.getSource())")

    def outputs(self, cell: int) -> list[dict[str, Any]]:
        """What a cell put out, as the notebook format writes it."""
        return self._panel(f"panel => panel.content.widgets[{cell}].model.outputs.toJSON()")

    def output(self, cell: int) -> Locator:
        """Where a cell's output is drawn."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-Cell-outputArea")

    def ask(self, code: str) -> str:
        """What the kernel says to an expression, as text; the notebook stays as it is."""
        script = """async (panel, code) => {
            const future = panel.sessionContext.session.kernel.requestExecute(
                {code: '', silent: true, store_history: false, user_expressions: {answer: code}});
            const reply = await future.done;
            const answer = reply.content.user_expressions.answer;
            return answer.status === 'ok' ? answer.data['text/plain'] : answer.ename + ': ' + answer.evalue; }"""
        return self._panel(script, code)

    def _panel(self, script: str, *given: Any) -> Any:
        arguments = ", ".join(["panel", *map(json.dumps, given)])
        return self.page.evaluate(f"async () => {{ {FIND_PANEL} return await ({script})({arguments}); }}")

    def _wait_until(self, condition: str, seconds: float = SECONDS_TO_RUN) -> None:
        script = f"() => {{ {FIND_PANEL} return panel && ({condition})(panel); }}"
        self.page.wait_for_function(script, timeout=seconds * 1000)


# the notebook that is in front, in Lab and in Notebook 7
FIND_PANEL = """const panel = Array.from(window.jupyterapp.shell.widgets('main'))
    .find(each => each.content?.widgets && each.sessionContext && each.isVisible);"""


def use_theme(page: Page, theme: Literal["light", "dark"]) -> None:
    """Change Jupyter's theme, and wait until it is drawn."""
    name = f"JupyterLab {theme.title()}"
    page.evaluate(f"window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{name}'}})")
    page.locator(f"body[data-jp-theme-light='{'true' if theme == 'light' else 'false'}']").wait_for(state="attached")


def nobody_inserts(page: Page) -> None:
    """The next code that a widget offers reaches nobody, as in a Jupyter without the extension that inserts it."""
    page.evaluate("""window.addEventListener(
        'fsnb:insert', event => event.stopImmediatePropagation(), {capture: true, once: true})""")


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _write_settings(folder: Path) -> None:
    for name, value in USER_SETTINGS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(value))


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTEST"))}
    return kept | {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
