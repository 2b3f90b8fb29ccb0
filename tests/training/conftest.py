"""A small world: legs flown by planes, known some time after they left; the same on each local engine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import polars as pl
import pytest

from fsnb.model import Entity, Feature, FeatureView, Source, Spine
from fsnb.pit import plan, read_source, read_spine
from fsnb.training import TrainingSet

ENGINES: dict[str, Callable[[], Any]] = {"duckdb": ibis.duckdb.connect, "polars": ibis.polars.connect}
PLANE = Entity("plane", keys="tail")


def at(hour: float) -> datetime:
    """So many hours after midnight."""
    return datetime(2024, 1, 1) + timedelta(hours=hour)


LEGS = pl.DataFrame(
    {
        "tail": ["a", "a", "a", "a", "b"],
        "left": [at(1), at(2), at(3), at(9), at(2)],
        "landed": [at(1), at(5), at(3), at(9), at(2)],
        "delay": [1.5, 2.5, None, 7.0, 4.0],
        "seats": [1, 2, 3, 5, 4],
    }
)
ASKED = pl.DataFrame(
    {"tail": ["b", "a", None, "a", "b"], "asked": [at(6), at(4), at(1), at(4), None], "late": [0, 1, 1, None, 1]}
)


def legs(data: Any = LEGS) -> Source:
    return Source("legs", data, event_time="left", available="landed")


def spine(data: Any = ASKED) -> Spine:
    return Spine(data, at="asked", label="late")


def window_view(source: Source) -> FeatureView:
    return FeatureView(
        "recent",
        entity=PLANE,
        source=source,
        features=lambda t: {"n": t.count(), "mean": t.delay.mean(), "seats": t.seats.sum()},
        windows=["2h", "1d"],
        lag="15m",
        fill={"seats_2h": -1},
    )


def asof_view(source: Source, **rules: Any) -> FeatureView:
    name = rules.pop("name", "last")
    return FeatureView(
        name, entity=PLANE, source=source, features=lambda t: {"delay": t.delay, "last_seats": t.seats}, **rules
    )


def train_on(
    con: Any, features: Sequence[Feature | FeatureView], rows: Spine | None = None, **more: Any
) -> TrainingSet:
    """A training set on a connection, from the sources that its views name."""
    planned = plan(rows or spine(), features)
    sources = {part.view.source.name: part.view.source for part in planned.views}
    tables = {name: read_source(con, sources[name]) for name in planned.sources}
    return TrainingSet(planned, con, tables, read_spine(con, planned.spine), **more)


@pytest.fixture(params=list(ENGINES))
def con(request: pytest.FixtureRequest) -> Any:
    """A connection of each local engine."""
    return ENGINES[request.param]()


@pytest.fixture
def train(con: Any) -> TrainingSet:
    source = legs()
    return train_on(con, [window_view(source), asof_view(source, ttl="3h")])


@pytest.fixture(scope="session")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One MLflow for all tests, since its first call makes the database, which takes seconds."""
    return f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}"


@pytest.fixture
def users_mlflow(tracking: str) -> Iterator[str]:
    """MLflow as it is when the user has set the tracking URI."""
    import mlflow

    mlflow.set_tracking_uri(tracking)
    try:
        yield tracking
    finally:
        while mlflow.active_run():
            mlflow.end_run()
        mlflow.set_tracking_uri(None)


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
