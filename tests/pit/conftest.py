from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import pytest

from fsnb.pit import lowering
from tests.pit.engines import ENGINES


@pytest.fixture(params=[*ENGINES, "duckdb, plain SQL", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Each engine in turn; "plain SQL" is DuckDB with what engines get that have neither ASOF nor a quantile."""
    if request.param == "postgres":
        con = ibis.connect(request.getfixturevalue("postgres_db_url"))
    elif request.param in ENGINES:
        con = ENGINES[request.param]()
    else:
        con = ibis.duckdb.connect()
        strategies = dict(lowering.STRATEGIES)
        monkeypatch.setattr(lowering, "STRATEGIES", strategies | {"duckdb": strategies["sql"]})
        monkeypatch.setattr(lowering, "NATIVE_QUANTILE", ())
    yield con
    con.disconnect()
