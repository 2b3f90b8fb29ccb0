"""`%train`, `%pit`, `%publish`: each does what its Python call does, says so, and fails in two lines."""

from __future__ import annotations

import pytest

from fsnb.errors import DefinitionError, PublishError, UnknownName, UsageError
from fsnb.publish import Publication
from fsnb.training import Preview, Why
from tests.notebook.conftest import Notebook

# ---------------------------------------------------------------------- %train


def test_train_equals_the_python_call(defined: Notebook) -> None:
    defined.ok("%train spine plane_delays.mean_delay_7d plane_delays[legs_1d]")
    defined.ok("same = store.training_set(spine, [plane_delays['mean_delay_7d'], plane_delays['legs_1d']])")
    assert defined["train"].fingerprint == defined["same"].fingerprint
    assert defined["train"].to_arrow().equals(defined["same"].to_arrow())


def test_train_says_one_line_and_shows_nothing(defined: Notebook) -> None:
    ran = defined.ok("%train spine plane_delays.legs_1d -o mine")
    assert ran.printed.splitlines() == [f"mine: {defined['mine']!r}"]
    assert ran.shown == ()


def test_train_takes_whole_views_variables_and_lists(defined: Notebook) -> None:
    defined.ok("renamed = plane_delays['legs_1d'].named('yesterday')\nboth = [plane_delays['mean_delay_1d'], renamed]")
    defined.ok("%train spine plane_delays -o whole")
    defined.ok("%train spine both -o listed")
    assert defined["whole"].features == defined["plane_delays"].features
    assert defined["listed"].features == ("mean_delay_1d", "yesterday")


def test_train_finds_a_view_in_the_catalog(defined: Notebook) -> None:
    defined.ok("del plane_delays")
    defined.ok("%train spine plane_delays.legs_1d")
    assert defined["train"].to_polars()["legs_1d"].to_list() == [1, 1]


def test_train_runs_on_the_engine_that_is_asked_for(defined: Notebook) -> None:
    defined.ok("%train spine plane_delays.legs_1d --engine polars")
    assert defined["train"].con.name == "polars"


def test_train_takes_the_strategy_that_is_asked_for(defined: Notebook) -> None:
    defined.ok("%train spine plane_delays.legs_1d --strategy tiles")
    assert "tiles" in str(defined["train"].plan.explain())
    ran = defined.run("%train spine plane_delays.legs_1d --strategy tile\ntrain.to_polars()")
    assert "tile" in ran.last_line
    assert "tiles" in ran.last_line


def test_train_without_such_a_spine_says_how_to_make_one(defined: Notebook) -> None:
    ran = defined.run("%train spin plane_delays")
    assert isinstance(ran.error, UnknownName)
    assert ran.last_line == (
        "UnknownName: the notebook has no Spine variable 'spin'. Did you mean 'spine'? It has: spine. "
        "Make one: fsnb.Spine(frame, at='asked_at')."
    )


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("plane_delays.legs", "feature view 'plane_delays' has no feature 'legs'."),
        ("plane_delay.legs_1d", "the catalog has no view 'plane_delay'. Did you mean 'plane_delays'?"),
    ],
)
def test_train_on_an_unknown_feature_names_the_nearest(defined: Notebook, asked: str, message: str) -> None:
    ran = defined.run(f"%train spine {asked}")
    assert isinstance(ran.error, UnknownName)
    assert message in ran.last_line
    assert "train" not in defined


def test_train_on_two_columns_of_one_name_fails_short(defined: Notebook) -> None:
    ran = defined.run("%train spine plane_delays.legs_1d plane_delays.legs_1d")
    assert isinstance(ran.error, DefinitionError)
    assert len(ran.printed.splitlines()) == 1


# ---------------------------------------------------------------------- %pit


def test_pit_shows_one_feature_once_and_binds_it_when_asked(defined: Notebook) -> None:
    defined.ok("%train spine plane_delays")
    ran = defined.ok("%pit train 0 mean_delay_7d -o why")
    assert isinstance(defined["why"], Why)
    assert ran.html == defined["why"]._repr_html_()
    assert "not yet known" in ran.text
    assert ran.text == str(defined["why"])


def test_pit_shows_every_feature_of_a_row(defined: Notebook) -> None:
    defined.ok("%train spine plane_delays")
    ran = defined.ok("%pit train 1")
    assert len(ran.shown) == 1
    assert ran.text == str(defined["train"].preview(1))
    assert all(feature in ran.html for feature in defined["plane_delays"].features)


def test_pit_can_be_assigned_without_being_shown(defined: Notebook) -> None:
    defined.ok("%train spine plane_delays")
    assert defined.ok("kept = %pit train 0").shown == ()
    assert isinstance(defined["kept"], Preview)


def test_pit_of_a_row_or_feature_that_is_not_there_fails_short(defined: Notebook) -> None:
    defined.ok("%train spine plane_delays")
    assert defined.run("%pit train 9").last_line.startswith("UnknownName: the training set has no row 9. It has 2")
    assert "has no feature 'legs'" in defined.run("%pit train 0 legs").last_line
    assert "no TrainingSet variable 'other'" in defined.run("%pit other 0").last_line
    assert "spine is a Spine, not a TrainingSet" in defined.run("%pit spine 0").last_line


# ---------------------------------------------------------------------- %publish


@pytest.fixture
def target(defined: Notebook) -> Notebook:
    defined.ok("store.target('prod', 'prod.duckdb')\nstore.load(flights, to='prod')")
    defined.ok("%config FsnbMagics.progress_after = 600\n%config FsnbMagics.progress = True")
    return defined


def test_publish_shows_its_steps_and_then_the_publication(target: Notebook) -> None:
    ran = target.ok("%publish plane_delays --to prod")
    assert isinstance(target["publication"], Publication)
    *steps, publication = ran.shown
    said = [step["text/plain"].removeprefix("publish plane_delays to prod: ") for step in steps[:-1]]
    assert [*dict.fromkeys(line.split()[0] for line in said)] == ["connect", "check", "certify", "write", "record"]
    assert "done in" in steps[-1]["text/plain"]
    assert steps[-1]["text/html"].count("✓") == 5
    assert publication["text/plain"] == str(target["publication"])
    for text in ("plane_delays__v1_history", "plane_delays__v1_current", "agrees", "oracle"):
        assert text in publication["text/html"]


def test_publish_takes_a_name_of_the_catalog_and_binds_where_asked(target: Notebook) -> None:
    target.ok("del plane_delays")
    target.ok("%publish plane_delays --to prod -o first")
    assert target["first"].view == "plane_delays"
    assert "publication" not in target


def test_publish_that_fails_says_at_which_step(target: Notebook) -> None:
    target.ok("store.target('empty', 'empty.duckdb')")
    ran = target.run("%publish plane_delays --to empty")
    assert isinstance(ran.error, PublishError)
    assert ran.shown[-1]["text/plain"] == "publish plane_delays to empty: failed at 'check sources'"
    assert "✗ check sources" in ran.shown[-1]["text/html"]
    assert ran.printed.startswith("PublishError: ")
    assert "Traceback" not in ran.printed
    assert "publication" not in target


def test_publish_to_an_unknown_target_or_of_an_unknown_view_fails_short(target: Notebook) -> None:
    ran = target.run("%publish plane_delays --to prd")
    assert isinstance(ran.error, UnknownName)
    assert "Did you mean 'prod'? It has: prod." in ran.last_line
    assert ran.shown == ()
    assert "has no view 'other'" in target.run("%publish other --to prod").last_line


def test_publish_without_a_store_fails_short(bare: Notebook) -> None:
    ran = bare.run("%publish plane_delays --to prod")
    assert isinstance(ran.error, UsageError)
    assert "no feature store is open" in ran.last_line
