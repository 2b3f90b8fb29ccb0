"""Which rows Feast's stores answer otherwise, beside the oracle: `python -m tests.benchmarks.rows [--rows N]`.

The spine of `main`, made small, with rows of every kind that a store may trip over: some are asked twice, some are of
keys that nothing happened to, some stand exactly one ttl after their only event. The oracle (`fsnb.pit.oracle`, nested
loops over lists of dicts) and fsnb on both engines answer each; so do Feast's DuckDB and dask stores, where they are
installed (`make bench-peers`). Printed: for each kind how many rows were asked, lost and answered otherwise, and some
of those rows.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import polars as pl

import fsnb
from fsnb.pit.oracle import oracle
from tests.benchmarks.process import QUIET, ROOT, missing, python
from tests.benchmarks.shapes import DAYS, START, shapes, write
from tests.benchmarks.sides import ours
from tests.benchmarks.spec import COLUMNS, TTL

STORES = {"Feast, DuckDB store": "duckdb", "Feast, dask store": "dask"}
PLANTED = 60
KINDS = {
    "again": "one of two rows of the same key and time",
    "edge": "the last event exactly 7 days before",
    "found": "an event in the 7 days before",
    "stale": "events of the key, none in the 7 days before",
    "unknown": "no event of the key at all",
}
TOLERANCE = 1e-9


def main() -> None:
    """Ask everybody, print where they differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.rows", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rows", type=int, default=10_000, help="spine rows, before rows are planted (10,000)")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        events, spine = planted(rows, folder)
        answers = _answers(events, spine, folder)
        print(told(with_kinds(pl.read_parquet(spine), pl.read_parquet(events)), answers))


def planted(rows: int, folder: Path) -> tuple[Path, Path]:
    """Events and a spine of `main` with `rows` rows, and `PLANTED` more of each kind that does not come by itself."""
    shape = replace(shapes(1)["main"], keys=max(1, rows // 10), events=10 * rows, spine=rows)
    events, spine = write(shape, folder)
    happened, asked = pl.read_parquet(events), pl.read_parquet(spine)
    alone = happened.head(PLANTED).with_columns(k=shape.keys + pl.int_range(PLANTED), ts=_times())
    more = [
        asked.sample(min(PLANTED, rows), seed=3),
        alone.select("k", at=pl.col("ts") + timedelta(days=7)),
        alone.select(pl.col("k") + PLANTED, at=pl.col("ts")),
    ]
    pl.concat([happened, alone]).write_parquet(events)
    pl.concat([asked, *more]).write_parquet(spine)
    return events, spine


def _times() -> pl.Series:
    offsets = np.random.default_rng(5).integers(0, (DAYS - 7) * 86_400_000_000, PLANTED)
    return START + pl.Series(offsets).cast(pl.Duration("us"))


def with_kinds(asked: pl.DataFrame, happened: pl.DataFrame) -> pl.DataFrame:
    """The spine with `row`, its `kind` (of KINDS) and `last`, the time of the key's last event up to then."""
    numbered = asked.with_row_index("row")
    last = (
        numbered.select("row", "k", "at")
        .join(happened.select("k", "ts"), on="k")
        .group_by("row")
        .agg(last=pl.col("ts").filter(pl.col("ts") <= pl.col("at")).max(), known=pl.len())
    )
    age = pl.col("at") - pl.col("last")
    kind = (
        pl.when(pl.struct("k", "at").is_duplicated())
        .then(pl.lit("again"))
        .when(pl.col("known").is_null())
        .then(pl.lit("unknown"))
        .when(age == timedelta(days=7))
        .then(pl.lit("edge"))
        .when(age < timedelta(days=7))
        .then(pl.lit("found"))
        .otherwise(pl.lit("stale"))
    )
    return numbered.join(last, on="row", how="left", maintain_order="left").with_columns(kind=kind).drop("known")


def _answers(events: Path, spine: Path, folder: Path) -> dict[str, pl.DataFrame | str]:
    """Who -> `row` and the five columns; or why there is no answer. The oracle comes first."""
    found: dict[str, pl.DataFrame | str] = {"oracle": asked_of_oracle(events, spine)}
    for name, engine in {"fsnb, DuckDB": "duckdb", "fsnb, Polars": "polars"}.items():
        filled = pl.DataFrame(ours.asof(str(events), str(spine), engine)())
        found[name] = filled.select(COLUMNS).with_row_index("row")
    for name, store in STORES.items():
        found[name] = missing("feast") or _asked_of_feast(events, spine, store, folder)
    return found


def asked_of_oracle(events: Path, spine: Path) -> pl.DataFrame:
    """The oracle is quadratic, so it gets one key at a time."""
    with tempfile.TemporaryDirectory() as folder:
        source = fsnb.open(folder).source("events", str(events), event_time="ts")
        features = {name: ibis._[name] for name in COLUMNS}
        view = fsnb.FeatureView("latest", entity=ours.KEY, source=source, features=features, ttl=TTL)
        happened = pl.read_parquet(events).partition_by("k", as_dict=True)
        none = pl.read_parquet(events).clear()
        found: list[dict[str, Any]] = []
        for key, rows in pl.read_parquet(spine).with_row_index("row").partition_by("k", as_dict=True).items():
            asks, tables = rows.to_dicts(), {"events": happened.get(key, none).to_dicts()}
            answers = oracle(view, asks, tables, at="at")
            found += [{"row": ask["row"], **answer} for ask, answer in zip(asks, answers, strict=True)]
    return pl.DataFrame(found, schema={"row": pl.UInt32, **_types(events)}).sort("row")


def _types(events: Path) -> dict[str, Any]:
    schema = pl.read_parquet_schema(events)
    return {name: schema[name] for name in COLUMNS}


def _asked_of_feast(events: Path, spine: Path, store: str, folder: Path) -> pl.DataFrame | str:
    to = folder / f"{store}.parquet"
    task = {"events": str(events), "spine": str(spine), "store": store, "to": str(to)}
    done = subprocess.run(
        [python("feast"), "-m", "tests.benchmarks.peers.with_feast", json.dumps(task)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **QUIET, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    return pl.read_parquet(to) if to.exists() else f"failed: {done.stderr.strip().splitlines()[-1][:200]}"


def told(asked: pl.DataFrame, answers: Mapping[str, pl.DataFrame | str]) -> str:
    """Tables in markdown: for each who answered, kinds of rows by how they were answered; then some of those rows."""
    wanted = answers["oracle"]
    assert isinstance(wanted, pl.DataFrame)
    lines, shown = [f"| {len(asked):,} spine rows | rows | {' | '.join(_others(answers))} |"], []
    lines.append("|---|---|" + "---|" * len(_others(answers)))
    judged = {name: _judged(asked, wanted, answer) for name, answer in answers.items() if name != "oracle"}
    for kind, words in KINDS.items():
        of_kind = asked.filter(kind=kind)["row"]
        said = [_said(found, of_kind) for found in judged.values()]
        lines.append(f"| {words} | {len(of_kind):,} | {' | '.join(said)} |")
        shown += _examples(asked.filter(kind=kind), answers, judged)
    head = "| row | k | at | last event up to then | who | x0 by the oracle | x0 there |"
    return "\n".join([*lines, "", head, "|---|---|---|---|---|---|---|", *shown, ""])


def _others(answers: Mapping[str, Any]) -> list[str]:
    return [name for name in answers if name != "oracle"]


def _judged(asked: pl.DataFrame, wanted: pl.DataFrame, answer: pl.DataFrame | str) -> pl.DataFrame | str:
    """For each row "same", "lost" or "other"; or why nothing was answered."""
    if isinstance(answer, str):
        return answer
    there = asked.select("row").join(answer.with_columns(pl.col("row").cast(pl.UInt32)), on="row", how="left")
    lost = ~there["row"].is_in(answer["row"].cast(pl.UInt32).implode())
    same = pl.Series([True]).new_from_index(0, len(asked))
    for name in COLUMNS:
        same &= _equal(there[name].cast(pl.Float64).fill_nan(None), wanted[name].cast(pl.Float64))
    found = pl.when(lost).then(pl.lit("lost")).when(same).then(pl.lit("same")).otherwise(pl.lit("other"))
    return asked.select("row").with_columns(found=found)


def _equal(got: pl.Series, wanted: pl.Series) -> pl.Series:
    close = (got - wanted).abs() <= TOLERANCE * wanted.abs()
    return (got.is_null() & wanted.is_null()) | close.fill_null(value=False)


def _said(found: pl.DataFrame | str, rows: pl.Series) -> str:
    if isinstance(found, str):
        return found
    counts = found.filter(pl.col("row").is_in(rows.implode()))["found"].value_counts()
    words = {"lost": "**{:,} lost**", "other": "**{:,} otherwise**"}
    number = dict(counts.iter_rows())
    return ", ".join(words[key].format(number[key]) for key in words if key in number) or "same"


def _examples(
    asked: pl.DataFrame, answers: Mapping[str, pl.DataFrame | str], judged: Mapping[str, Any], most: int = 2
) -> Iterable[str]:
    """The first rows of a kind that somebody answered otherwise."""
    wanted = answers["oracle"]
    for name, found in judged.items():
        if isinstance(found, str):
            continue
        other = asked.join(found, on="row", maintain_order="left").filter(pl.col("found") != "same").head(most)
        for row in other.iter_rows(named=True):
            there = "no such row" if row["found"] == "lost" else _x0(answers[name], row["row"])
            last = row["last"] or "none"
            yield f"| {row['row']} | {row['k']} | {row['at']} | {last} | {name} | {_x0(wanted, row['row'])} | {there} |"


def _x0(answer: Any, row: int) -> str:
    value = answer.filter(pl.col("row") == row)["x0"][0]
    return "NULL" if value is None or value != value else f"{value:.6f}"


if __name__ == "__main__":
    main()
