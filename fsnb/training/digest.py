"""Rows in one canonical form, and the hash of their content.

Two engines hand over equal rows as different Arrow: `string` or `large_string`, one chunk or many, garbage under
NULLs, a dictionary. So the digest is not of Arrow's bytes but of what they mean, column by column: name, type, how many
rows, which of them are NULL, the values. It depends on no library's file format and on no library's version.
FORMAT is its number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fsnb.errors import NotSupported

FORMAT = 1
NUMBERS = {
    pa.int8(): "int8",
    pa.int16(): "int16",
    pa.int32(): "int32",
    pa.int64(): "int64",
    pa.uint8(): "uint8",
    pa.uint16(): "uint16",
    pa.uint32(): "uint32",
    pa.uint64(): "uint64",
    pa.float16(): "float16",
    pa.float32(): "float32",
    pa.float64(): "float64",
}


def digest(table: pa.Table) -> str:
    """64 hexadecimal digits that name the rows of a table: columns, types, order, NULLs and values.

    Floats count by their bits, but for what compares equal or means the same: -0.0 is 0.0, and every NaN is one NaN;
    a NaN is not a NULL. Aware times count as moments, whatever zone they are shown in. Text counts by its UTF-8 bytes.

    Raises
    ------
    NotSupported
        A column's type has no canonical form (a map, an extension type).
    """
    total = hashlib.sha256(f"fsnb rows {FORMAT}\n{table.num_rows}\n".encode())
    for name, column in zip(table.column_names, table.columns, strict=True):
        total.update(json.dumps(name).encode() + b"\n" + _column(name, column.type, column.chunks))
    return total.hexdigest()


def _column(name: str, dtype: pa.DataType, chunks: Iterable[pa.Array]) -> bytes:
    """The hash of one column, or of one level of a nested one; how it is cut into chunks does not count."""
    plain, label = _plain(name, dtype)
    chunks = [_as(chunk, plain) for chunk in chunks]
    valid, values = hashlib.sha256(), hashlib.sha256()
    for chunk in chunks:
        valid.update(pc.is_valid(chunk).cast(pa.uint8()).to_numpy())
        for part in _parts(chunk):
            values.update(np.ascontiguousarray(part).data)
    levels = valid.digest() + values.digest() + _children(name, plain, chunks)
    return hashlib.sha256(f"{label}\n".encode() + levels).digest()


def _as(chunk: pa.Array, plain: pa.DataType) -> pa.Array:
    chunk = chunk.dictionary_decode() if pa.types.is_dictionary(chunk.type) else chunk
    return chunk if chunk.type == plain else chunk.cast(plain)


def _children(name: str, dtype: pa.DataType, chunks: list[pa.Array]) -> bytes:
    """What stands beneath a level: the bytes of text, the items of lists, the fields of structs."""
    if pa.types.is_large_binary(dtype):
        content = hashlib.sha256()
        for chunk in chunks:
            content.update(_content(chunk))
        return content.digest()
    if pa.types.is_large_list(dtype):
        return _column(f"{name}[]", dtype.value_type, [chunk.flatten() for chunk in chunks])
    if pa.types.is_struct(dtype):
        fields = [dtype.field(i) for i in range(dtype.num_fields)]
        parts = zip(*(chunk.flatten() for chunk in chunks), strict=True) if chunks else [()] * len(fields)
        return b"".join(
            json.dumps(field.name).encode() + _column(f"{name}.{field.name}", field.type, part)
            for field, part in zip(fields, parts, strict=True)
        )
    return b""


def _plain(name: str, dtype: pa.DataType) -> tuple[pa.DataType, str]:
    """The physical type to hash a type as, and what it is called in the hash."""
    if pa.types.is_dictionary(dtype):
        return _plain(name, dtype.value_type)
    if dtype in NUMBERS:
        return dtype, NUMBERS[dtype]
    if pa.types.is_boolean(dtype):
        return pa.uint8(), "bool"
    if pa.types.is_string(dtype) or pa.types.is_large_string(dtype) or pa.types.is_string_view(dtype):
        return pa.large_binary(), "text"
    if pa.types.is_binary(dtype) or pa.types.is_large_binary(dtype) or pa.types.is_binary_view(dtype):
        return pa.large_binary(), "bytes"
    if pa.types.is_timestamp(dtype):
        unit = "ns" if dtype.unit == "ns" else "us"
        return pa.timestamp(unit), f"moment[{unit}]" if dtype.tz else f"timestamp[{unit}]"
    if pa.types.is_date(dtype):
        return pa.date32(), "date"
    if pa.types.is_time(dtype):
        return pa.time64("ns"), "time"
    if pa.types.is_duration(dtype):
        unit = "ns" if dtype.unit == "ns" else "us"
        return pa.duration(unit), f"duration[{unit}]"
    if pa.types.is_decimal(dtype):
        return pa.decimal256(76, dtype.scale), f"decimal[{dtype.scale}]"
    if pa.types.is_list(dtype) or pa.types.is_large_list(dtype) or pa.types.is_fixed_size_list(dtype):
        return pa.large_list(dtype.value_type), "list"
    if pa.types.is_struct(dtype) or pa.types.is_null(dtype):
        return dtype, "struct" if pa.types.is_struct(dtype) else "null"
    raise NotSupported(f"column {name!r} is {dtype}, which has no digest. Cast it, or leave it out of the spine.")


def _parts(chunk: pa.Array) -> list[np.ndarray]:
    """The fixed-width values of a chunk, little-endian, zero under NULL; the lengths of what has none."""
    dtype = chunk.type
    if pa.types.is_null(dtype) or pa.types.is_struct(dtype):
        return []
    if pa.types.is_large_binary(dtype):
        return [_integers(pc.binary_length(chunk))]
    if pa.types.is_large_list(dtype):
        return [_integers(pc.list_value_length(chunk))]
    if pa.types.is_decimal(dtype):
        filled = pc.fill_null(chunk, 0)
        return [np.frombuffer(filled.buffers()[1], "u1")[filled.offset * 32 :][: len(filled) * 32]]
    if pa.types.is_floating(dtype):
        return [_floats(chunk)]
    if pa.types.is_temporal(dtype):
        chunk = chunk.view(pa.int32() if dtype.bit_width == 32 else pa.int64())
    values = pc.fill_null(chunk, 0).to_numpy(zero_copy_only=False)
    return [values.astype(values.dtype.newbyteorder("<"), copy=False)]


def _integers(lengths: pa.Array) -> np.ndarray:
    return pc.fill_null(lengths, 0).cast(pa.int64()).to_numpy(zero_copy_only=False).astype("<i8", copy=False)


def _floats(chunk: pa.Array) -> np.ndarray:
    values = pc.fill_null(chunk, 0).to_numpy(zero_copy_only=False)
    values = np.where(np.isnan(values), values.dtype.type(np.nan), values + values.dtype.type(0))
    return values.astype(values.dtype.newbyteorder("<"), copy=False)


def _content(chunk: pa.Array) -> bytes | memoryview:
    """The bytes of all texts of a chunk, one after another; none for NULL."""
    filled = pc.fill_null(chunk, b"") if chunk.null_count else chunk
    _, offsets, data = filled.buffers()
    if data is None or not len(filled):
        return b""
    ends = np.frombuffer(offsets, "i8")[filled.offset : filled.offset + len(filled) + 1]
    return memoryview(data)[int(ends[0]) : int(ends[-1])]
