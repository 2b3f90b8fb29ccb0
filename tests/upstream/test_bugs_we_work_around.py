"""One test for each upstream bug that we work around: it asserts that the bug is still there.

When one fails, the bug is mended (or changed): the workaround that it names can go.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import ibis
import pyarrow as pa
import pytest

NOON = datetime(2024, 1, 1, 12)
HOUR = timedelta(hours=1)


def _tables(con: Any) -> tuple[Any, Any]:
    left = con.create_table("l", pa.table({"k": ["a"], "at": [NOON]}))
    right = con.create_table("r", pa.table({"rk": ["a", "a"], "ts": [NOON + HOUR, NOON - HOUR], "x": [2, 1]}))
    return left, right


def test_asof_join_with_tolerance_loses_matches_when_times_are_named_differently() -> None:
    """ibis#11780. Why `lowering` applies ttl after the join."""
    left, right = _tables(ibis.duckdb.connect())
    joined = left.asof_join(
        right, on=left.at >= right.ts, predicates=[left.k == right.rk], tolerance=ibis.interval(hours=2)
    )
    assert joined.to_pyarrow()["x"].to_pylist() == [None]


def test_asof_join_on_polars_does_not_sort() -> None:
    """Why Polars has a lowering of its own."""
    left, right = _tables(ibis.polars.connect())
    joined = left.asof_join(right, on=left.at >= right.ts, predicates=[left.k == right.rk])
    assert joined.to_pyarrow()["x"].to_pylist() != [1]


def test_polars_backend_has_no_window_functions() -> None:
    """ibis#10513. Why heads are found in Polars' own terms."""
    _, right = _tables(ibis.polars.connect())
    with pytest.raises(ibis.common.exceptions.OperationNotDefinedError):
        right.mutate(best=right.x.max().over(group_by="rk", order_by="ts")).to_pyarrow()


def test_nunique_on_polars_counts_null() -> None:
    """Why `lowering_polars.AGGREGATES` drops NULLs first."""
    table = ibis.polars.connect().create_table("t", pa.table({"x": [1, None]}))
    assert table.x.nunique().to_pyarrow().as_py() == 2


def test_epoch_seconds_cast_rounds_up_near_the_second() -> None:
    """ibis#11928. Why `clocks.microseconds` floors before it casts."""
    table = ibis.duckdb.connect().create_table("t", pa.table({"ts": [NOON + timedelta(microseconds=999_999)]}))
    exact = int((NOON - datetime(1970, 1, 1)).total_seconds())
    assert table.ts.epoch_seconds().cast("int64").to_pyarrow()[0].as_py() == exact + 1
    assert table.ts.epoch_seconds().floor().cast("int64").to_pyarrow()[0].as_py() == exact


def test_join_predicate_finds_the_left_expression_inside_the_right_table() -> None:
    """Why joins are written with pairs of names: `t.k.cast()` on the left is read as the right side's own column."""
    table = ibis.duckdb.connect().create_table("t", pa.table({"k": pa.array([7, 8], pa.int16())}))
    right = table.select(key=table.k.cast("int64"), found=True).filter(lambda t: t.key == 7)
    joined = table.left_join(right, [table.k.cast("int64") == right.key])
    assert joined.to_pyarrow()["found"].to_pylist() != [True, None]
    named = table.mutate(key=table.k.cast("int64")).left_join(right, [("key", "key")])
    assert sorted(named.to_pyarrow()["found"].to_pylist(), key=str) == [None, True]


def test_duckdb_casts_nanoseconds_before_1970_upwards() -> None:
    """Why `clocks.microseconds` floors nanoseconds itself."""
    table = ibis.duckdb.connect().create_table("t", pa.table({"ts": pa.array([-1], pa.timestamp("ns"))}))
    assert table.ts.cast("timestamp(6)").to_pyarrow()[0].as_py() == datetime(1970, 1, 1)


def test_duckdb_asof_matches_a_null_on_the_left_with_the_last_row() -> None:
    """Why `lowering.asof` puts a NULL cutoff before everything."""
    con = ibis.duckdb.connect()
    con.raw_sql("SET asof_loop_join_threshold = 0")
    left = con.create_table("l", pa.table({"k": ["a", "a"], "at": pa.array([None, 5], pa.int64())}))
    right = con.create_table("r", pa.table({"rk": ["a", "a"], "ts": [1, 7], "x": [1, 7]}))
    joined = left.asof_join(right, on=left.at >= right.ts, predicates=[left.k == right.rk])
    assert {row["at"]: row["x"] for row in joined.to_pyarrow().to_pylist()} == {5: 1, None: 7}
