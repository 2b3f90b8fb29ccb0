"""What the two engines over a lake do differently: show files as a table, keep a result, write one to files.

Names are of this connection alone (temporary views), so a lake leaves nothing in an engine's own catalog.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import ibis
import pyarrow as pa

from fsnb.errors import NotSupported
from fsnb.model.csv_text import csv_query
from fsnb.model.data import CSV
from fsnb.pit.engines import send
from fsnb.publish import sql

FILE_SIZE = "512MB"


class Engine(Protocol):
    """An engine over the files of a lake."""

    con: Any
    schema: str
    books: Any

    def show(self, name: str, schema: pa.Schema, files: Sequence[str], dataset: Any = None) -> None:
        """Files of these columns as a table, beside the rows of an Arrow dataset."""

    def show_path(self, name: str, path: str) -> None:
        """Files that others have written (a path, a pattern, a folder) as a table."""

    def finds(self, name: str) -> bool:
        """Whether the engine itself knows a table of this name."""

    def show_query(self, name: str, query: str) -> None:
        """A query under a name."""

    def show_books(self, names: Iterable[str]) -> None:
        """The ledger's tables, as they are now."""

    def keep(self, name: str, query: str) -> int:
        """A query's rows, computed once, under a name; how many."""

    def write(self, query: str, folder: Path) -> None:
        """A query's rows into parquet files of a folder."""

    def forget(self, names: Collection[str]) -> None:
        """Take away what was shown, and what was kept."""

    def disconnect(self) -> None:
        """End the connection, where it is not someone's own."""


class OnDuckDB:
    """DuckDB, in this process."""

    schema = "main"

    def __init__(self, con: Any) -> None:
        self.con = self.books = con

    def show(self, name: str, schema: pa.Schema, files: Sequence[str], dataset: Any = None) -> None:
        base = f"{name} of the log"
        if dataset is not None or not files:
            self.con.con.register(base, schema.empty_table() if dataset is None else dataset)
        parts = [f"SELECT * FROM {sql.quoted(self.con, base)}"] if dataset is not None or not files else []
        listed = ", ".join(sql.literal(self.con, each) for each in files)
        parts += [f"SELECT * FROM read_parquet([{listed}])"] if files else []
        self.show_query(name, " UNION ALL BY NAME ".join(parts))

    def show_path(self, name: str, path: str) -> None:
        found = str(Path(path) / "**/*.parquet") if Path(path).is_dir() else path
        if path.lower().endswith(CSV):
            self.show_query(name, csv_query(self.con, found))
        else:
            self.show_query(name, f"SELECT * FROM read_parquet({sql.literal(self.con, found)})")

    def finds(self, name: str) -> bool:
        return False

    def show_query(self, name: str, query: str) -> None:
        sql.run(self.con, f"CREATE OR REPLACE TEMPORARY VIEW {sql.quoted(self.con, name)} AS {query}")

    def show_books(self, names: Iterable[str]) -> None:
        """They are on this very connection."""

    def keep(self, name: str, query: str) -> int:
        named = sql.quoted(self.con, name)
        sql.run(self.con, f"CREATE OR REPLACE TEMPORARY TABLE {named} AS {query}")
        sql.run(self.con, f"ANALYZE {named}")
        return int(sql.rows(self.con, f"SELECT count(*) FROM {named}")[0][0])

    def write(self, query: str, folder: Path) -> None:
        folder.mkdir(parents=True)
        options = f"FORMAT parquet, COMPRESSION zstd, FILE_SIZE_BYTES '{FILE_SIZE}', OVERWRITE_OR_IGNORE"
        sql.run(self.con, f"COPY ({query}) TO {sql.literal(self.con, str(folder))} ({options})")

    def forget(self, names: Collection[str]) -> None:
        for name in names:
            sql.run(self.con, f"DROP VIEW IF EXISTS {sql.quoted(self.con, name)}")
            self.con.con.unregister(f"{name} of the log")

    def disconnect(self) -> None:
        self.con.disconnect()


class OnSpark:
    """Spark, in a session that may be someone's own: it is left running, without the views that were shown."""

    schema = ""  # temporary views have none

    def __init__(self, con: Any) -> None:
        self.con, self.books = con, ibis.duckdb.connect()
        self._kept, self._booked = dict[str, Any](), set[str]()

    def show(self, name: str, schema: pa.Schema, files: Sequence[str], dataset: Any = None) -> None:
        from ibis.backends.pyspark.datatypes import PySparkSchema

        if not files:
            send(self.con, name, schema.empty_table())
            return
        columns = PySparkSchema.from_ibis(ibis.Schema.from_pyarrow(schema))
        rows = self.con._session.read.schema(columns).parquet(*(f"file://{each}" for each in files))
        rows.createOrReplaceTempView(sql.quoted(self.con, name))

    def show_path(self, name: str, path: str) -> None:
        if path.lower().endswith(CSV):
            raise NotSupported(
                f"{path}: Spark reads CSV in a way of its own, not in fsnb's. Load it: store.load(source)."
            )
        form = "delta" if (Path(path) / "_delta_log").is_dir() else "parquet"
        rows = self.con._session.read.format(form).load(f"file://{path}")
        rows.createOrReplaceTempView(sql.quoted(self.con, name))

    def finds(self, name: str) -> bool:
        return bool(re.fullmatch(r"[\w.]+", name)) and self.con._session.catalog.tableExists(name)

    def show_query(self, name: str, query: str) -> None:
        self.con.raw_sql(query).createOrReplaceTempView(sql.quoted(self.con, name))

    def show_books(self, names: Iterable[str]) -> None:
        for name in names:
            send(self.con, name, self.books.table(name).to_pyarrow())
            self._booked.add(name)

    def keep(self, name: str, query: str) -> int:
        rows = self.con.raw_sql(query).persist()
        count = rows.count()
        rows.createOrReplaceTempView(sql.quoted(self.con, name))
        self._drop(name)
        self._kept[name] = rows
        return int(count)

    def _drop(self, name: str) -> None:
        if name in self._kept:
            self._kept.pop(name).unpersist()

    def write(self, query: str, folder: Path) -> None:
        self.con.raw_sql(query).write.parquet(f"file://{folder}")

    def forget(self, names: Collection[str]) -> None:
        with unless_lost():
            for name in {*names, *self._kept}:
                self.con._session.catalog.dropTempView(name)
                self._drop(name)

    def disconnect(self) -> None:
        self.forget(self._booked)
        self.books.disconnect()


@contextmanager
def unless_lost() -> Iterator[None]:
    """Take something away, which is gone already where the connection is lost."""
    try:
        yield
    except sql.engine_errors() as error:
        if not sql.is_lost(error):
            raise
