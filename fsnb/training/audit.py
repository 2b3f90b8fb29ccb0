"""The leak audit of a training set: a proof by experiment, a meter of careless joins, a look at the label.

proof    hide or overwrite what was not visible, compute again: no value may change          (audit_proof)
meter    how many rows would differ by event time alone, without lag, with the own row       (audit_meter, audit_own)
label    features that almost decide the label, or read its column                           (audit_label)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from fsnb.errors import DefinitionError
from fsnb.training import audit_frames, audit_html, audit_text
from fsnb.training.audit_label import LabelCheck, Reads, label_checks, reads_label
from fsnb.training.audit_meter import Effect, careless
from fsnb.training.audit_own import OwnRows, own_rows
from fsnb.training.audit_proof import Change, Progress, Proof, prove
from fsnb.training.audit_sample import sample

if TYPE_CHECKING:
    from fsnb.training.training_set import TrainingSet


@dataclass(frozen=True, slots=True)
class Audit:
    """What the audit of a training set found; `print` it, or show it in a cell.

    `rows` is the training set's; `compared` is how many of them the meter and the label checks looked at. `proofs` has
    one entry per view, `effects` one per careless rule, `own` one per view whose rows have an event of their own,
    `labels` one per label, column and way to tell, `reads` one per feature that reads the label's column.
    """

    fingerprint: str
    rows: int
    compared: int
    proofs: tuple[Proof, ...]
    effects: tuple[Effect, ...]
    own: tuple[OwnRows, ...]
    labels: tuple[LabelCheck, ...]
    reads: tuple[Reads, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every value that what was not visible changes: each is a leak."""
        return tuple(change for proof in self.proofs for change in proof.changes)

    @property
    def unstable(self) -> tuple[Change, ...]:
        """Values that came out otherwise with nothing hidden: nothing can be said of them."""
        return tuple(change for proof in self.proofs for change in proof.unstable)

    @property
    def suspects(self) -> tuple[LabelCheck, ...]:
        """Columns that almost decide a label."""
        return tuple(check for check in self.labels if check.verdict == "decides the label")

    @property
    def own_outcome(self) -> tuple[Reads, ...]:
        """Features that read the label's column while rows of their view see their own event."""
        seeing = {own.view for own in self.own if own.seen}
        return tuple(read for read in self.reads if read.view in seeing)

    @property
    def passed(self) -> bool:
        """True where no value leaks, none is unstable, nothing decides the label, and no row joins its own outcome.

        A feature that only reads the label's column, and one that could not be judged, does not fail.
        """
        return not (self.changes or self.unstable or self.suspects or self.own_outcome)

    @property
    def verdict(self) -> str:
        """One or two sentences."""
        return audit_text.verdict(self)

    def to_polars(self) -> Mapping[str, pl.DataFrame]:
        """All of it as frames: "proofs", "changes", "unstable", "effects", "own", "labels", "reads"."""
        return audit_frames.frames(self)

    def to_html(self) -> str:
        """Static HTML that stands alone: no script, nothing loaded from elsewhere, every value escaped."""
        return audit_html.page(self)

    def _repr_html_(self) -> str:
        return self.to_html()

    def __str__(self) -> str:
        return audit_text.text(self)

    __repr__ = __str__


def audit(
    train: TrainingSet,
    *,
    cutoffs: int,
    rows: int,
    compared: int | None,
    auc: float,
    correlation: float,
    least: int,
    seed: int,
    progress: Progress | None,
) -> Audit:
    """What `TrainingSet.audit` says."""
    _check(cutoffs=cutoffs, rows=rows, least=least, **({} if compared is None else {"compared": compared}))
    tell = progress or (lambda step: None)
    tell("collect the rows")
    numbers = sample(train.to_arrow().num_rows, compared, seed)
    proofs = [prove(train, part, cutoffs=cutoffs, rows=rows, seed=seed, progress=progress) for part in train.plan.views]
    tell("careless joins")
    effects = careless(train, numbers)
    tell("own rows")
    own, own_effects = own_rows(train, numbers)
    tell("the label")
    checks = label_checks(train, numbers, auc=auc, correlation=correlation, least=least)
    return Audit(
        fingerprint=train.fingerprint,
        rows=train.to_arrow().num_rows,
        compared=len(numbers),
        proofs=tuple(proofs),
        effects=(*effects, *own_effects),
        own=tuple(own),
        labels=tuple(checks),
        reads=tuple(reads_label(train)),
    )


def _check(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise DefinitionError(f"audit(): {name} is {size}; give at least 1.")
