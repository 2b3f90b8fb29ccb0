"""`make crash`: kill publishers and servers, and show what was left. Exit code 1 on any violation.

    python -m tests.crash [--target duckdb|postgres|all] [--kills 200] [--server-kills 20] [--seed N] [--days N]

A kill is SIGKILL of the publisher: at any time, at a statement of its transaction (before, during, after), around
COMMIT, or while it closes. A server kill ends the publisher's backend, in turns by pg_terminate_backend and by SIGKILL,
after which the server recovers from its log. Onlookers read from PostgreSQL all the while.
"""

from __future__ import annotations

import argparse
import contextlib
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import psycopg

import fsnb
from tests.crash import report
from tests.crash.invariants import Looks
from tests.crash.kills import Found, NewPlace, campaign, reference
from tests.crash.onlooker import Onlooker
from tests.crash.places import DuckDBFile, Place, PostgresDatabase
from tests.crash.trips import VIEWS, Trips
from tests.support.postgres import PostgresServer

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


def main() -> int:
    """Run, print, and say by the exit code whether all was well."""
    arguments = _arguments()
    sys.stdout.write(_machine(arguments.seed) + "\n")
    wrong = 0
    for name in TARGETS if arguments.target == "all" else [arguments.target]:
        wrong += _run(name, arguments)
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--target", choices=[*TARGETS, "all"], default="all")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--server-kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--days", type=int, default=5)
    return parser.parse_args()


def _machine(seed: int) -> str:
    versions = f"fsnb {fsnb.__version__}, DuckDB {duckdb.__version__}, psycopg {psycopg.__version__}"
    return f"{date.today()}; {versions}; Python {platform.python_version()}; seed {seed}\n"


def _run(name: str, arguments: argparse.Namespace) -> int:
    """One target; the number of violations."""
    began, found, reads = time.monotonic(), list[Found](), 0
    with TARGETS[name]() as (new_place, watched):
        server_kills = arguments.server_kills if name == "postgres" else 0
        trips = Trips(seed=arguments.seed)
        undisturbed = reference(new_place, trips, arguments.days)
        seed = arguments.seed
        for each in campaign(new_place, trips, undisturbed, arguments.kills, server_kills, seed, _tell):
            found.append(each)
        reads, seen = sum(each.count for each in watched), [text for each in watched for text in each.wrong]
    sys.stdout.write(report.table(name, found, reads, seen, time.monotonic() - began) + "\n")
    return sum(len(each.wrong) for each in found) + len(seen)


def _tell(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


@contextlib.contextmanager
def _duckdb() -> Iterator[tuple[NewPlace, list[Looks]]]:
    @contextlib.contextmanager
    def new_place() -> Iterator[Place]:
        with tempfile.TemporaryDirectory(prefix="fsnb-crash-") as folder:
            yield DuckDBFile.new(Path(folder))

    yield new_place, []


@contextlib.contextmanager
def _postgres() -> Iterator[tuple[NewPlace, list[Looks]]]:
    watched: list[Looks] = []
    with PostgresServer(DURABLE) as server:

        @contextlib.contextmanager
        def new_place() -> Iterator[Place]:
            with tempfile.TemporaryDirectory(prefix="fsnb-crash-") as folder, server.fresh_database() as url:
                place = PostgresDatabase(Path(folder), url)
                with Onlooker(place, VIEWS, pause=0.1) as onlooker:
                    watched.append(onlooker.looks)
                    yield place

        yield new_place, watched


TARGETS: dict[str, Callable[[], contextlib.AbstractContextManager[tuple[NewPlace, list[Looks]]]]] = {
    "duckdb": _duckdb,
    "postgres": _postgres,
}


if __name__ == "__main__":
    sys.exit(main())
