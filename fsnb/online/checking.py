"""Hold history, current table and online store of a view against each other, row by row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from fsnb import shells
from fsnb.errors import OnlineStoreError, counted
from fsnb.online import outbox
from fsnb.online.database import Batch, Database
from fsnb.online.kinds import micros, moment
from fsnb.online.outbox import Outbox
from fsnb.online.pushing import packed
from fsnb.online.series import Series

MOST_KEPT, MOST_SHOWN = 100, 5
SCHEMA = {"key": pl.Binary, "event": pl.Int64, "available": pl.Int64, "value": pl.Binary}


@dataclass(frozen=True, slots=True)
class Difference:
    """An entity that `where` ("current" or "online") does not have as the history has it.

    `expected` and `found` are rows: event time, available time and features; None where there is none.
    """

    where: str
    key: dict[str, Any]
    expected: dict[str, Any] | None
    found: dict[str, Any] | None

    def __str__(self) -> str:
        key = ", ".join(f"{name}={value!r}" for name, value in self.key.items())
        if self.expected is None or self.found is None:
            return f"{key}: {'not in the history' if self.expected is None else 'missing'} ({self.where})"
        apart = {name: value for name, value in self.expected.items() if self.found[name] != value}
        told = ", ".join(f"{name} is {self.found[name]!r}, not {value!r}" for name, value in apart.items())
        return f"{key}: {told} ({self.where})"


@dataclass(frozen=True, slots=True)
class Consistency:
    """Whether history, current table and online store of a view agree.

    Attributes
    ----------
    view, online
        What was compared; where, its password masked.
    promoted, served
        The version that the target promotes, and the one that readers get.
    at
        As of when; naive UTC. The current table is held to the history as of its own last run.
    entities
        How many entities history (as of `at`), current table and online store have.
    runs_due
        Runs of the target that were not pushed yet.
    apart
        How many entities differ in the current table and in the online store.
    differences
        The first 100 of each.
    """

    view: str
    online: str
    promoted: int
    served: int | None
    at: datetime
    entities: tuple[tuple[str, int], ...]
    runs_due: int
    apart: tuple[tuple[str, int], ...]
    differences: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        """Whether all three agree and nothing is due."""
        return self.served == self.promoted and not self.runs_due and not any(count for _, count in self.apart)

    def __str__(self) -> str:
        held = ", ".join(f"{name} {count:,}" for name, count in self.entities)
        verdict = "consistent" if self.ok else "NOT consistent"
        said = [f"{self.view} v{self.promoted} and {self.online}: {verdict} ({held})"]
        if self.served != self.promoted:
            served = "no version" if self.served is None else f"version {self.served}"
            said.append(f"  {served} is served, {self.promoted} is promoted")
        if self.runs_due:
            said.append(f"  {counted(self.runs_due, 'run')} not pushed yet: store.sync_online({self.view!r}, ...)")
        apart = ((name, counted(count, "entity", "entities")) for name, count in self.apart if count)
        said += [f"  {entities} not the same in {name}" for name, entities in apart]
        return "\n".join([*said, *(f"    {each}" for each in self.differences[:MOST_SHOWN])])

    def _repr_html_(self) -> str:
        return shells.html(self)


def check(box: Outbox, database: Database, series: Series, *, now: datetime) -> Consistency:
    """Compare every row of a view's promoted version: the history as of now, the current table, the online store.

    Values are compared as they are kept, exactly. While somebody publishes or syncs, differences may be passing ones.

    Parameters
    ----------
    box
        The published tables.
    database
        The online store.
    series
        The promoted version's series.
    now
        As of when; naive UTC.

    Raises
    ------
    OnlineStoreError
        The store cannot be reached, or was brought up to a later time than `now`.
    """
    at = micros(now)
    served = database.served(box.view)
    if served is not None and at < database.synced(served):
        raise OnlineStoreError(
            f"feature view {box.view!r}: the online store is of a later time than {now}. Check as of now."
        )
    last = box.brought_up(series.version)
    history = box.history(series.version)
    told = _published(box, outbox.latest(history, series, at), series)
    then = told if last is None or last == at else _published(box, outbox.latest(history, series, last), series)
    current = _published(box, box.current(series.version), series)
    kept = _kept(database, series, at) if served == series else pl.DataFrame(schema=SCHEMA)
    apart = {"current": _apart(then, current), "online": _apart(told, kept)}
    return Consistency(
        view=box.view,
        online=database.where,
        promoted=series.version,
        served=served.version if served else None,
        at=now,
        entities=(("history", told.height), ("current", current.height), ("online", kept.height)),
        runs_due=_due(box, database, series) if served == series else len(box.runs(series.version)),
        apart=tuple((name, rows.height) for name, rows in apart.items()),
        differences=tuple(each for name, rows in apart.items() for each in _differences(series, name, rows)),
    )


def _due(box: Outbox, database: Database, series: Series) -> int:
    known = box.runs(series.version)
    return len(set(known) - database.pushed(series, known))


def _published(box: Outbox, table: Any, series: Series) -> pl.DataFrame:
    return _frame(packed(box, table, series))


def _frame(batches: Iterable[Batch]) -> pl.DataFrame:
    parts = [pl.DataFrame([each.keys, each.events, each.availables, each.values], schema=SCHEMA) for each in batches]
    return pl.concat(parts) if parts else pl.DataFrame(schema=SCHEMA)


def _kept(database: Database, series: Series, at: int) -> pl.DataFrame:
    """What a reader finds in the online store at a time."""
    schema = {"key": pl.Binary, "event": pl.Int64, "available": pl.Int64, "pending": pl.Int64, "value": pl.Binary}
    parts = [pl.DataFrame(rows, schema=schema, orient="row") for rows in database.scan(series)]
    rows = pl.concat(parts) if parts else pl.DataFrame(schema=schema)
    seen = rows.filter((pl.col("pending") == 0) | (pl.col("available") <= at)).drop("pending")
    return seen.sort("event", "available").unique("key", keep="last", maintain_order=True)


def _apart(expected: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    both = expected.join(found, on="key", how="full", coalesce=True, suffix="_found")
    names = [name for name in SCHEMA if name != "key"]
    return both.filter(pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_found")) for name in names)).sort(
        "key"
    )


def _differences(series: Series, where: str, apart: pl.DataFrame) -> list[Difference]:
    return [
        Difference(where, series.key_packing.unpack(row["key"]), _row(series, row, ""), _row(series, row, "_found"))
        for row in apart.head(MOST_KEPT).to_dicts()
    ]


def _row(series: Series, row: dict[str, Any], side: str) -> dict[str, Any] | None:
    if row[f"value{side}"] is None:
        return None
    times = {f"{name}_time": moment(row[f"{name}{side}"]) for name in ("event", "available")}
    return times | dict(zip(series.names, series.value_packing.unpack(row[f"value{side}"]), strict=True))
