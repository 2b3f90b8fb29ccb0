"""evidently's drift preset on the same files; runs in an environment of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset


def drift(reference: str, current: str, baseline: str) -> Callable[[], Any]:
    """Its report of all columns; the reference is in memory already."""
    before = pd.read_parquet(reference)

    def call() -> Any:
        return Report([DataDriftPreset()]).run(pd.read_parquet(current), before).dict()

    return call
