"""A fingerprint is the same everywhere, for ever, until we decide otherwise. Run as a script, it prints them all."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from decimal import Decimal
from uuid import UUID

import ibis
import pytest
from ibis import _

from fsnb.errors import DefinitionError, NoStableIdentity
from fsnb.identity import Over, fingerprint

MOVED = """
The fingerprint of {name!r} has moved. Every definition in every catalog that holds such an expression now looks
changed: views get new versions, training sets do not match their logs. If fsnb changed its canonical form on purpose,
raise FORMAT, say in the CHANGELOG how old documents load, and write the new hash here. If only a dependency (Ibis)
was upgraded, the canonical form must be made to absorb the difference; do not just write the new hash.
"""


def trips() -> ibis.Table:
    return ibis.table(
        {"rider": "string", "city": "string", "fare": "float64", "seats": "int64", "at": "timestamp(6)"}, name="trips"
    )


def riders() -> ibis.Table:
    return ibis.table({"rider": "string", "born": "date", "vip": "boolean"}, name="riders")


def filter_and_mutate() -> ibis.Table:
    t = trips().filter(_.fare > 3.5, _.city.isin({"Oslo", "Rome", "Bern", "Kyiv"}))
    return t.mutate(per_seat=_.fare / _.seats.nullif(0), late=_.at.hour() >= 22).drop("seats", "city")


def conditional_aggregates() -> ibis.Table:
    t = trips()
    return t.group_by("rider").agg(
        n=t.count(), far=t.count(where=t.fare > 20), mean=t.fare.mean(where=t.seats == 1), cities=t.city.nunique()
    )


def join_of_two_tables() -> ibis.Table:
    return trips().left_join(riders(), "rider").filter(_.vip.fill_null(False)).select("rider", "fare", "born")


def window_function() -> ibis.Table:
    w = ibis.window(group_by="rider", order_by="at", preceding=ibis.interval(days=7), following=0)
    return trips().mutate(
        spent=_.fare.sum().over(w), rank=ibis.row_number().over(group_by="rider", order_by=_.at.desc())
    )


def cases_and_casts() -> ibis.Table:
    size = ibis.cases((_.seats < 2, "one"), (_.seats < 5, "few"), else_="many")
    return trips().select(
        size=size, fare=_.fare.cast("decimal(9, 2)"), day=_.at.date(), text=_.seats.cast("string").upper() + "!"
    )


def as_of_by_union() -> ibis.Table:
    asked = riders().select(
        "rider", at=ibis.literal("2020-02-29 12:00", "timestamp(6)"), fare=ibis.null("float64"), ordinal=0
    )
    known = trips().select("rider", "at", "fare", ordinal=1)
    both = known.union(asked)
    return both.mutate(last=_.ordinal.max().over(group_by="rider", order_by="at")).filter(_.ordinal == 0)


def self_join() -> ibis.Table:
    t, later = trips(), trips().view()
    return t.join(later, [t.rider == later.rider, t.at < later.at]).select(t.rider, t.fare, gap=later.at - t.at)


def one_value() -> ibis.Value:
    return (trips().fare - trips().fare.mean()).abs().name("off")


def windows_of_their_own() -> ibis.Table:
    t = trips()
    day, week = (Over(t.count(), dt.timedelta(days=days), dt.timedelta(0)).to_expr() for days in (1, 7))
    return t.aggregate(share=day / week)


def plain_data() -> dict[str, object]:
    numbers = [None, True, 1, 1.0, -0.0, float("nan"), float("inf"), 2**63, Decimal("1.50"), b"\x00\xff"]
    times = (
        dt.timedelta(days=-1, microseconds=1),
        dt.datetime(2020, 2, 29, 12, 0, 0, 1),
        dt.datetime(2020, 2, 29, 12, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        dt.date(2020, 2, 29),
        dt.time(1, 2, 3),
    )
    types = [
        ibis.dtype("array<struct<a: int8, b: map<string, decimal(9, 2)>>>"),
        ibis.schema({"b": "uuid", "a": "date"}),
    ]
    return {
        "ünï": numbers,
        "times": times,
        "types": types,
        "id": UUID(int=7),
        "tags": {"x", "y", "z"},
        "e": one_value(),
    }


EXAMPLES = (
    filter_and_mutate,
    conditional_aggregates,
    join_of_two_tables,
    window_function,
    cases_and_casts,
    as_of_by_union,
    self_join,
    one_value,
    windows_of_their_own,
    plain_data,
)

GOLDEN = {
    "filter_and_mutate": "efe8052b7a0bf6354a483f67b0ca49c1e8a6c47e2bd80fd5609a2d10326c646a",
    "conditional_aggregates": "bdec45aa9ddc4282c60f8ad2dd66ff58e6dc5694712693333a02e72339d33cc1",
    "join_of_two_tables": "bd73a05b7e9fa88a90dcc031bb7cbd2402b9a72f6709df698385dda0427652f1",
    "window_function": "6e586cca2c42900e4db7a78f72f271e90f6673b9292939352a6ddf7e30b62a54",
    "cases_and_casts": "ff768c4cea63a9416920432d2b23aacc67b88bd88bf886b46b51f755b75c4287",
    "as_of_by_union": "291a0376a4458dc3ea4fdae3f69545e6a86b2533fbd04f8c6a9917c4027b45c9",
    "self_join": "dbae2dd96b827085681b530c970a170a0542fca940432a1762fe816ecdf41f03",
    "one_value": "7d1899a452c6da0ee613635234972ddc1ed9add6fea803d503c321186a657f0f",
    "windows_of_their_own": "4a78466afbac18adf28f2cd387f07a8d3b074e5f0c23a97fb4d9def30df557ee",
    "plain_data": "318b4f20ab2550d9a8cb3f7419b337e400f9782bb695e01e267458097b82ed3b",
}


def all_fingerprints() -> dict[str, str]:
    return {example.__name__: fingerprint(example()) for example in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES)
def test_fingerprint_is_the_committed_one(example) -> None:
    assert fingerprint(example()) == GOLDEN[example.__name__], MOVED.format(name=example.__name__)


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_fingerprint_is_the_same_in_another_process_under_any_hash_seed(seed) -> None:
    env = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, __file__], env=env, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == GOLDEN


DIFFERENT = [
    *(None, False, True, 0, 1, 0.0, -0.0, 1.0, 2**53 + 1, float(2**53), Decimal(1), Decimal("1.0")),
    *("", "1", "None", "2020-01-01", b"1", UUID(int=1)),
    *([], {}, set(), [[]], [None], [1, 2], [2, 1], {"a": 1}, {"a": None}, {"float": "1.0"}, {"1": 1}),
    *(dt.timedelta(seconds=1), dt.timedelta(microseconds=1), dt.time(), dt.date(2020, 1, 1)),
    *(dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
    *map(ibis.dtype, ("int64", "timestamp", "timestamp(6)", "timestamp('UTC')", "interval('s')", "interval('D')")),
    *(ibis.schema({"a": "int64", "b": "int64"}), ibis.schema({"b": "int64", "a": "int64"})),
    *map(ibis.literal, (1, 1.0, True, "1", 0.0, -0.0, [1], {"a": 1})),
    *(trips(), riders(), trips().fare, trips().seats, trips().fare.name("a"), trips().limit(1), trips().limit(2)),
]


def test_things_that_differ_have_different_fingerprints() -> None:
    assert len({fingerprint(obj) for obj in DIFFERENT}) == len(DIFFERENT)


SAME = [
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ([1, 2], (1, 2)),
    ({"a", "b"}, frozenset({"b", "a"})),
    (float("nan"), -float("nan")),
    (ibis.schema({"a": "!array<!int64>"}), ibis.schema({"a": "array<int64>"})),
    (
        dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC),
        dt.datetime(2020, 1, 1, 13, tzinfo=dt.timezone(dt.timedelta(hours=1))),
    ),
    (trips().filter(_.seats.isin([2, 1])), trips().filter(_.seats.isin([1, 2]))),
    (trips().drop("at", "fare"), trips().drop("fare", "at")),
    (trips().fill_null({"city": "?", "rider": "-"}), trips().fill_null({"rider": "-", "city": "?"})),
    (trips().fare + trips().fare, (lambda fare: fare + fare)(trips().fare)),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_things_that_mean_the_same_have_one_fingerprint(one, other) -> None:
    assert fingerprint(one) == fingerprint(other)


ODD = [object(), len, ibis, _.fare, {1: 2}, [object()], {"a": {3: 4}}, range(3), 1j, "x".encode, dt.UTC, Exception()]


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_plain_data_has_no_fingerprint(odd) -> None:
    with pytest.raises(NoStableIdentity, match="stable identity"):
        fingerprint(odd)


def test_refusal_names_the_type() -> None:
    with pytest.raises(NoStableIdentity, match=r"a builtins\.complex has no stable identity"):
        fingerprint({"deep": [{"er": 1j}]})


def test_two_tables_of_one_name_are_refused() -> None:
    one, other = ibis.table({"a": "int64"}, name="t"), ibis.table({"a": "int64", "b": "int64"}, name="t")
    with pytest.raises(DefinitionError, match="two different tables are named 't'"):
        fingerprint(one.join(other, "a"))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(all_fingerprints(), indent=4))
