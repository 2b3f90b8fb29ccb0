"""What a place holds after a publisher died or failed, and after the next one: beside the same days without kills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from tests.crash import publisher
from tests.crash.invariants import catalogue_violations, violations
from tests.crash.places import Place
from tests.crash.publisher import Publisher
from tests.crash.tables import State, differences, read_state
from tests.crash.trips import VIEWS, Trips

NewPlace = Callable[[], AbstractContextManager[Place]]
OURS = ("PublishError", "TargetError")
CLEAR = tuple(f"{kind}: {who} " for kind in OURS for who in ("feature view", "source", "target"))


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


def paced(undisturbed: Reference, new_place: NewPlace, trips: Trips) -> Reference:
    """The same days at the pace of a place where all of them would take long: that of one view's, twice."""
    with new_place() as place:
        for day in (1, 2):
            ending = publisher.start(publisher.load_and_publish, place, trips, day, VIEWS[:1]).end()
            if ending.error:
                raise AssertionError(ending.error)
    parts = (1 + len(VIEWS)) / 2
    return replace(undisturbed, seconds=ending.seconds * parts, statements=int(ending.count("statement") * parts))


@dataclass(frozen=True, slots=True)
class Day:
    """One day's work on a place: what is published there, and what that leaves when nobody is killed."""

    place: Place
    trips: Trips
    number: int
    undisturbed: Reference
    views: Sequence[str] = VIEWS

    @property
    def parts(self) -> int:
        """The source and each view: what is written in turn, each as a whole."""
        return 1 + len(self.views)

    @property
    def share(self) -> float:
        """Of the work of all views."""
        return self.parts / (1 + len(VIEWS))

    def start(self, **options: object) -> Publisher:
        """A publisher of this day."""
        return publisher.start(publisher.load_and_publish, self.place, self.trips, self.number, self.views, **options)

    def done(self) -> tuple[int, list[str]]:
        """How many parts are there, and what is wrong, after a publisher has died or failed."""
        self.place.settle()
        before, after = self.undisturbed.states[self.number - 1 : self.number + 1]
        states = (read_state(self.place), before, after)
        parts = list(zip(*(state.parts(self.views) for state in states), strict=True))
        wrong = violations(self.place)
        for done in range(len(parts), -1, -1):
            if all(part == (new if number < done else old) for number, (part, old, new) in enumerate(parts)):
                return done, wrong
        named = zip(("source", *self.views), parts, strict=True)
        mixed = ", ".join(name for name, (part, old, new) in named if part not in (old, new))
        return 0, [f"neither as before nor as after: {mixed or 'the order of views'}", *wrong]

    def retry(self) -> list[str]:
        """Publish with nothing in the way; what is wrong then, or other than without kills."""
        ending = self.start().end()
        if ending.error:
            return [ending.error]
        found = [*violations(self.place), *catalogue_violations(self.place)]
        apart = differences(self.undisturbed.states[self.number], read_state(self.place), self.views)
        return found + [f"not as without kills: {each}" for each in apart]


def unclear(error: str) -> list[str]:
    """An error must be one of ours, and say whose it is."""
    return [] if error.startswith(CLEAR) else [f"unclear: {error or 'no error'}"]
