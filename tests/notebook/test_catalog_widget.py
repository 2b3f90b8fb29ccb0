"""The catalog's widget without a browser: it finds what the catalog finds, and sends only what is shown."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from html import unescape
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ibis import _

import fsnb
from fsnb.catalog.rows import key_of
from fsnb.catalog.words import search_text
from fsnb.errors import UnknownName
from fsnb.notebook.browsing.widget import PAGE, CatalogWidget
from tests.notebook.conftest import Notebook
from tests.notebook.hostile import EVIL
from tests.notebook.test_html import checked


def store_of(folder: Path, views: int) -> fsnb.FeatureStore:
    """A store with so many views of one source, by three owners."""
    store = fsnb.open(folder)
    frame = pl.DataFrame({"k": ["a"], "x": [1.0]}).with_columns(at=pl.datetime(2013, 1, 1))
    source = store.source("events", frame, event_time="at")
    first = fsnb.FeatureView(
        "view_0000", entity=fsnb.Entity("key", "k"), source=source, features={"x_sum": _.x.sum()}, owner="ops"
    )
    store.register(first)
    fill(store, views)
    return store


def fill(store: fsnb.FeatureStore, views: int) -> None:
    """Views 1, 2, ... beside the first, written at once: `put` waits for the disk each time."""
    first = store.catalog.get("view", "view_0000")
    columns = ("key", "kind", "name", "version", "fingerprint", "created_at", "created_by", "search_text", "body")
    rows = []
    for n in range(1, views):
        name, owner = f"view_{n:04d}", ("ops", "data", "web")[n % 3]
        body = {**first.body, "name": name, "owner": owner, "tags": [f"t{n % 5}"]}
        signed = (str(n), first.created_at.isoformat(), "test", search_text(name, body), json.dumps(body))
        rows.append((key_of("view", name), "view", name, 1, *signed))
    marks = ", ".join("?" * len(columns))
    with sqlite3.connect(store.catalog.where) as con:
        con.executemany(f"INSERT INTO fsnb_documents ({', '.join(columns)}) VALUES ({marks})", rows)
    con.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> fsnb.FeatureStore:
    return store_of(tmp_path_factory.mktemp("catalog"), 120)


def asked(widget: CatalogWidget, **change: Any) -> None:
    widget.asked = {**widget.asked, **change, "seq": widget.asked["seq"] + 1}


def listed(widget: CatalogWidget) -> list[str]:
    return [unescape(name) for name in re.findall(r'<button[^>]*title="([^"]*)"', widget.rows)]


def test_search_finds_what_the_catalog_finds(store: fsnb.FeatureStore) -> None:
    found = store.browse("owner:web tag:t2")
    direct = store.catalog.search("owner:web tag:t2", limit=None)
    assert [each.name for each in direct] == [each.name for each in found.documents] == listed(found)
    assert found.found == len(direct) == 8
    found.words = "view_0007"
    assert listed(found)[0] == "view_0007"


def test_a_page_at_a_time_is_sent(store: fsnb.FeatureStore) -> None:
    found = store.browse("kind:view")
    assert (found.found, len(listed(found))) == (120, PAGE)
    asked(found, most=2 * PAGE)
    assert len(listed(found)) == 2 * PAGE


def test_kinds_are_counted_and_chosen(store: fsnb.FeatureStore) -> None:
    found = store.browse()
    assert 'data-kind="view" aria-pressed="false">view <span class="fsnb-dim">120<' in found.kinds
    asked(found, kind="source")
    assert listed(found) == ["events"]
    assert 'data-kind="source" aria-pressed="true"' in found.kinds


def test_owners_and_tags_are_offered_with_their_counts(store: fsnb.FeatureStore) -> None:
    assert store.browse().options["owner"] == [["data", 40], ["ops", 40], ["web", 40]]


def test_opened_document_shows_its_card_and_leads_to_its_source(store: fsnb.FeatureStore) -> None:
    found = store.browse()
    found.show("view_0003")
    assert found.document is not None
    assert found.document.name == "view_0003"
    source = store.catalog.get("source", "events")
    assert f'data-open="{source.id}"' in found.detail
    assert "store.view(&#x27;view_0003&#x27;)" in found.detail
    asked(found, open=source.id)
    assert found.document == source
    assert "event time" in found.detail
    with pytest.raises(UnknownName, match=r"has no document 'view_003'\. Did you mean"):
        found.show("view_003")


def test_open_document_stays_while_one_searches(store: fsnb.FeatureStore) -> None:
    found = store.browse()
    found.show("view_0003")
    found.words = "view_0110"
    assert found.document is not None
    assert found.document.name == "view_0003"


def test_what_was_put_meanwhile_is_found(tmp_path: Path) -> None:
    mine = store_of(tmp_path, 2)
    found = mine.browse()
    mine.catalog.put("note", "fresh", {"owner": "new"}, fingerprint="1")
    found.words = "fresh"
    assert listed(found) == ["fresh"]
    assert ["new", 1] in found.options["owner"]


def test_empty_catalog_says_so(tmp_path: Path) -> None:
    found = fsnb.open(tmp_path).browse()
    assert "The catalog is empty" in found.detail
    assert found.document is None
    checked(found.to_html())


def test_nothing_found_says_so(store: fsnb.FeatureStore) -> None:
    found = store.browse("owner:nobody")
    assert "Nothing in the catalog has all of these words" in found.rows
    assert found.found == 0


def test_hostile_documents_are_text(tmp_path: Path) -> None:
    mine = fsnb.open(tmp_path)
    mine.catalog.put("note", EVIL, {"owner": EVIL, "tags": [EVIL], "description": EVIL}, fingerprint="1")
    mine.catalog.put(EVIL, "x" * 10_000, {"upstream": [{"kind": "note", "name": EVIL}]}, fingerprint="2")
    found = mine.browse()
    for document in found.documents:
        asked(found, open=document.id)
        for page in (found.head, found.kinds, found.rows, found.detail, found.to_html()):
            assert "<script" not in page
            assert "<img" not in page
    assert found.note == ""


def test_search_among_2000_views_takes_less_than_a_tenth_of_a_second(tmp_path: Path) -> None:
    mine = store_of(tmp_path, 2000)
    found = mine.browse()
    least = []
    for words in ("view_1234", "owner:ops t3", "veiw", "sum"):
        started = time.process_time()
        found.words = words
        least.append(time.process_time() - started)
    assert min(least) < 0.1, least
    assert sorted(least)[2] < 0.2, least
    assert len(json.dumps(found.get_state(), default=str)) < 100_000


def test_magic_shows_the_widget_and_binds_it(defined: Notebook) -> None:
    ran = defined.ok("%fs catalog plane -o w")
    assert isinstance(defined["w"], CatalogWidget)
    assert defined["w"].words == "plane"
    assert "plane_delays" in ran.html
