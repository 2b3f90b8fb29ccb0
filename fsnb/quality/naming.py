"""What the two sides of a comparison are called, for the heading of a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.model.data import is_path
from fsnb.profiling import Baseline

GENERATED = ("ibis_", "_fsnb_")  # names of tables that nobody gave


def called(data: Any) -> str:
    """What people call it: a baseline's name, a file's, a table's; empty for frames and expressions."""
    if isinstance(data, Baseline):
        return data.name
    if isinstance(data, (str, Path)):
        return Path(data).name if is_path(data) else str(data)
    name = data.get_name() if isinstance(data, ir.Table) and isinstance(data.op(), ops.PhysicalTable) else ""
    return "" if name.startswith(GENERATED) else name


def heading(reference: str, current: str) -> str:
    """`later against delays`; what has no name is told by its part. Empty where neither has one."""
    if not reference and not current:
        return ""
    return f"{current or 'current rows'} against {reference or 'the reference'}"
