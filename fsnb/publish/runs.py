"""What a run is asked for, what its tables are called, and what it has written."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from fsnb.checks import CheckReport
from fsnb.pit.around import to_micros
from fsnb.publish.asked import Part
from fsnb.publish.intervals import Wanted


@dataclass(frozen=True, slots=True)
class Run:
    """What one publication is: which run, what was asked for, when. Times are naive UTC.

    Attributes
    ----------
    end
        The last tick or moment that it covers.
    now
        Corrections are available from then on.
    start, lookback, full, most
        As in `fsnb.publish.intervals.Wanted`.
    every
        The length of an interval; None: as the version was published first, a day where it is new.
    promote
        Lead the stable views to this version; otherwise a version that is new stays beside the promoted one.
    of_version
        Only this version, which is there; None: that of the definition, a new one where there is none.
    """

    id: str
    end: datetime
    now: datetime
    start: datetime | None = None
    lookback: timedelta = timedelta(0)
    full: bool = False
    most: int | None = None
    every: timedelta | None = None
    promote: bool = True
    of_version: int | None = None

    @classmethod
    def of(cls, wanted: Part, now: datetime, *, promote: bool, of_version: int | None = None) -> Run:
        """A run for a part of the history that was asked for."""
        return cls(
            uuid.uuid4().hex,
            wanted.end,
            now,
            start=wanted.start,
            lookback=wanted.lookback,
            full=wanted.full,
            most=wanted.chunk,
            every=wanted.interval,
            promote=promote,
            of_version=of_version,
        )

    @property
    def wanted(self) -> Wanted:
        start = None if self.start is None else to_micros(self.start)
        lookback = self.lookback // timedelta(microseconds=1)
        return Wanted(to_micros(self.end), start, lookback, self.full, self.most)


def dotted(where: tuple[str, str]) -> str:
    """A table's name with its schema, where it has one."""
    return ".".join(filter(None, where))


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a view's tables of one version, and of its views that always lead to the published version."""

    schema: str
    view: str
    version: int

    @property
    def history(self) -> tuple[str, str]:
        return self.schema, f"{self.view}__v{self.version}_history"

    @property
    def current(self) -> tuple[str, str]:
        return self.schema, f"{self.view}__v{self.version}_current"

    @property
    def live(self) -> tuple[str, str]:
        """The database view of a version with no tables."""
        return self.schema, f"{self.view}__v{self.version}_live"

    @property
    def stable(self) -> dict[tuple[str, str], tuple[str, str]]:
        return {(self.schema, self.view): self.current, (self.schema, f"{self.view}_history"): self.history}


@dataclass(frozen=True, slots=True)
class Written:
    """What a run has written.

    `due` intervals there were, `told` were told, `kept` were as the ledger has them; `first` and `last` bound the told.
    `reports` are of the view's checks.
    """

    names: Names
    run_id: str
    staged: int
    appended: int
    upserted: int
    current: int
    withdrawn: int
    due: int
    told: int
    kept: int
    first: datetime | None
    last: datetime | None
    promoted: bool
    reports: tuple[CheckReport, ...] = ()
