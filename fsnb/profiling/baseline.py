"""Baseline: the statistics of a table that later data is compared with, as a value and as a JSON document.

It holds no rows, but values: up to 10,000 distinct ones of a column, with their counts. Whoever may not see a
column's values must not be given its baseline.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from fsnb import shells
from fsnb.errors import NotSupported, UnknownName
from fsnb.identity import fingerprint
from fsnb.profiling.column import Column

FORMAT = 1


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
