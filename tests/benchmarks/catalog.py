"""How long a search of the catalog takes: `python -m tests.benchmarks.catalog [--views 2000] [--url postgresql://...]`.

Real feature views are put, since their definitions are what a body weighs, a tenth of them with an earlier version.
*Cold* is the first search after opening the catalog, *warm* are later ones. Prints milliseconds.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import ibis

from fsnb import Entity, FeatureView, Source
from fsnb.catalog import Catalog
from fsnb.identity import fingerprint

SUBJECTS = [
    "plane",
    "airport",
    "carrier",
    "route",
    "crew",
    "gate",
    "runway",
    "weather",
    "cargo",
    "ticket",
    "customer",
    "order",
    "basket",
    "shop",
    "card",
]
WHATS = [
    "delays",
    "load",
    "turnaround",
    "distance",
    "speed",
    "revenue",
    "refunds",
    "visits",
    "clicks",
    "spend",
    "wind",
    "rain",
    "fuel",
    "seats",
    "noise",
]
TEAMS = ("ops", "data platform", "risk", "growth", "network")
QUERIES = {
    "a word": "delays",
    "two words": "plane fuel",
    "a typo": "turnarund",
    "a typo in each of two": "custmer refnds",
    "filters": "owner:risk tag:daily kind:view mean",
    "nothing there": "zzzzzzzz",
    "all": "",
}


def view(number: int, draw: random.Random) -> FeatureView:
    """A view of 4 to 20 features with a name, an owner, tags and a sentence."""
    subject, what = draw.choice(SUBJECTS), draw.choice(WHATS)
    columns = {f"{what}_{n}": "float64" for n in range(draw.randint(1, 5))}
    keys = {"tail": "string", "at": "timestamp"}
    source = Source(f"{subject}_events", None, event_time="at", schema=ibis.schema(keys | columns))
    return FeatureView(
        f"{subject}_{what}_{number}",
        entity=Entity(subject, "tail"),
        source=source,
        features=lambda t: {"n": t.count()} | {f"mean_{name}": t[name].mean() for name in columns},
        windows=["1d", "7d", "30d"][: draw.randint(2, 3)],
        description=f"How {what} of this {subject} has been going lately; version of the {draw.choice(TEAMS)} team.",
        owner=draw.choice(TEAMS),
        tags=[what, draw.choice(["daily", "hourly", "live"])],
    )


def fill(catalog: Catalog, views: int) -> None:
    """Put so many views, every tenth of them twice."""
    draw = random.Random(0)
    for number in range(views):
        made = view(number, draw)
        body = made.to_doc()
        if number % 10 == 0:
            catalog.put("view", made.name, body | {"owner": ""}, fingerprint="earlier")
        catalog.put("view", made.name, body, fingerprint=fingerprint(body))


def took(call: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of the clock, and of this process's processor time, which other work on the machine adds less to."""
    wall, busy = time.perf_counter(), time.process_time()
    call()
    return (time.perf_counter() - wall) * 1000, (time.process_time() - busy) * 1000


def shown(times: list[tuple[float, float]]) -> str:
    walls, busy = zip(*times, strict=True)
    return f"{statistics.median(walls):>9.1f}{max(walls):>9.1f}{statistics.median(busy):>9.1f}"


def measure(where: str, views: int, rounds: int) -> None:
    """Fill the catalog if it is empty, then print a line for each query: medians, the worst, processor time."""
    if not Catalog(where).list("view"):
        print(f"put {views} views in {took(lambda: fill(Catalog(where), views))[0] / 1000:.1f} s")
    print(f"{'ms':<24}{'found':>6}{'cold':>9}{'worst':>9}{'CPU':>9}{'warm':>9}{'worst':>9}{'CPU':>9}")
    for what, query in QUERIES.items():
        cold = [took(lambda query=query: Catalog(where).search(query)) for _ in range(rounds)]
        catalog = Catalog(where)
        found = len(catalog.search(query, limit=None))
        warm = [took(partial(catalog.search, query)) for _ in range(rounds * 3)]
        print(f"{what:<24}{found:>6}{shown(cold)}{shown(warm)}")
    name = Catalog(where).list("view")[0].body["sources"][0]
    print(f"{'lineage of a source':<30}{shown([took(lambda: Catalog(where).lineage(name)) for _ in range(rounds)])}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--url", help="a catalog to fill and search, instead of a new SQLite file")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(asked.url or str(Path(folder) / "catalog.sqlite"), asked.views, asked.rounds)


if __name__ == "__main__":
    main()
