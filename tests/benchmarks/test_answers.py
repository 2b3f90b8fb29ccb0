"""A digest tells answers apart."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from tests.benchmarks.answers import differences, digest

ROWS = 1_000


def frame() -> pl.DataFrame:
    random = np.random.default_rng(1)
    at = [datetime(2024, 1, 1) + timedelta(seconds=int(s)) for s in random.integers(0, 10**6, ROWS)]
    return pl.DataFrame({"k": random.integers(0, 50, ROWS), "at": at, "x": random.normal(size=ROWS)})


def test_the_same_rows_are_the_same_answer_from_polars_pandas_and_arrow() -> None:
    wanted = digest(frame())
    assert differences(digest(frame().to_arrow()), wanted) == []
    assert differences(digest(frame().to_pandas()), wanted) == []


def test_nan_is_no_value() -> None:
    some = pl.when(pl.col("k") > 9).then("x")
    with_null, with_nan = frame().with_columns(x=some), frame().with_columns(x=some.otherwise(float("nan")))
    assert differences(digest(with_nan), digest(with_null)) == []
    assert differences(digest(with_null), digest(frame())) != []


def test_last_bits_do_not_matter() -> None:
    assert differences(digest(frame().with_columns(pl.col("x") * (1 + 1e-13))), digest(frame())) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (frame().head(ROWS - 1), f"{ROWS - 1} rows, not 1,000"),
        (frame().with_columns(x=pl.when(pl.int_range(ROWS) != 7).then("x")), "x: 999 values, not 1,000"),
        (frame().with_columns(x=pl.col("x") + 1e-6), "x: off by"),
        (frame().with_columns(x=pl.col("x").shift(1).fill_null(pl.col("x").last())), "x: off by"),
        (frame().reverse(), "rows in another order"),
        (frame().rename({"x": "y"}), "columns y, which nobody asked for"),
    ],
)
def test_what_differs_is_told(changed: pl.DataFrame, told: str) -> None:
    (found,) = differences(digest(changed), digest(frame()))
    assert found.startswith(told)


def test_order_is_told_even_of_two_neighbours() -> None:
    order = [1, 0, *range(2, ROWS)]
    assert differences(digest(frame()[order]), digest(frame())) == ["rows in another order"]
    assert differences(digest(frame()[order]), digest(frame()), ordered=False) == []
