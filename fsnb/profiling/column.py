"""Column: what is kept of one column of a table, whoever asks. The only profile of a column that there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fsnb.profiling.kinds import Kind
from fsnb.profiling.numbers import Numbers


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
