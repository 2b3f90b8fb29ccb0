"""Who is this expression? Plain Ibis in, plain Ibis or JSON out; knows nothing of fsnb's nouns.

    portable(expr)      the same expression on unbound tables: no connection, no catalog
    bind(expr, tables)  the same expression on an engine's tables
    to_json, from_json  our own canonical document of an expression, and back, with no code execution
    fingerprint(obj)    sha256 of the canonical document, or of plain data with expressions in it

Identity must change when we decide, not when a dependency releases. So it is never SQL text (`unbind()` keeps
the catalog, hence DuckDB and Polars would differ) and never pickle (one of ibis 12 does not load in 11): it is
a walk over the operation graph that writes a form of our own. FORMAT is its number.
"""

from __future__ import annotations

from fsnb.identity.document import FORMAT, from_json, to_json
from fsnb.identity.fingerprint import fingerprint
from fsnb.identity.portable import bind, portable, tables_of

__all__ = ["FORMAT", "bind", "fingerprint", "from_json", "portable", "tables_of", "to_json"]
