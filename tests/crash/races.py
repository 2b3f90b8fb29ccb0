"""Several publishers of the same days at once: everything is written once, whoever is first.

All start on an empty target, so that the first of them race for its schema and tables too. Half of them go through the
days in order, each of the others in an order of its own.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.crash import publisher
from tests.crash.invariants import catalogue_violations, violations
from tests.crash.lakes import Lake
from tests.crash.places import Place
from tests.crash.publisher import TARGET, open_store
from tests.crash.tables import RUNS, State, differences, read_state
from tests.crash.trips import Trips, end_of, source_of, views_of

SECONDS = 900
REFUSED = ("another process", "One process at a time", "another publisher", "lock")


@dataclass(frozen=True, slots=True)
class Race:
    """What came of a race: publications, refusals that told to try again, what was wrong, seconds."""

    publications: int
    refusals: int
    wrong: tuple[str, ...]
    seconds: float


def load(place: Place, trips: Trips, day: int) -> None:
    """The source as it stands, and nothing published."""
    store = open_store(place)
    store.load(source_of(store, trips.until(day)), to=TARGET)


def publish_days(place: Place, trips: Trips, days: Sequence[int], view: str, last: int) -> tuple[int, int]:
    """Publish a view up to the end of each day; how many publications, and how many were to be tried again."""
    store, done, again = open_store(place), 0, 0
    (found,) = (each for each in views_of(source_of(store, trips.until(last))) if each.name == view)
    for day in days:
        while True:
            try:
                store.publish(found, to=TARGET, end=end_of(day))
            except publisher.fsnb.errors.PublishError as error:
                if not any(word in str(error) for word in REFUSED):
                    raise
                again += 1
                time.sleep(random.uniform(0.05, 0.5))
            else:
                done += 1
                break
    return done, again


def alone(place: Place, trips: Trips, days: int, view: str) -> State:
    """What one publisher leaves, which goes through the days in order."""
    for work, args in ((load, (trips, days)), (publish_days, (trips, range(1, days + 1), view, days))):
        ending = publisher.start(work, place, *args).end(SECONDS)
        if ending.error:
            raise AssertionError(ending.error)
    return read_state(place)


def race(place: Place, trips: Trips, days: int, publishers: int, view: str, want: State, seed: int = 0) -> Race:
    """Let publishers race on an empty place, and compare with what one alone leaves."""
    draw, began = random.Random(seed), time.monotonic()
    publisher.start(load, place, trips, days).end(SECONDS)
    orders = [list(range(1, days + 1)) for _ in range(publishers)]
    for order in orders[publishers // 2 :]:
        draw.shuffle(order)
    running = [publisher.start(publish_days, _each_its_own(place), trips, order, view, days) for order in orders]
    endings = [each.end(SECONDS) for each in running]
    wrong = [each.error for each in endings if each.error]
    answers = [each.answer for each in endings if each.answer]
    wrong += violations(place) + catalogue_violations(place) + differences(want, read_state(place), (view,))
    done, again = (sum(each[part] for each in answers) for part in (0, 1))
    return Race(done, again, tuple(wrong + _told_twice(place, view)), time.monotonic() - began)


def _each_its_own(place: Place) -> Place:
    """In one Java for all, the next publisher would stop the Spark of the one before."""
    return replace(place, java=None) if isinstance(place, Lake) else place


def _told_twice(place: Place, view: str) -> list[str]:
    """Days whose rows more than one run has appended: a source that does not change gives each row once.

    A row is of the first day by whose end it is told; a publisher that went for a later day has told it then.
    """
    with place.reader() as reader:
        rows = reader.rows(
            f"SELECT city, courier, event_time, fsnb_known_time FROM {place.schema}.{view}_history "
            "GROUP BY city, courier, event_time, fsnb_known_time HAVING count(*) > 1"
        )
        told, runs = (
            reader.rows(query)[0][0]
            for query in (
                f"SELECT count(*) FROM {place.schema}.{view}_history",
                f"SELECT sum(rows_appended) FROM {place.schema}.{RUNS} WHERE view_name = '{view}'",
            )
        )
    doubled = [f"{len(rows)} moments are told twice"] if rows else []
    return doubled + ([f"runs appended {runs} rows, the history has {told}"] if runs != told else [])
