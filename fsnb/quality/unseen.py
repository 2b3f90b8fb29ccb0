"""Which rows have a value that the reference does not have, where there are too many values to keep their counts.

A baseline keeps up to 10,000 distinct values of a column. Beyond, only the reference's own rows can tell: the values of
both sides are joined on the engine, and one number leaves it. A sketch was not taken: hashes that are equal on every
engine do not exist (Polars has none that is stable), and a share without its error would decide alarms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import ibis.expr.types as ir

from fsnb.pit import attach, collect
from fsnb.profiling import Baseline, Counting
from fsnb.quality.comparing import Compared

KINDS = ("text", "identifier", "categorical")
VALUE = "_fsnb_value"
UNKNOWN = "; a baseline does not keep so many, so what is unseen only the reference's rows can tell"


def with_unseen(
    rows: Sequence[Compared], baseline: Baseline, reference: Counting | None, current: Counting
) -> list[Compared]:
    """The rows, with the share of unseen values of columns whose values the baseline has not kept.

    Exact. One scan of either side for each such column; NULL is no value. Without a reference to scan it is said that
    nobody knows, where the column is not compared otherwise.
    """
    return [_with(row, reference, current) if _is_open(row, baseline) else row for row in rows]


def _is_open(row: Compared, baseline: Baseline) -> bool:
    column = baseline[row.column]
    return column.kind in KINDS and column.categories is None and column.known > 0


def _with(row: Compared, reference: Counting | None, current: Counting) -> Compared:
    if reference is None:
        return replace(row, reason=row.reason + UNKNOWN) if row.verdict == "not compared" else row
    known = row.n_cur - round(row.n_cur * (row.null_rate_cur or 0))
    return replace(row, unseen_share=_unseen(row.column, reference, current) / known) if known else row


def _unseen(column: str, reference: Counting, current: Counting) -> int:
    there = _values(reference, column).distinct()
    if reference.con is not current.con:
        there = attach(current.con, collect(reference.con, there), f"reference: column {column!r}")
    missing = _values(current, column).anti_join(there, VALUE)
    return int(collect(current.con, missing.aggregate(n=missing.count())).to_pylist()[0]["n"])


def _values(side: Counting, column: str) -> ir.Table:
    return side.table.select(**{VALUE: side.table[column]}).drop_null()
