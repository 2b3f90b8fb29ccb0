"""A wrong argument fails the cell with a short message."""

from __future__ import annotations

import pytest

from fsnb.errors import UnknownName, UsageError
from tests.notebook.conftest import Notebook


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%train", "UsageError: %train: the following arguments are required: SPINE, FEATURE."),
        ("%train spine", "UsageError: %train: the following arguments are required: FEATURE."),
        ("%train spine f -o", "UsageError: %train: argument -o/--out: expected one argument."),
        ("%train spine f -o '2 x'", "UsageError: %train: argument -o/--out: '2 x' cannot be a variable."),
        ("%train spine f -o lambda", "UsageError: %train: argument -o/--out: 'lambda' cannot be a variable."),
        ("%train spine 'f", 'UsageError: %train: no closing quotation in "spine \'f".'),
        ("%pit train first", "UsageError: %pit: argument ROW: invalid int value: 'first'."),
        ("%pit train 0 f g", "UsageError: %pit: 'g' is one argument too many."),
    ],
)
def test_wrong_arguments_fail_the_cell_and_show_the_usage(bare: Notebook, line: str, message: str) -> None:
    ran = bare.run(line)
    assert isinstance(ran.error, UsageError)
    assert ran.printed.splitlines()[0] == message
    assert ran.last_line.startswith(f"usage: {line.split()[0]} ")
    assert len(ran.printed.splitlines()) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%train spine f --engin polars", "Did you mean '--engine'? It has: --engine, --strategy, --max-pairs, --out."),
        (
            "%fs shwo x",
            "%fs has no command 'shwo'. Did you mean 'show'? It has: open, status, list, show, search, catalog, diff, ",
        ),
        (
            "%publish view --to prod --force=1",
            "%publish has no option '--force'.",
        ),
    ],
)
def test_unknown_option_or_command_names_the_nearest(bare: Notebook, line: str, message: str) -> None:
    ran = bare.run(line)
    assert isinstance(ran.error, UnknownName)
    assert message in ran.last_line
    assert len(ran.printed.splitlines()) == 1


def test_options_may_stand_between_arguments(defined: Notebook) -> None:
    defined.ok("%train spine plane_delays.legs_1d -o mine plane_delays.legs_7d")
    assert defined["mine"].features == ("legs_1d", "legs_7d")


def test_variables_are_filled_in(defined: Notebook) -> None:
    defined.ok("days = 7")
    defined.ok("%train spine plane_delays.legs_{days}d")
    assert defined["train"].features == ("legs_7d",)
