from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.crash.conftest import TRIPS
from tests.crash.places import DuckDBFile, Place, PostgresDatabase
from tests.crash.races import alone, race
from tests.crash.tables import State

DAYS, VIEW = 2, "fares"


@pytest.fixture(scope="module")
def want(tmp_path_factory: pytest.TempPathFactory) -> State:
    return alone(DuckDBFile.new(tmp_path_factory.mktemp("alone")), TRIPS, DAYS, VIEW)


def test_racing_publishers_write_every_row_once(place: Place, want: State) -> None:
    found = race(place, TRIPS, DAYS, 2, VIEW, want)
    assert found.wrong == ()
    assert found.publications == 2 * DAYS


@pytest.mark.postgres
def test_a_stricter_server_does_not_make_racers_write_twice(postgres_db_url: str, want: State, tmp_path: Path) -> None:
    """Where transactions are REPEATABLE READ by default, who waited for the lock must not look at what was before."""
    with psycopg.connect(postgres_db_url, autocommit=True) as admin:
        name = sql.Identifier(urlsplit(postgres_db_url).path.lstrip("/"))
        strict = "ALTER DATABASE {} SET default_transaction_isolation = 'repeatable read'"
        admin.execute(sql.SQL(strict).format(name))
    found = race(PostgresDatabase(tmp_path, postgres_db_url), TRIPS, DAYS, 3, VIEW, want)
    assert found.wrong == ()
