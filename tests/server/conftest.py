"""A Jupyter server with fsnb.server, a catalog below its root, and a client that may or may not know the token."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import polars as pl
import pytest
from ibis import _

import fsnb
from tests.support.lab import JupyterServer

OPTIONS = ["--ServerApp.jpserver_extensions={'fsnb.server': True}", "--FsnbServer.every=0.1"]
SECRET = "hunter2-in-a-url"
Answer = tuple[int, Any]


def fill(folder: Path) -> fsnb.FeatureStore:
    """A store with a source, a view of two versions, and a hostile name."""
    store = fsnb.open(folder)
    rows = pl.DataFrame({"rider": ["a", "b"], "ts": ["2024-01-01", "2024-01-02"], "fare": [1.0, 2.0]})
    rows.with_columns(pl.col("ts").str.to_datetime()).write_parquet(folder / "trips.parquet")
    trips = store.source("trips", folder / "trips.parquet", event_time="ts", description="Every trip.")
    rider = fsnb.Entity("rider", "rider")
    options: dict[str, Any] = {"entity": rider, "source": trips, "owner": "ops", "tags": ["money"]}
    store.register(fsnb.FeatureView("fares", features={"total": _.fare.sum()}, windows="1d", **options))
    both = {"total": _.fare.sum(), "mean": _.fare.mean()}
    store.register(fsnb.FeatureView("fares", features=both, windows="1d", refresh="1h", **options))
    store.target("prod", f"postgresql://ops:{SECRET}@127.0.0.1:1/db")
    return store


@pytest.fixture(scope="module")
def server() -> Iterator[JupyterServer]:
    with JupyterServer("lab", OPTIONS) as running:
        fill(running.folder / "books" / ".fsnb")
        yield running


@pytest.fixture(scope="module")
def get(server: JupyterServer) -> Callable[..., Answer]:
    """GET a route of fsnb as the one who has the token."""
    return lambda route, **asked: ask(server, f"{route}?{urlencode(asked)}")


def ask(
    server: JupyterServer,
    route: str,
    *,
    token: str | None = None,
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Status and JSON of an answer; `token` "" is nobody's."""
    token = server.token if token is None else token
    given = {"Authorization": f"token {token}"} if token else {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}/fsnb/{route}", data=data, headers=given | (headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        return error.code, json.loads(text) if text.startswith("{") else text
