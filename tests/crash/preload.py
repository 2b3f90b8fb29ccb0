"""Imported once by the server that publishers are forked from, which publishes a little itself, and then no more.

What Python and Ibis make at first use costs four times a small publication: publishers find it made. Nothing that fsnb
does depends on it, and no thread that a publisher would need is started here: DuckDB's end with its connection, Arrow
starts its own anew after a fork. `deltalake` refuses to work in a fork of a process where it has: it is imported only.
"""

import gc
import tempfile
from pathlib import Path

import deltalake
import ibis.backends.polars
import ibis.backends.postgres
import ibis.backends.sql.compilers.postgres
import psycopg
import sqlglot.dialects.postgres

from tests.crash.places import DuckDBFile
from tests.crash.publisher import load_and_publish
from tests.crash.trips import Trips

__all__ = ["deltalake", "ibis", "psycopg", "sqlglot"]


def _publish_a_little() -> None:
    """First all views, then one of them again."""
    with tempfile.TemporaryDirectory(prefix="fsnb-crash-") as folder:
        place = DuckDBFile.new(Path(folder))
        load_and_publish(place, Trips(rows=5), 1)
        load_and_publish(place, Trips(rows=5), 2, ["fares"])
    gc.collect()


_publish_a_little()
