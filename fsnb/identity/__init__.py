"""Who is this expression? Plain Ibis in, plain Ibis or JSON out; knows nothing of fsnb's nouns.

    portable(expr)      the same expression on unbound tables: no connection, no catalog
    bind(expr, tables)  the same expression on an engine's tables
    to_json, from_json  our own canonical document of an expression, and back, with no code execution
    fingerprint(obj)    sha256 of the canonical document, or of plain data with expressions in it
    meaning(...)        what each value of a table means, by itself
    Over                the one operation of ours: an aggregate over a window of its own

Identity must change when we decide, not when a dependency releases. So it is never SQL text (`unbind()` keeps
the catalog, hence DuckDB and Polars would differ) and never pickle (one of ibis 12 does not load in 11): it is
a walk over the operation graph that writes a form of our own. FORMAT is its number.
"""

from __future__ import annotations

from fsnb.identity.document import FORMAT, from_json, to_json
from fsnb.identity.fingerprint import fingerprint
from fsnb.identity.meaning import Meaning, meaning
from fsnb.identity.over import Over
from fsnb.identity.portable import bind, dividing_floats, portable, tables_of

__all__ = [
    "FORMAT",
    "Meaning",
    "Over",
    "bind",
    "dividing_floats",
    "fingerprint",
    "from_json",
    "meaning",
    "portable",
    "tables_of",
    "to_json",
]
