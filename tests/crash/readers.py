"""Many reads while one publishes: each sees a view as some publication left it, whole.

On PostgreSQL every read is one statement, so it sees one snapshot; a lake is resolved once for each. A DuckDB file can
be read by another process only while no publisher has it open: reads there come in between, each of a connection of its
own, or find the file held.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from tests.crash import publisher
from tests.crash.invariants import Looks
from tests.crash.lakes import Lake
from tests.crash.onlooker import LakeOnlooker, Onlooker
from tests.crash.places import DuckDBFile, Place, PostgresDatabase, Reader
from tests.crash.publisher import TARGET, Ending, open_store
from tests.crash.trips import VIEWS, Trips, end_of, source_of, views_of

SECONDS = 1800
NEW_VERSION_EVERY = 20


@dataclass(frozen=True, slots=True)
class Reading:
    """What readers saw: reads, how many of them found the file held, what was wrong, the longest read in seconds."""

    publications: int
    reads: int
    held: int
    wrong: tuple[str, ...]
    slowest: float


def publish_often(place: Place, trips: Trips, times: int, new_version_every: int) -> int:
    """Publish the views in turn over days of new rows; every so often with one more feature: a new definition."""
    store, done = open_store(place), 0
    while done < times:
        day = 1 + done // len(VIEWS)
        source = source_of(store, trips.until(day))
        store.load(source, to=TARGET, replace=True)
        for view in views_of(source, more=done // new_version_every)[: times - done]:
            store.publish(view, to=TARGET, end=end_of(day))
            done += 1
    return done


def read_always(
    place: PostgresDatabase | Lake, trips: Trips, times: int, reads: int, new_version_every: int
) -> Reading:
    """Let readers read all the while, and on until they have read so often."""
    with contextlib.ExitStack() as stack:
        onlookers = [stack.enter_context(each) for each in _onlookers(place)]
        running = publisher.start(publish_often, place, trips, times, new_version_every)
        ending = running.end(SECONDS)
        until = time.monotonic() + SECONDS
        while sum(each.looks.count for each in onlookers) < reads and time.monotonic() < until:
            if all(each.ended for each in onlookers):
                break
            time.sleep(0.05)
    return _reading(ending, [each.looks for each in onlookers], held=0)


def _onlookers(place: PostgresDatabase | Lake) -> list[Onlooker]:
    """Beside Spark fewer, who rest between reads: else they take the processors, and next to nothing is published."""
    kind = LakeOnlooker if isinstance(place, Lake) else Onlooker
    on_spark = isinstance(place, Lake) and place.scheme == "spark"
    count, pause = (2, 1.0) if on_spark else (4, 0.01)
    return [kind(place, VIEWS, pause=pause) for _ in range(count)]


def read_duckdb(place: DuckDBFile, trips: Trips, times: int, new_version_every: int) -> Reading:
    """Read between the publisher's sessions, in a connection of its own each time."""
    running, held = publisher.start(publish_often, place, trips, times, new_version_every), 0
    looks = Looks(place.schema, VIEWS, (duckdb.CatalogException,))
    while not running.ended:
        try:
            with duckdb.connect(place.path, read_only=True) as connection:
                looks.at_all(Reader(connection))
        except duckdb.IOException:  # a publisher has it, or there is no file yet
            held += 1
        time.sleep(0.005)
    return _reading(running.end(), [looks], held)


def _reading(ending: Ending, looks: Sequence[Looks], held: int) -> Reading:
    wrong = [*([ending.error] if ending.error else []), *(text for each in looks for text in each.wrong)]
    slowest = max(each.slowest for each in looks)
    return Reading(ending.answer or 0, sum(each.count for each in looks), held, tuple(wrong), slowest)
