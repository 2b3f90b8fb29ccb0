"""Keys and values as bytes: what goes in comes out, and no two keys look alike."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsnb.errors import NotSupported, TypeMismatch
from fsnb.online.kinds import KINDS, kind_of
from fsnb.online.packing import Keys, Values

TEXT = st.text(st.sampled_from('a1\x00|,:"é漢😀'), max_size=5)
VALUES = {
    "boolean": st.booleans(),
    "integer": st.sampled_from([0, 1, -1, 2**53 + 1, -(2**63), 2**63 - 1]) | st.integers(-(2**63), 2**63 - 1),
    "unsigned": st.integers(0, 2**64 - 1),
    "float": st.floats(allow_nan=False),
    "timestamp": st.datetimes(),
    "date": st.dates(),
    "time": st.times(),
    "text": TEXT,
    "bytes": st.binary(max_size=5),
}


@st.composite
def tables(draw: Any, nulls: bool) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Kinds of columns, and rows of them."""
    kinds = draw(st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=10))
    cells = [VALUES[kind] | st.none() if nulls else VALUES[kind] for kind in kinds]
    return kinds, draw(st.lists(st.tuples(*cells), min_size=1, max_size=6))


def columns(kinds: list[str], rows: list[tuple[Any, ...]]) -> list[pa.Array]:
    return [pa.array([row[at] for row in rows], KINDS[kind].arrow) for at, kind in enumerate(kinds)]


def test_every_kind_is_tried() -> None:
    assert set(VALUES) == set(KINDS)


@given(tables(nulls=True))
def test_values_come_back_as_they_went_in(table: tuple[list[str], list[tuple[Any, ...]]]) -> None:
    kinds, rows = table
    packing = Values(kinds)
    back = [packing.unpack(packed) for packed in packing.pack(columns(kinds, rows))]
    assert back == rows
    assert [list(map(type, row)) for row in back] == [list(map(type, row)) for row in rows]


@given(tables(nulls=False))
def test_keys_of_a_table_are_those_that_are_asked_for(table: tuple[list[str], list[tuple[Any, ...]]]) -> None:
    kinds, rows = table
    names = [f"k{at}" for at in range(len(kinds))]
    packing = Keys(names, kinds)
    packed = packing.pack(columns(kinds, rows))
    assert packed == [packing.pack_one(row, "who") for row in rows]
    assert [tuple(packing.unpack(key).values()) for key in packed] == rows
    for mine, row in zip(packed, rows, strict=True):
        assert [mine == other for other in packed] == [row == other for other in rows]


def test_infinities_stay_and_nan_is_null() -> None:
    packing = Values(["float"])
    packed = packing.pack([pa.array([math.inf, -math.inf, math.nan, -0.0])])
    assert [packing.unpack(each)[0] for each in packed] == [math.inf, -math.inf, None, 0.0]


def test_texts_do_not_run_into_each_other() -> None:
    packing = Keys(["a", "b"], ["text", "text"])
    pairs = [("1", "11"), ("11", "1"), ("", "111"), ("111", ""), ("1\x00", "1")]
    assert len({packing.pack_one(pair, "who") for pair in pairs}) == len(pairs)


def test_equal_values_of_other_types_are_the_same_key() -> None:
    integer, moment = Keys(["k"], ["integer"]), Keys(["k"], ["timestamp"])
    assert integer.pack_one([np.int32(5)], "who") == integer.pack_one([5], "who")
    noon = datetime(2024, 5, 1, 12)
    aware = noon.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=5)))
    assert moment.pack_one([aware], "who") == moment.pack_one([noon], "who")
    number = Keys(["k"], ["float"])
    assert number.pack_one([-0.0], "who") == number.pack_one([0], "who") == number.pack([pa.array([-0.0])])[0]


@pytest.mark.parametrize("value", [None, math.nan, 2**63, -(2**63) - 1])
def test_what_no_key_can_be_is_no_key(value: Any) -> None:
    assert Keys(["k"], ["integer"]).pack_one([value], "who") is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", "5"), ("integer", 5.0), ("integer", True), ("float", "1"), ("text", 5), ("text", b"a"),
        ("bytes", 3), ("boolean", 1), ("timestamp", date(2024, 5, 1)), ("timestamp", "2024-05-01"),
        ("date", datetime(2024, 5, 1)), ("time", 5),
    ],
)  # fmt: skip
def test_a_key_of_another_type_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(TypeMismatch, match=rf"view 'v': key 'k' is of type {kind}; .* is {type(value).__name__}"):
        Keys(["k"], [kind]).pack_one([value], "view 'v'")


def test_types_of_features_have_their_kinds() -> None:
    found = {name: kind_of(ibis.dtype(name), "x") for name in ("int8", "uint64", "float32", "decimal(9,2)", "!string")}
    assert list(found.values()) == ["integer", "unsigned", "float", "float", "text"]
    with pytest.raises(NotSupported, match=r"feature 'tags' is array<string>, .* Cast it"):
        kind_of(ibis.dtype("array<string>"), "feature 'tags'")


def test_times_before_1970_and_at_the_ends_of_the_calendar() -> None:
    packing = Values(["timestamp", "date", "time"])
    row = (datetime.min, date.min, time.max)
    assert packing.unpack(packing.pack(columns(["timestamp", "date", "time"], [row]))[0]) == row
    assert packing.unpack(packing.pack(columns(["timestamp", "date", "time"], [(datetime.max, date.max, time.min)]))[0])
