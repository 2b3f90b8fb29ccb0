"""Lakes as places: folders of tables, looked at in a database that is filled from them.

The history of a Delta table is read by deltalake itself, as anyone would; all else by the reader that fsnb documents.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deltalake
import duckdb
import pyarrow as pa

from fsnb.publish import read_lake
from fsnb.publish.lake.delta import DeltaLog
from fsnb.publish.lake.files import RUNS
from fsnb.publish.lake.manifests import Manifests
from tests.crash.java import SPARING, Java, started
from tests.crash.places import RAW, SECONDS_TO_SETTLE, Reader
from tests.crash.trips import SOURCE

LOADED = f"{RAW}.{SOURCE}"


@dataclass(frozen=True, slots=True)
class Lake:
    """A folder of tables that the Delta target writes, or with `scheme="spark"` the Spark target.

    Publishers start a Java of their own where there is none for all.
    """

    home: Path
    scheme: str = "delta"
    schema: str = "main"
    java: Java | None = None

    @property
    def path(self) -> Path:
        return self.home / "lake"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.path}"

    def prepare(self) -> None:
        """Start Spark, in the publisher's own process; its files go to the place, by which its Java is known.

        Raises
        ------
        NotStarted
        """
        if self.scheme == "spark":
            from fsnb.demo.spark import local_session

            with started():
                if self.java:
                    self.java.use()
                local_session("fsnb tests", self.home / "spark", SPARING)

    @contextlib.contextmanager
    def reader(self) -> Iterator[Reader]:
        """A copy of all that is there, for when nobody writes: each table is read as it is at that moment."""
        with duckdb.connect() as connection:
            self._fill(connection)
            yield Reader(connection)

    @contextlib.contextmanager
    def resolved(self, view: str) -> Iterator[Reader]:
        """A view as it is now, whoever writes meanwhile: its logs are resolved once, and nothing is copied."""
        con = read_lake(self.path, view)
        try:
            yield Reader(con.con)
        finally:
            con.disconnect()

    def _fill(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(f"CREATE SCHEMA {RAW}")
        con = read_lake(self.path)
        for name in con.fsnb_lake.relations() - {LOADED}:
            _copy(connection, f'"{name}"', self._rows(con, name))
        if shown := con.fsnb_lake.locate(LOADED):
            _copy(connection, LOADED, con.table(shown).to_pyarrow())
        con.disconnect()

    def _rows(self, con: Any, name: str) -> pa.Table:
        if (self.path / name / "_delta_log").is_dir():
            return deltalake.DeltaTable(self.path / name).to_pyarrow_table()
        return con.table(name).to_pyarrow()

    def settle(self) -> None:
        """Wait until the Java of a publisher that was killed has noticed."""
        deadline = time.monotonic() + SECONDS_TO_SETTLE
        while self.scheme == "spark" and javas(self.home):
            if time.monotonic() > deadline:
                raise RuntimeError("Spark still works for a publisher that is dead")
            time.sleep(0.05)

    def left_behind(self) -> list[str]:
        """Files of which no log speaks are nothing to readers, and stay for a day: see `orphans`."""
        return []

    def orphans(self) -> list[Path]:
        """Folders of runs of which no table speaks."""
        log = DeltaLog if self.scheme == "delta" else Manifests
        tables = [each.parent for each in self.path.glob("*/_fsnb")]
        found = {table: log(table).read() for table in tables}
        spoken = {(table / file).parent for table, now in found.items() if now for file in now.files}
        return [each for each in self.path.glob(f"*/{RUNS}/*") if each not in spoken]

    def age(self, days: int) -> None:
        """Let all that is there be so many days older."""
        then = time.time() - days * 86_400
        for each in self.path.rglob("*"):
            os.utime(each, (then, then))


def _copy(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    connection.register("copied", rows)
    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM copied")
    connection.unregister("copied")


def javas(folder: Path) -> list[int]:
    """Process ids of the Javas that have a folder in their command."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = path.read_bytes().split(b"\0")
            if command[0].endswith(b"java") and any(os.fsencode(folder) in word for word in command):
                found.append(int(path.parent.name))
    return found
