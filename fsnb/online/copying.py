"""Rows as PostgreSQL's binary COPY takes them, made column by column: of a million rows the driver would make four
million fields one by one, which takes longer than the server needs to store them.

The format: a signature, then for each row the number of its fields (2 bytes) and each field after its length (4 bytes),
all big-endian, then -1 (PostgreSQL's manual, COPY, "Binary Format").
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from fsnb.online.database import Batch

COLUMNS = "key BYTEA, event BIGINT, available BIGINT, value BYTEA"
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
BEFORE_KEY = np.dtype([("fields", ">i2"), ("length", ">i4")])
BETWEEN = np.dtype(
    [("of_event", ">i4"), ("event", ">i8"), ("of_available", ">i4"), ("available", ">i8"), ("length", ">i4")]
)


def copied(batch: Batch) -> bytes:
    """The rows of a batch, in the order of COLUMNS."""
    count = len(batch.keys)
    before, between = np.zeros(count, BEFORE_KEY), np.zeros(count, BETWEEN)
    before["fields"], before["length"] = 4, _lengths(batch.keys)
    between["of_event"] = between["of_available"] = 8
    between["event"], between["available"], between["length"] = batch.events, batch.availables, _lengths(batch.values)
    rows = zip(_bytes(before), batch.keys, _bytes(between), batch.values, strict=True)
    return b"".join([SIGNATURE, *chain.from_iterable(rows), END])


def _lengths(values: Sequence[bytes]) -> np.ndarray:
    return np.fromiter(map(len, values), np.int32, len(values))


def _bytes(rows: np.ndarray) -> list[bytes]:
    return rows.view(f"V{rows.dtype.itemsize}").tolist()
