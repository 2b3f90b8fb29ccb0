"""What a user's function asked a table or a column for and which it has not, in words, not by Ibis' inner names."""

from __future__ import annotations

import ibis.expr.types as ir

from fsnb.errors import DefinitionError, UnknownName, hint

NO_FRAME = "It is an Ibis table, not a pandas frame."


def not_there(error: AttributeError, who: str, table: str) -> Exception | None:
    """The error to raise in place of one that comes of a table or column of Ibis; None where it is the user's own.

    A column that a table lacks reads as an attribute that it lacks.
    """
    of, name = error.obj, error.name or ""
    if isinstance(of, ir.Table):
        todo = "" if hint(name, of.columns) else NO_FRAME
        return UnknownName.among(f"{who}: {table}", "column", name, of.columns, todo)
    if isinstance(of, ir.Value):
        return DefinitionError(
            f"{who}: a value of type {of.type()} has no {name!r}.{hint(name, dir(of))} "
            "It is an Ibis expression, not a pandas column: t.x.mean(), (t.x > 15).sum(), t.x.log()."
        )
    return None
