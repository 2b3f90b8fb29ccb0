"""Bugs of engines, and of Ibis on them, that we work around: each is still there."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import ibis
import polars as pl
import pyarrow as pa
import pytest

LARGE = 2**62


@pytest.fixture
def datafusion() -> Any:
    return ibis.datafusion.connect()


def test_datafusion_sum_of_integers_wraps_around(datafusion: Any) -> None:
    """Why `lowering.OWN_AGGREGATES` sums decimals there."""
    table = datafusion.create_table("t", pa.table({"x": [LARGE, LARGE]}))
    assert table.x.sum().to_pyarrow().as_py() == -(2**63)


def test_polars_sum_of_integers_wraps_around() -> None:
    """Why `lowering_polars` sums in 128 bits."""
    assert pl.Series([LARGE, LARGE]).sum() == -(2**63)


def test_datafusion_grouped_minimum_of_infinity_is_a_finite_float(datafusion: Any) -> None:
    """Why `lowering.OWN_AGGREGATES` looks at infinities by themselves."""
    table = datafusion.create_table("t", pa.table({"k": ["a"], "x": [math.inf]}))
    assert table.group_by("k").agg(low=table.x.min()).to_pyarrow()["low"].to_pylist() != [math.inf]


def test_datafusion_literal_of_negative_infinity_is_positive(datafusion: Any) -> None:
    """Why `lowering.INFINITY` is negated in the expression."""
    assert datafusion.to_pyarrow(ibis.literal(-math.inf)).as_py() == math.inf


def test_datafusion_epoch_seconds_are_int32(datafusion: Any) -> None:
    """Why `clocks.microseconds` casts the time itself there."""
    table = datafusion.create_table("t", pa.table({"ts": pa.array([datetime(1900, 1, 1)], pa.timestamp("us"))}))
    with pytest.raises(Exception, match="not in range"):
        table.ts.epoch_seconds().to_pyarrow()


def test_datafusion_floor_division_goes_through_floats(datafusion: Any) -> None:
    """Why `clocks` floors nanoseconds by `date_trunc` there."""
    table = datafusion.create_table("t", pa.table({"x": [9_223_372_036_854_775_000]}))
    assert (table.x // 1000).to_pyarrow().to_pylist() != [9_223_372_036_854_775]


def test_datafusion_reads_no_files_by_two_stars(datafusion: Any, tmp_path: Any) -> None:
    """Why `read` looks for the files itself."""
    (tmp_path / "day").mkdir()
    pl.DataFrame({"x": [1]}).write_parquet(tmp_path / "day" / "part.parquet")
    assert datafusion.read_parquet(f"{tmp_path}/**/*.parquet").columns == ()


def test_two_in_memory_databases_are_equal_to_ibis() -> None:
    """Why `engines.holds` asks for the very connection."""
    assert ibis.duckdb.connect() == ibis.duckdb.connect()


@pytest.mark.spark
def test_ibis_collects_from_spark_through_floats(spark: Any) -> None:
    """Why `engines.collect` takes Arrow from Spark itself: an integer beside a NULL loses its last bits."""
    con = ibis.pyspark.connect(spark.newSession())
    con._session.createDataFrame(pa.table({"x": [2**53 + 1, None]})).createOrReplaceTempView("t")
    assert 2**53 + 1 not in con.table("t").to_pyarrow()["x"].to_pylist()


def test_datafusion_finds_an_order_by_a_column_computed_from_one_of_its_name_ambiguous(datafusion: Any) -> None:
    """Why `fsnb.checks` sorts samples by names of its own."""
    table = datafusion.create_table("t", pa.table({"a": [1, 2], "x": [2.0, 1.0], "b": [3, 4]}))
    computed = table.mutate(x=table.x.isnan().ifelse(ibis.null("float64"), table.x))
    assert (
        computed.select("a", "x").order_by(["a", "x"]).to_pyarrow().num_rows == 2
    )  # not with all columns of the table
    with pytest.raises(Exception, match="AmbiguousReference"):
        computed.order_by(["a", "x", "b"]).to_pyarrow()
