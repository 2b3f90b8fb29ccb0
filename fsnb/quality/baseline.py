"""Baseline: the statistics of a table that later data is compared with, as a value and as a JSON document.

It holds no rows, but values: up to 10,000 distinct ones of a column, with their counts. Whoever may not see a
column's values must not be given its baseline.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np

from fsnb import shells
from fsnb.errors import NotSupported, UnknownName
from fsnb.identity import fingerprint
from fsnb.quality.kinds import Kind
from fsnb.quality.shapes import Binned, Floats, ValueCounts

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Numbers:
    """Counts of a number: of each distinct value where there are at most 10,000, else between edges.

    `values` and `counts` go together, or `edges` and one more of `counts` than there are edges (see `Binned`).
    """

    counts: tuple[int, ...]
    values: tuple[float, ...] | None = None
    edges: tuple[float, ...] | None = None
    low_sum: float = 0.0
    high_sum: float = 0.0

    @property
    def exact(self) -> ValueCounts:
        return ValueCounts(np.array(self.values, dtype=float), np.array(self.counts, dtype=float))

    def binned(self, edges: tuple[float, ...]) -> Binned:
        """Counts between edges, from value counts or from these very edges and others of theirs."""
        at = np.array(edges, dtype=float)
        if self.edges == edges:
            return Binned(at, np.array(self.counts, dtype=float), self.low_sum, self.high_sum)
        if self.values is None:
            return Binned(at, self._coarser(at), np.nan, np.nan)
        mine = self.exact
        bins = np.searchsorted(at, mine.values, side="left")
        counts = np.bincount(bins, weights=mine.counts, minlength=len(at) + 1).astype(float)
        sums = np.bincount(bins, weights=mine.counts * mine.values, minlength=len(at) + 1)
        return Binned(at, counts, float(sums[0]), float(sums[-1]))

    def _coarser(self, at: Floats) -> Floats:
        bins = np.searchsorted(at, [*(self.edges or ()), np.inf], side="left")
        return np.bincount(bins, weights=np.array(self.counts, dtype=float), minlength=len(at) + 1).astype(float)


@dataclass(frozen=True, slots=True)
class Column:
    """What is kept of one column.

    Attributes
    ----------
    n, nulls
        Rows, and those that are NULL, NaN or infinite.
    distinct, distinct_exact
        Distinct values, and whether that is counted; else it is the engine's estimate.
    minimum, maximum, mean, std
        Of numbers (of the length, for text); the standard deviation is of the population (ddof 0). Times are in
        microseconds since the epoch.
    numbers
        Their distribution.
    psi_edges
        Deciles of the reference and both sides of each atom: what PSI is computed on, later and for ever.
    atoms
        Values with more than 1/bins of the rows.
    categories
        Counts by value, of text, booleans and identifiers with at most 10,000 distinct values.
    hours, weekdays
        Rows by hour of day (0 to 23) and by weekday (0 is Monday), of times, UTC.
    """

    name: str
    dtype: str
    kind: Kind
    n: int
    nulls: int
    distinct: int | None = None
    distinct_exact: bool = True
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    numbers: Numbers | None = None
    psi_edges: tuple[float, ...] = ()
    atoms: tuple[float, ...] = ()
    categories: tuple[tuple[str, int], ...] | None = None
    hours: tuple[int, ...] | None = None
    weekdays: tuple[int, ...] | None = None

    @property
    def known(self) -> int:
        return self.n - self.nulls

    @property
    def null_rate(self) -> float | None:
        return self.nulls / self.n if self.n else None

    def to_doc(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value not in (None, ())}

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Column:
        given = dict(doc)
        numbers = given.pop("numbers", None)
        frozen = {key: _frozen(value) for key, value in given.items()}
        return cls(**frozen, numbers=Numbers(**{k: _frozen(v) for k, v in numbers.items()}) if numbers else None)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(one) for one in value) if isinstance(value, (list, tuple)) else value


@dataclass(frozen=True, repr=False)
class Baseline:
    """The statistics of a table, made by `fsnb.quality.profile`, stored with each training set.

    `event_times` is the column of times and its first and last one, naive UTC, where one was named. `bins` is how many
    PSI bins the edges were made for.
    """

    columns: tuple[Column, ...]
    n: int
    bins: int = 10
    event_times: tuple[str, datetime, datetime] | None = None
    name: str = ""
    labels: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        return f"<Baseline {self.name or self.fingerprint[:12]}: {self.n:,} rows, {len(self.columns)} columns>"

    def __getitem__(self, name: str) -> Column:
        if name not in self._by_name:
            raise UnknownName.among("the baseline", "column", name, self._by_name)
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    @cached_property
    def _by_name(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def fingerprint(self) -> str:
        """Identity of the statistics: equal for equal documents."""
        return fingerprint({key: value for key, value in self.to_doc().items() if key != "fingerprint"})

    def to_doc(self) -> dict[str, Any]:
        """As JSON; `from_doc` gives an equal baseline back."""
        times = self.event_times
        return {
            "format": FORMAT,
            "name": self.name,
            "n": self.n,
            "bins": self.bins,
            "event_times": [times[0], times[1].isoformat(), times[2].isoformat()] if times else None,
            "labels": list(self.labels),
            "columns": [json.loads(json.dumps(column.to_doc())) for column in self.columns],
        }

    def summary(self) -> dict[str, Any]:
        """The document without distributions, and with the 20 commonest categories: small enough for a catalog."""
        left_out = ("numbers", "psi_edges", "hours", "weekdays")
        columns = [{k: v for k, v in doc.items() if k not in left_out} for doc in self.to_doc()["columns"]]
        for doc in columns:
            if "categories" in doc:
                doc["categories"] = sorted(doc["categories"], key=lambda one: (-one[1], one[0]))[:20]
        return self.to_doc() | {"columns": columns, "fingerprint": self.fingerprint}

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Baseline:
        """The baseline of a document.

        Raises
        ------
        NotSupported
            A later fsnb wrote it.
        """
        if doc["format"] > FORMAT:
            raise NotSupported(
                f"the baseline has format {doc['format']}; this fsnb reads up to {FORMAT}. Upgrade fsnb."
            )
        times = doc["event_times"]
        return cls(
            columns=tuple(Column.from_doc(column) for column in doc["columns"]),
            n=doc["n"],
            bins=doc["bins"],
            event_times=(times[0], datetime.fromisoformat(times[1]), datetime.fromisoformat(times[2]))
            if times
            else None,
            name=doc["name"],
            labels=tuple(doc["labels"]),
        )

    def _repr_html_(self) -> str:
        return shells.html(self)
