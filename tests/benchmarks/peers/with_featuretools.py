"""featuretools with cutoff times, from the same files; runs in an environment of its own.

One matrix per window, since a training window holds for all features of a call. It takes tens of milliseconds for each
cutoff time, so it is given a spine of few rows.
"""

from __future__ import annotations

from collections.abc import Callable

import featuretools as ft
import pandas as pd

from tests.benchmarks.spec import WINDOWS

PRIMITIVES = {"COUNT": "c", "SUM": "s", "MEAN": "m", "STD": "d", "MAX": "x"}


def windows(events: str, spine: str) -> Callable[[], pd.DataFrame]:
    """Twenty features: five aggregates over four windows."""

    def call() -> pd.DataFrame:
        asked = pd.read_parquet(spine)
        frames = _entities(pd.read_parquet(events, columns=["k", "ts", "x0"]), asked)
        features = ft.dfs(
            entityset=frames,
            target_dataframe_name="keys",
            agg_primitives=[name.lower() for name in PRIMITIVES],
            trans_primitives=[],
            features_only=True,
        )
        cutoffs = asked.rename(columns={"at": "time"})
        return pd.concat([asked, *(_window(frames, features, cutoffs, window) for window in WINDOWS)], axis=1)

    return call


def _entities(events: pd.DataFrame, asked: pd.DataFrame) -> ft.EntitySet:
    frames = ft.EntitySet("bench")
    events["row"] = range(len(events))
    keys = pd.DataFrame({"k": pd.concat([events["k"], asked["k"]]).unique()})
    frames.add_dataframe(keys, "keys", index="k")
    frames.add_dataframe(events, "events", index="row", time_index="ts")
    frames.add_relationship("keys", "k", "events", "k")
    return frames


def _window(frames: ft.EntitySet, features: list, cutoffs: pd.DataFrame, window: str) -> pd.DataFrame:
    made = ft.calculate_feature_matrix(
        features,
        frames,
        cutoff_time=cutoffs,
        training_window=window,
        include_cutoff_time=True,
        cutoff_time_in_index=True,
    )
    made = made.reindex(pd.MultiIndex.from_frame(cutoffs[["k", "time"]])).reset_index(drop=True)
    counts = made["COUNT(events)"].astype("int64")
    renamed = {f"{name}(events.x0)": f"{short}_{window}" for name, short in PRIMITIVES.items() if name != "COUNT"}
    made = made[list(renamed)].astype("float64").rename(columns=renamed)
    made[f"s_{window}"] = made[f"s_{window}"].where(counts > 0)  # a sum of nothing is 0 there
    made[f"c_{window}"] = counts
    return made
