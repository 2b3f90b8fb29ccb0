"""As-of of few asks in Polars: what none of them can meet goes first, so that a key may have millions of events.

As `fsnb.pit.lowering_few` does on DuckDB, when the result is read, and in Polars' streaming engine: of the asked keys
only the clocks are read, and grouped instead of sorted; of all columns only the rows that are the newest for some ask.
"""

from __future__ import annotations

import polars as pl

from fsnb.pit import lowering_few
from fsnb.pit.events import CUTOFF, EVENT, START, key_names, lanes
from fsnb.pit.lowering import moment_names
from fsnb.pit.lowering_few import CELL
from fsnb.pit.lowering_polars import latest_rows, registered
from fsnb.pit.planning import ViewPlan


def _latest(part: ViewPlan, cut: pl.LazyFrame, asks: pl.LazyFrame, rows: pl.LazyFrame) -> pl.LazyFrame:
    """As `fsnb.pit.lowering_polars.latest_rows`, which sorts all rows of the asked keys."""

    def found() -> pl.DataFrame:
        newest = _newest(part, rows, asks)
        # the times first, which a scan of parquet files asks for before it reads any other column
        few = rows.filter(pl.col(EVENT).is_in(newest[EVENT].unique().implode()))
        few = few.join(newest.lazy(), on=newest.columns, how="semi")
        return latest_rows(part, cut, asks, few.collect(engine="streaming").lazy()).collect()

    return pl.defer(found, schema=latest_rows(part, cut, asks, rows).collect_schema())


def _newest(part: ViewPlan, rows: pl.LazyFrame, asks: pl.LazyFrame) -> pl.DataFrame:
    """Keys and event times of the newest rows that the asks can see, of each lane."""
    keys, moment, separate = key_names(part), moment_names(part), lanes(part)
    seen = rows.join(asks.select(keys).unique(), on=keys, how="semi")
    if not part.view.skip_nulls:
        return _newest_of(part, seen.select(*keys, *moment), asks).collect(engine="streaming")
    known = (pl.col(wanted[0]).is_not_null().alias(f"{CELL}{i}") for i, wanted in enumerate(separate))
    read = seen.select(*keys, *moment, *known).collect(engine="streaming")  # once for all lanes
    of_lanes = (_newest_of(part, read.lazy().filter(f"{CELL}{i}"), asks) for i in range(len(separate)))
    return pl.concat(each.collect(engine="streaming") for each in of_lanes).unique()


def _newest_of(part: ViewPlan, seen: pl.LazyFrame, asks: pl.LazyFrame) -> pl.LazyFrame:
    """Of a cell of time in which a key is asked for all rows count, of any other cell the greatest event time, which
    counts from when the last of the cell has started.
    """
    keys, moment, two_clocks = key_names(part), moment_names(part), part.view.source.available is not None
    cell = 2**lowering_few.CELL_BITS
    seen = seen.select(*keys, *moment, (pl.col(START) // cell).alias(CELL))
    asked = asks.select(*keys, (pl.col(CUTOFF) // cell).alias(CELL)).unique()
    near = seen.join(asked, on=[*keys, CELL], how="semi")
    lasts = seen.group_by(*keys, CELL).agg(pl.col(moment).max())
    few = pl.concat([each.select(*keys, *moment) for each in (near, lasts)]).sort(START)
    if two_clocks:  # a row that becomes available after a newer one is never the newest
        newest = few.with_columns(pl.col(EVENT).cum_max().over(keys))
        few = newest.unique([*keys, START], keep="last", maintain_order=True)
    met = asks.sort(CUTOFF).join_asof(
        few, left_on=CUTOFF, right_on=START, by=keys, strategy="backward", check_sortedness=False, coalesce=False
    )
    event = pl.col(EVENT) if two_clocks else (pl.col(START) - part.span(None).lo).alias(EVENT)
    return met.select(*keys, event).drop_nulls().unique()


latest = registered(_latest)
