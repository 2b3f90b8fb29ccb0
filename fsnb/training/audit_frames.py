"""An audit as Polars frames, one per part. Values of many types are shown as text where they share a column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from fsnb.training import text
from fsnb.training.audit_meter import EFFECT

if TYPE_CHECKING:
    from fsnb.training.audit import Audit
    from fsnb.training.audit_proof import Change

PROOFS = {
    "view": pl.String,
    "cutoffs": pl.Int64,
    "rows": pl.Int64,
    "values": pl.Int64,
    "source": pl.String,
    "hidden_least": pl.Int64,
    "hidden_most": pl.Int64,
    "changed": pl.Int64,
    "unstable": pl.Int64,
}
CHANGES = {
    "row": pl.Int64,
    "feature": pl.String,
    "view": pl.String,
    "cutoff": pl.Datetime("us"),
    "before": pl.String,
    "after": pl.String,
    "manipulation": pl.String,
}
OWN = {"view": pl.String, "source": pl.String, "at": pl.String} | dict.fromkeys(("rows", "found", "seen"), pl.Int64)
LABELS = {
    "label": pl.String,
    "column": pl.String,
    "role": pl.String,
    "by": pl.String,
    "measure": pl.String,
    "value": pl.Float64,
    "rows": pl.Int64,
    "least": pl.Int64,
    "verdict": pl.String,
}
READS = dict.fromkeys(("label", "feature", "view", "table", "column", "how"), pl.String)


def frames(audit: Audit) -> Mapping[str, pl.DataFrame]:
    labels = [
        (c.label, c.column, c.role, c.by, c.score.measure, c.score.value, c.score.rows, c.score.least, c.verdict)
        for c in audit.labels
    ]
    effects = [effect.to_polars() for effect in audit.effects]
    return {
        "proofs": _frame(_proofs(audit), PROOFS),
        "changes": _frame(map(_change, audit.changes), CHANGES),
        "unstable": _frame(map(_change, audit.unstable), CHANGES),
        "effects": pl.concat([_frame([], EFFECT), *effects]),
        "own": _frame(((o.view, o.source, o.at, o.rows, o.found, o.seen) for o in audit.own), OWN),
        "labels": _frame(labels, LABELS),
        "reads": _frame(((r.label, r.feature, r.view, r.table, r.column, r.how) for r in audit.reads), READS),
    }


def _frame(records: Iterable[tuple[Any, ...]], schema: Mapping[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(records), schema=dict(schema), orient="row")


def _proofs(audit: Audit) -> Iterable[tuple[Any, ...]]:
    """A row per view and source that was hidden; a view with nothing to hide has one row without a source."""
    for p in audit.proofs:
        for source, least, most in p.hidden or ((None, 0, 0),):
            checked = (p.view, len(p.cutoffs), p.rows, p.values)
            yield (*checked, source, least, most, p.changed, len(p.unstable))


def _change(one: Change) -> tuple[Any, ...]:
    return one.row, one.feature, one.view, one.cutoff, text.show(one.before), text.show(one.after), one.manipulation
