"""What a history says last of each entity before a stretch of time, found by the history's index.

As an expression that is a pass over the whole history, which grows with every run while what a run tells does not. Ibis
has no LATERAL; PostgreSQL answers it with one descent of the index for each entity (4,000 of them: 20 ms where the pass
over 200,000 rows takes 150).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fsnb.publish import sql
from fsnb.publish.history import AVAILABLE_TIME, EVENT_TIME, KNOWN_TIME, Layout
from fsnb.publish.inputs import Times
from fsnb.publish.runs import Names

MOST_STRETCHES = 4
"""For each of them every entity is looked up; beyond so many the pass over the history is as quick."""


def by_index(con: Any, stretches: Sequence[Any], since: datetime | None) -> bool:
    """Whether a target can look it up, and it pays. Before the first run there is nothing to look for."""
    return con.name == "postgres" and since is not None and 0 < len(stretches) <= MOST_STRETCHES


def last_before(con: Any, layout: Layout, names: Names, stretches: Times, since: datetime) -> str:
    """The last row of each entity between one stretch and the next, as SQL; each moment is one row there.

    An entity of the history has a row in the current table, or it has only rows that became available `since` the last
    run, or that will.
    """
    entities = _entities(con, layout, names, since)
    ends = [None, *(end for _, end in stretches)]
    gaps = zip(ends, (start for start, _ in stretches), strict=False)
    return " UNION ALL ".join(f"({_last(con, layout, names, entities, after, upto)})" for after, upto in gaps)


def _entities(con: Any, layout: Layout, names: Names, since: datetime) -> str:
    keys, available = sql.names(con, layout.keys), sql.quoted(con, AVAILABLE_TIME)
    return (
        f"SELECT {keys} FROM {sql.quoted(con, *names.current)} UNION SELECT {keys} "
        f"FROM {sql.quoted(con, *names.history)} WHERE {available} > {sql.literal(con, since)}"
    )


def _last(con: Any, layout: Layout, names: Names, entities: str, after: Any, upto: Any) -> str:
    event, history = sql.quoted(con, EVENT_TIME), sql.quoted(con, *names.history)
    same = " AND ".join(f"h.{key} = e.{key}" for key in (sql.quoted(con, name) for name in layout.keys))
    bounds = f"h.{event} <= {sql.literal(con, upto)}"
    bounds += "" if after is None else f" AND h.{event} > {sql.literal(con, after)}"
    latest = ", ".join(f"h.{sql.quoted(con, clock)} DESC" for clock in (EVENT_TIME, KNOWN_TIME, AVAILABLE_TIME))
    columns = sql.names(con, layout.history.names)
    return (
        f"SELECT l.* FROM ({entities}) AS e CROSS JOIN LATERAL (SELECT {columns} FROM {history} AS h "
        f"WHERE {same} AND {bounds} ORDER BY {latest} LIMIT 1) AS l"
    )
