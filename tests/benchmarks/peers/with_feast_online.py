"""Feast's online features, one entity at a time; a program that runs in an environment of its own.

`python -m tests.benchmarks.peers.with_feast_online '{"store": ..., "rows": ..., "reads": ...}'` answers with JSON.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64, Int64

from tests.benchmarks.online_data import COLUMNS, INTEGERS


def main(store: dict[str, Any], rows: int, reads: int) -> list[int]:
    """Nanoseconds of each read."""
    folder = tempfile.mkdtemp(prefix="feast_bench_")
    feast = FeatureStore(
        config=RepoConfig(
            project="bench",
            provider="local",
            registry=f"{folder}/registry.db",
            offline_store={"type": "duckdb"},
            online_store=store | ({"path": f"{folder}/online.db"} if store["type"] == "sqlite" else {}),
            entity_key_serialization_version=3,
        )
    )
    frame = _frame(rows)
    frame.head(10).to_parquet(f"{folder}/rows.parquet")
    source = FileSource(path=f"{folder}/rows.parquet", timestamp_field="event_time")
    key = Entity(name="k", join_keys=["k"], value_type=ValueType.INT64)
    schema = [Field(name=name, dtype=Int64 if name in INTEGERS else Float64) for name in COLUMNS]
    view = FeatureView(name="v", entities=[key], ttl=timedelta(days=36500), source=source, schema=schema)
    feast.apply([key, view])
    feast.write_to_online_store("v", frame)
    names, draw = [f"v:{name}" for name in COLUMNS], random.Random(0)
    taken = []
    for _ in range(reads):
        k = draw.randrange(rows)
        began = time.perf_counter_ns()
        found = feast.get_online_features(features=names, entity_rows=[{"k": k}]).to_dict()
        taken.append(time.perf_counter_ns() - began)
        assert found["f0"][0] is not None
    return taken


def _frame(rows: int) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    columns = {name: draw.integers(0, 99, rows) if name in INTEGERS else draw.random(rows) for name in COLUMNS}
    return pd.DataFrame({"k": np.arange(rows), "event_time": pd.Timestamp("2025-01-01", tz="UTC"), **columns})


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(**json.loads(sys.argv[1]))) + "\n")
