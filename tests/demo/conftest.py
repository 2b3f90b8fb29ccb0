from __future__ import annotations

import pytest

from fsnb.demo import flights


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> flights.Tables:
    """The real tables, read once for all tests."""
    return flights.tables(tmp_path_factory.mktemp("flights"))
