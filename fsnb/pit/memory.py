"""Strategy "tiles" of the engines that run in this process: events leave the engine as Arrow, aggregates come back.

Only keys that are asked for are read, and only events that reach some ask. Many events are taken by ranges of keys, so
that memory is bounded by the bucket and not by the table.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import polars as pl

from fsnb.pit import lowering_polars, tiles
from fsnb.pit.events import AVAILABLE, CUTOFF, EVENT, VALUE, hull, key_names
from fsnb.pit.lowering import events, matched, of_asked_keys
from fsnb.pit.planning import ViewPlan
from fsnb.pit.ranges import KEY
from fsnb.pit.read import attach, upload

FEW_KEYS = 10_000
"""Up to so many keys are looked for by themselves, before anything is computed of their events."""
WHOLE, BUCKET = 20_000_000, 5_000_000
"""A table of more events than WHOLE is taken in buckets of about BUCKET; a single key's events are never divided."""


def fill(part: ViewPlan, con: Any, relation: ir.Table, cut: ir.Table, asks: ir.Table) -> ir.Table:
    """`cut` with the view's primitives beside it."""
    asked = collected(con, asks)
    keys = key_names(part)
    numbered = asked.select(keys).unique(maintain_order=True).with_row_index(KEY)
    asked = asked.join(numbered, on=keys).with_columns(pl.col(KEY).cast(pl.Int64))
    buckets = list(_buckets(part, con, relation, numbered))
    values = [VALUE + primitive.name for primitive in part.primitives]
    answers = (_answer(part, con, relation, bucket, asked).select(*keys, CUTOFF, *values) for bucket in buckets)
    answer = upload(con, next(answers), "answers") if len(buckets) == 1 else _spooled(con, answers)
    return matched(cut, answer, [*keys, CUTOFF])


def _spooled(con: Any, answers: Iterator[pl.DataFrame]) -> ir.Table:
    """Answers as files of the system's temporary folder, which go when the connection or the process does."""
    folder = tempfile.TemporaryDirectory(prefix="fsnb-")
    weakref.finalize(con, folder.cleanup)
    for number, answer in enumerate(answers):
        answer.write_parquet(Path(folder.name) / f"{number}.parquet")
    return attach(con, str(Path(folder.name) / "*.parquet"), "answers")


def collected(con: Any, table: ir.Table) -> pl.DataFrame:
    """A table's rows, as Polars holds them."""
    return con.compile(table).collect() if con.name == "polars" else pl.DataFrame(con.to_pyarrow(table))


def _answer(part: ViewPlan, con: Any, relation: ir.Table, numbers: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    asked = asked.join(numbers.select(KEY), on=KEY, how="semi")
    first = numbers[KEY].min() or 0
    shift = (pl.col(KEY) - first).cast(pl.Int64)
    rows = _rows(part, con, relation, numbers, asked)
    return tiles.aggregate(part, rows.with_columns(shift), asked.with_columns(shift))


def _rows(part: ViewPlan, con: Any, relation: ir.Table, numbers: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """The events of numbered keys that some ask may reach."""
    keys, span = key_names(part), hull(part)
    names = dict.fromkeys(primitive.argument for primitive in part.primitives)
    first, last = (bound if isinstance(bound, int) else 0 for bound in (asked[CUTOFF].min(), asked[CUTOFF].max()))
    assert span.hi is not None
    if con.name == "polars":
        frame = lowering_polars.events(part, con, relation, asked.lazy())
        clocks = [name for name in (EVENT, AVAILABLE) if name in frame.collect_schema()]
        frame = frame.filter(pl.col(EVENT).is_between(first - span.hi, last - span.lo))
        return frame.join(numbers.lazy(), on=keys).select(KEY, *clocks, *names).collect()
    numbered = upload(con, numbers, "keys")
    table = events(part, con, of_asked_keys(part, relation, numbered) if len(numbers) <= FEW_KEYS else relation)
    clocks = [name for name in (EVENT, AVAILABLE) if name in table.columns]
    table = table.filter(table[EVENT].between(first - span.hi, last - span.lo))
    met = table.inner_join(numbered, keys)
    return collected(con, met.select(KEY, *clocks, *names))


def _buckets(part: ViewPlan, con: Any, relation: ir.Table, numbered: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The numbered keys in ranges with about BUCKET events each; one where there are no more than that."""
    if numbered.is_empty() or collected(con, relation.count().as_table()).item() <= WHOLE:
        yield numbered
        return
    keys = dict(zip(part.view.entity.keys, key_names(part), strict=True))
    counts = relation.group_by(list(keys)).aggregate(_fsnb_n=relation.count())
    counted = collected(con, counts).rename(keys)
    sized = numbered.join(counted, on=list(keys.values()), how="left").sort(KEY)
    bucket = pl.col("_fsnb_n").fill_null(0).cast(pl.Int64).cum_sum() // BUCKET
    for group in sized.with_columns(_fsnb_bucket=bucket).partition_by("_fsnb_bucket", maintain_order=True):
        yield group.drop("_fsnb_n", "_fsnb_bucket")
