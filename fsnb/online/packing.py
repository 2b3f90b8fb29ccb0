"""Keys and values as bytes: one format for every online store, made column by column, read back row by row.

Why packed and not a column each: a row of 1 key and 10 features is 5 values for the store's driver instead of 13,
which halves the time of a push, and unpacking one is faster than having a driver make 10 objects. And the three stores
hold the same bytes, so that what one gives is what all give.

A value is, little-endian, a bitmap of the NULLs (least significant bit first), then per feature its number (8 bytes;
1 for a boolean, 4 for a date) or the length (4 bytes) of its text, then the texts one after the other, in UTF-8.
Times are microseconds since 1970 UTC, dates days. A NULL has zeros in its place. NaN is packed as NULL.

A key is, big-endian, its numbers and times (8 bytes each, so that bytes sort as numbers do), then the texts, each but
the last after its length: no two keys look alike, whatever characters they hold.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fsnb.errors import TypeMismatch
from fsnb.online.kinds import KINDS, Kind

SIGN = 1 << 63


# ---------------------------------------------------------------------- values


class Values:
    """Packs the features of a table's rows, unpacks those of one row."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._kinds = tuple(KINDS[kind] for kind in kinds)
        self._bitmap = (len(kinds) + 7) // 8
        self._struct = struct.Struct("<" + f"{self._bitmap}s" + "".join(kind.code for kind in self._kinds))
        self._no_nulls = bytes(self._bitmap)
        self._made = tuple((at, kind.made) for at, kind in enumerate(self._kinds) if kind.made and not kind.of_bytes)
        self._texts = tuple((at, kind.made) for at, kind in enumerate(self._kinds) if kind.of_bytes)

    def unpack(self, packed: bytes) -> tuple[Any, ...]:
        """The values of a row."""
        nulls, *values = self._struct.unpack_from(packed)
        for at, made in self._made:
            values[at] = made(values[at])
        if self._texts:
            self._read_texts(packed, values)
        if nulls != self._no_nulls:
            bits = int.from_bytes(nulls, "little")
            return tuple(None if bits >> at & 1 else value for at, value in enumerate(values))
        return tuple(values)

    def _read_texts(self, packed: bytes, values: list[Any]) -> None:
        start = self._struct.size
        for at, made in self._texts:
            end = start + values[at]
            values[at] = made(packed[start:end]) if made else packed[start:end]
            start = end

    def pack(self, columns: Sequence[pa.Array]) -> list[bytes]:
        """The rows of these columns, one of each feature, which have the types of their kinds."""
        count = len(columns[0])
        fields = [("nulls", np.uint8, (self._bitmap,))]
        fields += [(str(at), np.dtype(f"<{kind.code}")) for at, kind in enumerate(self._kinds)]  # type: ignore[misc]
        rows, nulls = np.zeros(count, np.dtype(fields)), np.zeros((count, len(columns)), bool)
        texts = []
        for at, (kind, column) in enumerate(zip(self._kinds, columns, strict=True)):
            numbers, nulls[:, at] = _numbers(kind, column)
            rows[str(at)] = numbers
            if kind.of_bytes:
                texts.append(_contents(column))
        rows["nulls"] = np.packbits(nulls, axis=1, bitorder="little")
        fixed = rows.view(f"V{rows.dtype.itemsize}").tolist()
        return [b"".join(parts) for parts in zip(fixed, *texts, strict=True)] if texts else fixed


def _numbers(kind: Kind, column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """A column as numbers, and where it is NULL; of texts their lengths."""
    if kind.name == "float":
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    nulls = pc.is_null(column).to_numpy(zero_copy_only=False)
    if kind.of_bytes:
        column = pc.binary_length(column)
    elif kind.integers is not None:
        column = column.cast(kind.integers)
    zero: Any = False if kind.name == "boolean" else 0
    return pc.fill_null(column, pa.scalar(zero, column.type)).to_numpy(zero_copy_only=False), nulls


def _contents(column: pa.Array) -> list[bytes]:
    return pc.fill_null(column.cast(pa.large_binary()), b"").to_pylist()


# ---------------------------------------------------------------------- keys


class Keys:
    """Packs the keys of a table's rows and those that someone asks for."""

    def __init__(self, names: Sequence[str], kinds: Sequence[str]) -> None:
        self.names = tuple(names)
        self._kinds = tuple(KINDS[kind] for kind in kinds)
        self._fixed = [at for at, kind in enumerate(self._kinds) if not kind.of_bytes]
        self._texts = [at for at, kind in enumerate(self._kinds) if kind.of_bytes]
        self._order = (*self._fixed, *self._texts)
        self._struct = struct.Struct(">" + "Q" * len(self._fixed))

    def pack(self, columns: Sequence[pa.Array]) -> list[bytes]:
        """The keys of these columns, which have the types of their kinds and no NULL."""
        rows = np.zeros((len(columns[0]), len(self._fixed)), ">u8")
        for place, at in enumerate(self._fixed):
            rows[:, place] = _sortable(self._kinds[at], _numbers(self._kinds[at], columns[at])[0])
        fixed = rows.view(f"V{8 * len(self._fixed)}")[:, 0].tolist() if self._fixed else [b""] * len(rows)
        if not self._texts:
            return fixed
        texts = [_contents(columns[at]) for at in self._texts]
        if len(texts) == 1 and not self._fixed:
            return texts[0]
        return [key + _joined(parts) for key, *parts in zip(fixed, *texts, strict=True)]

    def pack_one(self, asked: Sequence[Any], who: str) -> bytes | None:
        """The key of these values; None where one is NULL, or a number that the column cannot hold: it matches nothing.

        Raises
        ------
        TypeMismatch
            A value is not of its column's type.
        """
        pieces = []
        for at in self._order:
            value = asked[at]
            if value is None or value != value:  # NaN, NaT
                return None
            try:
                pieces.append(_piece(self._kinds[at], value))
            except OverflowError:
                return None
            except (TypeError, AttributeError):
                raise self._mismatch(at, value, who) from None
        return (
            pieces[0]
            if len(pieces) == 1
            else b"".join(pieces[: len(self._fixed)]) + _joined(pieces[len(self._fixed) :])
        )

    def _mismatch(self, at: int, value: Any, who: str) -> TypeMismatch:
        given = f"{value!r} is {type(value).__name__}"
        return TypeMismatch(f"{who}: key {self.names[at]!r} is of type {self._kinds[at].name}; {given}. Convert it.")

    def unpack(self, packed: bytes) -> dict[str, Any]:
        """The values of a key."""
        values: list[Any] = [None] * len(self.names)
        for at, number in zip(self._fixed, self._struct.unpack_from(packed), strict=True):
            values[at] = _unsorted(self._kinds[at], number)
        start = self._struct.size
        for at in self._texts:
            end = len(packed)
            if at != self._texts[-1]:
                (length,) = struct.unpack_from(">I", packed, start)
                start, end = start + 4, start + 4 + length
            values[at] = packed[start:end].decode() if self._kinds[at].made else packed[start:end]
            start = end
        return dict(zip(self.names, values, strict=True))


def _joined(texts: Sequence[bytes]) -> bytes:
    """Texts one after the other, each but the last after its length."""
    if len(texts) == 1:
        return texts[0]
    *first, last = texts or [b""]
    return b"".join([struct.pack(">I", len(text)) + text for text in first]) + last


def _sortable(kind: Kind, numbers: np.ndarray) -> np.ndarray:
    """Numbers as unsigned ones: booleans and unsigned as they are, signed ones shifted, floats by their bits."""
    if kind.name == "float":
        return (numbers + 0.0).view(np.uint64)
    if kind.name in ("boolean", "unsigned"):
        return numbers.astype(np.uint64)
    return numbers.astype(np.int64).view(np.uint64) ^ np.uint64(SIGN)


def _piece(kind: Kind, value: Any) -> bytes:
    """What a value is in a key; OverflowError where its column cannot hold it."""
    number = kind.taken(value)
    if kind.of_bytes:
        return number
    if kind.name == "float":
        return struct.pack(">d", number)
    return int(number if kind.name in ("boolean", "unsigned") else number + SIGN).to_bytes(8)


def _unsorted(kind: Kind, number: int) -> Any:
    if kind.name == "float":
        return struct.unpack(">d", number.to_bytes(8))[0]
    if kind.name in ("boolean", "unsigned"):
        return bool(number) if kind.name == "boolean" else number
    return kind.made(number - SIGN) if kind.made else number - SIGN
