"""The one operation that Ibis does not have and a definition may hold: an aggregate over a window of its own.

It is no SQL window function. It says which of a key's rows an aggregate takes, as the windows of a feature view do,
and is gone before anything is compiled: the planner takes it apart into primitives over that window.
"""

from __future__ import annotations

from datetime import timedelta

import ibis.expr.datashape as ds
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.rules as rlz


class Over(ops.Value):
    """A reduction, or arithmetic over reductions, of the rows in `(c - offset - size, c - offset]`."""

    arg: ops.Value[dt.Any, ds.Scalar]
    size: timedelta
    offset: timedelta

    shape = ds.scalar
    dtype = rlz.dtype_like("arg")
