"""The source as it stands after each day, and the views that are published of it.

Each day brings new trips, trips of earlier days that become known only now, a correction of a fare in place, and now
and then a trip that is withdrawn. Fares are quarters, so that sums are exact in any order and states can be compared
with `==`. Everything follows from the seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from ibis import _

import fsnb

START = datetime(2024, 2, 27)  # a leap day is among the first
DAY = timedelta(days=1)
KEYS = (("1", "11"), ("11", "1"), ("København", "1"), ("1", "é"), ("Ω", "x'y"))
COURIER = fsnb.Entity("courier", ["city", "courier"])
SOURCE = "trips"
SCHEMA = pa.schema(
    {
        "city": pa.string(),
        "courier": pa.string(),
        "started": pa.timestamp("us"),
        "known": pa.timestamp("us"),
        "number": pa.int64(),
        "fare": pa.float64(),
        "rating": pa.int64(),
    }
)


@dataclass(frozen=True, slots=True)
class Trips:
    """Days of trips; `rows` new ones a day."""

    rows: int = 30
    seed: int = 0

    def until(self, day: int) -> pa.Table:
        """The source as it stands at the end of a day; days count from 1, before that it is empty."""
        draw, found = random.Random(self.seed), {}
        for number in range(1, day + 1):
            found |= {row["number"]: row for row in self._new(draw, number)}
            old = draw.choice(list(found))
            found[old] = found[old] | {"fare": found[old]["fare"] + 100}
            if number % 3 == 0:
                del found[draw.choice(list(found))]
        return pa.Table.from_pylist(list(found.values()), schema=SCHEMA)

    def _new(self, draw: random.Random, day: int) -> list[dict[str, Any]]:
        return [self._trip(draw, day, (day - 1) * self.rows + place) for place in range(self.rows)]

    def _trip(self, draw: random.Random, day: int, number: int) -> dict[str, Any]:
        city, courier = draw.choice(KEYS)
        known = START + (day - 1) * DAY + timedelta(microseconds=draw.randrange(86_400_000_000))
        late = timedelta(hours=draw.randrange(60)) if draw.random() < 0.15 else timedelta(minutes=draw.randrange(20))
        fare, rating = draw.randrange(400) / 4, draw.choice((None, 1, 2, 3, 4, 5))
        values = (city, courier, known - late, known, number, fare, rating)
        return dict(zip(SCHEMA.names, values, strict=True))


def end_of(day: int) -> datetime:
    """Up to when a day's publication tells."""
    return START + day * DAY


def source_of(store: fsnb.FeatureStore, table: pa.Table) -> fsnb.Source:
    return store.source(SOURCE, table, event_time="started", available="known", tie_break="number")


def views_of(source: fsnb.Source, more: int = 0) -> tuple[fsnb.FeatureView, ...]:
    """One view of each kind that is published in another way: source rows, ticks of windows, ticks of skipped NULLs.

    `more` features on top make another definition, which takes nothing away from readers.
    """
    added = {f"more_{number}": number * _.fare for number in range(1, more + 1)}
    latest = {"fare": _.fare, "rating": _.rating} | added
    sums = {"trips": _.count(), "fares": _.fare.sum(), "best": _.rating.max()}
    sums |= {name: value.max() for name, value in added.items()}
    common = {"entity": COURIER, "source": source}
    return (
        fsnb.FeatureView("latest_trip", features=latest, lag="15m", **common),
        fsnb.FeatureView("fares", features=sums, windows=["6h", "2d"], refresh="1h", lag="15m", **common),
        fsnb.FeatureView("last_rating", features=latest, skip_nulls=True, ttl="3d", refresh="1h", **common),
    )


VIEWS = ("latest_trip", "fares", "last_rating")
