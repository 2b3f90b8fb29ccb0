from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import ibis
import pyarrow as pa
import pytest
from ibis import _

from fsnb.errors import CertificateMismatch
from fsnb.model import Entity, FeatureView, Source, over
from fsnb.pit import lower, plan, read_source
from fsnb.publish import Certificate, Target, certify, certifying, load
from fsnb.publish.certificate import Column, Difference, compare
from fsnb.publish.sample import sample
from fsnb.publish.stretches import origin, restrict
from tests.publish.support import START, THING, TYPES, Row, events, latest, row, sums, table


@pytest.fixture
def target(database: Target) -> Target:
    """A lake has no engine of its own: what these tests are about does not depend on where rows are kept."""
    return database


def many(count: int = 600, seed: int = 1, keys: Sequence[str] = ("a", "b", "é", "11")) -> list[Row]:
    """Events over ten days, on the minute, so that some tie; some late, some of them NULL, one without a time."""
    rng = random.Random(seed)
    found = []
    for number in range(count):
        hour = rng.randrange(10 * 24 * 60) / 60
        late = rng.choice([0, 0, 0.5, 20])
        x = rng.choice([1.5, -2.0, None, float("nan"), round(rng.random() * 1e4, 3)])
        found.append(row(rng.choice(keys), hour, x, rng.randrange(-5, 6), known=hour + late) | {"tie": number})
    return [*found, found[0] | {"ts": None}, found[0] | {"k": None}]


ROWS = 300
PICKS = {
    "last": _.x.last(),
    "first_by": _.n.first(order_by=_.x.desc()),
    "argmax": _.ts.argmax(_.n),
    "tail": _.x.quantile(0.9),
    "mode": _.n.mode(where=_.x > 0),
    "trend": _.count() / over(_.count(), "3d"),
}
TIED = TYPES | {"tie": pa.int64()}


def source(rows: Sequence[Row], **options: Any) -> Source:
    return Source(
        "events", table(rows, TIED), **{"event_time": "ts", "available": "known", "tie_break": "tie"} | options
    )


def certified(view: FeatureView, target: Target, local: Any, data: Any = None) -> Certificate:
    """Load the source (or other data in its place) onto the target and certify."""
    on_target = view.source if data is None else Source("events", data, event_time="ts")
    load(on_target, target, replace=True)
    mine = {"events": read_source(local, view.source)}
    with target.session() as con:
        return certify(view, local, mine, con, {"events": read_source(con, view.source, "events")}, rows=ROWS)


@pytest.fixture(params=["duckdb", "polars"])
def engine(request: pytest.FixtureRequest) -> Any:
    return {"duckdb": ibis.duckdb, "polars": ibis.polars}[request.param].connect()


# ---------------------------------------------------------------------- agreement


@pytest.mark.parametrize(
    "make",
    [
        lambda s: sums(s),
        lambda s: sums(s, closed="left", refresh=None, lag="0s"),
        lambda s: FeatureView("picks", entity=THING, source=s, features=PICKS, windows="6h"),
        lambda s: latest(s, ttl="5h", closed="both"),
        lambda s: latest(s, skip_nulls=True, refresh="1h", lag="5m"),
    ],
    ids=["refreshed", "fresh", "picks", "ttl", "skip_nulls"],
)
def test_sides_agree(make: Callable[[Source], FeatureView], target: Target, engine: Any) -> None:
    view = make(source(many()))
    found = certified(view, target, engine)
    assert found.ok, str(found)
    assert found.oracle == "used"
    assert [name for name, _ in found.sides] == ["local", "target", "oracle"]
    assert (found.rows, [column.name for column in found.columns]) == (ROWS, list(view.features))
    assert sum(count for _, count in found.strata) == found.rows
    wanted = {"event time", "available", "late", "ties", "non-ASCII keys", "no such entity", "NULL key", "NULL time"}
    wanted |= {"before the first event", "after the last event", "window edge" if view.windows else "event time"}
    assert wanted | ({"ttl edge"} if view.ttl else set()) <= dict(found.strata).keys()


def test_sample_is_bounded_and_the_same_for_the_same_seed(target: Target, local: Any) -> None:
    view = sums(source(many()))
    load(view.source, target)
    with target.session() as con:
        tables = {"events": read_source(con, view.source, "events")}
        first, again, other = (sample(view, con, tables, rows=60, seed=seed) for seed in (0, 0, 1))
    assert first.asks.num_rows == 60
    assert first.asks == again.asks
    assert first.asks != other.asks


def test_oracle_reads_a_stretch_of_a_hot_key_not_all_of_it(
    target: Target, local: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifying, "MOST_ORACLE_ROWS", 400)
    view = sums(source(many(5_000, keys=["hot", "hotter"])))
    load(view.source, target)
    with target.session() as con:
        tables = {"events": read_source(con, view.source, "events")}
        cut = sample(view, con, tables).cut
        kept = restrict(view, con, tables["events"], cut).to_pyarrow()
    assert 50 < kept.num_rows < 400
    assert kept["ts"].null_count == 1  # rows without a time are read too: they must not be seen
    found = certified(view, target, local)
    assert (found.ok, found.oracle) == (True, "used")


def test_empty_source_is_certified_on_keys_that_no_one_has(target: Target, local: Any) -> None:
    found = certified(sums(source([])), target, local)
    assert found.ok
    assert found.rows > 0


def test_several_keys_of_several_types(target: Target, local: Any) -> None:
    view = FeatureView("v", entity=Entity("pair", ("k", "n")), source=source(many()), features={"x": _.x})
    found = certified(view, target, local)
    assert found.ok, str(found)
    assert dict(found.strata)["NULL key"] == 2


def test_static_view(target: Target, local: Any) -> None:
    view = FeatureView("v", entity=THING, source=source(many(), event_time=None, available=None), features={"x": _.x})
    found = certified(view, target, local)
    assert found.ok, str(found)


def test_relation_that_makes_its_own_key_and_clock(target: Target, engine: Any) -> None:
    def prepared(t: Any) -> Any:
        u = t.filter(t.n != 0).mutate(k=t.k + "!", ts=t.ts + ibis.interval(hours=1))
        return {"rows": u.count()}

    view = FeatureView("v", entity=THING, source=source(many()), features=prepared, windows="3h")
    assert (origin(view, "k"), origin(view, "ts"), origin(view, "known")) == (None, None, "known")
    found = certified(view, target, engine)
    assert found.ok, str(found)
    assert found.oracle == "used"


def test_view_that_joins_another_table(target: Target, local: Any) -> None:
    kinds = Source(
        "kinds", pa.table({"n": pa.array([1, 2, 3], pa.int64()), "kind": ["one", "two", "three"]}), event_time=None
    )

    def prepared(t: Any) -> Any:
        joined = t.left_join(kinds.table, t.n == kinds.table.n)
        return {"ones": joined.count(where=joined.kind == "one")}

    view = FeatureView("v", entity=THING, source=source(many()), features=prepared, windows="1d")
    load(view.source, target)
    load(kinds, target)
    mine = {"events": read_source(local, view.source), "kinds": read_source(local, kinds)}
    with target.session() as con:
        theirs = {each.name: read_source(con, each, each.name) for each in (view.source, kinds)}
        found = certify(view, local, mine, con, theirs)
    assert found.ok, str(found)
    assert found.oracle == "used"


def test_expression_that_the_oracle_cannot_read_rests_on_two_engines(target: Target, local: Any) -> None:
    found = certified(
        FeatureView("v", entity=THING, source=source(many()), features={"k2": _.k.reverse()}), target, local
    )
    assert found.ok
    assert "does not interpret" in found.oracle
    assert [name for name, _ in found.sides] == ["local", "target"]
    assert found.oracle in str(found)
    assert "does not interpret" in found._repr_html_()


def test_source_too_large_for_the_oracle_says_so(target: Target, local: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certifying, "MOST_ORACLE_ROWS", 3)
    assert "would have to read" in certified(sums(source(many())), target, local).oracle


# ---------------------------------------------------------------------- disagreement


def test_one_other_value_on_the_target_is_found_and_shown(target: Target, local: Any) -> None:
    rows = [row("a", hour, float(hour), 1) | {"tie": 0} for hour in range(20)]
    changed = [*rows[:7], rows[7] | {"x": 700.0}, *rows[8:]]
    found = certified(latest(source(rows)), target, local, table(changed, TIED))
    assert not found.ok
    assert "DISAGREE" in str(found)
    column = found.columns[0]
    assert (column.name, column.max_abs, column.ok) == ("x", 693.0, False)
    assert all(
        dict(each.values)["target"] == "700.0" and dict(each.values)["oracle"] == "7.0" for each in found.differences
    )
    assert "x is 7.0 (local), 700.0 (target), 7.0 (oracle)" in str(found)


@pytest.mark.parametrize("missing", [{"k": None}, {"ts": None}, {"known": None}, {"x": None}])
def test_value_missing_on_the_target_is_found(missing: Row, target: Target, local: Any) -> None:
    rows = [row("a", hour, float(hour), 1) | {"tie": 0} for hour in range(20)]
    assert not certified(latest(source(rows)), target, local, table([*rows[:7], rows[7] | missing, *rows[8:]], TIED)).ok


def altered(**rules: Any) -> Callable[..., Any]:
    """A lowering that gets a rule of time wrong."""

    def wrong(joined: Any, con: Any, tables: Any, spine: Any) -> Any:
        view = joined.views[0].view
        clocks = {name: rules.pop(name) for name in ("available",) if name in rules}
        mine = Source.from_doc(view.source.to_doc() | clocks)
        return lower(
            plan(joined.spine, FeatureView.from_doc(view.to_doc() | rules, {"events": mine})), con, tables, spine
        )

    return wrong


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (sums, {"lag": "14m"}),
        (sums, {"refresh": None}),
        (sums, {"closed": "left"}),
        (sums, {"available": None}),
        (
            sums,
            {
                "windows": [
                    {"size": "2h1s", "offset": "0s", "label": "2h"},
                    {"size": "1d", "offset": "0s", "label": "1d"},
                ]
            },
        ),
        (lambda s: latest(s, ttl="5h"), {"ttl": None}),
        (lambda s: latest(s, ttl="5h"), {"closed": "both"}),
        (latest, {"closed": "left"}),
        (latest, {"skip_nulls": True}),
    ],
    ids=["lag", "refresh", "closed", "available", "window", "ttl", "ttl edge", "as-of closed", "skip_nulls"],
)
def test_engine_that_gets_a_rule_of_time_wrong_is_found(
    make: Any, wrong: Any, local: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifying, "lower", altered(**wrong))
    assert not certified(make(source(many())), Target("prod", tmp_path / "prod.duckdb"), local).ok


def test_remainder_of_negatives_depends_on_the_engine(target: Target) -> None:
    view = FeatureView("v", entity=THING, source=source(many()), features={"rest": _.n % 3})
    found = certified(view, target, ibis.polars.connect())
    assert not found.ok
    assert "(local)" in str(found.differences[0])


@pytest.mark.postgres
def test_letters_that_a_server_has_no_capitals_for_are_found(postgres_db_url: str, local: Any) -> None:
    """In the C locale PostgreSQL leaves é as it is: a true case of keys that are not ASCII."""
    view = FeatureView("v", entity=THING, source=source(many()), features={"name": _.k.upper()})
    found = certified(view, Target("prod", postgres_db_url), local)
    assert {dict(each.values)["target"] for each in found.differences} == {"'é'"}
    assert {dict(each.values)["oracle"] for each in found.differences} == {"'É'"}


@pytest.mark.postgres
def test_division_by_zero_depends_on_the_engine(postgres_db_url: str, local: Any) -> None:
    view = FeatureView("v", entity=THING, source=source(many()), features={"share": _.x / _.n})
    with pytest.raises(
        CertificateMismatch, match=r"the target engine .postgres .* cannot compute it: division by zero"
    ):
        certified(view, Target("prod", postgres_db_url), local)


def test_features_that_engines_used_to_disagree_on_agree(target: Target, engine: Any) -> None:
    """NaN, NULLs in distinct counts, means of integers, deviations of one value: planned so that all sides agree."""
    features = {
        "kinds": _.x.nunique(),
        "mean": _.n.mean(),
        "std": _.x.std(),
        "share": (_.n > 0).mean(),
        "low": _.x.min(),
    }
    view = FeatureView("v", entity=THING, source=source(many()), features=features, windows=["1h", "2d"])
    found = certified(view, target, engine)
    assert found.ok, str(found)


# ---------------------------------------------------------------------- the value


@pytest.mark.parametrize(
    ("left", "right", "ok"),
    [
        (0.1 + 0.2, 0.3, True),
        (1.0, 1.0 + 1e-8, False),
        (1e-14, 0.0, True),
        (math.inf, math.inf, True),
        (math.inf, 1e308, False),
        (None, None, True),
        (None, 0, False),
        (0, None, False),
        (1, 2, False),
        (1, True, False),
        ("a", "b", False),
        (START, START + timedelta(microseconds=1), False),
    ],
)
def test_comparison(left: Any, right: Any, ok: bool) -> None:
    column, rows = compare("f", {"local": [left], "target": [right]}, ("t", "t"))
    assert column.ok is ok
    assert rows == ([] if ok else [0])
    assert column.null_mismatches == ((left is None) != (right is None))


def test_other_types_on_two_sides_do_not_agree() -> None:
    column, _ = compare("f", {"local": [1], "target": [1]}, ("int64", "int32"))
    assert not column.ok


def hostile() -> Certificate:
    columns = (Column("<b>x</b>", ("double", "double"), 0, 1, math.inf, 0.5),)
    differences = (Difference("x", (("k", "'<script>'"),), (("local", "1.0"), ("target", "inf"))),)
    sides = (("local", "duckdb 1"), ("target", "postgres 15"))
    return Certificate("v", "f" * 64, 1, (("spread", 1),), sides, "not used, <i>", "12.0.0", columns, differences)


def test_document_reads_back_and_is_strict_json() -> None:
    doc = json.loads(json.dumps(hostile().to_doc(), allow_nan=False))
    assert Certificate.from_doc(doc) == hostile()
    assert doc["ok"] is False


def test_html_is_escaped() -> None:
    shown = hostile()._repr_html_()
    assert "<b>x" not in shown
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "<i>" not in shown
    assert events().name not in shown
