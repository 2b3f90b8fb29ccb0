"""What the sidebar asks of a kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from ibis import _

import fsnb
from fsnb.errors import PublishError
from fsnb.notebook import sidebar
from tests.publish.support import ROWS, table


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> fsnb.FeatureStore:
    """A store in the notebook's variable `store`, with a source here and on the target `prod`."""
    store = fsnb.open(tmp_path / ".fsnb")
    shell = type("Shell", (), {"user_ns": {"store": store, "_": store}})()
    monkeypatch.setattr(sidebar, "get_ipython", lambda: shell)
    events = store.source("events", table(ROWS), event_time="ts", available="known", tie_break="n")
    store.target("prod", tmp_path / "prod.duckdb")
    store.load(events, "prod")
    thing = fsnb.Entity("thing", "k")
    features = {"rows": _.count(), "total": _.x.sum()}
    store.register(fsnb.FeatureView("sums", entity=thing, source=events, features=features, windows="2h", refresh="1h"))
    return store


def asked(name: str, *args: str) -> dict[str, Any]:
    return getattr(sidebar, name)(*args)._repr_json_()


def test_dry_run_and_certificate_write_nothing(store: fsnb.FeatureStore) -> None:
    before = store.catalog.revision
    plan = asked("rehearsed", "sums", "prod", store.catalog.where)
    proof = asked("certified", "sums", "prod", store.catalog.where)
    assert (plan["version"], plan["promoted"], plan["due"], len(plan["intervals"])) == (1, None, 2, 2)
    assert plan["cell"] == "publication = store.publish('sums', to='prod')\npublication"
    assert proof["ok"]
    assert [(each["name"], each["differ"]) for each in proof["columns"]] == [("rows_2h", 0), ("total_2h", 0)]
    assert store.catalog.revision == before


def test_errors_are_answers(store: fsnb.FeatureStore) -> None:
    assert asked("rehearsed", "sum", "prod", store.catalog.where)["error"] == "UnknownName"
    assert "this notebook has store (" in asked("rehearsed", "sums", "prod", "/elsewhere")["message"]
    assert "has no target" in asked("certified", "sums", "test", store.catalog.where)["message"]


def test_preview_is_of_a_training_set_that_has_the_view_else_of_its_own_events(store: fsnb.FeatureStore) -> None:
    names = sidebar.get_ipython().user_ns
    cell = asked("preview_cell", "sums", "total_2h", store.catalog.where)["cell"]
    exec(cell, names)
    assert names["train"].to_arrow().column_names == ["k", "fsnb_asked_at", "total_2h"]
    assert asked("preview_cell", "sums", "", store.catalog.where)["cell"] == "train.preview()"


def test_own_events_are_the_newest_pairs_of_key_and_time_each_once(store: fsnb.FeatureStore) -> None:
    again = store.source("events", table([*ROWS, ROWS[0], {**ROWS[0], "k": None}]), event_time="ts", tie_break="n")
    view = fsnb.FeatureView("rows", entity=fsnb.Entity("thing", "k"), source=again, features={"x": _.x})
    rows = pa.table(store.own_events(view, 4).data)
    assert rows["k"].to_pylist() == ["a", "a", "é", "b"]
    assert rows["fsnb_asked_at"].to_pylist() == sorted(rows["fsnb_asked_at"].to_pylist(), reverse=True)


def test_a_refused_publication_is_noted(store: fsnb.FeatureStore) -> None:
    never = fsnb.FeatureView(
        "never", entity=fsnb.Entity("thing", "k"), source=store.view("sums").source, features={"n": _.count()}
    )
    with pytest.raises(PublishError):
        store.publish(never, "prod")
    noted = store.catalog.get("failed_publication", "never").body
    assert (noted["target"], noted["error"]) == ("prod", "PublishError")
    assert "refresh" in noted["message"]
    assert [each.kind for each in store.catalog.search("never")] == ["view"]
