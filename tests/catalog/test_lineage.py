"""Lineage is read from what documents say of themselves, in both directions."""

from __future__ import annotations

from typing import Any

import pytest

from fsnb.catalog import Catalog, Edge, Node
from fsnb.errors import CatalogError, UnknownName
from fsnb.identity import fingerprint

FLIGHTS, WEATHER = Node("source", "flights"), Node("source", "weather")
PLANES, ORIGINS = Node("view", "planes"), Node("view", "origins")
FIRST, SECOND = Node("training_set", "planes+origins", "run r1"), Node("training_set", "planes", "run r2")
CHECKED = Node("training_set", "planes", "run r2, validation")
MODEL = Node("model", "models:/m-1")
PROD, TEST = Node("publication", "planes", "v1 on prod"), Node("publication", "planes", "v2 on test")
SYNC = Node("sync", "planes to sqlite")


def put(catalog: Catalog, kind: str, name: str, **body: Any) -> None:
    catalog.put(kind, name, body, fingerprint=fingerprint(body))


def view(catalog: Catalog, name: str, meaning: str, *sources: str, **more: Any) -> None:
    put(catalog, "view", name, sources=list(sources), fingerprint=meaning, **more)


def log(
    catalog: Catalog, name: str, run: str, *, context: str = "training", model: str | None = None, **views: str
) -> None:
    put(catalog, "training_set", name, run_id=run, context=context, model_uri=model, views=views, digest="d")


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    for name in ("flights", "weather", "unused"):
        put(catalog, "source", name)
    view(catalog, "planes", "f1", "flights")
    view(catalog, "origins", "f9", "flights", "weather")
    log(catalog, "planes+origins", "r1", model="models:/m-1", planes="f1", origins="f9")
    put(catalog, "model", "models:/m-1", run_id="r1")
    put(catalog, "publication", "planes", version=1, target="prod", fingerprint="f1", run_id="p1")
    put(catalog, "publication", "planes", version=1, target="prod", fingerprint="f1", run_id="p2")
    view(catalog, "planes", "f2", "flights")
    view(catalog, "planes", "f2", "flights", owner="ops")  # no other meaning
    log(catalog, "planes", "r2", planes="f2")
    log(catalog, "planes", "r2", context="validation", planes="gone")
    put(catalog, "publication", "planes", version=2, target="test", fingerprint="f2", run_id="p3")
    up = [{"kind": "publication", "name": "planes", "detail": "v1 on prod"}]
    put(catalog, "sync", "planes to sqlite", upstream=up)
    put(catalog, "profile", "planes", features={})
    return catalog


def test_downstream_of_a_view_is_what_used_any_version_of_it(filled):
    found = filled.lineage("planes", "view")
    assert found.roots == (PLANES,)
    assert found.upstream == (FLIGHTS,)
    assert set(found.downstream) == {FIRST, SECOND, CHECKED, PROD, TEST, MODEL, SYNC}


def test_downstream_of_a_source_goes_all_the_way(filled):
    found = filled.lineage("weather")
    assert found.upstream == ()
    assert found.downstream == (ORIGINS, FIRST, MODEL)


def test_upstream_of_a_model_goes_all_the_way(filled):
    found = filled.lineage("models:/m-1")
    assert found.downstream == ()
    assert found.upstream == (FIRST, PLANES, ORIGINS, FLIGHTS, WEATHER)


def test_what_joins_in_by_its_own_words_is_followed(filled):
    assert filled.lineage("planes to sqlite").upstream == (PROD, PLANES, FLIGHTS)


def test_steps_say_which_version_of_the_definition(filled):
    found = filled.lineage("planes", "view")
    assert [edge for edge in found.downs if edge.upstream == PLANES] == [
        Edge(PLANES, FIRST, "of v1; now v3"),
        Edge(PLANES, PROD, "of v1; now v3"),
        Edge(PLANES, SECOND, "of v3"),  # the latest of equal meaning
        Edge(PLANES, CHECKED, "of a definition that the catalog does not have, gone"),
        Edge(PLANES, TEST, "of v3"),
    ]


def test_a_training_set_has_a_root_for_each_run_and_a_publication_for_each_target(catalog, filled):
    assert filled.lineage("planes", "training_set").roots == (SECOND, CHECKED)
    assert filled.lineage("planes", "publication").roots == (PROD, TEST)


def test_an_online_store_is_downstream_of_its_view(filled):
    put(filled, "online", "planes", to="sqlite", target="prod")
    found = filled.lineage("planes")
    assert found.roots == (PLANES,)
    assert Node("online", "planes", "sqlite, from prod") in found.downstream


def test_a_definition_that_came_back_is_the_latest(catalog):
    for meaning in ("f1", "f2", "f1"):
        view(catalog, "planes", meaning, "flights")
    log(catalog, "a", "r1", planes="f1")
    log(catalog, "b", "r2", planes="f2")
    assert [edge.note for edge in catalog.lineage("planes").downs] == ["of v3", "of v2; now v3"]


def test_a_source_that_has_no_document_is_known_by_its_views(catalog):
    view(catalog, "planes", "f1", "elsewhere")
    assert catalog.lineage("elsewhere").downstream == (PLANES,)


def test_as_a_tree(filled):
    assert str(filled.lineage("planes+origins")) == (
        "training set planes+origins (run r1)\n"
        "  made from\n"
        "    view planes, of v1; now v3\n"
        "      source flights\n"
        "    view origins, of v1\n"
        "      source flights\n"
        "      source weather\n"
        "  used by\n"
        "    model models:/m-1"
    )
    assert str(filled.lineage("unused")) == "source unused"


def test_as_a_frame(filled):
    frame = filled.lineage("weather").to_polars()
    assert frame.columns[:3] == ["upstream_kind", "upstream_name", "upstream_detail"]
    assert frame.rows()[0] == ("source", "weather", "", "view", "origins", "", "")
    assert frame.height == 3


def test_of_a_view_and_what_is_made_of_it_the_view_is_meant(filled):
    assert filled.lineage("planes").roots == (PLANES,)


def test_a_name_of_several_kinds_asks_which(filled):
    put(filled, "source", "planes")
    with pytest.raises(
        CatalogError, match=r"several kinds have the name 'planes': source, view\. Say which: lineage\("
    ):
        filled.lineage("planes")


def test_an_unknown_name_is_answered_with_the_nearest(filled):
    with pytest.raises(UnknownName, match=r"the catalog has no document 'weathr'\. Did you mean 'weather'\?"):
        filled.lineage("weathr")
    with pytest.raises(UnknownName, match=r"has no view 'weather'"):
        filled.lineage("weather", "view")


def test_many_runs_are_counted_in_the_tree_and_all_there_in_the_value(catalog):
    view(catalog, "planes", "f1", "flights")
    for n in range(40):
        log(catalog, "planes_set", f"r{n:02}", planes="f1")
    found = catalog.lineage("planes")
    assert len(found.downstream) == 40
    assert str(found).endswith("(run r11), of v1\n    and 28 more")
