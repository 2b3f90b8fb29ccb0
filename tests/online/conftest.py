from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ibis
import pytest

from fsnb.online import Database, open_online

STORES = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("redis", marks=pytest.mark.redis),
]


@pytest.fixture(params=STORES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty online store of each kind."""
    if request.param == "sqlite":
        return f"sqlite://{tmp_path / 'online.sqlite'}"
    return request.getfixturevalue(f"{request.param}_db_url")


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_online(store_url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def con() -> Iterator[Any]:
    """A target in memory."""
    opened = ibis.duckdb.connect()
    yield opened
    opened.disconnect()
