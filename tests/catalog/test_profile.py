"""Distributions, held to NumPy and plain Python, the same on every engine."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fsnb.catalog import Catalog, Distribution, Profile, record
from fsnb.errors import UnknownName
from fsnb.profiling import distributions
from fsnb.profiling.distributions import BINS
from fsnb.profiling.tallies import LARGEST

NAN, INF = math.nan, math.inf
ROWS = pa.table(
    {
        "n": pa.array([1, 2, 2, None, 10], "int64"),
        "x": pa.array([0.5, None, NAN, -1.5, 2.5], "float64"),
        "wide": pa.array([1.0, INF, -INF, 3.0, None], "float64"),
        "same": pa.array([7, 7, 7, None, 7], "int32"),
        "none": pa.array([None] * 5, "float64"),
        "text": pa.array(["ann@example.org", "b", "b", None, ""], "string"),
        "late": pa.array([True, False, True, None, True], "bool"),
        "day": pa.array([date(2024, 1, 1), None, date(2024, 1, 3), None, None], "date32"),
        "many": pa.array([[1], None, [], [1, 2], [1]], pa.list_(pa.int64())),
        "at": pa.array([datetime(2024, 1, 1, n) for n in range(5)], pa.timestamp("us")),
    }
)
FEATURES = {name: name for name in ROWS.column_names if name != "at"}


@pytest.fixture(params=["duckdb", "polars", pytest.param("postgres", marks=pytest.mark.postgres)])
def con(request: pytest.FixtureRequest) -> Any:
    if request.param != "postgres":
        return getattr(ibis, request.param).connect()
    return ibis.connect(request.getfixturevalue("postgres_db_url"))


def of(con: Any, rows: pa.Table, features: dict[str, str] | None = None, **more: Any) -> Profile:
    table = con.create_table("t", rows, overwrite=True)
    given = {"view": "v", "of": "a table", "fingerprint": "f", **more}
    return distributions(con, table, features or {name: name for name in rows.column_names}, **given)


def test_each_type_says_what_it_can(con):
    found = of(con, ROWS, FEATURES, newest="at")
    assert (found.rows, found.newest) == (5, datetime(2024, 1, 1, 4))
    said = {each.name: (each.nulls, each.distinct, each.least, each.greatest, each.mean) for each in found.features}
    assert said == {
        "n": (1, 3, "1", "10", 3.75),
        "x": (2, 3, "-1.5", "2.5", 0.5),  # NaN is NULL
        "wide": (3, 2, "1", "3", 2.0),  # what is infinite counts as NULL
        "same": (1, 1, "7", "7", 7.0),
        "none": (5, 0, None, None, None),
        "text": (1, 3, None, None, None),  # no text is kept
        "late": (1, 2, None, None, 0.75),
        "day": (3, None, "2024-01-01", "2024-01-03", None),
        "many": (1, None, None, None, None),
    }
    assert found["n"].null_rate == 0.2
    assert (found["same"].edges, found["same"].counts) == ((7.0, 7.0), (4,))
    assert found["none"].edges == found["none"].counts == found["text"].counts == ()
    assert sum(found["wide"].counts) == 2


def test_bins_are_those_of_numpy(con):
    draw = np.random.default_rng(0)
    values = {"normal": draw.normal(size=500), "heavy": draw.lognormal(3, 3, 500), "few": draw.integers(0, 4, 500)}
    found = of(con, pa.table(values))
    for name, numbers in values.items():
        counts, edges = np.histogram(numbers.astype(float), bins=BINS)
        assert found[name].edges == pytest.approx(tuple(edges))
        assert sum(found[name].counts) == 500
        # a value at an edge may fall on either side of it: rounding
        assert np.abs(np.cumsum(found[name].counts) - np.cumsum(counts)).max() <= (1 if name != "few" else 0)


FLOATS = st.floats(allow_nan=False, width=64) | st.sampled_from([0.0, 5e-324, -5e-324, 1.7e308, -1.7e308])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.none() | FLOATS, min_size=1, max_size=6))
@example([-1.7e308, 1.7e308])
@example([5e-324, 0.0])
def test_every_finite_value_is_in_one_bin(values):
    found = of(ibis.duckdb.connect(), pa.table({"x": pa.array(values, "float64")}))["x"]
    finite = [value for value in values if value is not None and abs(value) <= LARGEST]
    assert sum(found.counts) == len(finite)
    assert list(found.edges) == sorted(found.edges)
    if finite:
        assert (found.edges[0], found.edges[-1]) == (min(finite), max(finite))


def test_a_table_without_rows(con):
    found = of(con, ROWS.slice(0, 0), FEATURES, newest="at")
    assert (found.rows, found.newest, found.age) == (0, None, None)
    assert all((each.rows, each.nulls, each.null_rate, each.counts) == (0, 0, 0.0, ()) for each in found.features)


def test_it_is_kept_as_json_and_not_twice(catalog: Catalog):
    found = of(ibis.duckdb.connect(), ROWS, FEATURES, newest="at")
    first = record(catalog, found)
    assert (first.kind, first.name, first.version) == ("profile", "v", 1)
    assert Profile.from_doc(first.body) == found
    json.dumps(first.body, allow_nan=False)
    assert "example.org" not in first.json
    assert record(catalog, of(ibis.duckdb.connect(), ROWS, FEATURES, newest="at")).version == 1
    assert record(catalog, of(ibis.duckdb.connect(), ROWS.slice(1), FEATURES, newest="at")).version == 2


def test_in_words_and_by_name():
    found = of(ibis.duckdb.connect(), ROWS, {"n": "n", "late": "late", "gone": "gone"})
    assert str(found) == (
        "profile of v, a table: 5 rows\n"
        "  n     20.0% NULL, 3 distinct, 1 to 10, mean 3.75\n"
        "  late  20.0% NULL, 2 distinct, mean 0.75"
    )
    assert isinstance(found["n"], Distribution)
    with pytest.raises(UnknownName, match=r"the profile of 'v' has no feature 'N'\."):
        found["N"]
