"""Where two columns of rows differ, with the tolerance that floats need: sums depend on the order of their terms."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

RELATIVE, ABSOLUTE = 1e-9, 1e-12


def differ(before: pa.ChunkedArray, after: pa.ChunkedArray) -> np.ndarray:
    """A boolean per row: floats within a relative 1e-9 are equal, all else exactly; NULL is equal to NULL alone.

    `after` is cast to the type of `before`; both have the same number of rows.
    """
    before, after = before.combine_chunks(), after.cast(before.type).combine_chunks()
    if pa.types.is_nested(before.type):
        return np.array([a != b for a, b in zip(before.to_pylist(), after.to_pylist(), strict=True)], dtype=bool)
    nulls = [column.is_null().to_numpy(zero_copy_only=False) for column in (before, after)]
    if pa.types.is_floating(before.type):
        unequal = ~_close(*(pc.fill_null(column, 0).to_numpy(zero_copy_only=False) for column in (before, after)))
    else:
        unequal = pc.fill_null(pc.not_equal(before, after), False).to_numpy(zero_copy_only=False)
    return (nulls[0] != nulls[1]) | (~nulls[0] & ~nulls[1] & unequal)


def _close(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Equal within a relative 1e-9 of the greater; sums that should be zero may miss it by 1e-12."""
    with np.errstate(invalid="ignore"):
        within = np.maximum(RELATIVE * np.maximum(np.abs(before), np.abs(after)), ABSOLUTE)
        close = np.abs(before - after) <= within
    return (before == after) | (np.isfinite(within) & close) | (np.isnan(before) & np.isnan(after))
