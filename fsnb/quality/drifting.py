"""drift: a reference and current data -> a DriftReport."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fsnb.errors import UnknownName
from fsnb.profiling.baseline import Baseline
from fsnb.profiling.column import Column
from fsnb.profiling.counting import Counting, reading
from fsnb.profiling.kinds import Kind
from fsnb.profiling.making import profile
from fsnb.quality.comparing import compared
from fsnb.quality.counted import counted
from fsnb.quality.naming import called, heading
from fsnb.quality.report import DriftReport
from fsnb.quality.sides import Sides
from fsnb.quality.unseen import with_unseen
from fsnb.quality.violations import Violation, of_columns, of_schema


def drift(
    reference: Any,
    current: Any,
    *,
    columns: Sequence[str] | None = None,
    bins: int = 10,
    kinds: Mapping[str, Kind] | None = None,
    con: Any = None,
    name: str = "",
    at: str | None = None,
) -> DriftReport:
    """How current data differs from a reference, column by column, by name.

    Only counts leave the engine. Against a baseline the current data is scanned at most three times on DuckDB and
    Polars, and four on other engines, whatever the number of columns; without NULLs, NaN and infinite values, which
    are counted apart.

    Parameters
    ----------
    reference
        A `Baseline`, or data to make one from: a path, a Polars, pandas or Arrow frame, an Ibis table.
    current
        Data; an Ibis table is counted on its own engine.
    columns
        Which ones; all of the reference by default.
    bins
        Bins of the PSI, where the reference is data; a baseline has its own.
    kinds
        As for `profile`, where the reference is data.
    con
        The Ibis connection to count frames and files on; a DuckDB of its own by default.
    name
        For the report's heading; by default of the names of both sides, where they have any.
    at
        The current data's column of times, for drift over time; by default the one that the baseline names, or the
        only one.

    Returns
    -------
    DriftReport
        With a row for each column that both sides have, in the same kind of type, and `violations` for the others.
        It keeps hold of the current data, to count parts of it (`.within`, `.over_time`, `.widget`).

    Notes
    -----
    - `psi` is on the reference's quantiles, `(lo, hi]` with open ends, a value with more than 1/bins of the rows
      being a bin of its own; categories are bins, those that the reference lacks together one. Shares are lifted to
      1e-4. The edges are the reference's for ever. Text is measured by its length, times by hour of day and by
      weekday (UTC), whichever tells more; identifiers not at all. See `fsnb.quality.distances.psi`.
    - `psi_floor95`: see `psi_floor`. An alarm needs both ("warn" 0.1, "alert" 0.25): see
      `fsnb.quality.verdicts.judged`.
    - `js`, `hellinger`, `linf`, `chi2`, `cramers_v` are on the same bins, without a floor.
    - `ks` and `wasserstein` (in the column's unit; `wasserstein_norm` in standard deviations of the reference) are
      exact where both sides have at most 10,000 distinct values, else from counts between about 200 quantiles of the
      reference; `.details()` has how far at most they are off.
    - `unseen_share` is the share of current values that the reference does not have, for text, booleans and
      identifiers. Against a baseline it is known up to 10,000 distinct values in the reference. Beyond, the reference's
      rows tell, by a scan of either side for each such column.
    - p-values treat rows as independent, and with many rows find the least difference: they decide nothing here.

    Raises
    ------
    UnknownName
        A column that was asked for is not in the reference.
    """
    rows_of_it = None if isinstance(reference, Baseline) else reading(reference, "reference", con)
    baseline = reference if rows_of_it is None else profile(rows_of_it.table, columns=columns, bins=bins, kinds=kinds)
    names = wanted(baseline, columns)
    counting = reading(current, "current data", con)
    schema = counting.table.schema()
    broken = of_schema(baseline, schema, names)
    if columns is not None:
        broken = [violation for violation in broken if violation.check != "extra_column_check"]
    both = comparable(names, broken)
    now = _counted(baseline, counting, both)
    rows = [compared(baseline[column.name], column) for column in now]
    rows = with_unseen(rows, baseline, rows_of_it, counting)
    pairs = [(baseline[column.name], column, row) for column, row in zip(now, rows, strict=True)]
    n_cur = now[0].n if now else int(counting.table.count().to_pyarrow().as_py())
    rows_given = None if isinstance(reference, Baseline) else reference
    sides = Sides(baseline, counting, rows_given, tuple(columns) if columns else None, bins, kinds, con, at)
    said = name or heading(called(reference), called(current))
    return DriftReport(tuple(rows), (*broken, *of_columns(pairs)), baseline.n, n_cur, said, sides)


def wanted(baseline: Baseline, columns: Sequence[str] | None) -> tuple[str, ...]:
    """The columns to compare: of the baseline, all by default."""
    for name in columns or ():
        if name not in baseline:
            raise UnknownName.among("the baseline", "column", name, [column.name for column in baseline])
    return tuple(column.name for column in baseline) if columns is None else tuple(dict.fromkeys(columns))


def comparable(names: Sequence[str], broken: Sequence[Violation]) -> list[str]:
    """The columns that are on both sides, of one kind of type."""
    apart = {violation.column for violation in broken}
    return [name for name in names if name not in apart]


def _counted(baseline: Baseline, counting: Counting, names: Sequence[str]) -> tuple[Column, ...]:
    if not names:
        return ()
    narrow = replace(counting, table=counting.table.select(*names))
    return counted(baseline, narrow, names)[None]
