"""Two definitions of the catalog, or one of it and one at hand, side by side."""

from __future__ import annotations

from typing import Any

import ibis
import pytest
from ibis import _

from fsnb import Entity, FeatureView, Source
from fsnb.catalog import Catalog
from fsnb.errors import CatalogError, UnknownName
from fsnb.identity import fingerprint

SCHEMA = {"tail": "string", "at": "timestamp", "delay": "float64"}


def source(**more: str) -> Source:
    return Source("flights", None, event_time="at", schema=ibis.schema(SCHEMA | more))


def view(**given: Any) -> FeatureView:
    set_ = {"entity": Entity("plane", "tail"), "source": source(), "features": {"late": _.delay.mean()}}
    return FeatureView("delays", **(set_ | {"windows": ["1d"]} | given))


def put(catalog: Catalog, kind: str, value: FeatureView | Source) -> None:
    catalog.put(kind, value.name, value.to_doc(), fingerprint=fingerprint(value.to_doc()))


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    put(catalog, "source", source())
    put(catalog, "view", view())
    put(catalog, "view", view(owner="ops"))
    put(catalog, "view", view(owner="ops", lag="15m", features={"late": _.delay.mean(), "worst": _.delay.max()}))
    return catalog


def test_a_name_alone_is_what_its_latest_version_changed(filled):
    found = filled.diff("delays")
    assert str(found) == (
        "delays v2 -> delays v3: 2 changes, 1 breaking\n"
        "  lag of 'delays' was 0s, is 15m (breaking)\n"
        "  feature 'worst_1d' added: float64"
    )
    assert [change.kind for change in found.breaking] == ["lag"]
    assert found.to_polars().rows() == [
        ("lag", "delays", "0s", "15m", True),
        ("feature", "worst_1d", None, "float64", False),
    ]


def test_two_versions(filled):
    assert str(filled.diff("delays@1", "delays@2")) == (
        "delays v1 -> delays v2: 1 change, compatible\n  owner of 'delays' was none, is ops"
    )
    assert str(filled.diff("delays@2")) == str(filled.diff("delays@1", "delays@2"))
    back = filled.diff("delays", "delays@1")
    assert [(change.kind, change.breaking) for change in back.changes] == [
        ("feature", True),
        ("lag", True),
        ("owner", False),
    ]
    assert filled.diff(filled.get("view", "delays", 1), "delays@1").verdict == "nothing changed"


def test_the_definition_at_hand_against_the_stored_one(filled):
    assert not filled.diff(view(owner="ops", lag="15m", features={"late": _.delay.mean(), "worst": _.delay.max()}))
    found = filled.diff(view(lag="15m"))
    assert (found.old, found.new) == ("delays v3", "delays (here)")
    assert [str(change) for change in found.breaking] == ["feature 'worst_1d' removed: it was float64 (breaking)"]
    assert filled.diff(source(gate="string")).verdict == "1 change, compatible"
    assert filled.diff("delays@1", view()).verdict == "nothing changed"


def test_a_source_is_compared_as_it_was_stored_not_as_it_is_now(filled):
    put(filled, "source", source(delay="int64"))
    assert filled.diff("flights").breaking[0].what == "delay"
    assert not filled.diff("delays", "delays@3")


def test_what_cannot_be_compared_says_why(filled):
    put(filled, "view", FeatureView("other", entity=Entity("plane", "tail"), source=source(), features={"d": _.delay}))
    filled.put("target", "prod", {}, fingerprint="f")
    for asked, says in {
        ("other",): "other: version 1 is the first. Say what to compare it with: diff('other', other).",
        ("delays", "flights"): "delays v3 and flights v1: one is a view, the other a source. Compare two of a kind.",
        ("delays@x",): "'delays@x' names no version. Write delays for the latest one, delays@2 for the second.",
    }.items():
        with pytest.raises(CatalogError) as caught:
            filled.diff(*asked)
        assert str(caught.value) == says
    with pytest.raises(UnknownName, match=r"has no document 'delay'\. Did you mean 'delays'\?"):
        filled.diff("delay")
    with pytest.raises(UnknownName, match="has no version 9"):
        filled.diff("delays@9")
    with pytest.raises(CatalogError, match="target 'prod' has no diff"):
        filled.diff(filled.get("target", "prod"), "delays")
