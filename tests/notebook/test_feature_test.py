"""`%%feature_test` and `fsnb.testing`: an example that holds, one that does not, one that cannot be read."""

from __future__ import annotations

import ibis
import polars as pl
import pytest

import fsnb
from fsnb.errors import DefinitionError, FsnbError, UnknownName, UsageError
from fsnb.testing import FeaturesDiffer, FeatureTest, assert_features, check_features
from tests.notebook.conftest import Notebook

GIVEN = """given
tailnum | dep_time         | landed_at        | arr_delay
N1      | 2024-01-05 08:00 | 2024-01-05 10:00 | 20
"""
HOLDS = f"""%%feature_test plane_delays
# refreshed every hour, 15 minutes late
{GIVEN}
expect
tailnum | at               | legs_1d | mean_delay_1d
N1      | 2024-01-05 10:10 | 0       | NULL
N1      | 2024-01-05 11:20 | 1       | 20
'N 2'   | 2024-01-05 11:20 | 0       | NULL
"""


@pytest.fixture(scope="module")
def latest() -> fsnb.FeatureView:
    rows = pl.DataFrame({"k": ["a"], "t": ["2024-01-01"], "x": [1.0]}).with_columns(pl.col("t").str.to_datetime())
    source = fsnb.Source("events", rows, event_time="t")
    return fsnb.FeatureView("latest", entity=fsnb.Entity("k", "k"), source=source, features={"x": ibis._.x}, ttl="1d")


def test_example_that_holds_is_the_value_of_the_cell(defined: Notebook) -> None:
    ran = defined.ok(HOLDS.replace("plane_delays", "plane_delays -o tried", 1))
    assert isinstance(defined["tried"], FeatureTest)
    assert ran.text == "feature view 'plane_delays': all 6 values are as expected on duckdb, polars, oracle."
    assert ran.html.count("✓") == 7


def test_example_that_does_not_hold_fails_the_cell_with_what_came_and_why(defined: Notebook) -> None:
    ran = defined.run(HOLDS.replace("| 1       | 20", "| 1       | 21"))
    assert isinstance(ran.error, FeaturesDiffer)
    assert isinstance(ran.error, AssertionError)
    assert ran.printed.splitlines() == [
        "FeaturesDiffer: feature view 'plane_delays': 1 of 6 values are not as expected on duckdb, polars, oracle.",
        "  row 1 (N1, 2024-01-05 11:20:00), mean_delay_1d: expected 21, got 20",
        "    mean_delay_1d is 20: 1 row in the window, of 2024-01-05 08:00.",
    ]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%feature_test plane_delays", "has a body"),
        ("%%feature_test plane_delays\ngiven\na | b", "nothing is expected"),
        ("%%feature_test plane_delays\na | b\nexpect", "stands under no heading"),
        ("%%feature_test plane_delays\nexpect\na\nexpect\nb", "stands there twice"),
    ],
)
def test_cell_that_is_no_example_says_how_to_write_one(defined: Notebook, cell: str, message: str) -> None:
    ran = defined.run(cell)
    assert isinstance(ran.error, UsageError)
    assert message in ran.printed


def test_ties_nulls_and_tolerance(latest: fsnb.FeatureView) -> None:
    given = [{"k": "a", "t": "2024-01-05 08:00", "x": 0.1 + 0.2}, {"k": "a", "t": "2024-01-05 08:00", "x": 0.1}]
    expected = "k | at | x\na | 2024-01-05 09:00 | 0.3\na | 2024-01-07 | NULL\nb | 2024-01-05 | NULL"
    found = assert_features(latest, given=given, expected=expected)
    assert found.engines == ("duckdb", "polars", "oracle")
    assert found.notes == (
        "2 given rows tie on every clock and differ, and nothing says which counts: add a tie_break.",
    )
    assert not check_features(latest, given=given, expected=expected, tolerance=0.0).ok
    assert found.to_polars()["expected"].to_list() == ["0.3", "NULL", "NULL"]


def test_spine_and_frames_may_stand_apart(latest: fsnb.FeatureView) -> None:
    given = pl.DataFrame({"k": ["a"], "t": ["2024-01-05"], "x": [1]})
    spine = [{"key": "a", "when": "2024-01-05 12:00"}]
    how = {"spine": spine, "at": "when", "keys": {"k": "key"}, "engines": ["polars"]}
    assert_features(latest, given={"events": given}, expected={"x": [1]}, **how)
    with pytest.raises(DefinitionError, match="1 rows ask, and 2 are expected"):
        check_features(latest, given={"events": given}, expected={"x": [1, 2]}, **how)


@pytest.mark.parametrize(
    ("given", "expected", "error", "message"),
    [
        ([{"y": 1}], "k | at | x\na | 2024-01-05 | 1", UnknownName, "source 'events' has no column 'y'"),
        ({"event": "k"}, "k | at | x\na | 2024-01-05 | 1", UnknownName, "Did you mean 'events'"),
        ([], "k | x\na | 1", DefinitionError, "have no 'at'. They need k, at"),
        ([], "k | at | z\na | 2024-01-05 | 1", UnknownName, "expected has no column 'z'"),
        ([], "k | at | x\na | yesterday | 1", DefinitionError, "'yesterday' is not"),
        ([], "k | at | x\na | 2024-01-05", DefinitionError, "2 values for 3 columns"),
        (3, "k | at | x\na | 2024-01-05 | 1", DefinitionError, "a int is no table"),
    ],
)
def test_example_that_cannot_be_read_says_what_is_wrong(
    latest: fsnb.FeatureView, given: object, expected: str, error: type[FsnbError], message: str
) -> None:
    with pytest.raises(error, match=message):
        check_features(latest, given=given, expected=expected)
