"""Each magic explains itself, and names the Python call that does the same."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fsnb.notebook.arguments import FS, HELPS, MAGICS
from fsnb.notebook.magics import FsnbMagics
from fsnb.notebook.parsing import Parser
from fsnb.store import FeatureStore
from fsnb.training import TrainingSet
from tests.notebook.conftest import Notebook

REGISTERED = sorted({name for table in FsnbMagics.magics.values() for name in table})


def parsers() -> dict[str, Parser]:
    return {parser.prog: parser for parser in (*FS.values(), *MAGICS.values())}


def test_every_registered_magic_has_a_help() -> None:
    assert sorted(HELPS) == REGISTERED


@pytest.mark.parametrize("name", REGISTERED)
def test_help_is_printed_and_names_the_magic(bare: Notebook, name: str) -> None:
    printed = bare.ok(f"%{name} --help").printed
    assert re.search(rf"%{name}\b", printed)
    assert printed.strip() == HELPS[name].strip()


@pytest.mark.parametrize("name", REGISTERED)
def test_question_mark_shows_the_help(bare: Notebook, name: str) -> None:
    found: dict[str, Any] = bare.shell.object_inspect(f"%{name}")
    assert found["docstring"].strip() == HELPS[name].strip()


@pytest.mark.parametrize("command", FS)
def test_each_sub_command_has_a_help(bare: Notebook, command: str) -> None:
    assert command in bare.ok("%fs --help").printed
    assert bare.ok(f"%fs {command} -h").printed.startswith(f"usage: %fs {command}")


@pytest.mark.parametrize("prog", parsers())
def test_help_names_every_option_and_an_existing_python_call(prog: str) -> None:
    parser = parsers()[prog]
    said = parser.format_help()
    assert all(option in said for option in parser.options)
    python = re.search(r"In Python: (.*)", said)
    assert python
    assert all(hasattr(FeatureStore, name) for name in re.findall(r"store\.(\w+)", python[1]) if name != "catalog")
    assert all(hasattr(TrainingSet, name) for name in re.findall(r"train\.(\w+)", python[1]))


@pytest.mark.parametrize("prog", parsers())
def test_example_of_the_help_is_accepted(prog: str) -> None:
    example = re.search(r"Example:\s+(%.*)", parsers()[prog].format_help())
    assert example
    assert example[1].startswith(prog)
    assert parsers()[prog].parse(example[1].removeprefix(prog)) is not None
