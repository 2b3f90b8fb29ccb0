"""Series: one version of a view in an online store, and all that a reader must know to answer from it.

It is kept in the store itself, as JSON: who serves needs no catalog, no target and no definition of the view.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from functools import cached_property
from typing import Any

import pyarrow as pa

from fsnb.model import FeatureView
from fsnb.model.durations import micros as micros_of
from fsnb.online.kinds import KINDS, kind_of
from fsnb.online.packing import Keys, Values

PRESENT, MISSING, EXPIRED = "present", "missing", "expired"
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Series:
    """One version of a view as an online store keeps it.

    Attributes
    ----------
    view, version, fingerprint
        Of what was published.
    keys, features
        Names with the kinds that they are kept as (`fsnb.online.kinds`).
    when_missing
        What a reader takes for an entity with no row, or an expired one: 0 for counts, `fill`, else None.
    lag, refresh, ttl
        Microseconds; `ttl` None where rows do not expire when they are read.
    closed
        Which ends of the ttl belong to it.
    """

    view: str
    version: int
    fingerprint: str
    keys: Pairs
    features: Pairs
    when_missing: tuple[Any, ...]
    lag: int
    refresh: int | None
    ttl: int | None
    closed: str

    @classmethod
    def of(cls, view: FeatureView, version: int, when_missing: Mapping[str, Any]) -> Series:
        """The series of a published view.

        `when_missing` is as the publication has it, or as its JSON has.

        Raises
        ------
        NotSupported
            A key or feature is of a type that online stores do not keep.
        """
        who = f"feature view {view.name!r}"
        keys = {key: kind_of(view.relation[key].type(), f"{who}: key {key!r}") for key in view.entity.keys}
        features = {name: kind_of(dtype, f"{who}: feature {name!r}") for name, dtype in view.schema.items()}
        by_row = view.kind == "asof" and not view.skip_nulls  # else the history itself tells when a value expires
        return cls(
            view=view.name,
            version=version,
            fingerprint=view.fingerprint,
            keys=tuple(keys.items()),
            features=tuple(features.items()),
            when_missing=tuple(_read(kind, when_missing.get(name)) for name, kind in features.items()),
            lag=micros_of(view.lag),
            refresh=micros_of(view.refresh) if view.refresh else None,
            ttl=micros_of(view.ttl) if view.ttl and by_row else None,
            closed=view.closed,
        )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.features)

    @cached_property
    def key_packing(self) -> Keys:
        return Keys([name for name, _ in self.keys], [kind for _, kind in self.keys])

    @cached_property
    def value_packing(self) -> Values:
        return Values([kind for _, kind in self.features])

    def expired(self, event: int, at: int) -> bool:
        """Whether a row of this event time is out of the ttl for someone who asks at a time; both microseconds."""
        if self.ttl is None:
            return False
        cutoff = at - self.lag
        start = (cutoff - cutoff % self.refresh if self.refresh else cutoff) - self.ttl
        return event < start or (event == start and self.closed not in ("left", "both"))

    def columns(self, pairs: Pairs, rows: pa.Table) -> list[pa.Array]:
        """Columns of a table, each of the type of its kind."""
        return [rows[name].combine_chunks().cast(KINDS[kind].arrow) for name, kind in pairs]

    # ------------------------------------------------------------------ documents

    def to_doc(self) -> dict[str, Any]:
        """The series as JSON; `from_doc` reads it back."""
        missing = [_written(value) for value in self.when_missing]
        pairs = {name: [list(pair) for pair in getattr(self, name)] for name in ("keys", "features")}
        return asdict(self) | pairs | {"when_missing": missing}

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Series:
        pairs = {name: tuple((each, kind) for each, kind in doc[name]) for name in ("keys", "features")}
        kinds = [kind for _, kind in pairs["features"]]
        missing = tuple(_read(kind, value) for kind, value in zip(kinds, doc["when_missing"], strict=True))
        return cls(**dict(doc) | pairs | {"when_missing": missing})


def _written(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, (date, time)) else value


def _read(kind: str, value: Any) -> Any:
    """A value of a document as one of its kind."""
    parsers: dict[str, Any] = {"timestamp": datetime, "date": date, "time": time}
    if kind == "bytes" and isinstance(value, str):
        return base64.b64decode(value)
    if kind in parsers and isinstance(value, str):
        return parsers[kind].fromisoformat(value)
    return float(value) if kind == "float" and isinstance(value, int) else value
