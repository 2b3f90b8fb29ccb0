"""Random expressions: each reads back equal, and two builds of one give one document."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable

import ibis
from hypothesis import given
from hypothesis import strategies as st

from fsnb.identity import fingerprint, from_json, portable, to_json

COLUMNS = {"a": "int64", "b": "int64", "x": "float64", "s": "string", "ok": "boolean", "at": "timestamp(6)"}

# A draw is a function from a table to a value, so that it can be built again, on another table, from nothing.
Build = Callable[[ibis.Table], ibis.Value]


def table() -> ibis.Table:
    return ibis.table(COLUMNS, name="t")


def column(*names: str) -> st.SearchStrategy[Build]:
    return st.sampled_from(names).map(operator.itemgetter)


def constant(values: st.SearchStrategy) -> st.SearchStrategy[Build]:
    return values.map(lambda value: lambda t: ibis.literal(value))


def apply(function: Callable[..., ibis.Value], *builds: st.SearchStrategy[Build]) -> st.SearchStrategy[Build]:
    return st.tuples(*builds).map(lambda drawn: lambda t: function(*(build(t) for build in drawn)))


def one_of(functions: list[Callable[..., ibis.Value]], *builds: st.SearchStrategy[Build]) -> st.SearchStrategy[Build]:
    return st.sampled_from(functions).flatmap(lambda function: apply(function, *builds))


ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, ibis.greatest, ibis.coalesce]
COMPARISON = [operator.lt, operator.le, operator.eq, operator.ne]
TEXT = [operator.add, lambda s, o: s.replace(o, "-"), lambda s, o: s.upper().strip() + o, lambda s, o: s[1:3].concat(o)]
CASTS = [lambda n, kind=kind: n.cast(kind) for kind in ("float64", "int32", "decimal(20, 4)")]

integers = st.integers(-(2**63), 2**63 - 1)
numbers = st.deferred(
    lambda: (
        column("a", "b", "x")
        | constant(integers | st.floats(allow_nan=False))
        | one_of(ARITHMETIC, numbers, numbers)
        | one_of([*CASTS, lambda n: n.abs(), operator.neg], column("a", "x"))
        | apply(lambda test, yes, no: test.ifelse(yes, no), booleans, numbers, numbers)
        | apply(lambda test, yes, no: ibis.cases((test, yes), else_=no), booleans, numbers, numbers)
        | apply(lambda s: s.length(), texts)
        | apply(lambda at: at.hour() + at.epoch_seconds(), column("at"))
        | apply(lambda n: n.sum().over(group_by="s", order_by="at"), column("a", "x"))
    )
)
booleans = st.deferred(
    lambda: (
        column("ok")
        | one_of(COMPARISON, numbers, numbers)
        | one_of(COMPARISON, texts, texts)
        | one_of([operator.and_, operator.or_], booleans, booleans)
        | apply(lambda n: n.isnull(), numbers)
        | apply(lambda s: s.contains("a"), texts)
        | st.frozensets(st.text(max_size=3), min_size=1, max_size=4).map(lambda some: lambda t: t.s.isin(some))
    )
)
texts = st.deferred(
    lambda: column("s") | constant(st.text(max_size=4)) | one_of(TEXT, texts, texts) | apply(str_of, column("a", "x"))
)


def str_of(n: ibis.Value) -> ibis.Value:
    return n.cast("string")


def filtered(build: Build) -> Callable[[ibis.Table], ibis.Table]:
    return lambda t: t.filter(build(t))


def mutated(name: str, build: Build) -> Callable[[ibis.Table], ibis.Table]:
    return lambda t: t.mutate(**{name: build(t)})


def aggregated(build: Build, test: Build) -> Callable[[ibis.Table], ibis.Table]:
    def aggregate(t: ibis.Table) -> ibis.Table:
        value = t.x + build(t)
        return t.group_by("s").agg(n=t.count(), m=value.mean(), c=value.max(where=t.ok & test(t)), u=value.nunique())

    return aggregate


steps = st.lists(
    st.builds(filtered, booleans)
    | st.builds(mutated, st.sampled_from(["x", "y"]), numbers.map(lambda build: lambda t: build(t).cast("float64")))
    | st.builds(mutated, st.sampled_from(["s", "z"]), texts)
    | st.builds(mutated, st.just("ok"), booleans),
    max_size=4,
)
last = st.builds(aggregated, numbers, booleans) | st.just(lambda t: t)


def build_table(steps: list[Callable[[ibis.Table], ibis.Table]]) -> ibis.Table:
    t = table()
    for step in steps:
        t = step(t)
    return t


@given(steps, last)
def test_any_table_reads_back_equal(steps, last) -> None:
    expr = build_table([*steps, last])
    loaded = from_json(json.loads(json.dumps(to_json(expr), allow_nan=False)))
    assert to_json(loaded) == to_json(expr)
    assert loaded.equals(portable(expr))
    assert ibis.to_sql(loaded, "duckdb") == ibis.to_sql(portable(expr), "duckdb")


@given(numbers | booleans | texts)
def test_any_value_reads_back_equal(build) -> None:
    value = build(table())
    loaded = from_json(json.loads(json.dumps(to_json(value), allow_nan=False)))
    assert loaded.equals(portable(value))
    assert loaded.type() == value.type()


@given(steps, last)
def test_two_builds_of_a_table_have_one_fingerprint(steps, last) -> None:
    assert fingerprint(build_table([*steps, last])) == fingerprint(build_table([*steps, last]))
