"""temporian's moving windows, sampled at the spine, from the same files; runs in an environment of its own.

Two spine rows of the same key and time are one of its timestamps, so features come back by key and time. Its standard
deviation is the population's; ours, the sample's, follows from it and the count.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import temporian as tp

from tests.benchmarks.spec import WINDOWS

LENGTHS = dict(zip(WINDOWS, (tp.duration.hours(1), *(tp.duration.days(n) for n in (1, 7, 30))), strict=True))


def windows(events: str, spine: str) -> Callable[[], pd.DataFrame]:
    """Twenty features: five aggregates over four windows."""

    def call() -> pd.DataFrame:
        frame = pd.read_parquet(events, columns=["k", "ts", "x0"])
        happened = tp.from_pandas(frame, indexes=["k"], timestamps="ts")
        asked = pd.read_parquet(spine)
        asked["row"] = range(len(asked))
        sampling = tp.from_pandas(asked, indexes=["k"], timestamps="at")
        made = [sampling, *(feature for window in WINDOWS for feature in _features(happened, sampling, window))]
        found = tp.to_pandas(tp.glue(*made), timestamps=False).sort_values("row")
        return _finished(found.assign(at=asked["at"].to_numpy()).drop(columns="row"))

    return call


def _features(happened: tp.EventSet, sampling: tp.EventSet, window: str) -> list[tp.EventSet]:
    at = {"window_length": LENGTHS[window], "sampling": sampling}
    made = {
        "c": happened.moving_count(**at),
        "s": happened.moving_sum(**at),
        "m": happened.simple_moving_average(**at),
        "d": happened.moving_standard_deviation(**at),
        "x": happened.moving_max(**at),
    }
    return [feature.rename(f"{name}_{window}") for name, feature in made.items()]


def _finished(found: pd.DataFrame) -> pd.DataFrame:
    for window in WINDOWS:
        count = found[f"c_{window}"].astype("float64")
        found[f"s_{window}"] = found[f"s_{window}"].where(count > 0)
        found[f"d_{window}"] = (found[f"d_{window}"] * np.sqrt(count / (count - 1))).where(count > 1)
    return found
