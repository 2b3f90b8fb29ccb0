from __future__ import annotations

import pytest

from tests.pit import matrix
from tests.pit.conftest import engine as engine  # each engine in turn, empty
from tests.quality import real


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    matrix.expect_gaps(items)


@pytest.fixture(scope="session")
def pairs() -> real.Pairs:
    """Columns of the real flights and weather: the first quarter of 2013, and the last."""
    return real.pairs()
