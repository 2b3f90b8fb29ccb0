"""TAB, as the kernel asks for it."""

from __future__ import annotations

import pytest

from tests.notebook.conftest import Notebook

OFFERED = {
    "%fs s": ["search", "show", "status", "sync"],
    "%fs promote plane_delays ": ["1", "2"],
    "%fs show plane_delays --version ": ["1", "2"],
    "%fs load fl": ["flights"],
    "%fs describe plane_delays --owner ": ["ops"],
    "%fs describe plane_delays --tag d": ["daily"],
    "%source other le": ["legs"],
    "%source other legs --event-time ": ["arr_delay", "dep_time", "landed_at", "tailnum"],
    "%%on_spine ": ["spine"],
    "%%on_spine spine\nt.aske": ["t.asked_at"],
    "%%feature_test pl": ["plane_delays"],
    "%%feature_test plane_delays --engines duckdb,": ["duckdb,oracle", "duckdb,polars"],
    "%preview ": ["spine", "train"],
    "%preview spine plane_delays.legs": ["plane_delays.legs_1d", "plane_delays.legs_7d"],
    "%drift tr": ["train"],
    "%publish plane_delays --mode ": ["table", "view"],
    "%publish plane_delays --certify a": ["always", "auto"],
    "%publish plane_delays --no": ["--no-promote"],
    "%fs search plane_d": ["plane_delays"],
    "%fs search ow": ["owner:"],
    "%fs search delay kind:v": ["kind:view"],
    "%fs search owner:": ["owner:ops"],
    "%fs search tag:da": ["tag:daily"],
    "%fs search --l": ["--limit"],
    "%fs diff pl": ["plane_delays"],
    "%fs diff plane_delays@": ["plane_delays@1", "plane_delays@2"],
    "%fs diff plane_delays@1 fl": ["flights"],
    "%fs lineage ": ["flights", "plane_delays"],
    "%fs lineage plane_delays --kind s": ["source"],
    "%fs sh": ["show"],
    "  %fs sh": ["show"],
    "%fs list ": ["profile", "source", "target", "view"],
    "%fs list v": ["view"],
    "%fs show pl": ["plane_delays"],
    "%fs show plane_delays -": ["--code", "--help", "--out", "--version"],
    "%fs open --engine ": ["duckdb", "polars"],
    "%train ": ["spine"],
    "%train spine ": ["plane_delays"],
    "%train spine plane_delays.me": ["plane_delays.mean_delay_1d", "plane_delays.mean_delay_7d"],
    "%train spine plane_delays[mean_delay_1": ["plane_delays[mean_delay_1d]"],
    "%train spine plane_delays.legs_1d plane_delays.legs": ["plane_delays.legs_1d", "plane_delays.legs_7d"],
    "%train -o mine sp": ["spine"],
    "%train spine plane_delays --e": ["--engine"],
    "%train spine plane_delays --strategy t": ["tiles"],
    "%train spine plane_delays --engine=": ["--engine=duckdb", "--engine=polars"],
    "x = %preview tr": ["train"],
    "x, y = %train spine plane_delays --e": ["--engine"],
    "%pit ": ["train"],
    "%pit train 0 ": ["mean_delay_7d"],
    "%publish ": ["plane_delays"],
    "%publish plane_delays --to ": ["prod"],
    "%check ": ["flights", "plane_delays"],
    "%check flights --s": ["--suggest"],
    "%check flights --with ": ["mine"],
    "%%feature_view other --entity ": ["plane"],
    "%%feature_view other --skip-nulls --entity pl": ["plane"],
    "%%feature_view other --source ": ["flights"],
    "%%feature_view other --closed ": ["both", "left", "neither", "right"],
    "%%feature_view other --s": ["--skip-nulls", "--source"],
    "%%feature_view other --source flights\n{'n': t.tail": ["t.tailnum"],
    "%%feature_view other --source=flights\nt.arr_delay.media": ["t.arr_delay.median"],
}


@pytest.fixture
def ready(defined: Notebook) -> Notebook:
    defined.ok("%train spine plane_delays.mean_delay_7d\nstore.target('prod', 'prod.duckdb')")
    defined.ok("store.describe('plane_delays', owner='ops', tags=['daily'])")
    defined.ok("for _ in range(3): store.profile('plane_delays')")  # has versions of its own
    defined.ok("mine = [fsnb.checks.not_null('tailnum')]")
    return defined


def test_what_may_stand_there_is_offered_and_nothing_else(ready: Notebook) -> None:
    offered = {typed: [text[begun(typed) :] for text in ready.completed(typed)] for typed in OFFERED}
    assert offered == OFFERED


def begun(typed: str) -> int:
    """Where the last word begins."""
    return max(typed.rfind(" "), typed.rfind("\n")) + 1


def test_columns_of_the_source_come_before_methods(ready: Notebook) -> None:
    offered = [text.partition("t.")[2] for text in ready.completed("%%feature_view v --source flights\nt.")]
    assert offered[:4] == ["tailnum", "dep_time", "landed_at", "arr_delay"]
    assert "count" in offered


def test_features_of_a_view_that_only_the_catalog_has(ready: Notebook) -> None:
    ready.ok("del plane_delays")
    assert ready.completed("%train spine plane_delays.legs_1") == ["%train spine plane_delays.legs_1d"]


@pytest.mark.parametrize(
    "typed", ["train.to_pol", "store.pub", "%%feature_view v --source flights\nprin", "import fsn"]
)
def test_python_stays_pythons(ready: Notebook, typed: str) -> None:
    offered = ready.completed(typed)
    ours = ready.shell.Completer.custom_matchers
    ready.shell.Completer.custom_matchers = []
    try:
        assert offered == ready.completed(typed)
        assert offered
    finally:
        ready.shell.Completer.custom_matchers = ours


@pytest.mark.parametrize(
    "typed", ["%fs list ", "%train spine nothing.", "%fs nonsense ", "%%feature_view v --source no\nt."]
)
def test_nothing_to_offer_is_no_error(bare: Notebook, typed: str, capfd: pytest.CaptureFixture[str]) -> None:
    bare.completed(typed)
    assert capfd.readouterr() == ("", "")


def test_options_and_names_without_a_store(bare: Notebook) -> None:
    bare.ok("import fsnb\nplane = fsnb.Entity('plane', 'tailnum')")
    assert bare.completed("%%feature_view v --entity p") == ["%%feature_view v --entity plane"]
    assert bare.completed("%train spine x --eng") == ["%train spine x --engine"]


def test_older_way_to_ask_gets_the_same(ready: Notebook) -> None:
    line = "%train spine plane_delays.legs"
    assert ready.shell.complete(None, line, len(line)) == (
        "plane_delays.legs",
        ["plane_delays.legs_1d", "plane_delays.legs_7d"],
    )
