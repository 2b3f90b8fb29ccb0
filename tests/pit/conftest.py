from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import pytest

from fsnb.pit import strategies
from tests.pit.engines import ENGINES


@pytest.fixture(params=[*ENGINES, "duckdb, plain SQL", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Each engine in turn; "plain SQL" is DuckDB with the strategies of engines that have no ASOF join."""
    if request.param == "postgres":
        con = ibis.connect(request.getfixturevalue("postgres_db_url"))
    elif request.param in ENGINES:
        con = ENGINES[request.param]()
    else:
        con = ibis.duckdb.connect()
        monkeypatch.setattr(strategies, "ENGINES", {**strategies.ENGINES, "duckdb": strategies.SQL})
    yield con
    con.disconnect()
