"""The catalog's profile of a table: figures for people, and the bars of a histogram for each number.

Bins are of equal width from the least to the greatest value. Where a column has few values its counts are at hand
already; the others are counted together, in one scan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import ibis.expr.types as ir

from fsnb.catalog import Distribution, Profile
from fsnb.model.moments import naive_utc
from fsnb.pit import attach
from fsnb.profiling.column import Column
from fsnb.profiling.counting import Counting, Measure, reading
from fsnb.profiling.making import columns_of, moment, scan
from fsnb.profiling.numbers import Numbers
from fsnb.profiling.tallies import Wanted

BINS = 20
NEWEST = "newest"


def distributions(
    con: Any,
    table: Any,
    features: Mapping[str, str],
    *,
    view: str,
    of: str,
    fingerprint: str,
    newest: str | datetime | None = None,
) -> Profile:
    """The distributions of some columns of a table.

    Parameters
    ----------
    con
        The Ibis connection that counts.
    table
        Rows to look at: an Ibis table of the connection, or a frame.
    features
        `{feature: column of the table}`; a column that is not there is left out.
    newest
        The column of event times, or the newest one.
    """
    table = attach(con, table, "profile")
    there = {name: table[column] for name, column in features.items() if column in table.columns}
    clock = {NEWEST: table[newest]} if isinstance(newest, str) else {}
    # by numbers: what features are called is no matter of the engine's
    narrow = table.select(**clock, **{f"f{n}": value for n, value in enumerate(there.values())})
    counting = reading(narrow, "profile", con)
    columns = {column.name: column for column in columns_of(counting, bins=None)} if narrow.columns else {}
    last = columns.pop(NEWEST, None)
    bars = _histograms(counting, columns.values())
    named = zip(there.items(), columns.values(), strict=True)
    rows = next((column.n for column in (last, *columns.values()) if column), None)
    return Profile(
        view=view,
        of=of,
        rows=int(con.to_pyarrow(table.count()).as_py()) if rows is None else rows,
        newest=_newest(last) if last else naive_utc(newest) if isinstance(newest, datetime) else None,
        taken=datetime.now(UTC).replace(tzinfo=None),
        fingerprint=fingerprint,
        features=tuple(_described(name, value, column, bars) for (name, value), column in named),
    )


def _newest(clock: Column) -> datetime | None:
    return None if clock.maximum is None else moment(clock.maximum)


# ---------------------------------------------------------------------- bars

Bars = tuple[tuple[float, ...], tuple[int, ...]]


def _histograms(counting: Counting, columns: Any) -> dict[str, Bars]:
    numeric = [c for c in columns if c.kind in ("numeric", "identifier") and c.minimum is not None]
    edges = {column.name: _edges(column.minimum, column.maximum) for column in numeric}
    many = [Measure(c.name, "number") for c in numeric if c.numbers is None and len(edges[c.name]) > 1]
    wanted = [Wanted(measure.key, True, edges=edges[measure.column][1:-1]) for measure in many]
    counted = scan(counting, many, wanted)
    found = {m.column: (edges[m.column], counted[m.key].bins or ()) for m in many}
    return found | {c.name: _few(c, edges[c.name]) for c in numeric if c.name not in found}


def _edges(low: float, high: float) -> tuple[float, ...]:
    """From the least to the greatest value; of equal ones only that."""
    inner = (low * (1 - k / BINS) + high * (k / BINS) for k in range(1, BINS))
    return tuple(sorted({low, *(edge for edge in inner if low < edge < high), high}))


def _few(column: Column, edges: Sequence[float]) -> Bars:
    numbers: Numbers | None = column.numbers
    if len(edges) == 1 or numbers is None:
        return (edges[0], edges[-1]), (column.known,)
    return tuple(edges), tuple(int(n) for n in numbers.binned(tuple(edges[1:-1])).counts)


# ---------------------------------------------------------------------- figures


def _described(name: str, value: ir.Value, column: Column, bars: Mapping[str, Bars]) -> Distribution:
    edges, counts = bars.get(column.name, ((), ()))
    plain = Distribution(
        name=name,
        type=str(value.type()),
        rows=column.n,
        nulls=column.nulls,
        distinct=column.distinct if column.known else _none(column),
        least=None,
        greatest=None,
        mean=_mean(column),
        edges=edges,
        counts=counts,
    )
    say = _SAYS.get(_family(value))
    if say is None or column.minimum is None or column.maximum is None:
        return plain
    return replace(plain, least=say(column.minimum), greatest=say(column.maximum))


def _none(column: Column) -> int | None:
    return None if column.kind == "other" else 0


def _mean(column: Column) -> float | None:
    """Of numbers; of booleans the share that is true."""
    if column.kind != "boolean":
        return column.mean if column.kind in ("numeric", "identifier") else None
    return dict(column.categories or ()).get("true", 0) / column.known if column.known else None


def _family(value: ir.Value) -> str:
    kind = value.type()
    names = ("integer", "numeric", "date", "timestamp")
    return next((name for name in names if getattr(kind, f"is_{name}")() and not kind.is_boolean()), "")


_SAYS = {
    "integer": lambda value: str(int(value)),
    "numeric": lambda value: f"{value:.6g}",
    "date": lambda value: moment(value).date().isoformat(),
    "timestamp": lambda value: moment(value).isoformat(),
}
