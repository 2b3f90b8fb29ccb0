"""NannyML's univariate drift on the same files; runs in an environment of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml as nml
import pandas as pd

CONTINUOUS = ["kolmogorov_smirnov", "jensen_shannon", "wasserstein", "hellinger"]
CATEGORICAL = ["chi2", "jensen_shannon", "hellinger", "l_infinity"]


def drift(reference: str, current: str, baseline: str) -> Callable[[], Any]:
    """All its methods but one, over all rows as one chunk; fitted on the reference already, as from a baseline."""
    before = pd.read_parquet(reference)
    calculator = nml.UnivariateDriftCalculator(
        column_names=list(before.columns),
        continuous_methods=CONTINUOUS,
        categorical_methods=CATEGORICAL,
        chunk_number=1,
    ).fit(before)
    del before

    def call() -> Any:
        return calculator.calculate(pd.read_parquet(current)).to_df()

    return call
