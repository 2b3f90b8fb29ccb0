"""pandera schemas as checks and back, held to pandera's own verdicts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import ibis
import polars as pl
import pyarrow as pa
import pytest
from ibis import _

import fsnb
from fsnb import checks as c
from fsnb.checks.pandera_schemas import imported
from fsnb.errors import NotSupported, UnknownName

pai, pap, papl = map(imported, ("ibis", "pandas", "polars"))

GOOD = pa.table({"id": [1, 2, 3], "x": [1.0, 5.0, None], "kind": ["aa", "ab", "aa"]})
BAD = {
    "id": pa.table({"id": [1, 2, 2], "x": [1.0, 5.0, None], "kind": ["aa", "ab", "aa"]}),
    "x": pa.table({"id": [1, 2, 3], "x": [1.0, 6.0, 0.0], "kind": ["aa", "ab", "aa"]}),
    "kind": pa.table({"id": [1, 2, 3], "x": [1.0, 5.0, None], "kind": ["aa", "xb", "aa"]}),
    "kind null": pa.table({"id": [1, 2, 3], "x": [1.0, 5.0, None], "kind": ["aa", None, "aa"]}),
}
SCHEMAS: dict[str, Any] = {
    "ibis": pai.DataFrameSchema(
        {
            "id": pai.Column(int, unique=True),
            "x": pai.Column(float, [pai.Check.gt(0), pai.Check.lt(6)], nullable=True),
            "kind": pai.Column(str, [pai.Check.isin(["aa", "ab"]), pai.Check.str_startswith("a")]),
        }
    ),
    "polars": papl.DataFrameSchema(
        {
            "id": papl.Column(pl.Int64, unique=True),
            "x": papl.Column(
                pl.Float64, papl.Check.in_range(0, 6, include_min=False, include_max=False), nullable=True
            ),
            "kind": papl.Column(pl.String, [papl.Check.str_matches("a[ab]$"), papl.Check.str_length(2, 2)]),
        }
    ),
    "pandas": pap.DataFrameSchema(
        {
            "id": pap.Column("int64", pap.Check.ge(1), unique=True),
            "x": pap.Column("float64", [pap.Check.ge(0.5), pap.Check.le(5.5)], nullable=True),
            "kind": pap.Column(checks=[pap.Check.notin(["xb"]), pap.Check.str_contains("a")]),
        }
    ),
}


def verdict(checks: Any, rows: pa.Table) -> bool:
    return c.run(ibis.duckdb.connect().create_table("t", rows), checks, who="t").ok


@pytest.mark.parametrize("backend", SCHEMAS)
def test_schema_of_each_backend_says_the_same_as_checks(backend: str) -> None:
    checks = c.from_pandera(SCHEMAS[backend])
    assert verdict(checks, GOOD)
    for wrong, rows in BAD.items():
        report = c.run(ibis.duckdb.connect().create_table("t", rows), checks, who="t")
        assert {each.check.name.split()[0] for each in report.stopping} == {wrong.split()[0]}, report
        assert all(each.status == "failed" for each in report.stopping)


def test_verdicts_are_panderas() -> None:
    checks = c.from_pandera(SCHEMAS["polars"])
    for rows in (GOOD, *BAD.values()):
        try:
            SCHEMAS["polars"].validate(pl.from_arrow(rows))
            theirs = True
        except papl.errors.SchemaError:
            theirs = False
        assert verdict(checks, rows) == theirs


def test_model_keys_and_warnings() -> None:
    class Model(pai.DataFrameModel):
        a: int = pai.Field(ge=0, raise_warning=True)
        b: str = pai.Field(nullable=True)

        class Config:
            unique = ["a", "b"]  # noqa: RUF012

    found = {check.name: check for check in c.from_pandera(Model)}
    assert found["a, b unique"].columns == ("a", "b")
    assert found["a greater_than_or_equal_to"].severity == "warn"
    assert "b is not null" not in found
    assert found["type of a"].option("dtype") == "integer"


def test_what_has_no_counterpart_is_refused_by_name() -> None:
    schema = papl.DataFrameSchema({"a": papl.Column(pl.Int64, papl.Check(lambda data: True, name="mine"))})
    with pytest.raises(NotSupported, match="check 'mine' of column 'a' is a function"):
        c.from_pandera(schema)
    assert [check.kind for check in c.from_pandera(schema, without=["mine"])] == ["column_type", "not_null"]
    with pytest.raises(NotSupported, match="column 'a' is one that may be missing"):
        c.from_pandera(papl.DataFrameSchema({"a": papl.Column(pl.Int64, required=False)}))
    with pytest.raises(NotSupported, match="type List"):
        c.from_pandera(papl.DataFrameSchema({"a": papl.Column(pl.List(pl.Int64))}))


EXPORTED = [
    c.unique("id"),
    c.not_null("kind"),
    c.column_type("id", dtype="int64"),
    c.in_range("x", min_value=0, include_min=False, max_value=5),
    c.accepted_values("kind", values=["aa", "ab"]),
    c.pattern("kind", regex="b|^aa$"),
]


@pytest.mark.parametrize("wrong", [None, *BAD])
def test_checks_as_a_schema_of_pandera_give_the_same_verdict(wrong: str | None) -> None:
    rows = GOOD if wrong is None else BAD[wrong]
    frame = pl.from_arrow(rows)
    ours = verdict(EXPORTED, rows)
    schema = c.to_pandera([check for check in EXPORTED if check.kind != "column_type"], backend="polars")
    try:
        schema.validate(frame)
        theirs = True
    except papl.errors.SchemaError:
        theirs = False
    assert ours == theirs == (wrong is None)


def test_schema_goes_out_and_comes_back() -> None:
    schema = c.to_pandera([*EXPORTED, c.unique("id", "kind")])
    assert isinstance(schema, pai.DataFrameSchema)
    assert schema.unique == ["id", "kind"]
    kinds = sorted(check.kind for check in c.from_pandera(schema))
    assert kinds == sorted(
        ["accepted_values", "column_type", "in_range", "in_range", "not_null", "pattern", "unique", "unique"]
    )
    warned = c.to_pandera([c.in_range("x", max_value=1, severity="warn")], backend="pandas")
    assert warned.columns["x"].checks[0].raise_warning


@pytest.mark.parametrize(
    "check",
    [
        c.freshness("x", within="1h"),
        c.row_count(),
        c.null_rate("x", max_rate=0.1),
        c.not_null("x", mostly=0.5),
        fsnb.check("own", _.x > 0),
        c.column_type("x", dtype="floating"),
    ],
)
def test_what_pandera_cannot_say_is_refused(check: fsnb.Check) -> None:
    with pytest.raises(NotSupported, match=check.name):
        c.to_pandera([check])


def test_all_that_pandera_cannot_say_is_named_at_once_and_may_be_left_out() -> None:
    given = [*EXPORTED, c.row_count(), c.freshness("x", within="1h"), c.unique("id", "x"), c.unique("x", "kind")]
    with pytest.raises(NotSupported) as caught:
        c.to_pandera(given, backend="polars")
    wrong = ["type of id", "row count", "freshness of x", "x, kind unique"]
    assert f"without={wrong}" in str(caught.value)
    assert c.to_pandera(given, backend="polars", without=wrong).unique == ["id", "x"]


@pytest.mark.parametrize("backend", SCHEMAS)
def test_a_schema_stands_where_checks_do(backend: str, tmp_path: Path) -> None:
    store, schema = fsnb.open(tmp_path), SCHEMAS[backend]
    for wrong, rows in BAD.items():
        report = store.check(rows, [schema, c.row_count()])
        assert {each.check.name.split()[0] for each in report.stopping} == {wrong.split()[0]}
        assert store.check(rows, schema).to_polars().equals(report.to_polars()[:-1])
    source = store.source("rows", GOOD.append_column("at", pa.array([datetime(2024, 1, 1)] * 3)), event_time="at")
    how: dict[str, Any] = {"entity": fsnb.Entity("kind", "kind"), "features": {"x": _.x}}
    view = fsnb.FeatureView("v", source=source, checks=schema, **how)
    assert view.checks[: len(c.from_pandera(schema))] == view.checks
    assert {check.on for check in view.checks} == {"source", "result"}


def test_unknown_backend() -> None:
    with pytest.raises(UnknownName, match="has no backend 'dask'"):
        c.to_pandera(EXPORTED, backend="dask")


def test_times_with_a_zone_are_read_as_before() -> None:
    """pyspark.pandas, which pandera tries to import, switches that off for the whole process."""
    noon = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=3)))
    assert pa.array([noon]).cast(pa.timestamp("us", "UTC"))[0].as_py() == noon
