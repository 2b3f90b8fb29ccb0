"""Push what was published into an online store, and let readers of the view follow the version that is promoted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from fsnb import shells
from fsnb.errors import OnlineStoreError, counted
from fsnb.online import outbox
from fsnb.online.database import Batch, Database
from fsnb.online.kinds import micros
from fsnb.online.outbox import AVAILABLE_TIME, EVENT_TIME, Outbox
from fsnb.online.series import Series

MOST_SWITCHES = 5  # of the promoted version while one push runs


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync has done.

    Attributes
    ----------
    view, version
        What readers of the view get from now on.
    online
        The online store, its password masked.
    runs
        How many runs of the target were pushed; 0 where nothing was due.
    rows
        How many rows they gave: the latest of each entity, and those that are not available yet.
    pending
        How many of these become available later.
    at
        As of when; naive UTC.
    """

    view: str
    version: int
    online: str
    runs: int
    rows: int
    pending: int
    at: datetime

    def __str__(self) -> str:
        told = f"{counted(self.rows, 'row')} of {counted(self.runs, 'run')} pushed" if self.runs else "nothing due"
        later = f", {self.pending:,} of them available later" if self.pending else ""
        return f"{self.view} v{self.version} in {self.online}: {told}{later}"

    def _repr_html_(self) -> str:
        return shells.html(self)


def sync(
    box: Outbox,
    database: Database,
    series_of: Callable[[int], Series],
    *,
    now: datetime,
    progress: Callable[[str], None] | None = None,
) -> Synced:
    """Bring an online store up to what a target has published of a view, and serve the version promoted there.

    Rows of runs that the store does not have yet are pushed, newer wins; then the runs are noted and the version is
    served, in the same transaction on SQLite and PostgreSQL, last on Redis. Until then readers get the version that
    they had. May be run again, anywhere in between, and by several at once.

    Parameters
    ----------
    box
        The published tables.
    database
        The online store.
    series_of
        Tells the series of a version.
    now
        Rows that are available by now are served at once, the others when their time comes. Naive UTC.
    progress
        Called with what is being done.

    Raises
    ------
    OnlineStoreError
        Nothing is published, the store cannot be reached, or it has another definition under this version.
    """
    step = progress or (lambda text: None)
    for _ in range(MOST_SWITCHES):
        version = box.promoted()
        if version is None and box.is_computed():
            raise OnlineStoreError(
                f"feature view {box.view!r}: the target has it as a database view, which computes its values when "
                "it is read and has no runs to push. Give it a refresh and publish it as a table: "
                f"store.publish({box.view!r}, to=..., mode='table', breaking=True)."
            )
        if version is None:
            raise OnlineStoreError(
                f"feature view {box.view!r}: nothing of it is published in schema {box.schema!r} of the target. "
                f"Publish it: store.publish({box.view!r}, to=...)."
            )
        step(f"push version {version}")
        series = _settled(database, series_of(version))
        runs, rows, later = _push(box, database, series, micros(now))
        if box.promoted() == version:
            return Synced(box.view, version, database.where, runs, rows, later, now)
    raise OnlineStoreError(f"feature view {box.view!r}: its promoted version keeps changing. Sync again when it rests.")


def _settled(database: Database, series: Series) -> Series:
    """The series, after checking that what the store has under its version is the same."""
    for kept in database.all_series(series.view):
        if kept.version == series.version and (kept.fingerprint, kept.keys) != (series.fingerprint, series.keys):
            raise OnlineStoreError(
                f"feature view {series.view!r}: {database.where} has another definition under version "
                f"{series.version}. It was pushed from another target: give each target an online store of its own."
            )
    return series


def _push(box: Outbox, database: Database, series: Series, now: int) -> tuple[int, int, int]:
    """How many runs, rows and pending rows were pushed."""
    rows = later = 0
    with database.push(series, now) as push:
        known = box.runs(series.version)
        pushed = database.pushed(series, known)
        due = [run for run in known if run not in pushed]
        for batch in _batches(box, series, due, now, everything=not pushed) if due else ():
            push.write(batch)
            rows += len(batch.keys)
            later += len(batch.keys) if batch.pending else 0
        push.finish(due, serve=box.promoted() == series.version)
    return len(due), rows, later


def _batches(box: Outbox, series: Series, due: Sequence[str], now: int, *, everything: bool) -> Iterator[Batch]:
    """The rows of the runs that are due: of each entity the latest that is available, then those that are not yet.

    For all runs together, the current table has what was available when each was told: most of a long history need not
    be looked at.
    """
    history = box.history(series.version)
    rows = outbox.of_runs(history, due)
    if everything:
        yield from packed(box, box.current(series.version).order_by(_keys(series)), series)
        rows = box.untimely(series.version)
    yield from packed(box, outbox.latest(rows, series, now), series)
    yield from packed(box, outbox.after(rows, now), series, pending=True)


def _keys(series: Series) -> list[str]:
    return [name for name, _ in series.keys]


def packed(box: Outbox, table: ir.Table, series: Series, *, pending: bool = False) -> Iterator[Batch]:
    """Rows of a published table as an online store keeps them."""
    for rows in box.batches(table, series):
        keys = series.key_packing.pack(series.columns(series.keys, rows))
        values = series.value_packing.pack(series.columns(series.features, rows))
        yield Batch(keys, _times(rows, EVENT_TIME), _times(rows, AVAILABLE_TIME), values, pending)


def _times(rows: pa.Table, name: str) -> list[Any]:
    return rows[name].combine_chunks().cast(pa.timestamp("us")).cast(pa.int64()).to_numpy().tolist()
