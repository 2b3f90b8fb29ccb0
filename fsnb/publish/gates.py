"""Gates: a view's checks around its publication: before, on the source; after transform, on the stage; after load.

A check of severity "fail" that fails, or any check that cannot run, stops the publication with nothing written: the
last two gates stand inside the transaction. A warning is in the publication's report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import ibis.expr.types as ir

from fsnb import checks
from fsnb.checks import CheckReport
from fsnb.errors import GateFailed, PublishError, UnknownName, hint, listed
from fsnb.model import FeatureView
from fsnb.publish import sql
from fsnb.publish.checks import tables_on
from fsnb.publish.target import Target

NOTHING = "Nothing was written."


def gate(
    view: FeatureView,
    place: str,
    table: ir.Table,
    who: str,
    *,
    con: Any,
    others: Mapping[str, ir.Table],
    now: datetime,
    previous: CheckReport | None = None,
) -> CheckReport | None:
    """Hold one table of a publication against the view's checks on that place; None where it has none.

    Raises
    ------
    GateFailed
        A check stops the publication; the message has counts and sample rows.
    """
    asked = [check for check in view.checks if check.on == place]
    if not asked:
        return None
    report = checks.run(table, asked, who=who, previous=previous, tables=others, now=now, con=con)
    return report.raise_if_failed(GateFailed, f"{NOTHING} Mend the rows, or change the check's bounds or severity.")


def referenced_on(target: Target, con: Any, names: Sequence[str]) -> dict[str, ir.Table]:
    """The tables that references name, where the target has them.

    Raises
    ------
    PublishError
        The target has no such table.
    """
    return {name: _referenced(target, con, name) for name in names}


def _referenced(target: Target, con: Any, name: str) -> ir.Table:
    there = target.table_of(name)
    where = sql.locate(con, there)
    if where is None:
        have = sorted(sql.relations(con, sql.home(con, there, avoid=target.schema_on(con))[0]))
        raise PublishError(
            f"a check refers to {name!r}, which target {target.name!r} should have as table {there!r}. There is none."
            f"{hint(there, have)} It has: {listed(have)}. Load it there, or map it: "
            f"store.target({target.name!r}, url, sources={{{name!r}: 'schema.table'}})."
        )
    return con.table(where[1], database=where[0])


@contextmanager
def on_target(view: FeatureView, target: Target, names: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """A view where it was published: connection, sources, current table, and tables that references name.

    Raises
    ------
    UnknownName
        It is not published there.
    """
    with target.session() as con:
        schema = target.schema_on(con)
        there = sql.relations(con, schema)
        if view.name not in there:
            raise UnknownName.among(
                f"target {target.name!r}",
                "published view",
                view.name,
                sorted(there),
                "Publish it first: store.publish.",
            )
        result = con.table(view.name, database=schema)
        others = referenced_on(target, con, names)
        yield {"con": con, "tables": tables_on(view, target, con), "result": result, "others": others}
