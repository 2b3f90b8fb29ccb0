"""Fewer rows taken from far below are the rows that the same join takes from above."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pytest
from ibis import _

from fsnb.pit.narrowing import restricted

ROWS = ibis.memtable({"k": [1, 1, 2, 2, 3, 3], "x": [1.0, 2.0, 3.0, None, 5.0, 6.0], "n": [1, 2, 3, 4, 5, 6]})
ASKED = ibis.memtable({"asked": [2, 3]})


def _taken(table: ir.Table, names: Mapping[str, str]) -> ir.Table:
    return table.semi_join(ASKED, [(names["k"], "asked")])


@pytest.mark.parametrize(
    ("below", "relation"),
    [
        (True, lambda t: t),
        (True, lambda t: t.mutate(x=_.x * 2, n=_.n + 1)),
        (True, lambda t: t.select(k=_.n % 4, j=_.k, y=_.x.fill_null(0.0)).select(k=_.j, y=_.y, of=_.k)),
        (True, lambda t: t.mutate(y=_.x + 1).filter(_.y > 2).mutate(z=_.y * 2)),
        (False, lambda t: t.mutate(k=_.k % 2 + 2)),
        (False, lambda t: t.mutate(before=_.n.lag().over(order_by=_.n))),
        (False, lambda t: t.mutate(apart=_.x - _.x.mean())),
        (False, lambda t: t.filter(_.x > t.x.mean())),
        (False, lambda t: t.filter(_.n.isin(t.filter(_.k == 1).n + 2))),
        (False, lambda t: t.distinct()),
        (False, lambda t: t.group_by("k").aggregate(n=_.n.sum())),
    ],
)
def test_rows_are_the_same_from_above_and_from_below(below: bool, relation: Callable[[Any], ir.Table]) -> None:
    table = relation(ROWS)
    found, plainly = restricted(table, ["k"], _taken), _taken(table, {"k": "k"})
    assert _rows(found) == _rows(plainly) != []
    (join,) = found.op().find(ops.JoinChain)
    assert isinstance(join.first.parent, ops.InMemoryTable) == below


def _rows(table: ir.Table) -> list[dict[str, Any]]:
    return sorted(table.to_pyarrow().to_pylist(), key=repr)
