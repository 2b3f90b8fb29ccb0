"""One place for a catalog, on each database that can hold one."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsnb.catalog import Catalog


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where there is no catalog yet: a path, or the URL of an empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "catalog.sqlite")
    return request.getfixturevalue("postgres_db_url")


@pytest.fixture
def catalog(place: str) -> Catalog:
    return Catalog(place)
