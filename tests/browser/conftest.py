"""A Jupyter server for this run, and a page for each test that fails it on any error and any request that goes out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.missing import skipped_without

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.support.browser import Account
    from tests.support.lab import JupyterServer

SIZE = {"width": 1280, "height": 900}
MILLISECONDS = 90_000  # a slow machine is no defect


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.browser)


# As long as a module and no longer: while Playwright is there, nothing else in this thread may run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Where there is none the test is skipped; in CI it fails."""
    from tests.support.browser import NoChromium, chromium, find_chromium

    with skipped_without(NoChromium):
        find_chromium()
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def lab() -> Iterator[JupyterServer]:
    """A JupyterLab server, shared by the tests of this run."""
    from tests.support.lab import JupyterServer

    with JupyterServer("lab") as server:
        yield server


@pytest.fixture(scope="session")
def notebook7() -> Iterator[JupyterServer]:
    """A Notebook 7 server, shared by the tests of this run."""
    from tests.support.lab import JupyterServer

    with JupyterServer("notebook") as server:
        yield server


@pytest.fixture
def account() -> Account:
    """What the test's page did wrong; `account.expect(text)` for what the test brings about itself."""
    from tests.support.browser import Account

    return Account()


@pytest.fixture
def page(browser: Browser, account: Account) -> Iterator[Page]:
    """A page of 1280 x 900 in a context of its own."""
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(MILLISECONDS)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    found = context.new_page()
    account.watch(found)
    try:
        yield found
    finally:
        context.close()
    assert not account.unexpected, "\n".join(account.unexpected)
