"""The digest names what rows say, not how an engine or a library happens to lay them out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from fsnb.errors import NotSupported
from fsnb.training.digest import digest

ALIKE: dict[str, tuple[list[Any], list[pa.DataType]]] = {
    "text": (
        ["a", None, "é", ""],
        [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())],
    ),
    "bytes": ([b"a", None, b"", b"b"], [pa.binary(), pa.large_binary(), pa.binary_view()]),
    "integers": ([1, None, -3], [pa.int64()]),
    "floats": ([1.5, None, float("nan"), -0.0], [pa.float64()]),
    "flags": ([True, None, False, False], [pa.bool_()]),
    "times": ([datetime(1960, 1, 1, 2), None, datetime(2024, 1, 1)], [pa.timestamp(u) for u in ("us", "ms", "s")]),
    "dates": ([date(1950, 1, 1), None], [pa.date32(), pa.date64()]),
    "clock": ([time(1, 2, 3), None], [pa.time32("s"), pa.time64("us"), pa.time64("ns")]),
    "lengths": ([timedelta(1), None], [pa.duration("us"), pa.duration("ms")]),
    "decimals": ([Decimal("1.50"), None], [pa.decimal128(10, 2), pa.decimal256(40, 2)]),
    "lists": ([[1, None], None, [], [2]], [pa.list_(pa.int64()), pa.large_list(pa.int64())]),
    "lists of text": ([["x"], None, ["y", None]], [pa.list_(pa.string()), pa.large_list(pa.large_string())]),
    "structs": (
        [{"u": 1, "v": "x"}, None],
        [pa.struct([("u", pa.int64()), ("v", kind)]) for kind in (pa.string(), pa.large_string())],
    ),
}


def one(values: list[Any], dtype: pa.DataType | None = None) -> pa.Table:
    return pa.table({"a": pa.array(values, dtype)})


@pytest.mark.parametrize("kind", ALIKE)
def test_layout_does_not_count(kind: str) -> None:
    values, types = ALIKE[kind]
    plain = one(values, types[0])
    whole = plain["a"].chunk(0)
    tables = [one(values, dtype) for dtype in types]
    tables += [
        pa.concat_tables([plain.slice(0, 1), plain.slice(1, 0), plain.slice(1)]),
        pa.table({"a": pa.chunked_array([whole[i : i + 1] for i in range(len(whole))])}),
        pa.table({"a": pa.concat_arrays([whole, whole]).slice(len(whole))}),
    ]
    assert {digest(table) for table in tables} == {digest(plain)}


@pytest.mark.parametrize("values", [[1, 2, 3], [1.5, 2.5, 3.5], ["a", "bb", "c"]])
def test_what_lies_under_a_null_does_not_count(values: list[Any]) -> None:
    full = pa.array(values)
    _, *buffers = full.buffers()
    hidden = pa.Array.from_buffers(full.type, 3, [pa.py_buffer(bytes([0b101])), *buffers])
    assert hidden.to_pylist() == [values[0], None, values[2]]
    assert digest(pa.table({"a": hidden})) == digest(one(hidden.to_pylist()))


@pytest.mark.parametrize("kind", ALIKE)
def test_order_and_values_count(kind: str) -> None:
    values, types = ALIKE[kind]
    versions = [values, values[::-1], [*values, None], [values[0]] * len(values), [None] * len(values)]
    assert len({digest(one(version, types[0])) for version in versions}) == len(versions)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (one([1], pa.int64()), one([1], pa.int32())),
        (one([1], pa.int64()), one([1.0], pa.float64())),
        (one([0], pa.int64()), one([None], pa.int64())),
        (one([""]), one([None], pa.string())),
        (one(["ab", "c"]), one(["a", "bc"])),
        (one([["a"], ["b", "c"]]), one([["a", "b"], ["c"]])),
        (one([[]], pa.list_(pa.int64())), one([None], pa.list_(pa.int64()))),
        (one([float("nan")]), one([None], pa.float64())),
        (one([1.0]), one([1.0 + 2**-52])),
        (one(["a"]), one([b"a"])),
        (one([1]), pa.table({"b": [1]})),
        (pa.table({"a": [1], "b": [2]}), pa.table({"b": [2], "a": [1]})),
        (one([datetime(2024, 1, 1)]), one([datetime(2024, 1, 1, tzinfo=UTC)])),
        (one([], pa.int64()), pa.table({})),
    ],
)
def test_different_rows_differ(left: pa.Table, right: pa.Table) -> None:
    assert digest(left) != digest(right)


def test_negative_zero_is_zero_and_nan_is_one() -> None:
    assert digest(one([-0.0])) == digest(one([0.0]))
    other = pa.array([0x7FF8000000000001], pa.uint64()).view(pa.float64())
    assert digest(pa.table({"a": other})) == digest(one([float("nan")]))


def test_aware_times_are_moments() -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    zones = [one([moment], pa.timestamp("us", tz=zone)) for zone in ("UTC", "Europe/Paris")]
    assert digest(zones[0]) == digest(zones[1])


def test_digest_stays_the_same_across_versions() -> None:
    rows = pa.table({"key": ["a", None], "at": [datetime(2024, 1, 1), None], "n": [1, 2], "x": [0.1, None]})
    assert digest(rows) == "aade159b1cd678c6e244dc651d04e1bc44e4918a6f9f9cacc5902f53ef6b36b5"


def test_type_without_a_canonical_form_is_refused_by_name() -> None:
    with pytest.raises(NotSupported, match="column 'a' is map"):
        digest(one([[("k", 1)]], pa.map_(pa.string(), pa.int64())))
