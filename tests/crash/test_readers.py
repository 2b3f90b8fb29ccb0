from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.conftest import TRIPS
from tests.crash.places import DuckDBFile, PostgresDatabase
from tests.crash.readers import read_always, read_duckdb


@pytest.mark.postgres
def test_every_read_sees_a_whole_publication(postgres_db_url: str, tmp_path: Path) -> None:
    found = read_always(PostgresDatabase(tmp_path, postgres_db_url), TRIPS, times=4, reads=200, new_version_every=3)
    assert found.wrong == ()
    assert found.publications == 4
    assert found.reads >= 200


def test_a_file_is_read_between_publications_and_then_whole(tmp_path: Path) -> None:
    found = read_duckdb(DuckDBFile.new(tmp_path), TRIPS, times=4, new_version_every=3)
    assert found.wrong == ()
    assert found.publications == 4
    assert found.reads > 0
