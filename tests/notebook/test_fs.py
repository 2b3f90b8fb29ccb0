"""`%fs`: what the store knows, as a table and in words."""

from __future__ import annotations

import pytest

from fsnb.catalog import Diff, Document
from fsnb.errors import UnknownName, UsageError
from fsnb.model import FeatureView, Source
from fsnb.publish import Publication, Target
from tests.notebook.conftest import Notebook


def test_status_says_path_engine_counts_targets_and_tracking(published: Notebook) -> None:
    for command in ("%fs", "%fs status"):
        said = published.ok(command)
        for text in (
            str(published["store"].path),
            "duckdb",
            "1 view",
            "1 source",
            "1 publication",
            "prod",
            "mlflow.db",
        ):
            assert text in said.text
            assert text in said.html


def test_status_of_an_empty_store(bare: Notebook) -> None:
    bare.ok("%fs open")
    said = bare.ok("%fs").text
    assert "nothing yet" in said
    assert "none yet" in said


def test_list_shows_each_document_once(published: Notebook) -> None:
    lines = published.ok("%fs list").text.splitlines()
    assert lines[0] == "catalog 4 documents"
    assert [line.split()[:3] for line in lines[3:]] == [
        ["publication", "plane_delays", "v1"],
        ["source", "flights", "v1"],
        ["target", "prod", "v1"],
        ["view", "plane_delays", "v1"],
    ]


def test_list_of_one_kind_and_its_documents(published: Notebook) -> None:
    said = published.ok("%fs list view -o views")
    assert "How late this aircraft has been running." in said.text
    assert "flights" not in said.text
    assert isinstance(published["views"][0], Document)


def test_list_of_an_unknown_kind_names_the_kinds(published: Notebook) -> None:
    ran = published.run("%fs list vew")
    assert isinstance(ran.error, UnknownName)
    assert "Did you mean 'view'? It has: profile, publication, source, target, view." in ran.last_line


def test_show_describes_a_view_in_words(published: Notebook) -> None:
    said = published.ok("%fs show plane_delays -o shown")
    for text in (
        "How late this aircraft has been running.",
        "plane (tailnum)",
        "flights",
        "cutoff c = the last 1h tick at or before t - 15m",
        "window (c - 7d, c]",
        "legs_1d, legs_7d",
        "int64",
        "t.arr_delay.mean()",
        "version 1 of 1",
        "agrees on",
    ):
        assert text in said.text
    assert isinstance(published["shown"], FeatureView)


def test_show_lists_versions_and_loads_an_earlier_one(defined: Notebook) -> None:
    defined.ok("%%feature_view plane_delays --entity plane --source flights --windows 2d\n{'legs': t.count()}")
    assert "legs_2d" in defined.ok("%fs show plane_delays").text
    said = defined.ok("%fs show plane_delays --version 1 -o first").text
    assert "version 1 of 2" in said
    assert [line.split()[0] for line in said.splitlines() if line.startswith("    v")] == ["version", "v2", "v1"]
    assert defined["first"].features == ("legs_1d", "legs_7d", "mean_delay_1d", "mean_delay_7d")


def test_show_puts_the_code_of_a_view_into_a_new_cell(defined: Notebook) -> None:
    before = defined["plane_delays"].fingerprint
    defined.ok("%fs show plane_delays --code")
    cell = defined.shell.rl_next_input
    defined.ok(cell)
    assert "def plane_delays(t):" in cell
    assert defined["plane_delays"].fingerprint == before
    ran = defined.run("%fs show flights --code")
    assert ran.last_line == "UsageError: source 'flights' has no code. Feature views have: leave --code out."


def test_show_of_an_unknown_version_names_the_versions(defined: Notebook) -> None:
    ran = defined.run("%fs show plane_delays --version 7")
    assert isinstance(ran.error, UnknownName)
    assert ran.last_line == "UnknownName: view 'plane_delays' has no version 7. It has: 1."


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("flights", Source, ("source flights", "Every leg flown.", "dep_time", "event time", "a polars DataFrame")),
        ("prod", Target, ("target prod", "prod.duckdb")),
        (
            "publication/plane_delays",
            Publication,
            ("publication plane_delays", "v1 on prod", "plane_delays__v1_history"),
        ),
    ],
)
def test_show_describes_other_kinds(published: Notebook, name: str, kind: type, said: tuple[str, ...]) -> None:
    shown = published.ok(f"%fs show {name} -o shown")
    assert isinstance(published["shown"], kind)
    assert all(text in shown.text for text in said)
    assert all(text in shown.html for text in said[1:])


def test_show_says_what_a_document_of_any_kind_holds(defined: Notebook) -> None:
    defined.ok("store.catalog.put('note', 'todo', {'what': 'tiles', 'when': {'soon': True}}, fingerprint='1')")
    said = defined.ok("%fs show todo").text
    assert "note todo" in said
    assert "tiles" in said
    assert "soon: True" in said


def test_show_asks_which_where_two_kinds_share_a_name(notebook: Notebook) -> None:
    notebook.ok("%%feature_view flights --entity plane --source flights -o legs_view\n{'n': t.count()}")
    ran = notebook.run("%fs show flights")
    assert isinstance(ran.error, UsageError)
    assert ran.last_line.endswith("Say which: source/flights, view/flights.")
    assert "feature view flights" in notebook.ok("%fs show view/flights").text


def test_show_of_an_unknown_name_names_the_nearest(defined: Notebook) -> None:
    assert "Did you mean 'plane_delays'?" in defined.run("%fs show plane_delay").last_line
    assert "the catalog has no document 'source/plane_delays'" in defined.run("%fs show source/plane_delays").last_line


def test_name_with_a_slash_is_a_name(defined: Notebook) -> None:
    defined.ok("store.catalog.put('training_set', 'a/b', {'rows': 1200, 'features': ['x']}, fingerprint='1')")
    assert "training set a/b" in defined.ok("%fs show a/b").text
    assert "training set a/b" in defined.ok("%fs show training_set/a/b").text
    assert "1,200 rows, 1 feature " in defined.ok("%fs list training_set").text


def test_show_tells_no_password(notebook: Notebook) -> None:
    notebook.ok("store.target('prod', 'postgresql://me:s3cret@localhost:5432/db')")
    for command in ("%fs show prod", "%fs list", "%fs"):
        said = notebook.ok(command)
        assert "s3cret" not in said.text + said.html
        assert "prod" in said.text


# ---------------------------------------------------------------------- search, diff, lineage, distributions

CHANGED = """%%feature_view plane_delays --entity plane --source flights --windows 1d,7d --lag 30m --refresh 1h
{"legs": t.count(), "mean_delay": t.arr_delay.mean(), "worst": t.arr_delay.max()}
"""


def test_search_lists_the_best_first_and_binds_them(defined: Notebook) -> None:
    defined.ok("store.describe('plane_delays', owner='data platform', tags=['delay'])")
    for asked in ("plane dely", 'owner:"data platform"', "'owner:data platform'", "tag:delay kind:view"):
        said = defined.ok(f"%fs search {asked} -o found")
        assert said.text.splitlines()[1] == "1 document found"
        assert "plane_delays" in said.text
        assert "data platform" in said.html
        assert [document.name for document in defined["found"]] == ["plane_delays"]
    assert "0 documents found" in defined.ok("%fs search zebra").text
    assert len(defined.ok("%fs search kind:view kind:source --limit 1 -o found") and defined["found"]) == 1
    assert isinstance(defined.run("%fs search").error, UsageError)


def test_diff_of_versions_and_of_what_is_here(defined: Notebook) -> None:
    defined.ok(CHANGED)
    for asked in ("plane_delays", "plane_delays@2", "plane_delays@1 plane_delays"):
        said = defined.ok(f"%fs diff {asked} -o changed")
        assert said.text.splitlines()[:2] == [
            "plane_delays v1 -> plane_delays v2: 3 changes, 1 breaking",
            "  lag of 'plane_delays' was 15m, is 30m (breaking)",
        ]
        assert "\u2717 breaking" in said.html
        assert isinstance(defined["changed"], Diff)
    defined.ok("legs = {'legs': _.count()}")
    defined.ok("other = fsnb.FeatureView('plane_delays', entity=plane, source=flights, features=legs)")
    assert "plane_delays v2 -> plane_delays (here): " in defined.ok("%fs diff other").text
    unknown = defined.run("%fs diff plane_delay")
    assert isinstance(unknown.error, UnknownName)
    assert "Did you mean 'plane_delays'?" in unknown.last_line


def test_show_says_what_each_version_changed(defined: Notebook) -> None:
    defined.ok(CHANGED)
    defined.ok("store.describe('plane_delays', owner='ops')")
    versions = defined.ok("%fs show plane_delays").text.partition("versions")[2].splitlines()
    assert [line.split("  ")[-1].strip() for line in versions[2:5]] == [
        "owner",
        "lag, feature (breaking)",
        versions[4].split()[-1],  # the first changed nothing: its fingerprint is last
    ]


def test_lineage_as_a_tree_and_as_a_table(published: Notebook) -> None:
    said = published.ok("%fs lineage flights -o made")
    assert said.text.splitlines() == [
        "source flights",
        "  used by",
        "    view plane_delays",
        "      publication plane_delays (v1 on prod), of v1",
    ]
    for text in ("lineage of source", "used by", "\u21b3 publication", "v1 on prod"):
        assert text in said.html
    assert [node.name for node in published["made"].downstream] == ["plane_delays", "plane_delays"]
    assert "made from" in published.ok("%fs lineage plane_delays").text
    assert "lineage of target" in published.ok("%fs lineage prod").html


def test_show_of_a_view_has_its_distributions(published: Notebook) -> None:
    published.ok("store.profile('plane_delays')")
    said = published.ok("%fs show plane_delays")
    assert "distributions: every entity at 2013-01-02 10:15:00 UTC" in said.text
    assert "mean_delay_7d  50.0%" in said.text
    assert 'aria-label="distribution in 20 bins' in said.html
    assert "profile plane_delays" in published.ok("%fs show profile/plane_delays").text
    assert "profile" not in published.ok("%fs list").text
    assert "every entity" in published.ok("%fs list profile").text
