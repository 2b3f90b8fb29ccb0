"""The ground that the other browser tests stand on: notebooks run, and what must fail a test does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.browser import violations
from tests.support.lab import Notebook, use_theme

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.support.browser import Account
    from tests.support.lab import JupyterServer

CELLS = ["import fsnb, os\nfsnb.Entity('plane', keys='tailnum')", "2 + 2", "1 / 0"]


def test_cells_run_in_lab(page: Page, lab: JupyterServer) -> None:
    book = Notebook.open(page, lab, "scaffold", CELLS).run()
    assert "plane" in book.output(0).inner_text()
    assert [output["output_type"] for output in book.outputs(2)] == ["error"]
    assert book.ask("6 * 7") == "42"
    assert book.sources() == CELLS
    use_theme(page, "dark")


def test_cells_run_in_notebook_7(page: Page, notebook7: JupyterServer) -> None:
    assert Notebook.open(page, notebook7, "scaffold7", ["2 + 2"]).run().output(0).inner_text().endswith("4")


def test_errors_and_requests_that_go_out_are_seen(page: Page, account: Account) -> None:
    page.goto("data:text/html,<p>page</p>")
    page.evaluate("console.error('planted'); setTimeout(() => { throw new Error('thrown') })")
    page.evaluate("fetch('http://127.0.0.2:1/').catch(() => null)")
    page.wait_for_timeout(300)
    assert any("planted" in line for line in account.unexpected)
    assert any("thrown" in line for line in account.unexpected)
    assert any("127.0.0.2" in line for line in account.unexpected)
    account.expect("")


def test_axe_sees_a_button_without_a_name(page: Page) -> None:
    page.set_content("<html lang=en><title>page</title><main><button></button></main></html>")
    assert any("button-name" in line for line in violations(page))
    page.set_content("<html lang=en><title>page</title><main><button>go</button></main></html>")
    assert not violations(page)
