"""Cost: what a plan would take, in numbers and in words. Values; `fsnb.pit.costing` finds them out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fsnb.model import show_duration

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Refresh:
    """What one refresh of a view computes from and writes, on average over the source's time; times cadence.

    `rows_scanned` are the source rows that its windows reach and those of the refresh itself; `rows_written` is at most
    one row for each entity among them.
    """

    every: timedelta
    rows_scanned: int
    rows_written: int

    @property
    def per_day(self) -> float:
        """Refreshes in a day."""
        return DAY / self.every

    @property
    def scanned_per_day(self) -> int:
        return round(self.rows_scanned * self.per_day)

    @property
    def written_per_day(self) -> int:
        return round(self.rows_written * self.per_day)


@dataclass(frozen=True, slots=True)
class ViewCost:
    """What one view of a plan costs.

    Attributes
    ----------
    strategies
        How it is computed.
    rows_scanned
        Rows of all tables that it reads, as often as its query reads them; an engine may skip parts of a file.
    bytes_read
        Of the columns that it reads, each once: as parquet files have them, compressed; the whole of other files and of
        tables of PostgreSQL; of frames and DuckDB's tables as in memory. None where that cannot be told.
    asks, events
        Distinct keys and cutoffs of the spine, and events of their keys.
    pairs
        Of an ask and an event that a join would meet; what is met where `strategies` holds "join".
    refresh
        Of a view that has one.
    explain
        The engine's own plan of the view's query; of one that is computed in memory, of the scan behind it.
    """

    view: str
    strategies: tuple[str, ...]
    rows_scanned: int
    bytes_read: int | None
    asks: int
    events: int
    pairs: int
    refresh: Refresh | None
    explain: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What a training set would cost. `rows` and `bytes` are those that come out, as Arrow."""

    engine: str
    rows: int
    bytes: int
    views: tuple[ViewCost, ...]

    @property
    def rows_scanned(self) -> int:
        """Of the spine, and of all views, each by itself."""
        return self.rows + sum(view.rows_scanned for view in self.views)

    @property
    def bytes_read(self) -> int | None:
        """Of all views; None where one cannot be told."""
        known = [view.bytes_read for view in self.views]
        return None if None in known else sum(filter(None, known))

    @property
    def pairs(self) -> int:
        """That joins would meet, of the views that are joined."""
        return sum(view.pairs for view in self.views if "join" in view.strategies)

    @property
    def explain(self) -> str:
        """The engine's own plans, view by view."""
        return "\n\n".join(f"{view.view}:\n{view.explain}" for view in self.views)

    def __str__(self) -> str:
        read = "unknown" if self.bytes_read is None else size(self.bytes_read)
        lines = [
            f"on {self.engine}: about {self.rows_scanned:,} rows and {read} to read, {self.pairs:,} pairs to join; "
            f"{self.rows:,} rows and {size(self.bytes)} come out"
        ]
        for view in self.views:
            read = "unknown" if view.bytes_read is None else size(view.bytes_read)
            met = f"{view.asks:,} asks, {view.events:,} events of their keys, {view.pairs:,} pairs"
            lines.append(f"  {view.view} by {', '.join(view.strategies)}: {view.rows_scanned:,} rows, {read}; {met}")
            if view.refresh:
                lines.append(f"    {_cadence(view.refresh)}")
        return "\n".join(lines)

    __repr__ = __str__


def _cadence(refresh: Refresh) -> str:
    return (
        f"each refresh about {refresh.rows_scanned:,} rows read, at most {refresh.rows_written:,} written; every "
        f"{show_duration(refresh.every)}: {refresh.scanned_per_day:,} and {refresh.written_per_day:,} a day"
    )


def size(bytes_: int) -> str:
    """Bytes for people: 12.3 MB."""
    value, units = float(bytes_), ["B", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.3g} {units[0]}"
