"""What is published, read with the driver alone, and as values that two runs of the same days can be compared by.

Two runs differ in run ids and in the times at which a correction became known. So a history row stands here with the
place of its available time among the rows of the same moment, and with whether that is the time the rules say.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.crash.places import RAW, Place, Reader
from tests.crash.trips import SOURCE

RUNS, LEDGER = "fsnb_runs", "fsnb_intervals"
CLOCKS = ("event_time", "available_time", "fsnb_known_time")
MOMENT = ("city", "courier", "event_time", "fsnb_known_time")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """All that a place holds, but for what may differ: history and current rows of each view, and the source's rows."""

    source: Counter[tuple[Any, ...]]
    histories: dict[str, Counter[tuple[Any, ...]]]
    currents: dict[str, Counter[tuple[Any, ...]]]

    def parts(self, views: Sequence[str]) -> Iterator[Any]:
        """The source, then each view, in the order in which a publisher writes them."""
        yield self.source
        for view in views:
            yield self.histories.get(view), self.currents.get(view)


def relations(found: Reader, schema: str) -> set[str]:
    """Names of the tables and views in a schema."""
    query = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{schema}'"
    return {name for (name,) in found.rows(query)}


def versions(found: Reader, place: Place) -> dict[str, int]:
    """The last version of each view that a run speaks of."""
    if RUNS not in relations(found, place.schema):
        return {}
    return dict(found.rows(f"SELECT view_name, max(version) FROM {place.schema}.{RUNS} GROUP BY view_name"))


def read_state(place: Place) -> State:
    """What is in the last version of each published view, and in the source."""
    with place.reader() as found:
        there = f"{RAW}.{SOURCE}" if SOURCE in relations(found, RAW) else ""
        source = Counter(found.rows(f"SELECT * FROM {there}") if there else [])
        names = {view: f"{place.schema}.{view}__v{version}" for view, version in versions(found, place).items()}
        histories = {view: found.records(f"SELECT * FROM {name}_history") for view, name in names.items()}
        currents = {view: found.records(f"SELECT * FROM {name}_current") for view, name in names.items()}
    return State(
        source,
        {view: _comparable_history(rows) for view, rows in histories.items()},
        {view: Counter(_values(row) for row in rows) for view, rows in currents.items()},
    )


def _comparable_history(rows: list[Row]) -> Counter[tuple[Any, ...]]:
    moments: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        moments[tuple(row[name] for name in MOMENT)].append(row)
    found: Counter[tuple[Any, ...]] = Counter()
    for same in moments.values():
        told = sorted(row["available_time"] for row in same)
        for row in same:
            on_time = row["available_time"] == row["fsnb_known_time"]
            found[row["fsnb_known_time"], told.index(row["available_time"]), on_time, *_values(row)] += 1
    return found


def _values(row: Row) -> tuple[Any, ...]:
    """Keys, event time and features."""
    left_out = {"fsnb_run_id", "available_time", "fsnb_known_time"}
    return tuple(value for name, value in sorted(row.items()) if name not in left_out)


def differences(want: State, have: State, views: Sequence[str]) -> list[str]:
    """In words, where two states are not the same."""
    found = []
    for name, one, other in zip(("source", *views), want.parts(views), have.parts(views), strict=True):
        if one != other:
            found.append(f"{name}: {_apart(one, other)}")
    return found


def _apart(want: Any, have: Any) -> str:
    pairs = [(want, have)] if isinstance(want, Counter) else list(zip(want, have, strict=True))
    said = []
    for one, other in pairs:
        if one is None or other is None:
            said.append("only one of them has it" if (one is None) != (other is None) else "neither has it")
        else:
            said.append(f"{(one - other).total()} rows missing, {(other - one).total()} rows too many")
    return ", ".join(said)
