"""What MLflow keeps of a training set: FsnbDataset, and FsnbDatasetSource, which reads the rows back.

MLflow finds the source through the entry point group `mlflow.dataset_source`. This module alone imports mlflow at the
top; nothing in fsnb imports it before a log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
import pyarrow as pa
from mlflow.data.dataset import Dataset
from mlflow.data.dataset_source import DatasetSource
from mlflow.types import ColSpec, DataType, Schema

from fsnb.training.loading import LoggedTrainingSet, load_training_set
from fsnb.training.mlflow_log import DIGITS


class FsnbDatasetSource(DatasetSource):
    """The snapshot that a run keeps of a training set.

    `tracking_uri` is kept where it is a local file, so that the rows of a feature store's own MLflow are found again;
    a server's address is not, since it may hold a password: there MLflow's own tracking URI counts.
    """

    def __init__(self, run_id: str, context: str = "training", tracking_uri: str | None = None) -> None:
        self.run_id = run_id
        self.context = context
        self.tracking_uri = tracking_uri if tracking_uri and tracking_uri.startswith(("sqlite:", "file:")) else None

    @staticmethod
    def _get_source_type() -> str:
        return "fsnb"

    def load(self) -> pl.DataFrame:
        """The rows, from the run's snapshot, checked against their digest."""
        return load_training_set(self.run_id, tracking_uri=self.tracking_uri, context=self.context).to_polars()

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return isinstance(raw_source, LoggedTrainingSet)

    @classmethod
    def _resolve(cls, raw_source: LoggedTrainingSet) -> FsnbDatasetSource:
        return cls(raw_source.run_id, raw_source.manifest["context"], raw_source.tracking_uri)

    def to_dict(self) -> dict[str, Any]:
        said = {"run_id": self.run_id, "context": self.context, "tracking_uri": self.tracking_uri}
        return {key: value for key, value in said.items() if value is not None}

    @classmethod
    def from_dict(cls, source_dict: Mapping[str, Any]) -> FsnbDatasetSource:
        return cls(source_dict["run_id"], source_dict["context"], source_dict.get("tracking_uri"))


class FsnbDataset(Dataset):
    """A training set as MLflow shows it: name, digest, columns, how many rows and features, the fingerprint."""

    def __init__(
        self, source: FsnbDatasetSource, described: Mapping[str, Any], columns: pa.Schema, features: int
    ) -> None:
        self._described, self._columns, self._features = described, columns, features
        super().__init__(source, name=described["name"])

    def _compute_digest(self) -> str:
        return self._described["digest"][:DIGITS]

    @property
    def profile(self) -> dict[str, Any]:
        return {
            "num_rows": self._described["rows"],
            "num_features": self._features,
            "fingerprint": self._described["fingerprint"],
        }

    @property
    def schema(self) -> Schema:
        return Schema([ColSpec(_type(field.type), field.name, required=False) for field in self._columns])

    def to_dict(self) -> dict[str, str]:
        shown = {"schema": {"mlflow_colspec": self.schema.to_dict()}, "profile": self.profile}
        return super().to_dict() | {key: json.dumps(value) for key, value in shown.items()}


def _type(dtype: pa.DataType) -> DataType:
    """MLflow's name for a type; text for what it has no name for."""
    if pa.types.is_boolean(dtype):
        return DataType.boolean
    if pa.types.is_integer(dtype):
        return DataType.long
    if pa.types.is_floating(dtype):
        return DataType.double
    if pa.types.is_timestamp(dtype) or pa.types.is_date(dtype):
        return DataType.datetime
    return DataType.binary if pa.types.is_binary(dtype) else DataType.string
