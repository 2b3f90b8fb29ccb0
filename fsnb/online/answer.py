"""What an online store answers: values with a status, an event time and a version for each entity and view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fsnb.online.kinds import moment

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class ViewAnswer:
    """What one view answers, entity by entity.

    Attributes
    ----------
    view, version
        Of what was read.
    columns
        Names of the features, as asked for.
    values
        Of each entity its features; of a missing or expired one what a training row has there: 0 for counts, `fill`,
        else None.
    status
        "present", "missing" (no row, or a NULL key) or "expired" (older than the view's ttl).
    events
        Event time of each entity's row, microseconds; None where it is missing.
    """

    view: str
    version: int
    columns: tuple[str, ...]
    values: Sequence[tuple[Any, ...]]
    status: Sequence[str]
    events: Sequence[int | None]

    @property
    def event_time(self) -> tuple[datetime | None, ...]:
        """Event time of each entity's row; naive UTC."""
        return tuple(None if us is None else moment(us) for us in self.events)


@dataclass(frozen=True, slots=True)
class OnlineFeatures:
    """Features of some entities, in the order in which they were asked for.

    `answer[0]` is the first one's features as a dict; iterating gives all; `answer["legs_1d"]` is a feature of all.
    """

    keys: Sequence[Mapping[str, Any]]
    views: tuple[ViewAnswer, ...]

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(self._row, range(len(self)))

    def __getitem__(self, which: int | str) -> Any:
        if isinstance(which, str):
            return self._features()[which]
        return self._row(range(len(self))[which])

    def _row(self, at: int) -> dict[str, Any]:
        return {name: value for each in self.views for name, value in zip(each.columns, each.values[at], strict=True)}

    def _features(self) -> dict[str, list[Any]]:
        return {
            name: [values[at] for values in each.values] for each in self.views for at, name in enumerate(each.columns)
        }

    @property
    def status(self) -> tuple[str, ...]:
        """Of each entity "present"; else the first view's status that is another."""
        found = zip(*(each.status for each in self.views), strict=True)
        return tuple(next((status for status in each if status != "present"), "present") for each in found)

    def to_dict(self) -> dict[str, list[Any]]:
        """Column by column: keys, features, then of each view `<view>__status`, `__event_time` and `__version`."""
        names = dict.fromkeys(name for row in self.keys for name in row)
        found: dict[str, list[Any]] = {name: [row.get(name) for row in self.keys] for name in names}
        found |= self._features()
        for each in self.views:
            found |= {f"{each.view}__status": list(each.status), f"{each.view}__event_time": list(each.event_time)}
            found |= {f"{each.view}__version": [each.version] * len(self)}
        return found

    def to_polars(self) -> pl.DataFrame:
        """One row per entity, with the columns of `to_dict()`."""
        import polars as pl

        return pl.DataFrame(self.to_dict(), strict=False, infer_schema_length=None)
