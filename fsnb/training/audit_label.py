"""Is the label in the features? A feature that almost decides it, and one that is computed from the label's own column.

Neither is proof. A feature that tells the label by itself was mostly written after the fact; past values of the
label's column are good features, as long as the rules of time hide the row's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import ibis.expr.operations as ops
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from fsnb.training.audit_lineage import Column, columns_of
from fsnb.training.audit_score import AUC, Score, null_score, score

if TYPE_CHECKING:
    from fsnb.training.training_set import TrainingSet

Verdict = Literal["fine", "decides the label", "too few rows"]


@dataclass(frozen=True, slots=True)
class LabelCheck:
    """How well one column alone tells one label, by its values or by where it is NULL.

    `role` is "feature" or "spine column" (one that is carried through, and would leak if a model were given it).
    `rows` had both values, `least` of them the rarer class. With too few of these the score says nothing.
    """

    label: str
    column: str
    role: Literal["feature", "spine column"]
    by: Literal["value", "NULL"]
    score: Score
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Reads:
    """A feature that reads the label's column: by name, or because the label is computed from that column.

    `how` is "same name" (it may be another column that is called so) or "label is computed from it".
    """

    label: str
    feature: str
    view: str
    table: str
    column: str
    how: Literal["same name", "label is computed from it"]

    def __str__(self) -> str:
        said = {
            "same name": f"has the name of the label {self.label!r}",
            "label is computed from it": f"is what the label {self.label!r} is computed from",
        }
        return f"{self.feature} reads {self.table}.{self.column}, which {said[self.how]}"


def label_checks(
    train: TrainingSet, rows: np.ndarray, *, auc: float, correlation: float, least: int
) -> list[LabelCheck]:
    """Score every feature, and every spine column that is no key, time or label, against every label."""
    table = train.to_arrow().take(pa.array(rows))
    spine = train.plan.spine
    keys = {spine.key_column(key) for part in train.plan.views for key in part.view.entity.keys}
    carried = [name for name in spine.columns if name not in {*keys, *spine.label, spine.at}]
    roles: list[tuple[str, Any]] = [(name, "feature") for name in train.features]
    found = []
    for label in spine.label:
        for column, role in [*roles, *((name, "spine column") for name in carried)]:
            for by, measured in (("value", score), ("NULL", null_score)):
                scored = measured(table[column], table[label])
                if scored is not None:
                    verdict = _verdict(scored, auc if scored.measure == AUC else correlation, least)
                    found.append(LabelCheck(label, column, role, by, scored, verdict))  # type: ignore[arg-type]
    return found


def _verdict(scored: Score, most: float, least: int) -> Verdict:
    if scored.least < least:
        return "too few rows"
    return "decides the label" if scored.value >= most else "fine"


def reads_label(train: TrainingSet) -> list[Reads]:
    """Features whose expressions read a column with the label's name, or one that the label is computed from."""
    found = []
    for feature in train.plan.features:
        reads = columns_of(feature.view.output(feature.name).value)
        for label in train.labels:
            made_of = _made_of(train, label)
            for table, column in sorted(reads):
                if (table, column) in made_of:
                    found.append(
                        Reads(label, feature.column, feature.view.name, table, column, "label is computed from it")
                    )
                elif column == label:
                    found.append(Reads(label, feature.column, feature.view.name, table, column, "same name"))
    return found


def _made_of(train: TrainingSet, label: str) -> frozenset[Column]:
    """The columns that the label is computed from, under the names of the sources that are the same tables.

    Known only where the spine is an Ibis table, whose expression says so.
    """
    data = train.plan.spine.data
    if not isinstance(data, ir.Table):
        return frozenset()
    named = _physical_names(train)
    return frozenset((name, column) for table, column in columns_of(data[label]) for name in named.get(table, ()))


def _physical_names(train: TrainingSet) -> dict[str, set[str]]:
    """The names of the sources that lie in each table of the engine."""
    sources = {part.view.source.name: part.view.source for part in train.plan.views} | dict(train.sources)
    found: dict[str, set[str]] = {}
    for name, source in sources.items():
        if isinstance(source.data, ir.Table):
            for table in _tables(source.data):
                found.setdefault(table, set()).add(name)
        elif isinstance(source.data, str):
            found.setdefault(source.data.rpartition(".")[2], set()).add(name)
    return found


def _tables(data: ir.Table) -> set[str]:
    return {table.name for table in data.op().find(ops.PhysicalTable)}
