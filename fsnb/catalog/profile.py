"""Profile: how the values of a view's features are distributed in one table at one time; `fsnb.profiling` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from fsnb import shells
from fsnb.catalog.documents import Catalog
from fsnb.catalog.rows import Document
from fsnb.errors import UnknownName
from fsnb.identity import fingerprint as fingerprint_of

KIND = "profile"


@dataclass(frozen=True, slots=True)
class Distribution:
    """The values of one feature.

    Attributes
    ----------
    rows, nulls
        All rows, and those that are NULL, NaN or infinite (beyond 1e150).
    distinct
        Distinct values that are not NULL; beyond 25,000 the engine's estimate. None of times, lists and structs.
    least, greatest
        Of numbers and times, as text. None of texts, which are not for a catalog to keep.
    mean
        Of numbers; of booleans the share that is true.
    edges, counts
        Of numbers: bins of equal width, each with its upper edge and without its lower one, but for the first, which
        has both. One bin where all values are equal; none where all are NULL.
    """

    name: str
    type: str
    rows: int
    nulls: int
    distinct: int | None
    least: str | None
    greatest: str | None
    mean: float | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def null_rate(self) -> float:
        """From 0 to 1; 0 of no rows."""
        return self.nulls / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """The distributions of a view's features, in one table at one time.

    Attributes
    ----------
    of
        Which table: "current on prod", "training set plane_delays of run 1a2b", "as of 2013-12-31T23:59:00".
    rows
        Its rows.
    newest
        The newest event time in it, naive UTC; of a training set the newest time that was asked at. None where there is
        none.
    taken
        When it was computed, naive UTC.
    fingerprint
        Of the view.
    """

    view: str
    of: str
    rows: int
    newest: datetime | None
    taken: datetime
    fingerprint: str
    features: tuple[Distribution, ...]

    @property
    def age(self) -> timedelta | None:
        """How old the newest row was when this was computed: its freshness."""
        return self.taken - self.newest if self.newest else None

    def __getitem__(self, name: str) -> Distribution:
        known = {each.name: each for each in self.features}
        if name not in known:
            raise UnknownName.among(f"the profile of {self.view!r}", "feature", name, known)
        return known[name]

    def __str__(self) -> str:
        said = f"profile of {self.view}, {self.of}: {self.rows:,} rows"
        width = max((len(each.name) for each in self.features), default=0)
        return "\n".join([said, *(f"  {each.name:<{width}}  {summary(each)}" for each in self.features)])

    def to_doc(self) -> dict[str, Any]:
        """The profile as JSON; `from_doc` reads it back."""
        times = {"taken": self.taken.isoformat(), "newest": self.newest and self.newest.isoformat()}
        features = {each.name: asdict(each) | _listed(each) for each in self.features}
        return {each.name: getattr(self, each.name) for each in fields(self)} | times | {"features": features}

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Profile:
        features = tuple(_distribution(each) for each in doc["features"].values())
        times = {name: doc[name] and datetime.fromisoformat(doc[name]) for name in ("taken", "newest")}
        return cls(**{**doc, **times, "features": features})

    def _repr_html_(self) -> str:
        return shells.html(self)


def _listed(value: Distribution) -> dict[str, list]:
    return {"edges": list(value.edges), "counts": list(value.counts)}


def _distribution(doc: Mapping[str, Any]) -> Distribution:
    return Distribution(**{**doc, "edges": tuple(doc["edges"]), "counts": tuple(doc["counts"])})


def summary(value: Distribution) -> str:
    """`12.3% NULL, 45 distinct, -3 to 120, mean 7.1`."""
    said = [f"{value.null_rate:.1%} NULL"] if value.nulls else []
    said += [] if value.distinct is None else [f"{value.distinct:,} distinct"]
    said += [] if value.least is None else [f"{value.least} to {value.greatest}"]
    said += [] if value.mean is None else [f"mean {value.mean:.4g}"]
    return ", ".join(said)


def record(catalog: Catalog, profile: Profile) -> Document:
    """Put a profile beside its view, unless the last one says the same."""
    body = profile.to_doc()
    same = {name: value for name, value in body.items() if name != "taken"}
    return catalog.put(KIND, profile.view, body, fingerprint=fingerprint_of(same))
