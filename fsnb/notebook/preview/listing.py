"""Which training rows the list shows: those of a filter whose entity holds the words searched for, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fsnb.training import Preview

PAGE = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list was asked to show."""

    filter: str = "all"
    words: str = ""
    page: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Listing:
    """The numbers of all rows found, and the page of them that is shown."""

    asked: Asked
    found: np.ndarray

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.found) // PAGE))

    @property
    def start(self) -> int:
        return min(self.asked.page, self.pages - 1) * PAGE

    @property
    def shown(self) -> list[int]:
        return self.found[self.start : self.start + PAGE].tolist()

    def holding(self, row: int | None) -> Listing:
        """The page that a row is on, where it was found; else the page that was asked for."""
        place = np.flatnonzero(self.found == row)
        return replace(self, asked=replace(self.asked, page=int(place[0]) // PAGE)) if len(place) else self

    def step(self, row: int | None, by: int) -> int | None:
        """The row so many places further; the nearest one at either end; the first shown where `row` is not listed."""
        if not len(self.found):
            return row
        place = np.flatnonzero(self.found == row)
        to = int(place[0]) + by if len(place) else self.start
        return int(self.found[max(0, min(to, len(self.found) - 1))])


def listing(preview: Preview, asked: Asked) -> Listing:
    """The rows of a preview that were asked for."""
    return Listing(asked, preview.find(asked.words, preview.matching(asked.filter)))
