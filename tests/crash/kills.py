"""Kill publishers and backends, look at what is left, try again, and compare with the same days without kills.

A round is a new place and some days. On each day publishers are killed, once or several times, and then one is left
alone. After each kill the place must hold, of the source and each view in turn, either what it held the day before or
what it will hold at the end of this one, in the order in which they are written. After each retry it must hold what the
place without kills holds.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.crash.fuses import MOMENTS, Fuse
from tests.crash.java import NotStarted
from tests.crash.judging import Day, NewPlace, Reference, unclear
from tests.crash.lakes import Lake
from tests.crash.places import Place, PostgresDatabase
from tests.crash.publisher import Ending, Publisher
from tests.crash.trips import VIEWS, Trips

Tell = Callable[[str], None]
PUBLISHER, TERMINATE, KILL = "publisher", "server terminated", "server killed"
WAYS = {"clock": 25, "statement": 30, "commit": 35, "close": 10}  # in percent of the publishers that are killed
ALL_VIEWS = 0.15  # of the rounds publish all views in turn, the others one
MOST_KILLS_A_DAY = 4
SECONDS_OF_A_STATEMENT = 0.02


@dataclass(frozen=True, slots=True)
class Found:
    """One kill: where it struck, whether it did, what of the day's work was there afterwards, what was wrong."""

    where: str
    struck: bool
    done: int
    of: int
    wrong: tuple[str, ...]


def campaign(
    new_place: NewPlace, trips: Trips, undisturbed: Reference, kills: int, server_kills: int, seed: int, tell: Tell
) -> Iterator[Found]:
    """That many kills that struck, in as many rounds as it takes. `tell` hears of each."""
    draw = random.Random(seed)
    left = [PUBLISHER] * kills + [(TERMINATE, KILL)[number % 2] for number in range(server_kills)]
    draw.shuffle(left)
    while left:
        with new_place() as place:
            for found in _round(place, trips, undisturbed, left, draw):
                tell(f"{found.where}: {found.done} of {found.of} done; {'; '.join(found.wrong) or 'all well'}")
                yield found


def _round(place: Place, trips: Trips, undisturbed: Reference, left: list[str], draw: random.Random) -> Iterator[Found]:
    """Days on one place, each with kills and a retry, as long as kills are left."""
    views = VIEWS if draw.random() < ALL_VIEWS else (draw.choice(VIEWS),)
    for number in range(1, len(undisturbed.states)):
        day = Day(place, trips, number, undisturbed, views)
        for _ in range(draw.randint(1, MOST_KILLS_A_DAY)):
            if left:
                yield _attempt(day, left, draw)
        wrong = day.retry()
        if wrong:
            yield Found("retry", True, 0, day.parts, tuple(wrong))
        if wrong or not left:
            return


def _attempt(day: Day, left: list[str], draw: random.Random) -> Found:
    """Start a publisher, kill it or its backend, and look. One that came too early or too late is still to be done."""
    if left[-1] == PUBLISHER:
        where, ending = _kill_publisher(day, draw)
        struck, said = ending.killed, [ending.error] if ending.error else []
    else:
        where, ending = left[-1], _kill_server(day, left[-1], draw)
        struck = bool(ending.error) and not ending.error.startswith(NotStarted.__name__)
        said = unclear(ending.error) if struck else []
    if struck:
        left.pop()
    done, wrong = day.done()
    return Found(where, struck, done, day.parts, (*said, *wrong))


def _kill_publisher(day: Day, draw: random.Random) -> tuple[str, Ending]:
    (way,) = draw.choices(list(WAYS), list(WAYS.values()))
    if way == "clock":
        running = day.start()
        _wait(running, draw.uniform(0, day.undisturbed.seconds * day.share))
        running.kill()
        return "any time", running.end()
    calls = int(day.undisturbed.statements * day.share) if way == "statement" else day.parts
    fuse = Fuse(way, draw.randint(1, max(1, calls)), draw.choice(MOMENTS), draw.uniform(0, SECONDS_OF_A_STATEMENT))
    return f"{fuse.moment} {fuse.kind}", day.start(fuse=fuse).end()


def _kill_server(day: Day, how: str, draw: random.Random) -> Ending:
    """Of PostgreSQL a publisher's backend, of Spark its Java."""
    running, seconds = day.start(), draw.uniform(0, day.undisturbed.seconds * day.share)
    if isinstance(day.place, PostgresDatabase):
        strike_backend(day.place, running, seconds, day.place.terminate if how == TERMINATE else day.place.kill)
    elif isinstance(day.place, Lake) and day.place.java:
        _wait(running, seconds)
        day.place.java.kill()
    return running.end()


def strike_backend(place: PostgresDatabase, running: Publisher, seconds: float, strike: Callable[[int], None]) -> None:
    """After so long, strike the publisher's backend: at once, or when it has one."""
    _wait(running, seconds)
    while not running.ended:
        if backends := place.backends():
            strike(backends[0])
            return


def _wait(running: Publisher, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not running.ended:
        time.sleep(0.001)
