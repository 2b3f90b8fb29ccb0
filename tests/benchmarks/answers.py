"""What a side answered, as a few numbers, so that answers of different processes can be held against each other.

For each column: how many values there are, their sum, and a sum in which every row has a weight of its own, made of the
row's key and time. One value in a wrong row, or one row that is missing, moves it; rows may come in any order, but that
order is told too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

KEYS = ("k", "at")
PRIME = 1_000_003
TOLERANCE = 1e-9
Digest = dict[str, Any]


def digest(answer: Any) -> Digest:
    """`{"rows": n, "order": x, "columns": {name: [values, sum, sum of sizes, weighted sum]}}` of a filled spine.

    `answer` is an Arrow table, a Polars frame or a pandas frame with `k`, `at` and the features. NaN is no value.
    """
    table = _table(answer)
    key, at = (_int64(table.column(name)) for name in KEYS)
    numbers = (key * 7_919 + at // 1_000 % PRIME * 104_729) % PRIME
    weights = numbers / PRIME
    names = [name for name in table.column_names if name not in KEYS]
    return {
        "rows": table.num_rows,
        "order": int((numbers * (np.arange(len(numbers)) % PRIME)).sum()),  # modulo 2**64
        "columns": {name: _column(table.column(name), weights) for name in sorted(names)},
    }


def _table(answer: Any) -> pa.Table:
    if isinstance(answer, pa.Table):
        return answer
    return answer.to_arrow() if hasattr(answer, "to_arrow") else pa.Table.from_pandas(answer, preserve_index=False)


def _int64(column: Any) -> np.ndarray[Any, Any]:
    if pa.types.is_timestamp(column.type):
        column = pc.cast(column, pa.timestamp("us", column.type.tz), safe=False)
    return np.asarray(pc.cast(column, pa.int64()).to_numpy())


def _column(column: Any, weights: np.ndarray[Any, Any]) -> list[float]:
    values = np.asarray(pc.cast(column, pa.float64()).to_numpy(), dtype="float64")
    there = ~np.isnan(values)
    values = np.where(there, values, 0.0)
    return [int(there.sum()), float(values.sum()), float(np.abs(values).sum()), float((values * (1 + weights)).sum())]


def differences(got: Digest, wanted: Digest, *, tolerance: float = TOLERANCE, ordered: bool = True) -> list[str]:
    """In words, how an answer differs from another; only columns that it has. Empty: the same answer.

    Sums may differ by `tolerance` times the sum of all sizes: engines add in different orders.
    """
    if got["rows"] != wanted["rows"]:
        return [f"{got['rows']:,} rows, not {wanted['rows']:,}"]
    if unknown := sorted(set(got["columns"]) - set(wanted["columns"])):
        return [f"columns {', '.join(unknown)}, which nobody asked for"]
    found = ["rows in another order"] if ordered and got["order"] != wanted["order"] else []
    for name, (count, total, sizes, weighted) in got["columns"].items():
        theirs = wanted["columns"][name]
        if count != theirs[0]:
            found.append(f"{name}: {count:,} values, not {theirs[0]:,}")
            continue
        apart = max(abs(total - theirs[1]), abs(weighted - theirs[3])) / max(sizes, theirs[2], 1e-300)
        if apart > tolerance:
            found.append(f"{name}: off by {apart:.0e} of the sum")
    return found
