"""Eight rows with what goes wrong: NULL, NaN, infinity, repeats, a late row, text that is not ASCII."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import inf, nan

import pyarrow as pa

NOON = datetime(2024, 5, 1, 12)
HOUR = timedelta(hours=1)
EVENTS = pa.table(
    {
        "id": pa.array([1, 2, 2, 3, None, 4, 5, None], pa.int64()),
        "part": pa.array([1, 1, 2, 1, 1, 1, 1, 1], pa.int32()),
        "x": pa.array([1.0, -2.0, nan, None, inf, 0.0, 4.5, 4.5], pa.float64()),
        "n": pa.array([0, 1, 2, 3, 4, 5, None, 7], pa.int32()),
        "kind": pa.array(["a", "b", "é", None, "", "a", "zz", "A"], pa.string()),
        "ok": pa.array([True, True, False, None, True, True, True, True], pa.bool_()),
        "seq": pa.array([1, 2, 3, 4, 5, 5, 7, None], pa.int64()),
        "at": pa.array(
            [NOON, NOON + HOUR, NOON + HOUR, None, NOON + 3 * HOUR, NOON + 2 * HOUR, NOON + 1.5 * HOUR, NOON],
            pa.timestamp("us"),
        ),
    }
)
KINDS = pa.table({"name": ["a", "b", "é", "b"], "part": pa.array([1, 1, 2, 1], pa.int32())})
