"""Checks as values: on a feature view, in documents, as code."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import ibis
import pytest
from ibis import _

import fsnb
from fsnb import checks as c
from fsnb.errors import DefinitionError, NoStableIdentity, NotSupported, UnknownName

SCHEMA = ibis.schema({"k": "string", "ts": "timestamp(6)", "x": "float64", "n": "int64"})
SOURCE = fsnb.Source("events", None, event_time="ts", schema=SCHEMA)
THING = fsnb.Entity("thing", "k")
EVERY = [
    c.not_null("x", mostly=0.9),
    c.null_rate("x", max_rate=0.1),
    c.unique("k", "ts", severity="warn"),
    c.accepted_values("k", values=["a", "é", 'quo"te']),
    c.in_range("x", min_value=-1, include_min=False, name="not too low"),
    c.in_range("ts", max_value=datetime(2030, 1, 1)),
    c.freshness("ts", within="2h", on="source"),
    c.row_count(min_value=5),
    c.row_count_change(min_value=-0.2, max_value=3.0),
    c.column_type("n", dtype="integer"),
    c.pattern("k", regex=r"^\w+$"),
    c.increasing("ts", order_by="n", by=["k"], strictly=True, severity="info"),
    c.references("k", to="things", key="name"),
    c.baseline_drift("total_1d", baseline="fares", level="warn", severity="fail"),
]


def view(*checks: Any, **options: Any) -> fsnb.FeatureView:
    rules = {"windows": ["1d"], "refresh": "1h"} | options
    return fsnb.FeatureView(
        "sums", entity=THING, source=SOURCE, features={"rows": _.count(), "total": _.x.sum()}, checks=checks, **rules
    )


def test_checks_are_no_part_of_the_meaning() -> None:
    plain, checked = view(), view(c.not_null("total_1d"), fsnb.check("rows", _.rows_1d >= 0))
    assert plain.fingerprint == checked.fingerprint
    assert plain == checked
    assert "checks" not in plain.to_doc()


def test_checks_are_in_the_document_and_come_back() -> None:
    made = view(
        *EVERY, fsnb.check("own", (_.x > 0) & _.k.notnull(), mostly=0.5), fsnb.check("table", _.total_1d.sum() > 0)
    )
    doc = json.loads(json.dumps(made.to_doc()))
    back = fsnb.FeatureView.from_doc(doc)
    assert back.checks == made.checks
    assert back.to_doc() == made.to_doc()
    assert [check.option("mostly") for check in back.checks if check.name == "own"] == [0.5]


def test_check_is_on_the_result_where_that_has_its_columns() -> None:
    places = {
        "total_1d is not null": (c.not_null("total_1d"), "result"),
        "x is not null": (c.not_null("x"), "source"),
        "k is not null": (c.not_null("k"), "result"),
        "keys": (c.not_null("k", on="source", name="keys"), "source"),
        "freshness of ts": (c.freshness("ts", within="1h"), "source"),
        "freshness of event_time": (c.freshness("event_time", within="1h"), "result"),
        "row count": (c.row_count(), "result"),
        "both": (fsnb.check("both", _.total_1d > _.rows_1d), "result"),
        "raw": (fsnb.check("raw", lambda t: t.x > t.n), "source"),
        "order": (c.increasing("k", order_by="ts", name="order"), "source"),
    }
    made = view(*(check for check, _place in places.values()))
    assert {check.name: check.on for check in made.checks} == {name: place for name, (_check, place) in places.items()}


def test_predicate_keeps_only_the_columns_that_it_reads() -> None:
    (check,) = view(fsnb.check("raw", _.x > 0)).checks
    assert check.reads == check.columns == ("x",)
    other = ibis.table({"y": "int64", "x": "int32"}, name="other")
    assert check.value(other).equals(other.x > ibis.literal(0, "int8"))


@pytest.mark.parametrize(
    ("check", "error", "message"),
    [
        (
            c.not_null("totl_1d"),
            UnknownName,
            "Of this view its result has k, event_time, available_time, rows_1d",
        ),
        (c.not_null("total_1d", on="source"), UnknownName, "'total_1d'"),
        (fsnb.check("no", _.x + 1), DefinitionError, "not a boolean"),
        (fsnb.check("no", 5), DefinitionError, "not a boolean"),
        (fsnb.check("now", _.ts < ibis.now()), NoStableIdentity, "TimestampNow"),
        (fsnb.check("other", ibis.table({"x": "int64"}, name="o").x > 0), DefinitionError, "stands on another table"),
        ("x is not null", DefinitionError, "is a str, not a check"),
    ],
)
def test_view_refuses(check: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        view(check)
    assert message in str(caught.value)


def test_view_refuses_two_checks_of_one_name() -> None:
    with pytest.raises(DefinitionError, match="feature view 'sums' has two checks named 'row count'"):
        view(c.row_count(), c.row_count(min_value=3))


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.name)
def test_code_makes_the_same_check(check: fsnb.Check) -> None:
    made = eval(check.code(), {"fsnb": fsnb, "datetime": __import__("datetime")})
    assert made == check
    assert hash(made) == hash(check)
    assert c.Check.from_doc(json.loads(json.dumps(check.to_doc()))) == check


def test_predicate_needs_a_table_for_code_and_a_document() -> None:
    check = fsnb.check("rows", _.x > 0)
    with pytest.raises(NotSupported, match="on no table yet"):
        check.code()
    assert check.kept_on(SOURCE.table).code() == 'fsnb.check("rows", lambda t: t.x > 0)'
    with pytest.raises(DefinitionError, match="Put it on a table"):
        check.to_doc()
    assert check == check
    assert check != fsnb.check("rows", _.x > 0)
    assert check.kept_on(SOURCE.table) == fsnb.check("rows", _.x > 0).kept_on(SOURCE.table)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"kind": "os.system"}, NotSupported),
        ({"options": {}}, DefinitionError),
        ({"severity": "loud"}, DefinitionError),
    ],
)
def test_altered_document_is_refused(change: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        c.Check.from_doc(c.not_null("x").to_doc() | change)


def test_reference_to_a_source_is_kept_by_its_name() -> None:
    check = c.references("k", to=SOURCE, key="k")
    assert check == c.references("k", to="events", key="k")
    assert c.references("k", to=ibis.table({"k": "string"}, name="events")).option("to") == "events"


def test_module_has_every_kind() -> None:
    from fsnb.checks.questions import ASKED
    from fsnb.model.checking import KINDS, NAMES

    assert set(ASKED) == set(KINDS) == {*NAMES, "predicate"}
    assert {check.kind for check in EVERY} == set(NAMES)
    assert list(c.__all__) == sorted(c.__all__)
    assert all(hasattr(c, name) for name in c.__all__)
