"""Whatever a user can call is in the reference."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

import fsnb
from fsnb.cli import main
from fsnb.notebook import arguments
from fsnb.store import FeatureStore
from fsnb.training import TrainingSet

REFERENCE = (Path(__file__).parents[1] / "docs" / "reference.md").read_text()


def _public(cls: type) -> list[str]:
    return [name for name in vars(cls) if not name.startswith("_")]


TRAINING_SET = ["to_polars", "to_pandas", "to_arrow", "table", "sql", "save", "plan", "why", "preview", "log", "digest"]
NAMES = {
    "public names": [f"fsnb.{name}" for name in fsnb.__all__ if name != "feature_view"] + ["@fsnb.feature_view"],
    "store": [f"store.{name}" for name in _public(FeatureStore) if name != "tracking_uri"],
    "training set": [f".{name}" for name in TRAINING_SET],
    "magics": [f"%{name}" for name in arguments.HELPS],
    "%fs": [f"%fs {name}" for name in arguments.FS],
    "commands": [f"fsnb {name}" for name in (main.commands if isinstance(main, click.Group) else ())],
}  # fmt: skip


@pytest.mark.parametrize("kind", NAMES)
def test_reference_names(kind: str) -> None:
    assert NAMES[kind]
    assert [name for name in NAMES[kind] if name not in REFERENCE] == []


def test_training_set_names_exist() -> None:
    assert set(TRAINING_SET) <= {*dir(TrainingSet), *TrainingSet.__dataclass_fields__}
