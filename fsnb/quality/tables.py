"""Reports whose rows are a frame, shown whole: as text, and in a cell."""

from __future__ import annotations

from abc import ABC, abstractmethod

import polars as pl

from fsnb import shells

BOUNDS = ("_low", "_high")


class Tabular(ABC):
    """A report that is read as a table; every row, figures of three digits, as text without the ends of intervals."""

    __slots__ = ()

    @abstractmethod
    def to_polars(self) -> pl.DataFrame: ...

    def __str__(self) -> str:
        frame = self.to_polars()
        with pl.Config(
            tbl_rows=-1,
            tbl_cols=-1,
            tbl_hide_dataframe_shape=True,
            tbl_hide_column_data_types=True,
            float_precision=3,
            tbl_width_chars=180,
            fmt_str_lengths=80,
        ):
            return str(frame.select(name for name in frame.columns if not name.endswith(BOUNDS)))

    def _repr_html_(self) -> str:
        return shells.html(self)
