"""A project as the command line meets it: a folder with a store, a file of rows, a DuckDB target that has them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

import fsnb
from fsnb.cli import main
from fsnb.store import FeatureStore
from tests.publish.support import ROWS, latest, sums, table

Fsnb = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureStore:
    """The store of a project, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FSNB_STORE", raising=False)
    pq.write_table(table(ROWS), "events.parquet")
    store = fsnb.open(".fsnb")
    source = store.source("events", "events.parquet", event_time="ts", available="known", tie_break="n")
    store.target("prod", "prod.duckdb")
    store.load("events", to="prod")
    store.register(latest(source, owner="ops", description="the latest value"))
    store.register(sums(source))
    return store


@pytest.fixture
def run(project: FeatureStore) -> Fsnb:
    """Calls `fsnb` with these words in the project's folder."""

    def call(*words: str, **environment: Any) -> Result:
        done = CliRunner().invoke(main, list(words), env=environment)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
        return done

    return call
