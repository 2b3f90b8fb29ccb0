"""A table as parquet files and manifests: `_fsnb/manifest-<n>.json.gz` says which files the table has as of entry n.

An entry is written under a name of its own and then linked to the next number. A hard link is made as a whole or not at
all, and fails where the name is taken: so it is the moment at which readers are switched, and it lets one of several
publishers pass. The filesystem must offer that: local ones do, NFS does; object stores and HDFS do not.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import time
import uuid
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from fsnb.errors import PublishError
from fsnb.publish.lake import Moved
from fsnb.publish.lake.files import KEPT, Snapshot, remove_runs, to_disk

FOLDER, FORMAT = "_fsnb", 1
NAMED = re.compile(r"manifest-(\d{12})\.json\.gz")


@dataclass(frozen=True, slots=True)
class Manifests:
    """The log of a table in a folder."""

    folder: Path

    @property
    def _log(self) -> Path:
        return self.folder / FOLDER

    def exists(self) -> bool:
        return bool(self._numbers())

    def _numbers(self) -> list[int]:
        found = (NAMED.fullmatch(each.name) for each in self._log.glob("manifest-*")) if self._log.is_dir() else ()
        return sorted(int(each[1]) for each in found if each)

    def _path(self, number: int) -> Path:
        return self._log / f"manifest-{number:012}.json.gz"

    def last(self) -> int | None:
        return max(self._numbers(), default=None)

    def read(self) -> Snapshot | None:
        last = self.last()
        return None if last is None else self._read(last)

    def _read(self, number: int) -> Snapshot:
        found = json.loads(gzip.decompress(self._path(number).read_bytes()))
        if found["format"] > FORMAT:
            raise PublishError(f"{self._path(number)} is of a newer fsnb (format {found['format']}). Install that one.")
        schema = ibis.schema(found["columns"]).to_pyarrow()
        return Snapshot(number, schema, tuple(found["files"]), found["doc"])

    def commit(
        self, base: Snapshot | None, schema: pa.Schema, files: Collection[str], doc: Mapping[str, Any], *, replace: bool
    ) -> None:
        before = () if base is None or replace else base.files
        columns = {name: str(dtype) for name, dtype in ibis.Schema.from_pyarrow(schema).items()}
        entry = {"format": FORMAT, "columns": columns, "files": [*before, *files], "doc": doc}
        self._log.mkdir(parents=True, exist_ok=True)
        drafted = self._log / f"draft-{uuid.uuid4().hex}"
        drafted.write_bytes(gzip.compress(json.dumps(entry).encode(), mtime=0))
        to_disk(drafted)
        try:
            os.link(drafted, self._path(0 if base is None else base.number + 1))
        except FileExistsError:
            raise Moved(str(self.folder)) from None
        finally:
            drafted.unlink()
        to_disk(self._log)

    def sweep(self) -> None:
        """Keep the entries that were the last one at some moment of the last day, and what they speak of."""
        before, numbers = time.time() - KEPT.total_seconds(), self._numbers()
        with suppress(OSError):  # another publisher may be at it
            gone = [n for n, following in pairwise(numbers) if self._age(following) < before]
            kept = {file for number in numbers if number not in gone for file in self._read(number).files}
            for number in gone:
                self._path(number).unlink()
            for draft in self._log.glob("draft-*"):
                if draft.stat().st_mtime < before:
                    draft.unlink()
            remove_runs(self.folder, kept)

    def _age(self, number: int) -> float:
        return self._path(number).stat().st_mtime
