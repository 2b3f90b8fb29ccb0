"""A browser of this machine, and a page that keeps account of what must not happen in it.

Debian's chromium, or whatever CHROMIUM names; never one that a package downloads.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SERIOUS = ("serious", "critical")
# Notebook 7.6 alone throws this from its own settings' loader, with nothing of ours installed
NOT_OURS = ("reading 'schema'", "/static/notebook/notebook_core.")
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")


class NoChromium(RuntimeError):
    """There is no browser on this machine."""


@dataclass
class Account:
    """What went wrong in a page: errors on its console, uncaught errors, requests that left this machine.

    A test that brings about an error on purpose says so with `expect`.
    """

    wrong: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, text: str) -> None:
        """What holds `text` is no error of this test."""
        self.expected.append(text)

    @property
    def unexpected(self) -> list[str]:
        return [line for line in self.wrong if not any(text in line for text in self.expected)]

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", self._error)
        page.on("request", self._request)

    def _error(self, error: Error) -> None:
        if not all(part in f"{error.message} {error.stack}" for part in NOT_OURS):
            self.wrong.append(f"page error: {error.message}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.wrong.append(f"console: {message.text} ({message.location.get('url')})")

    def _request(self, request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme in ("http", "https", "ws", "wss") and asked.hostname != "127.0.0.1":
            self.wrong.append(f"request that leaves this machine: {request.url}")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window, from `with` until its end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


def find_chromium() -> str:
    """The path of the browser.

    Raises
    ------
    NoChromium
        Where there is none; the message says what to install.
    """
    for name in filter(None, [os.environ.get("CHROMIUM"), *PROGRAMS]):
        if program := shutil.which(name):
            return program
    raise NoChromium("no browser: install your system's package 'chromium', or name one in CHROMIUM")


def violations(page: Page, within: str = "body") -> list[str]:
    """What axe-core finds serious or critical within a part of the page: rule, what it says, where."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("where => axe.run(where, {resultTypes: ['violations']})", within)
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: {_places(rule['nodes'])}"
        for rule in found["violations"]
        if rule["impact"] in SERIOUS
    ]


def _places(nodes: list[dict[str, str]]) -> str:
    return ", ".join(node["html"][:120] for node in nodes[:5])
