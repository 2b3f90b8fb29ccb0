"""What an online store must do, whichever it is: `fsnb.online.sqlite`, `.postgres` and `.redis` each do it.

A store keeps, per series and key, the latest row that was available when it was pushed, and beside it the rows that
will be available later (`pending`). All writing is newer-wins on `(event, available)`: rows may be pushed twice, late
and by several pushers at once, and the end is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from fsnb.online.series import Series

# key, event time, available time (microseconds), whether it was not yet available when pushed, packed values
Row = tuple[bytes, int, int, int, bytes]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows to push, column by column. Keys are unique in a batch but for pending rows."""

    keys: Sequence[bytes]
    events: Sequence[int]
    availables: Sequence[int]
    values: Sequence[bytes]
    pending: bool


class Push(Protocol):
    """A push of one series that is under way."""

    def write(self, batch: Batch) -> None:
        """Take rows over where they are newer."""

    def finish(self, runs: Sequence[str], serve: bool) -> None:
        """Note the runs as pushed; `serve`: from now on readers get this series, and no other of its view."""


class Database(Protocol):
    """An online store. Safe in threads; after a fork each process has connections of its own."""

    @property
    def where(self) -> str:
        """What to call it in a message; no password."""

    def served(self, view: str) -> Series | None:
        """What readers of a view get; None where there is nothing yet."""

    def all_series(self, view: str | None = None) -> tuple[Series, ...]:
        """Every version that is kept, of one view or of all."""

    def synced(self, series: Series) -> int:
        """As of when the series was brought up to date last, microseconds."""

    def pushed(self, series: Series, runs: Sequence[str]) -> set[str]:
        """Which of these runs were pushed; inside `push`, as of its transaction."""

    def read(self, series: Series, keys: Sequence[bytes]) -> list[Row] | None:
        """All rows of these keys as of one moment; None where the series is not the one that is served."""

    def scan(self, series: Series) -> Iterator[list[Row]]:
        """All rows of a series, in batches, as of one moment where the store can say so."""

    def push(self, series: Series, now: int) -> AbstractContextManager[Push]:
        """Begin to push; nothing of a push that raises is noted as pushed."""

    def forget(self, series: Series) -> None:
        """Delete a series and its position."""

    def close(self) -> None:
        """Close the connections."""
