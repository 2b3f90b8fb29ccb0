"""A table of a lake as its log tells it, and the data files that a run writes into a folder of its own."""

from __future__ import annotations

import glob
import os
import shutil
import time
import uuid
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

RUNS = "runs"  # the folder of run folders, in each table's
KEPT = timedelta(days=1)
"""What no log speaks of any more stays for so long: a publisher may be about to commit it, a reader still reads it."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A table as one entry of its log tells it.

    Attributes
    ----------
    number
        Of the entry.
    schema
        Its columns.
    files
        Data files, relative to the table's folder.
    doc
        What else is committed with them, as JSON: of a published version its ledger.
    dataset
        Where reading the files alone would not do (Delta): the rows, as an Arrow dataset.
    handle
        What the log needs to commit on top of this entry.
    """

    number: int
    schema: pa.Schema
    files: tuple[str, ...]
    doc: Mapping[str, Any] = field(default_factory=dict)
    dataset: Any = None
    handle: Any = None


class Log(Protocol):
    """The log of one table."""

    @property
    def folder(self) -> Path:
        """The table's."""

    def exists(self) -> bool:
        """Whether anything was ever committed."""

    def last(self) -> int | None:
        """The number of the last entry; None where nothing was ever committed."""

    def read(self) -> Snapshot | None:
        """The table now; None where nothing was ever committed."""

    def commit(
        self, base: Snapshot | None, schema: pa.Schema, files: Collection[str], doc: Mapping[str, Any], *, replace: bool
    ) -> None:
        """Make the next entry: these files beside those of `base`, or with `replace` in their place.

        Raises
        ------
        Moved
            There is an entry after `base` already.
        """

    def sweep(self) -> None:
        """Remove files that nobody can need any more, of runs that were killed and of tables that were replaced."""


def holds_data(path: Path) -> bool:
    """Whether others have put files there: a path, a pattern, a folder.

    A folder with runs of ours alone is no table yet: whoever was to commit its first entry was killed before.
    """
    if path.is_dir():
        return any(each.name != RUNS and not each.name.startswith(("_", ".")) for each in path.iterdir())
    return bool(glob.glob(str(path)))


def new_run(folder: Path) -> Path:
    """A folder in which one run writes data files, not made yet."""
    return folder / RUNS / uuid.uuid4().hex


def written(run: Path, folder: Path) -> tuple[list[str], int]:
    """The data files of a run that hold rows, on the disk for good; and how many rows that is."""
    found, rows = [], 0
    for path in sorted(run.glob("*.parquet")):
        if count := pq.read_metadata(path).num_rows:
            to_disk(path)
            found.append(path.relative_to(folder).as_posix())
            rows += count
    if run.exists():
        to_disk(run)
    return found, rows


def to_disk(path: Path) -> None:
    """Have a file or folder written to the disk, so that it outlives the machine's power."""
    with suppress(OSError):  # not every filesystem does that for a folder
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def remove_runs(folder: Path, kept: Iterable[str]) -> None:
    """Remove run folders, older than KEPT, of which no file is kept."""
    needed = {Path(each).parts[1] for each in kept if each.startswith(f"{RUNS}/")}
    before = time.time() - KEPT.total_seconds()
    for run in (folder / RUNS).glob("*"):
        with suppress(OSError):  # another publisher may be removing it
            if run.name not in needed and run.stat().st_mtime < before:
                shutil.rmtree(run)
