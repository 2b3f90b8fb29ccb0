"""Kill publishers and backends, look at what is left, try again, and compare with the same days without kills.

A round is a new place and some days. On each day publishers are killed, once or several times, and then one is left
alone. After each kill the place must hold, of the source and each view in turn, either what it held the day before or
what it will hold at the end of this one, in the order in which they are written. After each retry it must hold what the
place without kills holds.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.crash import publisher
from tests.crash.fuses import MOMENTS, Fuse
from tests.crash.invariants import catalogue_violations, violations
from tests.crash.places import Place, PostgresDatabase
from tests.crash.publisher import Ending, Publisher
from tests.crash.tables import State, differences, read_state
from tests.crash.trips import VIEWS, Trips

NewPlace = Callable[[], AbstractContextManager[Place]]
Tell = Callable[[str], None]
WAYS = {"clock": 25, "statement": 30, "commit": 35, "close": 10}  # in percent of the publishers that are killed
ALL_VIEWS = 0.15  # of the rounds publish all views in turn, the others one
SECONDS_OF_A_STATEMENT = 0.02
OURS = ("PublishError", "TargetError")
CLEAR = tuple(f"{kind}: {who} " for kind in OURS for who in ("feature view", "source", "target"))


@dataclass(frozen=True, slots=True)
class Found:
    """One kill: where it struck, whether it did, what of the day's work was there afterwards, what was wrong."""

    where: str
    struck: bool
    done: int
    of: int
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The days without kills: what is there after each (from day 0), how long a day takes and how many statements."""

    states: tuple[State, ...]
    seconds: float
    statements: int


def reference(new_place: NewPlace, trips: Trips, days: int) -> Reference:
    """Publish all days with nobody killed."""
    with new_place() as place:
        states, endings = [read_state(place)], []
        for day in range(1, days + 1):
            endings.append(publisher.start(publisher.load_and_publish, place, trips, day).end())
            wrong = [endings[-1].error] if endings[-1].error else violations(place)
            if wrong:
                raise AssertionError(f"day {day} without kills: {'; '.join(wrong)}")
            states.append(read_state(place))
    last = endings[-1]
    return Reference(tuple(states), last.seconds, last.count("statement"))


def campaign(
    new_place: NewPlace, trips: Trips, undisturbed: Reference, kills: int, server_kills: int, seed: int, tell: Tell
) -> Iterator[Found]:
    """That many kills that struck, in as many rounds as it takes. `tell` hears of each."""
    draw = random.Random(seed)
    left = ["publisher"] * kills + ["terminate", "kill"] * (server_kills // 2) + ["kill"] * (server_kills % 2)
    draw.shuffle(left)
    while left:
        with new_place() as place:
            for found in _round(place, trips, undisturbed, left, draw):
                tell(f"{found.where}: {found.done} of {found.of} done; {'; '.join(found.wrong) or 'all well'}")
                yield found


def _round(place: Place, trips: Trips, undisturbed: Reference, left: list[str], draw: random.Random) -> Iterator[Found]:
    """Days on one place, each with kills and a retry, as long as kills are left."""
    views = VIEWS if draw.random() < ALL_VIEWS else (draw.choice(VIEWS),)
    for day in range(1, len(undisturbed.states)):
        for _ in range(draw.randint(1, 4)):
            if left:
                yield _attempt(place, trips, day, views, undisturbed, left, draw)
        ending = publisher.start(publisher.load_and_publish, place, trips, day, views).end()
        wrong = [ending.error] if ending.error else not_converged(place, undisturbed.states[day], views)
        if wrong:
            yield Found("retry", True, 0, len(views) + 1, tuple(wrong))
        if wrong or not left:
            return


def not_converged(place: Place, want: State, views: Sequence[str]) -> list[str]:
    """What a place lacks or has too much after a retry."""
    return [
        *violations(place),
        *catalogue_violations(place),
        *(f"not as without kills: {each}" for each in differences(want, read_state(place), views)),
    ]


def _attempt(
    place: Place,
    trips: Trips,
    day: int,
    views: Sequence[str],
    undisturbed: Reference,
    left: list[str],
    draw: random.Random,
) -> Found:
    """Start a publisher, kill it or its backend, and look. A kill that came too late is still to be done."""
    kind, seconds = left[-1], undisturbed.seconds * (1 + len(views)) / (1 + len(VIEWS))
    if kind == "publisher":
        where, ending = _kill_publisher(place, trips, day, views, undisturbed, seconds, draw)
        struck, unclear = ending.killed, [ending.error] if ending.error else []
    else:
        where, ending = _kill_backend(place, trips, day, views, kind, seconds, draw)
        struck, unclear = bool(ending.error), _unclear(ending)
    if struck:
        left.pop()
    place.settle()
    done, mixed = _done(place, undisturbed, day, views)
    return Found(where, struck, done, len(views) + 1, (*unclear, *mixed, *violations(place)))


def _kill_publisher(
    place: Place,
    trips: Trips,
    day: int,
    views: Sequence[str],
    undisturbed: Reference,
    seconds: float,
    draw: random.Random,
) -> tuple[str, Ending]:
    (way,) = draw.choices(list(WAYS), list(WAYS.values()))
    if way == "clock":
        running = publisher.start(publisher.load_and_publish, place, trips, day, views)
        _wait(running, draw.uniform(0, seconds))
        running.kill()
        return "any time", running.end()
    share = len(views) / len(VIEWS)
    calls = max(1, int(undisturbed.statements * share)) if way == "statement" else 1 + len(views)
    fuse = Fuse(way, draw.randint(1, calls), draw.choice(MOMENTS), draw.uniform(0, SECONDS_OF_A_STATEMENT))
    ending = publisher.start(publisher.load_and_publish, place, trips, day, views, fuse=fuse).end()
    return f"{fuse.moment} {fuse.kind}", ending


def _kill_backend(
    place: Place, trips: Trips, day: int, views: Sequence[str], kind: str, seconds: float, draw: random.Random
) -> tuple[str, Ending]:
    assert isinstance(place, PostgresDatabase), "only a server has backends"
    running = publisher.start(publisher.load_and_publish, place, trips, day, views)
    strike = place.terminate if kind == "terminate" else place.kill
    wait_for_backend(place, running, draw.uniform(0, seconds), strike)
    return "backend " + ("terminated" if kind == "terminate" else "killed"), running.end()


def wait_for_backend(
    place: PostgresDatabase, running: Publisher, seconds: float, strike: Callable[[int], None]
) -> None:
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


def _unclear(ending: Ending) -> list[str]:
    """An error must say whose it is and what happened, and be one of ours."""
    if not ending.error or ending.error.startswith(CLEAR):
        return []
    return [f"unclear error: {ending.error}"]


def mixed_with(place: Place, day: int, undisturbed: Reference, views: Sequence[str]) -> list[str]:
    """What is wrong with a place where a publisher of a day has died or failed."""
    return [*_done(place, undisturbed, day, views)[1], *violations(place)]


def _done(place: Place, undisturbed: Reference, day: int, views: Sequence[str]) -> tuple[int, list[str]]:
    """How many of the day's parts are there, and which one is neither as before nor as after."""
    before, after = undisturbed.states[day - 1 : day + 1]
    parts = list(zip(*(state.parts(views) for state in (read_state(place), before, after)), strict=True))
    for done in range(len(parts), -1, -1):
        if all(part == (new if number < done else old) for number, (part, old, new) in enumerate(parts)):
            return done, []
    named = zip(("source", *views), parts, strict=True)
    wrong = [name for name, (part, old, new) in named if part not in (old, new)]
    return 0, [f"neither as before nor as after: {', '.join(wrong) or 'the order of views'}"]
