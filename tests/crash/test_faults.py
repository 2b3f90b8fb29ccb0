from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.crash import publisher
from tests.crash.conftest import TRIPS
from tests.crash.faults import (
    NoMount,
    Proxy,
    ballast,
    publish_within,
    small_disk,
)
from tests.crash.invariants import violations
from tests.crash.judging import Day, Reference, unclear
from tests.crash.places import DuckDBFile, Place, PostgresDatabase
from tests.crash.tables import differences, read_state
from tests.crash.trips import Trips

# ---------------------------------------------------------------------- a full disk


def test_file_that_may_not_grow_stops_a_publication_and_nothing_else(tmp_path: Path) -> None:
    place, views, many = DuckDBFile.new(tmp_path), ["latest_trip"], Trips(rows=4000)
    assert publisher.start(publisher.load_and_publish, place, TRIPS, 1, views).end().error == ""
    before = read_state(place)
    ending = publisher.start(publish_within, 100_000, place, many, 1, views).end()
    assert unclear(ending.error) == []
    assert (differences(before, read_state(place), views), violations(place)) == ([], [])
    ending = publisher.start(publisher.load_and_publish, place, many, 1, views).end()
    assert ending.error == ""
    assert ending.answer[0].rows_appended > 3_900
    assert violations(place) == []


@pytest.mark.parametrize(
    ("target", "room"),
    [("duckdb", 4_096), pytest.param("postgres", 65_536, marks=pytest.mark.postgres)],
)
def test_full_disk_stops_a_publication_and_nothing_else(
    target: str, room: int, request: pytest.FixtureRequest, tmp_path: Path, undisturbed: Reference
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the server runs as somebody else
        try:
            with small_disk(Path(folder) / "target", 24) as disk:
                if target == "duckdb":
                    _publish_without_room(DuckDBFile(disk.parent), disk, room, undisturbed)
                else:
                    server = request.getfixturevalue("postgres_server")
                    with server.tablespace(disk) as space, server.fresh_database(space) as url:
                        _publish_without_room(PostgresDatabase(tmp_path, url), disk, room, undisturbed)
        except NoMount as reason:
            pytest.skip(str(reason))


def _publish_without_room(place: Place, disk: Path, room: int, undisturbed: Reference) -> None:
    first, second = (Day(place, TRIPS, number, undisturbed, ["fares"]) for number in (1, 2))
    assert first.retry() == []
    with ballast(disk, room):
        ending = second.start().end()
        assert "No space left" in ending.error
        assert unclear(ending.error) == []
    assert second.done()[1] == []
    assert second.retry() == []


# ---------------------------------------------------------------------- a cut connection


HISTORY, RUN = b'INSERT INTO "fsnb"."fares__v1_history"', b'INSERT INTO "fsnb"."fsnb_runs"'


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("words", "deliver"),
    [([b"memtable"], True), ([HISTORY], True), ([RUN, b"COMMIT"], False), ([RUN, b"COMMIT"], True)],
    ids=["while certifying", "while writing", "before COMMIT", "after COMMIT"],
)
def test_cut_connection_is_told_and_leaves_all_or_nothing(
    words: list[bytes], deliver: bool, postgres_db_url: str, tmp_path: Path, undisturbed: Reference
) -> None:
    place, views = PostgresDatabase(tmp_path, postgres_db_url), ["fares"]
    with Proxy(place.url, words, deliver) as proxy:
        ending = publisher.start(publisher.load_and_publish, place, TRIPS, 1, views, proxy.url).end()
        assert proxy.cut.wait(60), ending.error
    unknown = words[-1] == b"COMMIT"
    assert unclear(ending.error) == []
    assert ("lost the connection during COMMIT" if unknown else "lost the connection (") in ending.error
    assert ("Nothing was written" in ending.error) != unknown
    assert urlsplit(postgres_db_url).password not in ending.error + ending.trace
    day = Day(place, TRIPS, 1, undisturbed, views)
    assert day.done() == ((2 if unknown and deliver else 1), [])
    assert day.retry() == []
