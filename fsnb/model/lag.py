"""How late a source's rows become known: the distribution of available time minus event time, and a lag that covers it.

Computed where the data lies, in one pass for all rows and one per day; only the two clocks are read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import polars as pl

from fsnb import shells
from fsnb.errors import DefinitionError
from fsnb.model.data import frame_columns, is_path, is_table_name, read_file, reader
from fsnb.model.durations import show_duration

if TYPE_CHECKING:
    from fsnb.model.source import Source

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
ROUND = [
    *(timedelta(seconds=n) for n in (1, 5, 10, 30)),
    *(timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30, 45)),
    *(timedelta(hours=n) for n in (1, 2, 3, 4, 6, 8, 12)),
    *(timedelta(days=n) for n in (1, 2, 3, 7, 14, 30)),
]
COVERS = "_fsnb_covers"


@dataclass(frozen=True, slots=True)
class LagProfile:
    """The lags of a source: `available` minus `event_time`, over the rows that have both.

    `rows` is all rows; `timeless` of them have no event time (never visible, and not counted further), `never` no
    available time (never visible either), `negative` are available before they happen, which is mostly a mistake of
    the clocks. `quantiles` has p50, p90, p95, p99 and max, linear between rows, to the microsecond; empty where no row
    has both times. `proposed` is the `covers` quantile rounded up to a round length ("15m", "2h"; whole days beyond
    thirty), at least "0s": so many of the known rows are known `proposed` after they happen. None where none is known.
    `days` is a frame with one row per day (UTC) of event time: day, rows, never, negative, and the same quantiles.
    """

    source: str
    event_time: str
    available: str
    rows: int
    timeless: int
    never: int
    negative: int
    quantiles: tuple[tuple[str, timedelta], ...]
    covers: float
    proposed: timedelta | None
    days: pl.DataFrame = field(repr=False, compare=False)

    @property
    def never_share(self) -> float:
        """Rows that never become available, among those with an event time."""
        return self._share(self.never)

    @property
    def negative_share(self) -> float:
        """Rows that are available before they happen, among those with an event time."""
        return self._share(self.negative)

    def _share(self, rows: int) -> float:
        timed = self.rows - self.timeless
        return rows / timed if timed else 0.0

    @property
    def sentence(self) -> str:
        """The lag that is proposed, and what it leaves out."""
        if self.proposed is None:
            clocks = f"{self.event_time} and {self.available}"
            return f"No row of {self.source} has both {clocks}: there is no lag to propose."
        lag, share = show_duration(self.proposed), f"{self.covers * 100:.4g}%"
        said = f"With lag={lag!r} {share} of the rows that become known are known in time"
        return f"{said}; {self.never_share:.2%} never become known, {self.negative_share:.2%} before they happen."

    def to_polars(self) -> pl.DataFrame:
        """The quantiles as a frame: quantile, lag."""
        return pl.DataFrame(
            {"quantile": [name for name, _ in self.quantiles], "lag": [length for _, length in self.quantiles]},
            schema={"quantile": pl.String, "lag": pl.Duration("us")},
        )

    def __str__(self) -> str:
        shown = "  ".join(f"{name} {show_lag(length)}" for name, length in self.quantiles)
        head = f"lag of source {self.source}: {self.available} - {self.event_time}, {self.rows:,} rows"
        return "\n".join(line for line in (head, f"  {shown}" if shown else "", f"  {self.sentence}") if line)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return shells.html(self)


def show_lag(length: timedelta) -> str:
    """A lag as people write it, to the second, with its sign."""
    whole = timedelta(seconds=round(abs(length).total_seconds()))
    return f"-{show_duration(whole)}" if length < timedelta(0) and whole else show_duration(whole)


def profile_lag(source: Source, *, covers: float = 0.99, con: Any = None) -> LagProfile:
    """What `Source.profile_lag` says."""
    who = f"source {source.name!r}"
    if source.event_time is None or source.available is None:
        lacks = "available" if source.event_time else "event_time and available"
        raise DefinitionError(
            f"{who} declares no {lacks}, so there is no lag to measure. Say which column tells when a row could first "
            f"be known: store.source({source.name!r}, data, event_time=..., available=...). It has: "
            f"{', '.join(name for name, dtype in source.schema.items() if dtype.is_timestamp())}."
        )
    if not 0 < covers <= 1:
        raise DefinitionError(f"{who}: covers is {covers!r}; give a share of the rows, e.g. 0.99.")
    table, run = _clocks(source, con, who)
    timed = table.filter(table["event"].notnull())
    lag = _micros(timed["available"]) - _micros(timed["event"])
    timed = timed.mutate(lag=lag)
    overall = run(timed.aggregate(**_measures(timed), **{COVERS: timed["lag"].quantile(covers)})).to_pylist()[0]
    days = run(timed.group_by(day=timed["event"].date()).aggregate(**_measures(timed)).order_by("day"))
    known = {name: _length(overall[name]) for name in (*QUANTILES, "max") if overall[name] is not None}
    return LagProfile(
        source=source.name,
        event_time=source.event_time,
        available=source.available,
        rows=int(run(table.aggregate(n=table.count())).to_pylist()[0]["n"]),
        timeless=int(run(table.aggregate(n=table["event"].isnull().sum())).to_pylist()[0]["n"] or 0),
        never=int(overall["never"] or 0),
        negative=int(overall["negative"] or 0),
        quantiles=tuple(known.items()),
        covers=covers,
        proposed=None if overall[COVERS] is None else rounded_up(_length(overall[COVERS])),
        days=_days(pl.DataFrame(days)),
    )


def _clocks(source: Source, con: Any, who: str) -> tuple[ir.Table, Any]:
    """The two clocks as naive UTC columns `event` and `available`, and what runs an expression on them."""
    data, names = source.data, [name for name in (source.event_time, source.available) if name]
    if is_table_name(data):
        if con is None:
            raise DefinitionError(
                f"{who} is the table {data!r} of a connection. Say which: store.profile_lag({source.name!r})."
            )
        database, _, name = data.rpartition(".")
        data = con.table(name, database=database or None)
    if data is None:
        raise DefinitionError(f"{who} has no data here: it was a frame of another process. Give it data again.")
    if isinstance(data, ir.Table) and data.get_backend().name != "polars":
        table, run = data, lambda expression: expression.to_pyarrow()
    else:
        table = read_file(reader(), data) if is_path(data) else ibis.memtable(frame_columns(data, names))
        run = reader().to_pyarrow
    event, available = (_naive(table[name]) for name in names)
    return table.select(event=event, available=available), run


def _naive(clock: ir.Value) -> ir.Value:
    return clock if clock.type().timezone is None else clock.cast("timestamp")


def _micros(clock: ir.Value) -> ir.Value:
    """Floored before the cast: on some engines the cast rounds up (ibis#11928)."""
    return clock.epoch_seconds().floor().cast("int64") * 1_000_000 + clock.microsecond().cast("int64")


def _measures(timed: ir.Table) -> dict[str, ir.Value]:
    lag = timed["lag"]
    return {
        "rows": timed.count(),
        "never": lag.isnull().sum(),
        "negative": (lag < 0).sum(),
        **{name: lag.quantile(share) for name, share in QUANTILES.items()},
        "max": lag.max(),
    }


def _length(micros: Any) -> timedelta:
    return timedelta(microseconds=round(micros))


def _days(frame: pl.DataFrame) -> pl.DataFrame:
    counts = [pl.col(name).fill_null(0).cast(pl.Int64) for name in ("rows", "never", "negative")]
    lags = pl.col(*QUANTILES, "max").cast(pl.Float64).round().cast(pl.Int64).cast(pl.Duration("us"))
    return frame.select("day", *counts, lags)


def rounded_up(length: timedelta) -> timedelta:
    """The next round length: of the list, or whole days."""
    if length <= timedelta(0):
        return timedelta(0)
    return next((one for one in ROUND if one >= length), timedelta(days=math.ceil(length / timedelta(days=1))))
