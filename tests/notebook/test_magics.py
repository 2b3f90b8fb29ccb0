"""The magics beside the plain way: definitions, previews, drift, what keeps a store, the notebook's own defaults."""

from __future__ import annotations

from fsnb.errors import DefinitionError, UsageError
from fsnb.model import Entity, Spine
from fsnb.quality import DriftReport
from tests.notebook.conftest import Notebook


def test_entities_by_the_line_and_by_the_cell(notebook: Notebook) -> None:
    notebook.ok("%entity airport origin -o port")
    notebook.ok("%%entity\nroute origin dest\n# one more\ncarrier carrier")
    assert notebook["port"] == Entity("airport", "origin")
    assert notebook["route"].keys == ("origin", "dest")
    assert notebook["carrier"].keys == ("carrier",)
    assert isinstance(notebook.run("%entity").error, UsageError)
    assert isinstance(notebook.run("%entity nokeys").error, DefinitionError)


def test_source_of_a_variable_and_of_a_body(notebook: Notebook) -> None:
    notebook.ok("%source other legs --event-time dep_time --available landed_at --tie-break arr_delay")
    same = notebook["store"].source("other", notebook["legs"], event_time="dep_time", available="landed_at",
                                    tie_break="arr_delay")  # fmt: skip
    assert notebook["other"] == same
    notebook.ok('%%source late --event-time dep_time\n"""Only late legs."""\nlegs.filter(pl.col("arr_delay") > 10)')
    assert notebook["late"].description == "Only late legs."
    assert len(notebook["late"].data) == 2
    assert "--event-time COLUMN, or that it is --static" in notebook.run("%source x legs").last_line
    broken = notebook.run("%%source late --event-time dep_time\nlegs.nothing")
    assert isinstance(broken.error, AttributeError)
    assert "fsnb" not in broken.printed


def test_fill_offset_windows_checks_and_description_reach_the_view(notebook: Notebook) -> None:
    notebook.ok("mine = [fsnb.checks.not_null('tailnum')]")
    notebook.ok(
        "%%feature_view v --entity plane --source flights --windows 1d,7d@7d --fill mean_1d=-1.5 --checks mine "
        "--description told\n{'mean': t.arr_delay.mean()}"
    )
    doc = notebook["v"].to_doc()
    assert doc["windows"][1] == {"size": "7d", "offset": "7d", "label": "7d_offset_7d"}
    assert (doc["fill"], doc["description"], len(doc["checks"])) == ({"mean_1d": -1.5}, "told", 1)


def test_spine_made_of_another_keeps_its_order(notebook: Notebook) -> None:
    notebook.ok("%%on_spine spine -o more --label late,busy\nt.mutate(busy=t.tailnum == 'N1')")
    made = notebook["more"]
    assert isinstance(made, Spine)
    assert (made.at, made.label) == ("asked_at", ("late", "busy"))
    assert made.data["tailnum"].to_pylist() == ["N1", "N2"]
    assert "not to an Ibis table" in notebook.run("%%on_spine spine\n3").last_line


def test_preview_of_a_training_set_and_of_a_spine(defined: Notebook) -> None:
    defined.ok("%train spine plane_delays.legs_1d")
    shown = defined.ok("%preview train --row 1 -o seen")
    assert shown.text == defined.ok("%preview spine plane_delays.legs_1d --row 1").text
    assert "which features" in defined.run("%preview spine").last_line
    assert "write numbers of rows" in defined.run("%preview train --rows 1,b").last_line


def test_drift_equals_the_python_call(defined: Notebook) -> None:
    ran = defined.ok("%drift legs legs --columns arr_delay --bins 4 -o report")
    assert isinstance(defined["report"], DriftReport)
    assert "arr_delay" in ran.html
    same = defined["store"].drift(defined["legs"], defined["legs"], columns=["arr_delay"], bins=4)
    assert defined["report"].to_polars().equals(same.to_polars())


def test_store_is_kept_from_cells(defined: Notebook) -> None:
    defined.ok("%fs target prod prod.duckdb")
    assert defined.ok("%fs load flights --to prod").printed == "flights: 4 rows on prod\n"
    defined.ok("%config FsnbMagics.target = 'prod'")
    try:
        plan = defined.ok("%publish plane_delays --dry-run -o plan")
        assert "plane_delays" in plan.text
        defined.ok("%publish plane_delays --start 2013-01-01 --end 2013-01-03 --chunk 1 --certify always")
        assert defined["publication"].version == 1
        defined.ok("%fs materialize plane_delays --lookback 1d -o told")
        defined.ok("%fs describe plane_delays --owner ops --tag delay")
        assert defined["store"].view("plane_delays").owner == "ops"
        assert "is neither a time" in defined.run("%publish plane_delays --start soon").last_line
    finally:
        defined.ok("%config FsnbMagics.target = ''")
    assert "arguments are required: --to. Targets: prod." in defined.run("%publish plane_delays").last_line


def test_notebooks_defaults_are_configured(bare: Notebook) -> None:
    try:
        bare.ok("%config FsnbMagics.engine = 'polars'\n%config FsnbMagics.path = 'there'\n%fs open")
        assert (bare["store"].engine.name, bare["store"].path.name) == ("polars", "there")
    finally:
        bare.ok("%config FsnbMagics.engine = 'duckdb'\n%config FsnbMagics.path = '.fsnb'")
