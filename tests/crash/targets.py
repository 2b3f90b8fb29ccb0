"""Empty targets, as many as one asks for, each with an onlooker where several can read."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.invariants import Looks
from tests.crash.java import Java
from tests.crash.judging import NewPlace
from tests.crash.lakes import Lake
from tests.crash.onlooker import LakeOnlooker, Onlooker
from tests.crash.places import DuckDBFile, Place, PostgresDatabase
from tests.crash.trips import VIEWS
from tests.support.postgres import PostgresServer

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of target: `new()` is an empty place without onlookers, `watched()` one with, whose looks are kept."""

    new: NewPlace
    watched: NewPlace
    looks: list[Looks] = field(default_factory=list)


@contextlib.contextmanager
def duckdb_files() -> Iterator[Target]:
    """DuckDB files, each in a folder of its own."""

    @contextlib.contextmanager
    def new() -> Iterator[Place]:
        with tempfile.TemporaryDirectory(prefix="fsnb-crash-") as folder:
            yield DuckDBFile.new(Path(folder))

    yield Target(new, new)


@contextlib.contextmanager
def postgres_databases() -> Iterator[Target]:
    """Databases of one server, which keeps what it has committed."""
    looks: list[Looks] = []
    with PostgresServer(DURABLE) as server:

        @contextlib.contextmanager
        def new() -> Iterator[Place]:
            with tempfile.TemporaryDirectory(prefix="fsnb-crash-") as folder, server.fresh_database() as url:
                yield PostgresDatabase(Path(folder), url)

        yield Target(new, _watched(new, lambda place: Onlooker(place, VIEWS, pause=0.1), looks), looks)


def lakes(scheme: str) -> Callable[[], contextlib.AbstractContextManager[Target]]:
    """Folders of tables."""

    @contextlib.contextmanager
    def open_() -> Iterator[Target]:
        looks: list[Looks] = []
        with tempfile.TemporaryDirectory(prefix="fsnb-crash-", ignore_cleanup_errors=True) as of_java:
            java = Java(Path(of_java)) if scheme == "spark" else None

            @contextlib.contextmanager
            def new() -> Iterator[Place]:
                with tempfile.TemporaryDirectory(prefix="fsnb-crash-", ignore_cleanup_errors=True) as folder:
                    yield Lake(Path(folder), scheme, java=java)

            yield Target(new, _watched(new, lambda place: LakeOnlooker(place, VIEWS, pause=0.5), looks), looks)
            if java:
                java.kill()

    return open_


def _watched(new: NewPlace, onlooker: Callable[[Any], Any], looks: list[Looks]) -> NewPlace:
    """The same places, each with an onlooker, whose looks are kept."""

    @contextlib.contextmanager
    def watched() -> Iterator[Place]:
        with new() as place, onlooker(place) as looking:
            looks.append(looking.looks)
            yield place

    return watched


TARGETS: dict[str, Callable[[], contextlib.AbstractContextManager[Target]]] = {
    "duckdb": duckdb_files,
    "postgres": postgres_databases,
    "delta": lakes("delta"),
    "spark": lakes("spark"),
}
