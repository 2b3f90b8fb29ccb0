"""A plan on other rows than the training set's own: one row to explain, some rows to audit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import pyarrow as pa

from fsnb.pit import JoinPlan, collect, lower, on

if TYPE_CHECKING:
    from fsnb.training.training_set import TrainingSet


def filled(
    train: TrainingSet, plan: JoinPlan, asked: ir.Table, tables: Mapping[str, ir.Table] | None = None
) -> pa.Table:
    """The rows of `asked` with the plan's features, on the training set's engine, in no promised order.

    The strategy is chosen for these rows, not for the training set's.
    """
    tables = train.tables if tables is None else tables
    return collect(train.con, lower(on(plan, train.con, tables, asked), train.con, tables, asked))
