"""Ranked search over every field, with filters, that forgives typos; the same on every database."""

from __future__ import annotations

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsnb import Entity, FeatureView, Source
from fsnb.catalog import Catalog
from fsnb.catalog.searching import asked, distance
from fsnb.identity import fingerprint


def put(catalog: Catalog, kind: str, name: str, **body: object) -> None:
    catalog.put(kind, name, body, fingerprint=fingerprint(body))


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    put(catalog, "view", "plane_delays", owner="ops", tags=["delay", "hourly"], description="How late an aircraft runs")
    put(catalog, "view", "weather_at_origin", owner="data platform", tags=["hourly"], description="Wind, rain")
    put(catalog, "view", "customer_spend", owner="growth", features=["refunds_7d", "total_spend_30d"])
    put(catalog, "source", "weather", schema={"wind_speed": "float64", "visib": "float64"})
    put(catalog, "target", "prod", url="postgresql://me@host/growth")
    return catalog


def names(catalog: Catalog, text: str, **more: object) -> list[str]:
    return [document.name for document in catalog.search(text, **more)]


FOUND = {
    "plane": ["plane_delays"],
    "plnae": ["plane_delays"],  # swapped
    "plan_delays": ["plane_delays"],  # part by part
    "planedelays": ["plane_delays"],  # run together
    "aircarft": ["plane_delays"],
    "wether": ["weather", "weather_at_origin"],  # left out
    "weatther": ["weather", "weather_at_origin"],  # too many
    "weather_at_orgin": ["weather_at_origin"],
    "custmer refnds": ["customer_spend"],  # one in each word
    "cstmer": [],  # two in six letters
    "cstomre": [],
    "opss": ["plane_delays"],
    "opz": [],  # in three letters none
    "owner:ops": ["plane_delays"],
    "owner:growth": ["customer_spend"],
    "owner:grwoth": ["customer_spend"],
    'owner:"data platform"': ["weather_at_origin"],
    'OWNERS:"Data Platform" rain': ["weather_at_origin"],
    "tag:hourly": ["plane_delays", "weather_at_origin"],
    "tag:hourly tag:delay": ["plane_delays"],
    "tag:ops": [],
    "kind:source wind": ["weather"],
    "kind:view wind": ["weather_at_origin"],
    "kind:source kind:view wind": ["weather", "weather_at_origin"],  # the column counts for more
    "kind:nothing": [],
    "column:wind": ["weather"],
    "feature:refunds": ["customer_spend"],
    "name:weather": ["weather", "weather_at_origin"],
    "description:rain": ["weather_at_origin"],
    "description:": [],
    "host": [],  # no field of a search
}


def test_each_query_finds_what_it_should_in_order(filled):
    assert {text: names(filled, text) for text in FOUND} == FOUND


def test_a_word_that_is_there_is_no_typo(catalog):
    for name in ("relay", "delay"):
        put(catalog, "view", name)
    assert names(catalog, "delay") == ["delay"]
    assert names(catalog, "deloy") == ["delay"]
    assert names(catalog, "telay") == ["delay", "relay"]


def test_a_word_that_is_there_is_no_typo_beside_other_words_either(catalog):
    put(catalog, "view", "alpha_delay")
    put(catalog, "view", "beta_relay")
    assert names(catalog, "beta delay") == names(catalog, "delay beta") == []
    assert names(catalog, "beta rellay") == ["beta_relay"]


def test_fields_count_in_order(catalog):
    put(catalog, "view", "f_described", description="About fuel")
    put(catalog, "view", "e_reads", expression={"nodes": [["Field", {"name": "fuel"}]]}, features=["x"])
    put(catalog, "view", "d_feature", features=["fuel_7d"])
    put(catalog, "view", "c_tagged", tags=["fuel"])
    put(catalog, "view", "b_fuel_used")
    put(catalog, "view", "fuel")
    assert names(catalog, "fuel") == ["fuel", "b_fuel_used", "c_tagged", "d_feature", "e_reads", "f_described"]


def test_what_is_put_by_another_is_found_by_the_next_search(place):
    mine, theirs = Catalog(place), Catalog(place)
    put(mine, "view", "rides", owner="ops")
    assert names(mine, "owner:ops") == ["rides"]
    put(theirs, "view", "rides", owner="risk")
    put(theirs, "view", "fares", owner="ops")
    assert names(mine, "owner:ops") == ["fares"]
    assert names(mine, "owner:risk") == ["rides"]


def test_limit_keeps_the_best(catalog):
    for n in range(12):
        put(catalog, "view", f"rides_{n:02}")
    put(catalog, "view", "rides")
    assert names(catalog, "rides", limit=2) == ["rides", "rides_00"]
    assert len(names(catalog, "rides", limit=None)) == 13


def test_of_a_view_the_columns_that_it_reads_are_found(catalog):
    schema = {"tail": "string", "at": "timestamp", "arr_delay": "float64", "unread": "float64"}
    flights = Source("flights", None, event_time="at", schema=ibis.schema(schema))
    view = FeatureView("late", entity=Entity("plane", "tail"), source=flights, features={"x": ibis._.arr_delay.mean()})
    catalog.put("view", "late", view.to_doc(), fingerprint=view.fingerprint)
    assert (
        names(catalog, "column:arr_delay")
        == names(catalog, "entity:plane")
        == names(catalog, "entity:tail")
        == ["late"]
    )
    assert names(catalog, "source:flights") == ["late"]
    assert names(catalog, "unread") == []


def test_profiles_stand_aside(catalog):
    put(catalog, "view", "rides")
    put(catalog, "profile", "rides")
    assert [document.kind for document in catalog.search("rides")] == ["view"]
    assert [document.kind for document in catalog.search("kind:profile rides")] == ["profile"]
    assert [document.kind for document in catalog.search("rides", kind="profile")] == ["profile"]


def test_a_colon_that_names_no_field_is_part_of_the_word(catalog):
    put(catalog, "model", "models:/m-1f2e")
    assert names(catalog, "models:/m-1f2e") == ["models:/m-1f2e"]
    assert [term.word for term in asked("models:/m")[0]] == ["models:/m"]


def reference(one: str, other: str) -> int:
    """Optimal string alignment, as its definition reads."""
    if not one or not other:
        return len(one) + len(other)
    ways = [
        reference(one[:-1], other) + 1,
        reference(one, other[:-1]) + 1,
        reference(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    ]
    if len(one) > 1 and len(other) > 1 and one[-2:] == other[-1] + other[-2]:
        ways.append(reference(one[:-2], other[:-2]) + 1)
    return min(ways)


WORDS = st.text("abc", max_size=5)


@given(WORDS, WORDS, st.integers(0, 2))
def test_distance_is_that_of_its_definition_up_to_the_bound(one, other, most):
    assert distance(one, other, most) == min(reference(one, other), most + 1)
