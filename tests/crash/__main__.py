"""`make crash`: kill publishers and servers, let publishers race, read all the while; show what was found.

    python -m tests.crash [kills] [races] [readers] [--target duckdb|postgres|delta|spark|all] [--kills N]
                          [--server-kills N] [--publishers 8] [--steps 20] [--publications 50] [--reads 10000]
                          [--seed N] [--days N]

kills: SIGKILL of the publisher at any time, at a statement of its transaction (before, during, after), around COMMIT,
or while it closes; on PostgreSQL also of its backend, in turns by pg_terminate_backend and by SIGKILL, after which the
server recovers from its log, and on Spark of its Java. Unless told otherwise 200 kills on PostgreSQL and on a DuckDB
file, 50 on Delta and on Spark, 20 of a backend, 10 of a Java. Ctrl-C or SIGTERM ends them and shows what was found so
far. races: publishers at once on the same steps. readers: reads during publications. The exit code is 1 on any
violation. The same seed draws the same days and kills; where those by the clock strike is the clock's.
"""

from __future__ import annotations

import argparse
import contextlib
import platform
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import date

import duckdb
import psycopg

import fsnb
from tests.crash import races, readers, report
from tests.crash.judging import Reference, paced, reference
from tests.crash.kills import Found, campaign
from tests.crash.places import DuckDBFile
from tests.crash.targets import TARGETS, Target
from tests.crash.trips import Trips

RACED = "fares"
KILLS = {"duckdb": (200, 0), "postgres": (200, 20), "delta": (50, 0), "spark": (50, 10)}  # of publishers, of servers
Work = Callable[[str, Target, argparse.Namespace], tuple[str, int]]


def main() -> int:
    """Run, print, and say by the exit code whether all was well."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell has its background jobs ignore
    sys.stdout.write(_machine(arguments.seed) + "\n")
    violations = 0
    for name in TARGETS if arguments.target == "all" else [arguments.target]:
        with TARGETS[name]() as target:
            for work in arguments.works or WORKS:
                text, wrong = WORKS[work](name, target, arguments)
                sys.stdout.write(text + "\n")
                sys.stdout.flush()
                violations += wrong
    return 1 if violations else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("works", nargs="*", metavar="WORK", help=", ".join(WORKS))
    parser.add_argument("--target", choices=[*TARGETS, "all"], default="all")
    numbers = {"kills": None, "server-kills": None, "publishers": 8, "steps": 20, "publications": 50, "reads": 10_000}
    for name, number in (numbers | {"days": 3, "seed": int(time.time())}).items():
        parser.add_argument(f"--{name}", type=int, default=number)
    found = parser.parse_args()
    for name in found.works:
        if name not in WORKS:
            parser.error(f"no work {name!r}. There are {', '.join(WORKS)}.")
    return found


def _machine(seed: int) -> str:
    versions = f"fsnb {fsnb.__version__}, DuckDB {duckdb.__version__}, psycopg {psycopg.__version__}"
    return f"{date.today()}; {versions}; Python {platform.python_version()}; seed {seed}\n"


def _tell(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def _kills(name: str, target: Target, arguments: argparse.Namespace) -> tuple[str, int]:
    trips, began = Trips(seed=arguments.seed), time.monotonic()
    undisturbed = _reference(name, target, trips, arguments.days)
    asked = (arguments.kills, arguments.server_kills)
    kills, server_kills = (
        usual if number is None else number for usual, number in zip(KILLS[name], asked, strict=True)
    )
    left = (kills, server_kills if KILLS[name][1] else 0, arguments.seed)
    found = list[Found]()
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C shows what was found so far
        for each in campaign(target.watched, trips, undisturbed, *left, _tell):
            found.append(each)
    seen = [text for looks in target.looks for text in looks.wrong]
    reads = sum(looks.count for looks in target.looks)
    shown = report.table(name, found, reads, seen, time.monotonic() - began)
    return shown, sum(len(each.wrong) for each in found) + len(seen)


def _quick(name: str, target: Target) -> AbstractContextManager[Target]:
    """Where to see what publishers leave that nothing disturbs; for Spark, which is slow, in DuckDB files: the same."""
    return TARGETS["duckdb"]() if name == "spark" else nullcontext(target)


def _reference(name: str, target: Target, trips: Trips, days: int) -> Reference:
    if name != "spark":
        return reference(target.watched, trips, days)
    with _quick(name, target) as quick:
        return paced(reference(quick.new, trips, days), target.new, trips)


def _races(name: str, target: Target, arguments: argparse.Namespace) -> tuple[str, int]:
    trips = Trips(rows=15, seed=arguments.seed)
    with _quick(name, target) as quick, quick.new() as place:
        want = races.alone(place, trips, arguments.steps, RACED)
    with target.new() as place:
        found = races.race(place, trips, arguments.steps, arguments.publishers, RACED, want, arguments.seed)
    return report.race(name, arguments.publishers, arguments.steps, found), len(found.wrong)


def _readers(name: str, target: Target, arguments: argparse.Namespace) -> tuple[str, int]:
    trips, times = Trips(rows=15, seed=arguments.seed), arguments.publications
    with target.new() as place:
        if isinstance(place, DuckDBFile):
            found = readers.read_duckdb(place, trips, times, readers.NEW_VERSION_EVERY)
        else:
            found = readers.read_always(place, trips, times, arguments.reads, readers.NEW_VERSION_EVERY)
    return report.reading(name, found), len(found.wrong)


WORKS: dict[str, Work] = {"kills": _kills, "races": _races, "readers": _readers}


if __name__ == "__main__":
    sys.exit(main())
