from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.java import Java
from tests.crash.judging import NewPlace, Reference, reference
from tests.crash.lakes import Lake
from tests.crash.places import DuckDBFile, Place, PostgresDatabase
from tests.crash.trips import Trips

TRIPS, DAYS = Trips(rows=15), 2


@contextlib.contextmanager
def _new_file(folder: Path) -> Iterator[Place]:
    folder.mkdir()
    yield DuckDBFile.new(folder)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """The days without kills: the same on every target, so once."""
    folder = tmp_path_factory.mktemp("undisturbed")
    return reference(lambda: _new_file(folder / "place"), TRIPS, DAYS)


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Java]:
    """For all publishers of a test process."""
    found = Java(tmp_path_factory.mktemp("java"))
    yield found
    found.kill()


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres), "delta"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty target."""
    if request.param == "delta":
        return Lake(tmp_path)
    if request.param == "spark":
        return Lake(tmp_path, "spark", java=request.getfixturevalue("java"))
    if request.param == "duckdb":
        return DuckDBFile.new(tmp_path)
    return PostgresDatabase(tmp_path, request.getfixturevalue("postgres_db_url"))


@pytest.fixture
def new_place(tmp_path: Path) -> NewPlace:
    """Empty DuckDB files, as many as one asks for."""
    numbers = iter(range(1_000))
    return lambda: _new_file(tmp_path / str(next(numbers)))
