"""Feature values taken apart: row-level arguments, primitive aggregates over them, and one value over the primitives.

`(t.arr_delay > 15).mean()` becomes the arguments `a0 = float(t.arr_delay > 15)`, the primitives `sum(a0)` and
`count(a0)`, and the value `sum / nullif(count, 0)`. Every strategy on every engine computes the same few primitives,
so mean is everywhere sum / count. A condition (`where=`) moves into the argument, which is NULL where it does not hold:
no primitive sees NULL. `fsnb.pit.recipes` says which primitives an aggregate is made of.

First, last, argmin and argmax are the least or greatest place of a row in an Order: an integer, so any strategy that
has min and max has them too. What stood at that place is looked up afterwards (`fsnb.pit.places`).
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.identity import dividing_floats
from fsnb.model import Window
from fsnb.model.data import normal_type

ZERO_WHEN_EMPTY = ("count", "nunique", "approx_nunique")
GENERAL = ("quantile", "mode", "approx_nunique")
"""Functions that only the rows of a window themselves can answer: no partial results of them add up."""
INEXACT = ("approx_nunique",)
"""Functions for which each engine has an estimate of its own: nothing that two engines can be held to."""


@dataclass(frozen=True, slots=True)
class Primitive:
    """One aggregate of one argument over one window; `function` is a key of every engine's table.

    `argument` names an argument of the plan, or an order: then the least or greatest place is wanted, and the value
    that stands there. `parameter` is the `q` of a quantile.
    """

    name: str
    function: str
    argument: str
    window: Window | None
    parameter: float | None = None


@dataclass(frozen=True, slots=True)
class Sorting:
    """Sort by a column; as in Ibis, NULLs come last unless `nulls_first`."""

    column: str
    ascending: bool = True
    nulls_first: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """The places of a key's events: by `by`, then clocks, tie-break and value, all ascending with NULL lowest.

    Rows whose `eligible` is NULL have no place. All names are of arguments; `name` is the column of the places.
    """

    name: str
    by: tuple[Sorting, ...]
    eligible: str
    value: str


class Builder:
    """Numbers arguments, orders and primitives once each, however often features use them."""

    def __init__(self) -> None:
        self.arguments: dict[ops.Value, str] = {}
        self.orders: dict[tuple[tuple[Sorting, ...], str, str], Order] = {}
        self.primitives: dict[tuple[str, str, Window | None, float | None], Primitive] = {}
        self.types: dict[str, dt.DataType] = {}

    def argument(self, value: ir.Value) -> str:
        return self.arguments.setdefault(value.op(), f"a{len(self.arguments)}")

    def aggregate(
        self, function: str, argument: ir.Value, window: Window | None, parameter: float | None = None
    ) -> str:
        """The name of a primitive over a row-level value."""
        dtype = result_type(function, argument.type())
        return self._primitive(function, self.argument(argument), window, parameter, dtype)

    def place(
        self, end: str, by: tuple[Sorting, ...], eligible: ir.Value, value: ir.Value, window: Window | None
    ) -> str:
        """The name of a primitive for the value at one end ("min" or "max") of an order."""
        wanted = (by, self.argument(eligible), self.argument(value))
        order = self.orders.setdefault(wanted, Order(f"o{len(self.orders)}", *wanted))
        return self._primitive(end, order.name, window, None, value.type())

    def _primitive(
        self, function: str, argument: str, window: Window | None, parameter: float | None, dtype: dt.DataType
    ) -> str:
        key = (function, argument, window, parameter)
        if key not in self.primitives:
            self.primitives[key] = Primitive(f"p{len(self.primitives)}", *key)
        name = self.primitives[key].name
        self.types[name] = dtype
        return name


def result_type(function: str, argument: dt.DataType) -> dt.DataType:
    if function in ZERO_WHEN_EMPTY:
        return dt.int64
    return argument if function in ("sum", "min", "max", "mode") else dt.float64


def clean(value: ir.Value) -> ir.Value:
    """A value as fsnb reads it: floats as float64 with NaN as NULL, integers of a sum untouched."""
    target = normal_type(value.type())
    value = value.op().replace(dividing_floats, filter=ops.Value).to_expr()
    value = value if value.type() == target else value.cast(target)
    if isinstance(target, dt.Floating):
        value = value.isnan().ifelse(ibis.null("float64"), value)
    return value
