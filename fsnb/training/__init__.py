"""Training sets: a plan on an engine, its rows, why they are what they are, and their log in MLflow."""

from fsnb.training.audit import Audit
from fsnb.training.audit_meter import Effect
from fsnb.training.description import load_baseline
from fsnb.training.loading import LoggedTrainingSet, load_training_set
from fsnb.training.preview import Preview
from fsnb.training.profiling import every_entity, own_events, profile_rows
from fsnb.training.retrieval import retrievals
from fsnb.training.training_set import TrainingSet
from fsnb.training.trial import Shift, Trial
from fsnb.training.verification import Verification
from fsnb.training.why import Why

__all__ = [
    "Audit",
    "Effect",
    "LoggedTrainingSet",
    "Preview",
    "Shift",
    "TrainingSet",
    "Trial",
    "Verification",
    "Why",
    "every_entity",
    "load_baseline",
    "load_training_set",
    "own_events",
    "profile_rows",
    "retrievals",
]
