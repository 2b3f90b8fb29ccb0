"""Slice: a named part of the rows, to look at on its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir

from fsnb.errors import DefinitionError, TypeMismatch
from fsnb.model.asked import not_there

Condition = Any
"""`_.hour >= 18`, `lambda t: t.hour >= 18`, or an Ibis boolean of an unbound table."""


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """The rows of a table for which a condition holds; where it is NULL they are not in the slice.

    Parameters
    ----------
    name
        What reports call it; "evening".
    condition
        An Ibis boolean with `_` for the table (`_.hour >= 18`), or a function from the table to one.

    Examples
    --------
    >>> Slice("evening", lambda t: t.hour >= 18).name
    'evening'
    """

    name: str
    condition: Condition = field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise DefinitionError(f"a slice needs a name, not {self.name!r}.")
        if not (callable(self.condition) or isinstance(self.condition, (ibis.Deferred, ir.BooleanValue))):
            raise DefinitionError(
                f"slice {self.name!r}: the condition is a {type(self.condition).__name__}; "
                "give an Ibis boolean: fsnb.Slice('evening', _.hour >= 18)."
            )

    def on(self, table: ir.Table) -> ir.BooleanValue:
        """The condition on a table, False for NULL.

        Raises
        ------
        UnknownName
            It reads a column that the table does not have.
        TypeMismatch
            It is no boolean.
        """
        value = self._bound(table)
        if not isinstance(value, ir.BooleanValue):
            kind = value.type() if isinstance(value, ir.Value) else type(value).__name__
            raise TypeMismatch(f"slice {self.name!r}: the condition is {kind}, not a boolean.")
        return value.fill_null(False)

    def _bound(self, table: ir.Table) -> Any:
        condition: Callable[[ir.Table], Any] = self.condition
        try:
            if isinstance(condition, ibis.Deferred):
                return condition.resolve(table)
            return table.bind(condition)[0]
        except AttributeError as error:
            told = not_there(error, f"slice {self.name!r}", "the table")
            if told is None:
                raise
            raise told from error
