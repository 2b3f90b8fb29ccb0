"""Arrow rows as pandas, without two mix-ups of the plain way: NULL makes integers floats, and flags objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd


def as_pandas(rows: pa.Table) -> pd.DataFrame:
    """Plain NumPy columns, but for integers and booleans that hold NULL: these are pandas' nullable ones."""
    import pandas as pd

    nullable = {pa.bool_(): pd.BooleanDtype()} | {
        pa.type_for_alias(name): pd.api.types.pandas_dtype(name.replace("uint", "UInt").replace("int", "Int"))
        for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
    }
    frame = rows.to_pandas(ignore_metadata=True)
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        if column.null_count and column.type in nullable:
            frame[name] = column.to_pandas(types_mapper=nullable.get)
    return frame
