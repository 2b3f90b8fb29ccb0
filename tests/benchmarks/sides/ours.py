"""fsnb: each function prepares one side, and returns the call that is timed. `engine` is "duckdb" or "polars"."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
from ibis import _

import fsnb
from fsnb.store import FeatureStore
from tests.benchmarks.spec import COLUMNS, TTL, WINDOWS

KEY = fsnb.Entity("key", "k")
Table = Callable[[], pa.Table]


def asof(events: str, spine: str, engine: str, available: str | None = None, memory: str | None = None) -> Table:
    """Five columns of the latest row, not older than a week; with two clocks where `available` is given.

    `memory`: what DuckDB is told to keep to, for work that would fill whatever there is.
    """
    store = _store(memory)
    source = store.source("events", events, event_time="ts", available=available)
    view = fsnb.FeatureView("latest", entity=KEY, source=source, features={n: _[n] for n in COLUMNS}, ttl=TTL)
    return _filled(store, spine, view, engine)


def windows(events: str, spine: str, engine: str) -> Table:
    """Twenty features: five aggregates over four windows."""
    store = _store()
    return _filled(store, spine, _windowed(store, events), engine)


def nunique(events: str, spine: str, engine: str) -> Table:
    """Distinct values of one column over four windows."""
    store = _store()
    source = store.source("events", events, event_time="ts")
    view = fsnb.FeatureView("distinct", entity=KEY, source=source, features={"u": _.n.nunique()}, windows=list(WINDOWS))
    return _filled(store, spine, view, engine)


def windows_saved(events: str, spine: str, memory: str) -> Callable[[], Any]:
    """Twenty features, written by DuckDB into a table of a file; the rows are read only to be compared."""
    folder = tempfile.TemporaryDirectory()
    engine = ibis.duckdb.connect(Path(folder.name) / "engine.duckdb", memory_limit=memory)
    store = fsnb.open(Path(folder.name) / "store", engine=engine)
    view, asked = _windowed(store, events), fsnb.Spine(spine, at="at")

    def call() -> Table:
        assert folder.name  # lives as long as the call
        saved = store.training_set(asked, view).save("filled", overwrite=True)
        return saved.to_pyarrow

    return call


def planning(events: str, spine: str, compiled: bool) -> Callable[[], None]:
    """Plan 50 features of five views, and compile them into a query; whatever the data."""
    store = _store()
    source = store.source("events", events, event_time="ts", available="available")
    views = [_wide(source, number) for number in range(2)] + [_sums(source, number) for number in range(3)]
    asked = fsnb.Spine(spine, at="at")

    def call() -> None:
        train = store.training_set(asked, views)
        assert len(train.features) == 50
        if compiled:
            train.sql()

    return call


def _store(memory: str | None = None) -> FeatureStore:
    folder = tempfile.mkdtemp(prefix="fsnb_bench_")
    if memory is None:
        return fsnb.open(folder)
    return fsnb.open(folder, engine=ibis.duckdb.connect(memory_limit=memory, temp_directory=folder))


def _filled(store: FeatureStore, spine: str, view: fsnb.FeatureView, engine: str) -> Table:
    asked = fsnb.Spine(spine, at="at")
    return lambda: store.training_set(asked, view, engine=None if engine == "duckdb" else engine).to_arrow()


def _windowed(store: FeatureStore, events: str) -> fsnb.FeatureView:
    source = store.source("events", events, event_time="ts")
    features = {"c": _.count(), "s": _.x0.sum(), "m": _.x0.mean(), "d": _.x0.std(), "x": _.x0.max()}
    return fsnb.FeatureView("windowed", entity=KEY, source=source, features=features, windows=list(WINDOWS))


def _wide(source: fsnb.Source, number: int) -> fsnb.FeatureView:
    features = {f"a{number}_{i}": _[f"x{i % 4}"] + i for i in range(10)}
    return fsnb.FeatureView(f"wide_{number}", entity=KEY, source=source, features=features, ttl=TTL)


def _sums(source: fsnb.Source, number: int) -> fsnb.FeatureView:
    values = [_.x0.sum(), _.x1.mean(), _.x2.std(), _.x3.max(), _.n.nunique()]
    features = {f"w{number}_{i}": value for i, value in enumerate(values)}
    return fsnb.FeatureView(f"sums_{number}", entity=KEY, source=source, features=features, windows=["1d", "7d"])
