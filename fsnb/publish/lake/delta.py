"""A table as a Delta table, written by `deltalake`: no JVM. One commit adds a run's files and names its ledger.

The ledger is a file of its own in `_fsnb`, which Delta readers and VACUUM pass by, written before the commit under a
number that nobody has taken. The commit's transaction identifier (`txn`, app id "fsnb") is that number. Delta keeps the
latest such number through checkpoints and log cleanup, which the commit's own metadata would not outlive.

Blind appends never conflict in Delta. So the commit may not retry: it makes exactly the next version, or fails.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fsnb.publish.lake import Moved
from fsnb.publish.lake.files import KEPT, RUNS, Snapshot, remove_runs, to_disk

APP = "fsnb"
FOLDER = "_fsnb"


@dataclass(frozen=True, slots=True)
class DeltaLog:
    """The log of a Delta table in a folder."""

    folder: Path

    def exists(self) -> bool:
        from deltalake import DeltaTable

        return DeltaTable.is_deltatable(str(self.folder))

    def last(self) -> int | None:
        entries = (self.folder / "_delta_log").glob("*.json")
        return max((int(each.stem) for each in entries if each.stem.isdecimal()), default=None)

    def read(self) -> Snapshot | None:
        if not self.exists():
            return None
        table, doc = self._with_ledger()
        schema, dataset = pa.schema(table.schema().to_arrow()), table.to_pyarrow_dataset()
        return Snapshot(table.version(), schema, tuple(dataset.files), doc, dataset, table)

    def _with_ledger(self) -> tuple[Any, Mapping[str, Any]]:
        """The table as of one commit, and that commit's ledger."""
        from deltalake import DeltaTable

        while True:
            table = DeltaTable(str(self.folder))
            number = table.transaction_version(APP)
            if number is None:
                return table, {}
            try:
                return table, json.loads(gzip.decompress(self._ledger(number).read_bytes()))
            except FileNotFoundError:  # swept, where another commit has come meanwhile
                if DeltaTable(str(self.folder)).version() == table.version():
                    raise

    def _ledger(self, number: int) -> Path:
        return self.folder / FOLDER / f"ledger-{number:012}.json.gz"

    def commit(
        self, base: Snapshot | None, schema: pa.Schema, files: Collection[str], doc: Mapping[str, Any], *, replace: bool
    ) -> None:
        from deltalake import CommitProperties, Schema, Transaction
        from deltalake.exceptions import CommitFailedError, DeltaError
        from deltalake.transaction import create_table_with_add_actions

        number = self._write(doc)
        how: dict[str, Any] = {
            "commit_properties": CommitProperties(
                custom_metadata={"fsnb_ledger": self._ledger(number).name},
                max_commit_retries=0,
                app_transactions=[Transaction(APP, number)],
            )
        }
        added, columns = [self._added(each) for each in files], Schema.from_arrow(schema)
        try:
            if base is None:
                create_table_with_add_actions(str(self.folder), columns, added, mode="error", **how)
            elif replace and _lacks_feature(base.handle, columns):
                self._replace(base, columns, added, how)
            else:
                base.handle.create_write_transaction(added, "overwrite" if replace else "append", columns, [], **how)
        except CommitFailedError:
            raise Moved(str(self.folder)) from None
        except DeltaError as error:
            if base is None and "already exists" in str(error):
                raise Moved(str(self.folder)) from None
            raise

    def _replace(self, base: Snapshot, columns: Any, added: list[Any], how: Mapping[str, Any]) -> None:
        """The first timestamps in a table that had none: what Delta must be told of that, only a new table is.

        That one is made on whatever is there. So a look precedes it, and whoever commits in between is overwritten.
        """
        from deltalake import DeltaTable
        from deltalake.transaction import create_table_with_add_actions

        if DeltaTable(str(self.folder)).version() != base.number:
            raise Moved(str(self.folder))
        create_table_with_add_actions(str(self.folder), columns, added, mode="overwrite", **how)

    def _write(self, doc: Mapping[str, Any]) -> int:
        """A ledger under the next free number. One that died before its commit leaves a gap."""
        folder = self.folder / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        number = max((int(each.name[7:19]) for each in folder.glob("ledger-*")), default=0)
        while True:
            number += 1
            with suppress(FileExistsError), open(self._ledger(number), "xb") as file:
                file.write(gzip.compress(json.dumps(doc).encode(), mtime=0))
                break
        to_disk(self._ledger(number))
        return number

    def _added(self, file: str) -> Any:
        from deltalake.transaction import AddAction

        path = self.folder / file
        found, modified = path.stat(), round(time.time() * 1000)
        stats = json.dumps({"numRecords": pq.read_metadata(path).num_rows})
        return AddAction(file, found.st_size, {}, modified, True, stats)

    def sweep(self) -> None:
        """Data files that Delta itself would vacuum after a day, of those that runs have written; and old ledgers."""
        from deltalake import DeltaTable

        table, before = DeltaTable(str(self.folder)), time.time() - KEPT.total_seconds()
        with suppress(OSError):  # another publisher may be at it
            hours = round(KEPT.total_seconds() / 3600)
            gone = set(table.vacuum(hours, dry_run=True, enforce_retention_duration=False, full=True))
            there = {each.relative_to(self.folder).as_posix() for each in (self.folder / RUNS).glob("*/*.parquet")}
            remove_runs(self.folder, there - gone)
            last = table.transaction_version(APP) or 0
            for number, following in zip(found := self._ledgers(), found[1:], strict=False):
                if number < last and self._ledger(following).stat().st_mtime < before:
                    self._ledger(number).unlink()

    def _ledgers(self) -> list[int]:
        return sorted(int(each.name[7:19]) for each in (self.folder / FOLDER).glob("ledger-*"))


def _lacks_feature(table: Any, columns: Any) -> bool:
    """Whether columns have timestamps without a zone, which a Delta table must say it has, and this one does not."""
    return "timestamp_ntz" in columns.to_json() and "timestampNtz" not in (table.protocol().reader_features or ())
