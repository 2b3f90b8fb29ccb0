"""Which store is the notebook's current one, and what its variables stand for."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsnb.errors import DefinitionError, UnknownName, UsageError
from fsnb.notebook.session import split
from fsnb.store import FeatureStore
from tests.notebook.conftest import Notebook


def where(notebook: Notebook) -> str:
    return Path(notebook.ok("%fs status").text.splitlines()[0].removeprefix("feature store ")).name


def test_no_store_says_how_to_open_one(bare: Notebook) -> None:
    ran = bare.run("%fs status")
    assert isinstance(ran.error, UsageError)
    assert ran.last_line == (
        "UsageError: no feature store is open in this notebook. Open one: `%fs open`, or `store = fsnb.open()`."
    )


def test_no_store_names_one_under_another_variable(bare: Notebook) -> None:
    bare.ok("import fsnb\nmine = fsnb.open()")
    assert "There is: mine (is one; bind it to `store`)." in bare.run("%fs").printed


def test_open_defines_store_and_makes_it_current(bare: Notebook) -> None:
    bare.ok("%fs open here --engine polars")
    assert isinstance(bare["store"], FeatureStore)
    assert bare["store"].engine.name == "polars"
    assert where(bare) == "here"


def test_variable_store_is_current_without_open(bare: Notebook) -> None:
    bare.ok("import fsnb\nstore = fsnb.open('python')")
    assert where(bare) == "python"


def test_open_comes_before_an_older_variable_store(bare: Notebook) -> None:
    bare.ok("import fsnb\nstore = fsnb.open('python')")
    bare.ok("%fs open magic -o other")
    assert where(bare) == "magic"
    assert bare["store"].path.name == "python"


def test_variable_store_bound_since_comes_before_open(bare: Notebook) -> None:
    bare.ok("%fs open magic")
    bare.ok("import fsnb\nstore = fsnb.open('python')")
    assert where(bare) == "python"


def test_open_stays_current_when_store_becomes_something_else(bare: Notebook) -> None:
    bare.ok("%fs open magic")
    bare.ok("store = 3")
    assert where(bare) == "magic"


def test_unknown_engine_names_the_engines(bare: Notebook) -> None:
    ran = bare.run("%fs open --engine duckdbb")
    assert isinstance(ran.error, UnknownName)
    assert "Did you mean 'duckdb'? It has: duckdb, polars." in ran.last_line


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("view", ("view", "")),
        ("view.feature", ("view", "feature")),
        ("view[feature]", ("view", "feature")),
        ("view['feature']", ("view", "feature")),
        ('view["feature"]', ("view", "feature")),
    ],
)
def test_feature_is_asked_for_in_four_ways(word: str, names: tuple[str, str]) -> None:
    assert split(word) == names


@pytest.mark.parametrize("word", ["", "view.", "view..x", "view[x", "view[]", "view.x.y", "view['x\"]", "a-b"])
def test_feature_that_is_not_one_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="names no feature"):
        split(word)


def test_entity_may_be_named_by_its_own_name(notebook: Notebook) -> None:
    notebook.ok("aircraft = plane\ndel plane")
    notebook.ok("%%feature_view a --entity plane --source flights\n{'n': t.count()}")
    notebook.ok("%%feature_view b --entity aircraft --source flights\n{'n': t.count()}")
    assert notebook["a"].entity == notebook["b"].entity


def test_entity_and_source_are_found_in_the_catalog(defined: Notebook) -> None:
    defined.ok("del plane, flights")
    defined.ok("%%feature_view other --entity plane --source flights\n{'n': t.count()}")
    assert defined["other"].source.data is defined["legs"]


def test_variable_of_another_type_is_named(notebook: Notebook) -> None:
    ran = notebook.run("%train asked plane_delays")
    assert isinstance(ran.error, DefinitionError)
    assert ran.last_line == (
        "DefinitionError: asked is a DataFrame, not a Spine. Make one: fsnb.Spine(frame, at='asked_at')."
    )
