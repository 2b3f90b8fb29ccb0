from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ibis
import pytest

from fsnb.publish import Target


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres), "delta"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty target: a DuckDB file and a lake's folder that are not there yet, a PostgreSQL database."""
    if request.param == "duckdb":
        return str(tmp_path / "prod.duckdb")
    if request.param == "delta":
        return f"delta://{tmp_path / 'lake'}"
    return request.getfixturevalue("postgres_db_url")


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty target that is a database: where a test changes a table by hand, makes a schema, publishes a view."""
    if request.param == "duckdb":
        return str(tmp_path / "prod.duckdb")
    return request.getfixturevalue("postgres_db_url")


@pytest.fixture
def database(database_url: str) -> Target:
    return Target("prod", database_url)


@pytest.fixture
def target(url: str) -> Target:
    return Target("prod", url)


@pytest.fixture
def local() -> Iterator[Any]:
    con = ibis.duckdb.connect()
    yield con
    con.disconnect()


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)])
def con(request: pytest.FixtureRequest) -> Iterator[Any]:
    duck = request.param == "duckdb"
    found = ibis.duckdb.connect() if duck else ibis.connect(request.getfixturevalue("postgres_db_url"))
    yield found
    found.disconnect()
