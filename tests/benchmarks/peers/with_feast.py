"""Feast's historical features, from the same files; runs in an environment of its own.

The spine carries a row number, which Feast passes through: its stores give rows in their own order.
`python -m tests.benchmarks.peers.with_feast '{"events": ..., "spine": ..., "store": ..., "to": ...}'` keeps an answer.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64, Int64

from tests.benchmarks.spec import COLUMNS

SPILLED = "14GB"
TYPES = {name: Int64 if name == "n" else Float64 for name in COLUMNS}


def asof(events: str, spine: str, store: str, memory: str | None = None) -> Callable[[], pa.Table]:
    """Five columns of the latest row, not older than a week; `store` is "duckdb" or "dask".

    `memory`: what DuckDB keeps to; a join of all pairs spills the rest, up to SPILLED of disk.
    """
    asked = numbered(events, spine, store, memory)

    def call() -> pa.Table:
        return asked().select(["k", "event_timestamp", *COLUMNS]).rename_columns(["k", "at", *COLUMNS])

    return call


def numbered(events: str, spine: str, store: str, memory: str | None = None) -> Callable[[], pa.Table]:
    """The same as Feast answers it, by `row`: the place in the spine, from 0."""
    if memory:
        spilled = {"temp_directory": tempfile.mkdtemp(), "max_temp_directory_size": SPILLED}
        ibis.set_backend(ibis.duckdb.connect(memory_limit=memory, **spilled))
    feast = FeatureStore(config=_config(store))
    source = FileSource(path=events, timestamp_field="ts")
    key = Entity(name="k", join_keys=["k"], value_type=ValueType.INT64)
    schema = [Field(name=name, dtype=dtype) for name, dtype in TYPES.items()]
    view = FeatureView(name="latest", entities=[key], ttl=timedelta(days=7), source=source, schema=schema)
    feast.apply([key, view])

    def call() -> pa.Table:
        asked = pd.read_parquet(spine).rename(columns={"at": "event_timestamp"})
        asked["row"] = range(len(asked))
        job = feast.get_historical_features(entity_df=asked, features=[f"latest:{name}" for name in COLUMNS])
        return job.to_arrow().sort_by("row")

    return call


def _config(store: str) -> RepoConfig:
    folder = tempfile.mkdtemp(prefix="feast_bench_")
    return RepoConfig(
        project="bench",
        provider="local",
        registry=f"{folder}/registry.db",
        offline_store={"type": store},
        online_store={"type": "sqlite", "path": f"{folder}/online.db"},
        entity_key_serialization_version=3,
    )


def main(to: str, **asked: str) -> None:
    """Keep an answer as parquet: `row` and the columns."""
    pq.write_table(numbered(**asked)().select(["row", *COLUMNS]), to)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
