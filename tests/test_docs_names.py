"""What the pages name is there: attributes, arguments, commands, magics, options, targets of make, modules.

Names are looked up and calls held to signatures; nothing runs. What a variable of the pages stands for is in VALUES.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import fsnb
from fsnb import checks, online, publish, quality, training
from fsnb.catalog import Catalog
from fsnb.cli import main
from fsnb.model.checks import How
from fsnb.notebook.arguments import FS, MAGICS
from fsnb.notebook.browsing.widget import CatalogWidget
from fsnb.notebook.drift.widget import DriftWidget
from fsnb.pit.execution import EnginePlan
from fsnb.publish.asked import part
from fsnb.store import FeatureStore

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
VALUES: dict[str, Any] = {
    "answer": online.OnlineFeatures,
    "audit": training.Audit,
    "fsnb": fsnb,
    "landings": fsnb.Source,
    "preview": training.Preview,
    "publication": publish.Publication,
    "quality": quality,
    "source": fsnb.Source,
    "store": FeatureStore,
    "store.catalog": Catalog,
    "train": training.TrainingSet,
    "train.plan": EnginePlan,
    "view": fsnb.FeatureView,
}
OF_PAGES: dict[str, dict[str, Any]] = {
    "checks.md": {"found": checks.Monitoring, "report": checks.CheckReport},
    "notebook.md": {"report": quality.DriftReport, "w": CatalogWidget},
    "preview.md": {"w": training.Preview},
    "quality.md": {"report": quality.DriftReport, "w": DriftWidget},
}
PASSED_ON: dict[Any, Any] = {  # whose arguments a function takes too
    fsnb.feature_view: fsnb.FeatureView,
    FeatureStore.publish: part,
    FeatureStore.materialize: part,
    fsnb.FeatureView.with_rules: fsnb.FeatureView,
}
TABLES = {"checks.md": checks, "reference.md": quality}  # where calls that begin a row and name no module are
COMMANDS = {
    f"fsnb {name}": {option for taken in each.params for option in (*taken.opts, *taken.secondary_opts)}
    for name, each in main.commands.items()
} | {each.prog.replace("%%", "%"): set(each.options) for each in (*FS.values(), *MAGICS.values())}
COMMANDS["%fs"] = set()
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def _code(page: Path) -> Iterator[str]:
    """Blocks of Python, and whatever else of a page is written as code, line by line."""
    text = page.read_text()
    yield from re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    yield from _lines(page)


def _lines(page: Path) -> Iterator[str]:
    blocks = re.findall(r"^```\w*\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for line in (*"\n".join(blocks).splitlines(), *re.findall(r"^    (.*)$|`([^`\n]+)`", prose, flags=re.MULTILINE)):
        yield line if isinstance(line, str) else line[0] or line[1]


def _parsed(code: str) -> ast.AST:
    """Code of a page, where `at=` may stand for a value and `, ...` for more arguments; what is no Python is empty."""
    python = re.sub(r"=\s*(?=[,)])", "=...", re.sub(r"(, |(?<=\())\.\.\.\)", ")", code)).lstrip("@")
    try:
        return ast.parse(re.sub(r"^%", "#", python, flags=re.MULTILINE))
    except SyntaxError:
        return ast.Module([], [])


@cache
def _fields(cls: type) -> set[str]:
    """What objects of a class have that the class itself has not."""
    set_by_methods = re.findall(r"\bself\.([a-z]\w*)(?:: [^=\n]+)? = ", inspect.getsource(cls))
    return {*set_by_methods, *(name for each in cls.__mro__ for name in vars(each).get("__annotations__", ()))}


def _attribute(of: Any, name: str) -> Any:
    if inspect.isclass(of) and name in _fields(of):
        return None
    if inspect.ismodule(of) and not hasattr(of, name):
        return importlib.import_module(f"{of.__name__}.{name}")
    return getattr(of, name)


def _meant(node: ast.AST, values: Mapping[str, Any]) -> Any:
    """What a dotted name stands for; None where it begins with nothing that we know."""
    if ast.unparse(node) in values:
        return values[ast.unparse(node)]
    of = _meant(node.value, values) if isinstance(node, ast.Attribute) else None
    return None if of is None else _attribute(of, node.attr)  # type: ignore[attr-defined]


def _hold(call: ast.Call, function: Any) -> None:
    """Hold a call's arguments to the function's own, and to what it passes them on to."""
    signature = inspect.signature(function)
    myself = [None] if next(iter(signature.parameters), "") == "self" else []
    bound = signature.bind_partial(*myself, *call.args, **{word.arg: word for word in call.keywords if word.arg})
    for parameter in signature.parameters.values():
        further = PASSED_ON.get(function)
        known = set(inspect.signature(further).parameters) if further else set(How.__annotations__)
        if parameter.kind is parameter.VAR_KEYWORD and (extra := set(bound.arguments.get(parameter.name, ())) - known):
            raise TypeError(f"no argument {', '.join(sorted(extra))}")


def _wrong(code: str, values: Mapping[str, Any]) -> Iterator[str]:
    for node in ast.walk(_parsed(code)):
        try:
            meant = _meant(node.func if isinstance(node, ast.Call) else node, values)
            if isinstance(node, ast.Call) and callable(meant):
                _hold(node, meant)
        except (AttributeError, ImportError, TypeError) as error:
            yield f"{ast.unparse(node)}: {error}"


@each_page
def test_attributes_and_arguments_that_are_named_exist(page: Path) -> None:
    values = VALUES | OF_PAGES.get(page.name, {})
    assert [wrong for code in _code(page) for wrong in _wrong(code, values)] == []


@pytest.mark.parametrize("name", TABLES)
def test_functions_that_begin_the_rows_of_a_table_exist(name: str) -> None:
    rows = re.findall(r"^\| (`[a-zA-Z_]\w*\(.*?) \| ", (ROOT / "docs" / name).read_text(), flags=re.MULTILINE)
    calls = [f"{TABLES[name].__name__}.{call}" for row in rows for call in re.findall(r"`(\w+\(\S.*?\))`", row)]
    assert len(calls) > 5
    assert [wrong for call in calls for wrong in _wrong(call, VALUES)] == []


@each_page
def test_attributes_that_stand_alone_are_of_something(page: Path) -> None:
    named = {name for code in _code(page) for name in re.findall(r"^\.([a-z]\w+)(?:\(.*\))?$", code)}
    assert named - _attributes() - {"fsnb", "venv"} == set()


@cache
def _attributes() -> set[str]:
    """Methods, fields and attributes that any class of fsnb has."""
    text = "\n".join(path.read_text() for path in (ROOT / "fsnb").rglob("*.py"))
    found = re.findall(r"^    (?:def )?([a-z]\w*)(?:\(self|\(\n|: | = )", text, flags=re.MULTILINE)
    return {*found, *re.findall(r"\bself\.([a-z]\w*) = ", text)}


@pytest.mark.parametrize(
    "code",
    [
        "store.publsh(view)",
        "store.catalog.serch('x')",
        "store.publish(view, to='prod', from_='2d')",
        "@fsnb.feature_view(window='1d')",
        "fsnb.checks.not_null('x', at_least=1)",
        "quality.cbpe(a, b, c)",
        "train.plan.costs",
        "fsnb.nothing",
    ],
)
def test_names_that_are_not_there_are_found(code: str) -> None:
    assert list(_wrong(code, VALUES))


# ---------------------------------------------------------------------- commands


def _known(line: str) -> bool:
    """Whether the command of fsnb or the magic in a line is there, and takes the options that it is given."""
    said = re.search(r"(?:^|run: )(?:(fsnb [a-z]\w*)|%?(%fs [a-z]\w*|%(?!config|load_ext)[a-z]\w*))([^#|]*)", line)
    named = said and (said[1] or said[2])
    options = set(re.findall(r"(?<!\S)\[?(--[a-z][a-z-]*)", said[3])) if said else set()
    return named is None or (named in COMMANDS and options <= {*COMMANDS[named], "--help"})


@each_page
def test_commands_and_magics_that_are_named_take_the_options_that_are_named(page: Path) -> None:
    assert [line for line in _lines(page) if not _known(line)] == []


@pytest.mark.parametrize(
    "line", ["fsnb publsh x --to prod", "fsnb get x [--too N]", "%trian", "%publish x --now", "%fs x"]
)
def test_commands_that_are_not_there_are_found(line: str) -> None:
    assert not _known(line)
    assert _known("fsnb get x [--online URL]")


@each_page
def test_targets_of_make_and_modules_that_are_named_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    text = "\n".join(_lines(page))
    assert set(re.findall(r"^make ([a-z][\w-]*)", text, flags=re.MULTILINE)) - targets == set()
    modules = re.findall(r"python -m (tests[\w.]*|fsnb[\w.]*|tools[\w.]*)", text)
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []
