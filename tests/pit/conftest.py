from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import pytest
from hypothesis import settings

from fsnb.pit import lowering, strategies
from tests.pit import matrix


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    matrix.expect_gaps(items)


@pytest.fixture(params=matrix.params())
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Each engine in turn, empty; "plain SQL" is DuckDB with what engines get that have neither ASOF nor a quantile."""
    _fewer_examples(request, monkeypatch)
    if request.param == "spark":
        # a session of the test's own on the one Spark: disconnecting would stop it for all
        yield ibis.pyspark.connect(request.getfixturevalue("spark").newSession())
        return
    if request.param == "postgres":
        con = ibis.connect(request.getfixturevalue("postgres_db_url"))
    else:
        con = matrix.EMBEDDED[request.param]()
    if request.param == "duckdb, plain SQL":
        monkeypatch.setattr(strategies, "ENGINES", {**strategies.ENGINES, "duckdb": strategies.SQL})
        monkeypatch.setattr(lowering, "NATIVE_QUANTILE", ())
    yield con
    con.disconnect()


def _fewer_examples(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow engine gets fewer generated examples."""
    times = matrix.SLOW.get(request.param)
    own = getattr(request.function, "_hypothesis_internal_use_settings", None)
    if times and own:
        fewer = settings(own, max_examples=max(1, own.max_examples // times))
        monkeypatch.setattr(request.function, "_hypothesis_internal_use_settings", fewer)
