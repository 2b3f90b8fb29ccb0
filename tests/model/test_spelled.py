"""What a message and a card say of an expression."""

from __future__ import annotations

import ibis
import pytest
from ibis import _

from fsnb.model.spelled import formula, spelled, steps

flights = ibis.table({"tail": "string", "delay": "float64", "miles": "int64"}, name="flights")
carriers = ibis.table({"tail": "string", "name": "string"}, name="carriers")


@ibis.udf.scalar.builtin
def soundex(text: str) -> str: ...


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (flights.delay.mean(), "t.delay.mean()"),
        ((flights.delay > 15).mean(where=flights.miles > 100), "(t.delay > 15).mean(where=t.miles > 100)"),
        (flights.count() / flights.tail.nunique(), "t.count() / t.tail.nunique()"),
        (flights.filter(_.delay > 0).delay.sum(), "t.delay.sum()"),
        (flights.join(carriers, "tail").name.upper(), "t.name.upper()"),
    ],
)
def test_a_value_is_said_as_the_python_of_it(value, said):
    assert formula(value) == said


def test_what_has_no_python_is_told_by_its_name_in_ibis():
    assert formula(soundex(flights.tail)) == "soundex_0(tail)"


def test_columns_that_were_made_before_are_told_with_it():
    value = flights.mutate(late=flights.delay > 15).late.mean()
    assert spelled(value) == "t.late.mean() where late = t.delay > 15"


def test_the_steps_to_a_table_are_told_from_its_source_on():
    assert steps(flights.filter(flights.delay > 0, flights.miles < 5)) == "flights; filter(t.delay > 0, t.miles < 5)"
