"""The engines that checks run on, each with the same small tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest

from fsnb.pit import attach
from tests.checks import rows

ENGINES = (
    "duckdb",
    "polars",
    "datafusion",
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("spark", marks=pytest.mark.spark),
)


@dataclass(frozen=True)
class Engine:
    """A connection with the tables of `tests.checks.rows` on it."""

    con: Any
    events: ir.Table
    empty: ir.Table
    kinds: ir.Table


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "spark":
        yield _filled(ibis.pyspark.connect(request.getfixturevalue("spark").newSession()))
    elif request.param == "postgres":
        with request.getfixturevalue("postgres_server").fresh_database() as url:
            con = ibis.connect(url)
            yield _filled(con)
            con.disconnect()
    else:
        yield _filled(getattr(ibis, request.param).connect())


def _filled(con: Any) -> Engine:
    names = ("events", "empty", "kinds")
    tables = (rows.EVENTS, rows.EVENTS.slice(0, 0), rows.KINDS)
    return Engine(con, *(attach(con, table, name) for name, table in zip(names, tables, strict=True)))
