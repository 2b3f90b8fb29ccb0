"""What the four verbs promise, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import dataclasses
import getpass
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsnb.catalog import Catalog
from fsnb.errors import CatalogError, UnknownName


def names(documents) -> list[str]:
    return [document.name for document in documents]


@pytest.fixture
def local(tmp_path) -> Catalog:
    """For what is refused before a database is asked: one is enough."""
    return Catalog(tmp_path / "catalog.sqlite")


# ---------------------------------------------------------------- put and get


def test_what_was_put_comes_back_in_another_catalog_object(place):
    put = Catalog(place).put("view", "rides", {"owner": "ops", "n": [1, 2.5, None, True]}, fingerprint="a1")
    assert put == Catalog(place).get("view", "rides")
    assert (put.kind, put.name, put.version, put.fingerprint) == ("view", "rides", 1, "a1")
    assert put.body == {"owner": "ops", "n": [1, 2.5, None, True]}
    assert put.created_by == getpass.getuser()
    assert put.created_at.tzinfo is UTC
    assert abs(datetime.now(UTC) - put.created_at) < timedelta(minutes=1)


def test_another_fingerprint_makes_the_next_version(catalog):
    versions = [catalog.put("view", "rides", {"n": n}, fingerprint=f"f{n}").version for n in range(3)]
    assert versions == [1, 2, 3]
    assert catalog.get("view", "rides").body == {"n": 2}
    assert catalog.get("view", "rides", version=1).body == {"n": 0}


def test_the_same_fingerprint_as_the_latest_writes_nothing(catalog):
    first = catalog.put("view", "rides", {"n": 1}, fingerprint="f1")
    assert catalog.put("view", "rides", {"n": 1}, fingerprint="f1") == first
    assert len(catalog.since(0)) == 1


def test_a_fingerprint_that_is_not_the_latest_any_more_makes_a_new_version(catalog):
    for fingerprint in ("f1", "f2", "f1"):
        catalog.put("view", "rides", {}, fingerprint=fingerprint)
    assert [document.fingerprint for document in catalog.history("view", "rides")] == ["f1", "f2", "f1"]


def test_names_of_two_kinds_do_not_meet(catalog):
    catalog.put("view", "rides", {"is": "view"}, fingerprint="f")
    catalog.put("source", "rides", {"is": "source"}, fingerprint="f")
    assert catalog.get("source", "rides").body == {"is": "source"}
    assert catalog.get("source", "rides").version == 1


def test_kind_and_name_are_not_run_together(catalog):
    catalog.put("view", "sab", {}, fingerprint="f")
    catalog.put("views", "ab", {}, fingerprint="f")
    assert catalog.get("views", "ab").version == 1
    assert names(catalog.list("views")) == ["ab"]


def test_expected_lets_the_caller_write_who_saw_the_latest(catalog):
    assert catalog.put("view", "rides", {}, fingerprint="f1", expected=0).version == 1
    assert catalog.put("view", "rides", {}, fingerprint="f2", expected=1).version == 2


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_expected_refuses_who_saw_another_version_and_names_both(catalog, expected):
    for fingerprint in ("f1", "f2"):
        catalog.put("view", "rides", {}, fingerprint=fingerprint)
    with pytest.raises(CatalogError, match=rf"view 'rides': you saw version {expected}, the latest is 2\. .*history"):
        catalog.put("view", "rides", {}, fingerprint="f3", expected=expected)
    assert len(catalog.history("view", "rides")) == 2


def test_a_put_that_is_repeated_with_what_it_expected_is_not_refused(catalog):
    done = catalog.put("view", "rides", {}, fingerprint="f1", expected=0)
    assert catalog.put("view", "rides", {}, fingerprint="f1", expected=0) == done


def test_the_body_of_a_document_is_not_the_callers_object(catalog):
    body = {"tags": ["a"]}
    put = catalog.put("view", "rides", body, fingerprint="f")
    body["tags"].append("b")
    assert put.body == {"tags": ["a"]}


def test_who_signs_can_be_said(place):
    assert Catalog(place, created_by="Zoë").put("view", "rides", {}, fingerprint="f").created_by == "Zoë"


def test_a_user_without_a_name_signs_as_unknown(place, monkeypatch):
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert Catalog(place).put("view", "rides", {}, fingerprint="f").created_by == "unknown"


def test_a_document_cannot_be_changed(catalog):
    document = catalog.put("view", "rides", {"tags": ["a"]}, fingerprint="f")
    with pytest.raises(dataclasses.FrozenInstanceError):
        document.version = 7
    document.body["tags"].append("b")
    assert document.body == {"tags": ["a"]}
    assert {document} == {catalog.get("view", "rides")}


@pytest.mark.parametrize(
    "body",
    [
        {"x": float("nan")},
        {"x": [float("inf")]},
        {"x": {1, 2}},
        {"x": b"bytes"},
        {"x": datetime(2024, 1, 1)},
        {("a", "b"): 1},
        ["not", "a", "mapping"],
        "text",
        None,
    ],
    ids=repr,
)
def test_a_body_that_is_not_json_is_refused_and_nothing_is_written(local, body):
    with pytest.raises(CatalogError, match=r"view 'rides': its body is not JSON: .*It takes dict, list"):
        local.put("view", "rides", body, fingerprint="f")
    assert local.since(0) == ()


def test_a_body_that_holds_itself_is_refused(local):
    body: dict = {}
    body["self"] = body
    with pytest.raises(CatalogError, match="not JSON"):
        local.put("view", "rides", body, fingerprint="f")


HOSTILE = [
    "it's",
    'say "x"; DROP TABLE fsnb_documents; --',
    "back\\slash %s %(name)s {name} :name ? $1 /_%",
    "two\nlines\r\n\ttab",
    "",
    " ",
    "naïve Straße 東京 🚀 e\u0301 \u202e \ufeff",
    "null",
    "../../etc/passwd",
]


def test_hostile_text_is_only_text(catalog):
    for text in HOSTILE:
        catalog.put(text, text, {text: text, "description": text, "tags": [text]}, fingerprint=text)
    for text in HOSTILE:
        found = catalog.get(text, text)
        assert (found.kind, found.name, found.fingerprint) == (text, text, text)
        assert found.body == {text: text, "description": text, "tags": [text]}
        assert names(catalog.search(text, kind=text)) == names(catalog.list(text)) == [text]
        assert catalog.search(text + "zzz") == ()
    assert len(catalog.list()) == len(HOSTILE)


def test_a_name_of_ten_kilobytes_that_does_not_compress(catalog):
    name = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(10_000))
    catalog.put("view", name, {}, fingerprint="f1")
    catalog.put("view", name, {}, fingerprint="f2")
    assert catalog.get("view", name).version == 2


@pytest.mark.parametrize("text", ["a\0b", "half \ud800 a pair"], ids=["NUL", "surrogate"])
@pytest.mark.parametrize("field", ["kind", "name", "fingerprint"])
def test_text_that_no_database_stores_is_refused(local, field, text):
    given = {"kind": "view", "name": "rides", "fingerprint": "f", field: text}
    with pytest.raises(CatalogError, match=f"^{field} .*no database stores"):
        local.put(given["kind"], given["name"], {}, fingerprint=given["fingerprint"])


@pytest.mark.parametrize("text", ["a\0b", "half \ud800 a pair"], ids=["NUL", "surrogate"])
def test_text_that_no_database_stores_can_stand_in_a_body_and_be_asked_for(catalog, text):
    catalog.put("view", "rides", {"description": text, "x": text}, fingerprint="f")
    assert catalog.get("view", "rides").body == {"description": text, "x": text}
    assert names(catalog.search(text)) == ["rides"]
    with pytest.raises(UnknownName):
        catalog.get("view", text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(body=st.dictionaries(st.text(), JSON, max_size=4))
def test_any_json_comes_back_as_it_was(catalog, body):
    fingerprint = json.dumps(body)
    assert catalog.put("view", "any", body, fingerprint=fingerprint).body == body
    assert json.dumps(catalog.get("view", "any").body) == json.dumps(body)  # the order of keys and -0.0 too


# ---------------------------------------------------------------- what is not there


def test_an_unknown_name_is_answered_with_the_nearest_of_its_kind(catalog):
    catalog.put("view", "plane_delays", {}, fingerprint="f")
    catalog.put("source", "plane_delay", {}, fingerprint="f")
    with pytest.raises(
        UnknownName, match=r"no view 'plane_delay'\. Did you mean 'plane_delays'\? It has: plane_delays\."
    ):
        catalog.get("view", "plane_delay")
    with pytest.raises(UnknownName, match="Did you mean 'plane_delays'"):
        catalog.history("view", "plane_delay")


def test_an_unknown_version_is_answered_with_those_there_are(catalog):
    for fingerprint in ("f1", "f2"):
        catalog.put("view", "rides", {}, fingerprint=fingerprint)
    with pytest.raises(UnknownName, match=r"view 'rides' has no version 3\. It has: 2, 1\."):
        catalog.get("view", "rides", version=3)


def test_an_empty_catalog_has_nothing(catalog):
    assert catalog.list() == catalog.search("") == catalog.search("x") == catalog.since(0) == ()
    with pytest.raises(UnknownName, match="It has: nothing"):
        catalog.get("view", "rides")


# ---------------------------------------------------------------- list, history, since


def test_list_gives_the_latest_of_each_ordered_by_name(catalog):
    for kind, name in [("view", "b"), ("view", "B"), ("source", "b"), ("view", "a"), ("target", "_")]:
        for n in (1, 2):
            catalog.put(kind, name, {"n": n}, fingerprint=f"f{n}")
    assert [(d.name, d.kind) for d in catalog.list()] == [
        ("B", "view"),
        ("_", "target"),
        ("a", "view"),
        ("b", "source"),
        ("b", "view"),
    ]
    assert names(catalog.list("view")) == ["B", "a", "b"]
    assert {document.version for document in catalog.list()} == {2}
    assert catalog.list("publication") == ()


def test_history_is_newest_first(catalog):
    for n in range(1, 4):
        catalog.put("view", "rides", {"n": n}, fingerprint=f"f{n}")
        catalog.put("view", "other", {"n": n}, fingerprint=f"f{n}")
    assert [(d.version, d.body) for d in catalog.history("view", "rides")] == [
        (3, {"n": 3}),
        (2, {"n": 2}),
        (1, {"n": 1}),
    ]


def test_since_gives_what_came_after_in_order(catalog):
    put = [catalog.put("view", f"v{n % 2}", {"n": n}, fingerprint=f"f{n}") for n in range(5)]
    ids = [document.id for document in put]
    assert ids == sorted(set(ids))
    assert catalog.since(0) == tuple(put)
    assert catalog.since(ids[2]) == tuple(put[3:])
    assert catalog.since(ids[-1]) == ()


# ---------------------------------------------------------------- search


@pytest.fixture
def flights(catalog):
    def view(name, version=1, **body):
        catalog.put("view", name, body, fingerprint=f"{name}{version}")

    view("weather", description="Wind and rain at the ORIGIN, delay of one hour")
    view("plane_delays", owner="ops", tags=["Delay", "fleet"], features=["legs_1d", "mean_delay_7d"])
    view("delay", schema={"tailnum": "string", "wind_speed": "float64"})
    view("about", description="delay")
    view("a_delay_log")
    view("old", description="delay")
    view("old", version=2, description="nothing to see")
    view("straße", owner="Łódź", description="100% _sure_ of a/b")
    catalog.put("source", "delays_raw", {"schema": {"dep_time": "timestamp"}}, fingerprint="f")
    return catalog


FOUND = {
    "delay": [
        "delay",
        "a_delay_log",
        "delays_raw",
        "plane_delays",
        "about",
        "weather",
    ],  # the name, in the name, elsewhere
    "DELAY": ["delay", "a_delay_log", "delays_raw", "plane_delays", "about", "weather"],
    "delay wind": ["delay", "weather"],  # every word, in any place
    "wind delay": ["delay", "weather"],
    "delays plane": ["plane_delays"],
    "raw delays": ["delays_raw"],
    "ops": ["plane_delays"],
    "fleet": ["plane_delays"],
    "legs_1d": ["plane_delays"],
    "dep_time": ["delays_raw"],
    "float64": [],  # a type is no column
    "nothing": ["old"],  # the latest version
    "STRASSE": ["straße"],
    "łÓDŹ": ["straße"],
    "Ło\u0301dz\u0301": ["straße"],  # the same letters, composed otherwise
    "100%": ["straße"],
    "0%s": [],  # neither % nor _ stands for anything
    "l_gs": [],
    "_sure_": ["straße"],
    "a/b": ["straße"],
    "delay zebra": [],
    "ops fleetlegs": [],
}


def test_search_finds_every_word_and_ranks_names_first(flights):
    assert {text: names(flights.search(text)) for text in FOUND} == FOUND


def test_search_can_keep_to_a_kind(flights):
    assert names(flights.search("delay", kind="source")) == ["delays_raw"]


def test_search_for_no_word_gives_all(flights):
    assert names(flights.search("")) == names(flights.search(" \n")) == names(flights.list())


def test_search_takes_any_shape_of_what_it_looks_at(catalog):
    body = {"description": None, "owner": 7, "tags": "alone", "features": [["nested", 1], {"inner": 2}], "schema": []}
    catalog.put("view", "odd", body, fingerprint="f")
    for text in ("alone", "nested", "inner"):
        assert names(catalog.search(text)) == ["odd"]
