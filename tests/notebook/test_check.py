"""`%check`: the report of a view, a source, a variable; proposals as code in a new cell."""

from __future__ import annotations

import pytest

from fsnb.checks import CheckReport, Suggestions
from fsnb.errors import DefinitionError, UnknownName
from tests.notebook.conftest import Notebook

CHECKED = """
checked = fsnb.FeatureView(
    "checked", entity=plane, source=flights, features={"legs": _.count()}, windows="1d", refresh="1h",
    checks=[fsnb.checks.not_null("arr_delay", severity="warn"), fsnb.checks.unique("tailnum")],
)
"""


def test_a_view_shows_its_report(notebook: Notebook) -> None:
    notebook.ok(CHECKED)
    ran = notebook.ok("%check checked -o report")
    assert isinstance(notebook["report"], CheckReport)
    assert "1 warned, 1 passed" in ran.text
    assert "! warning" in ran.html
    notebook.ok("store.register(checked); del checked")
    assert "1 warned, 1 passed" in notebook.ok("%check checked").text
    assert "arr_delay is not null (source, warn)" in notebook.ok("%fs show checked").text


def test_a_source_against_a_list(notebook: Notebook) -> None:
    ran = notebook.ok("mine = [fsnb.checks.not_null('arr_delay')]\n%check flights --with mine")
    assert "FAIL  arr_delay is not null: 1 of 4 rows fail (25 %)" in ran.text


def test_proposals_go_into_a_new_cell_that_runs(notebook: Notebook) -> None:
    ran = notebook.ok("%check flights --suggest -o proposed")
    assert isinstance(notebook["proposed"], Suggestions)
    assert "none of 4 rows was NULL" in ran.text
    cell = notebook.shell.rl_next_input
    assert cell.startswith("# proposed from 4 rows of source 'flights'")
    assert "fsnb.checks.not_null('tailnum')" in cell
    report = notebook.ok(cell)
    assert "passed (4 rows)" in report.text
    assert "FAIL" not in report.text
    assert len(notebook["flights_checks"]) == len(notebook["proposed"].checks)
    del notebook.shell.user_ns["fsnb"]
    notebook.ok("%check flights --suggest")
    assert notebook.shell.rl_next_input == f"import fsnb\n\n{cell}"
    notebook.ok(notebook.shell.rl_next_input)


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        ("%check nothing --suggest", UnknownName, "has no table 'nothing'"),
        ("%check plane_delays", DefinitionError, "feature view 'plane_delays' has no checks"),
        ("%check flights", DefinitionError, "no checks to hold it against"),
        ("%check flights --with legs", DefinitionError, "legs is a DataFrame, not a list"),
        ("%check flights --sugest", UnknownName, "Did you mean '--suggest'"),
    ],
)
def test_what_cannot_be_checked_fails_the_cell(
    defined: Notebook, line: str, error: type[Exception], message: str
) -> None:
    ran = defined.run(line)
    assert isinstance(ran.error, error)
    assert message in str(ran.error)


def test_publication_shows_what_its_checks_said(notebook: Notebook) -> None:
    notebook.ok("store.target('prod', 'prod.duckdb'); store.load(flights, to='prod')")
    notebook.ok(CHECKED.replace("fsnb.checks.unique", "fsnb.checks.not_null"))
    ran = notebook.ok("%publish checked --to prod")
    assert "arr_delay is not null (source &#x27;flights&#x27;): 1 of 4 rows fail (25 %)" in ran.html
    assert "2 of 3 passed" in ran.html
    assert "warning: arr_delay is not null" in ran.text
    again = notebook.ok("%check checked --to prod -o there")
    assert "feature view 'checked': its values" in again.text
    refused = notebook.run(
        "store.publish(fsnb.FeatureView('no', entity=plane, source=flights, refresh='1h', windows='1d',\n"
        "features={'n': _.count()}, checks=[fsnb.checks.not_null('arr_delay')]), to='prod')"
    )
    assert type(refused.error).__name__ == "GateFailed"
    assert "arr_delay=NULL" in refused.printed
