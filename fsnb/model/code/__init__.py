"""A definition as the Python that defines it, for a person to read, change and run.

    said.py        a text and the value it gives, made by one and the same call
    literals.py    values as Python
    operations.py  which method or operator writes which operation of Ibis
    values.py      columns and aggregates
    ways.py        those that are written in a way of their own
    relations.py   the tables that they stand on: a line of code for each step
    views.py       a whole feature view, and a check's predicate

Nothing here runs text. What is written is built beside it, by the calls that the text spells, and compared with what
was to be written: so it is the very definition, or it is refused (`Unwritable`) and whoever asked says so.

Why not `ibis.decompile`: it drops the condition of every aggregate (`t.count(where=...)` becomes `t.count()`), spells
`&` as `and`, and knows nothing of windows.
"""

from __future__ import annotations

from fsnb.model.code.said import Unwritable
from fsnb.model.code.views import predicate_code, view_code

__all__ = ["Unwritable", "predicate_code", "view_code"]
