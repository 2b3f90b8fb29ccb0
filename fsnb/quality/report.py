"""DriftReport: a row for each column, as text, as a frame, as a table in a cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fsnb import shells
from fsnb.errors import UnknownName
from fsnb.model import Slice
from fsnb.quality.comparing import Compared, times_apart
from fsnb.quality.distances import benjamini_hochberg
from fsnb.quality.verdicts import ORDER, Verdict
from fsnb.quality.violations import Violation

if TYPE_CHECKING:
    from fsnb.quality.over_time import DriftOverTime
    from fsnb.quality.sides import Sides

TYPES: dict[str, Any] = {
    "column": pl.String, "kind": pl.String, "n_ref": pl.Int64, "n_cur": pl.Int64,
    "null_rate_ref": pl.Float64, "null_rate_cur": pl.Float64, "psi": pl.Float64, "psi_floor95": pl.Float64,
    "ks": pl.Float64, "ks_p": pl.Float64, "js": pl.Float64, "hellinger": pl.Float64, "wasserstein": pl.Float64,
    "wasserstein_norm": pl.Float64, "linf": pl.Float64, "chi2": pl.Float64, "chi2_dof": pl.Int64, "chi2_p": pl.Float64,
    "cramers_v": pl.Float64, "unseen_share": pl.Float64, "verdict": pl.String, "reason": pl.String,
}  # fmt: skip
MARKS: dict[Verdict, str] = {"alert": "!!", "warn": "!", "too few rows": "?", "not compared": "-", "ok": ""}


@dataclass(frozen=True, repr=False)
class DriftReport:
    """What changed between a reference and current data, column by column.

    Iterating gives the rows, in the reference's order; `report["name"]` is one. `violations` says what of the
    baseline is broken, by name. `sides` is what was compared.
    """

    rows: tuple[Compared, ...]
    violations: tuple[Violation, ...]
    n_ref: int
    n_cur: int
    name: str = ""
    sides: Sides | None = field(default=None, compare=False)

    def __iter__(self) -> Iterator[Compared]:
        return iter(self.rows)

    def __getitem__(self, column: str) -> Compared:
        found = {row.column: row for row in self.rows}
        if column not in found:
            raise UnknownName.among("the drift report", "column", column, found)
        return found[column]

    def __repr__(self) -> str:
        return f"<DriftReport {self.verdict}: {len(self.rows)} columns, {self.n_ref:,} and {self.n_cur:,} rows>"

    @property
    def verdict(self) -> Verdict:
        """The worst of the columns'; columns that are not compared count only where there is no other."""
        found = {row.verdict for row in self.rows} or {"not compared"}
        compared = found - {"not compared"} or found
        return next(level for level in ORDER if level in compared)

    @property
    def drifted(self) -> tuple[str, ...]:
        """The columns that warn or alert, worst first."""
        return tuple(row.column for row in self._worst_first if row.verdict in ("alert", "warn"))

    @cached_property
    def _worst_first(self) -> list[Compared]:
        return sorted(self.rows, key=lambda row: (ORDER.index(row.verdict), -(row.psi or 0), row.column))

    def to_polars(self) -> pl.DataFrame:
        """One row per column of the data; `fsnb.quality.drift` says what each figure is."""
        return pl.DataFrame([{name: getattr(row, name) for name in TYPES} for row in self.rows], schema=TYPES)

    def details(self) -> pl.DataFrame:
        """The rest, one row per column of the data.

        `psi_with_null` (NULL as a bin of its own), `ks_error` and `wasserstein_error` (how far at most from the exact
        ones), `chi2_expected_min` (under 5: the p-value is rough), `ks_p_bh` and `chi2_p_bh` (Benjamini-Hochberg over
        the columns), means, and by how many seconds the newest time is later.
        """
        frame = pl.DataFrame(
            {
                "column": [row.column for row in self.rows],
                **{
                    name: pl.Series(name, [getattr(row, name) for row in self.rows], dtype=pl.Float64)
                    for name in ("psi_with_null", "ks_error", "wasserstein_error", "chi2_expected_min")
                },
                "ks_p_bh": self._adjusted("ks_p"),
                "chi2_p_bh": self._adjusted("chi2_p"),
                "mean_ref": pl.Series([row.mean_ref for row in self.rows], dtype=pl.Float64),
                "mean_cur": pl.Series([row.mean_cur for row in self.rows], dtype=pl.Float64),
                "newer_seconds": pl.Series([times_apart(row) for row in self.rows], dtype=pl.Float64),
            }
        )
        return frame.with_columns(pl.col(pl.Float64).fill_nan(None))

    def _adjusted(self, name: str) -> pl.Series:
        given = [getattr(row, name) for row in self.rows]
        return pl.Series(name, benjamini_hochberg([np.nan if p is None else p for p in given]), dtype=pl.Float64)

    def bins(self, column: str) -> pl.DataFrame:
        """The bins of a column's PSI: label, rows of either side."""
        return pl.DataFrame(
            [(one.label, one.reference, one.current) for one in self[column].bins],
            schema={"bin": pl.String, "reference": pl.Int64, "current": pl.Int64},
            orient="row",
        )

    # ------------------------------------------------------------------ to read

    def __str__(self) -> str:
        said = f"{self.verdict}: {self.name or 'drift'}, {self.n_ref:,} rows of the reference, {self.n_cur:,} now"
        lines = [said, "", *_aligned([HEAD, *(_cells(row) for row in self._worst_first)])]
        if self.violations:
            lines += ["", *(f"  {v.check}: {v.column} {v.message}" for v in self.violations)]
        return "\n".join([*lines, "", FOOTNOTE])

    def _repr_html_(self) -> str:
        return shells.html(self)

    # ------------------------------------------------------------------ to look closer

    def within(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        where: Slice | None = None,
        at: str | None = None,
    ) -> DriftReport:
        """The same comparison of the current rows with `start <= at < end` (naive UTC; None: no bound), counted anew.

        Parameters
        ----------
        where
            Only rows of this slice, on both sides; the reference must have been rows, not a baseline.
        at
            The current data's column of times; see `fsnb.quality.drift`.

        Raises
        ------
        UnknownName, DefinitionError
        """
        from fsnb.quality.sides import within

        return within(self, start, end, where, at)

    def over_time(
        self, *, every: str | timedelta | None = None, at: str | None = None, columns: Sequence[str] | None = None
    ) -> DriftOverTime:
        """The drift of each stretch of the current data; see `fsnb.quality.drift_over_time`.

        `every` is chosen so that there are at most 60 stretches, unless it is given.
        """
        from fsnb.quality.sides import over_time

        return over_time(self, every, at, columns)

    def widget(
        self, *, at: str | None = None, every: str | timedelta | None = None, slices: Sequence[Slice] = ()
    ) -> Any:
        """Look at the drift in a notebook: columns worst first, both distributions of one, time to brush, slices.

        Numbers are counted as here, each window and slice anew. Without a kernel, or where widgets do not run, it
        shows as a static page that says the same.

        Parameters
        ----------
        at, every
            As in `over_time`; without a column of times that part is left out.
        slices
            Parts of the rows to choose from; the reference must have been rows.

        Returns
        -------
        fsnb.notebook.drift.widget.DriftWidget
            `.report` is the report shown, `.column`, `.window`, `.slice` what was chosen, `.to_html()` a static page.
        """
        return shells.widget("drift", self, at=at, every=every, slices=slices)


HEAD = ("", "column", "kind", "psi", "noise", "ks", "w / std", "NULL before", "NULL now", "unseen", "verdict", "reason")
FOOTNOTE = (
    "noise: what PSI chance alone stays under in 95 of 100 samples. p-values are in to_polars(), adjusted for the "
    "number of columns in details()."
)


def _cells(row: Compared) -> tuple[str, ...]:
    numbers = (row.psi, row.psi_floor95, row.ks, row.wasserstein_norm)
    shares = (row.null_rate_ref, row.null_rate_cur, row.unseen_share)
    return (
        MARKS[row.verdict], row.column, row.kind,
        *("" if value is None else f"{value:.3f}" for value in numbers),
        *("" if value is None else f"{value:.1%}" for value in shares),
        row.verdict, row.reason,
    )  # fmt: skip


def _aligned(table: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
