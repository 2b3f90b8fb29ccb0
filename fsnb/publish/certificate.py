"""Certificate: the evidence that local engine, target and a slow oracle give the same rows. A value; no engine here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fsnb import shells

REL_TOL, ABS_TOL = 1e-9, 1e-12
MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Column:
    """How well the sides agree on one feature; differences are the greatest between any two sides."""

    name: str
    types: tuple[str, ...]
    null_mismatches: int
    mismatches: int
    max_abs: float
    max_rel: float

    @property
    def ok(self) -> bool:
        return not (self.mismatches or self.null_mismatches) and len(set(self.types)) == 1


@dataclass(frozen=True, slots=True)
class Difference:
    """One value on which the sides differ, as text: which entity, asked when, and what each side says."""

    column: str
    asked: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        asked = ", ".join(f"{name}={value}" for name, value in self.asked)
        return f"{asked}: {self.column} is " + ", ".join(f"{value} ({side})" for side, value in self.values)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was compared, on which sides, and how well they agree.

    Attributes
    ----------
    rows
        Sampled rows, each asked of every side; `strata` says what they were drawn for.
    sides
        Name of each side and its engine with version: local, target, and the oracle where it was used.
    oracle
        "used", or why it was not.
    differences
        The first differing values, at most five.
    ok
        Every value agrees: floats to a relative 1e-9 (absolute 1e-12), all else exactly, NULL with NULL alone.
    """

    view: str
    fingerprint: str
    rows: int
    strata: tuple[tuple[str, int], ...]
    sides: tuple[tuple[str, str], ...]
    oracle: str
    ibis: str
    columns: tuple[Column, ...]
    differences: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        return all(column.ok for column in self.columns)

    def __str__(self) -> str:
        return "\n".join([self._headline(), *(f"  {line}" for line in self._details())])

    def _headline(self) -> str:
        sides = ", ".join(f"{name} ({engine})" for name, engine in self.sides)
        verdict = "agree" if self.ok else "DISAGREE"
        return f"Certificate of {self.view} {self.fingerprint[:12]}: {sides} {verdict} on {self.rows} rows."

    def _details(self) -> list[str]:
        lines = [] if self.oracle == "used" else [f"oracle: {self.oracle}"]
        lines += [f"sampled: {', '.join(f'{count} {name}' for name, count in self.strata)}"]
        for column in self.columns:
            wrong = f"{column.mismatches} differ, {column.null_mismatches} NULL on one side only"
            worst = f"greatest difference {column.max_abs:.3g} (relative {column.max_rel:.3g})"
            lines.append(f"{column.name}: {' | '.join(dict.fromkeys(column.types))}; {wrong}; {worst}")
        return lines + [str(difference) for difference in self.differences]

    def _repr_html_(self) -> str:
        return shells.html(self)

    def to_doc(self) -> dict[str, Any]:
        """The certificate as JSON; `from_doc` reads it back. An infinite difference is written as text."""
        doc = asdict(self) | {"ok": self.ok, "strata": dict(self.strata), "sides": dict(self.sides)}
        doc["columns"] = [asdict(c) | {"max_abs": _json(c.max_abs), "max_rel": _json(c.max_rel)} for c in self.columns]
        doc["differences"] = [
            {"column": d.column, "asked": dict(d.asked), "values": dict(d.values)} for d in self.differences
        ]
        return doc

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Certificate:
        columns = [
            c | {"types": tuple(c["types"]), "max_abs": float(c["max_abs"]), "max_rel": float(c["max_rel"])}
            for c in doc["columns"]
        ]
        differences = [
            Difference(d["column"], tuple(d["asked"].items()), tuple(d["values"].items())) for d in doc["differences"]
        ]
        plain = {name: doc[name] for name in ("view", "fingerprint", "rows", "oracle", "ibis")}
        return cls(
            **plain,
            strata=tuple(doc["strata"].items()),
            sides=tuple(doc["sides"].items()),
            columns=tuple(Column(**c) for c in columns),
            differences=tuple(differences),
        )


def _json(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


# ---------------------------------------------------------------------- comparing


def same(left: Any, right: Any) -> bool:
    """Floats within the tolerance, all else equal and of one type."""
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=REL_TOL, abs_tol=ABS_TOL)
    return type(left) is type(right) and left == right


def compare(name: str, values: Mapping[str, Sequence[Any]], types: tuple[str, ...]) -> tuple[Column, list[int]]:
    """One feature's values on all sides, row by row; and the rows that differ."""
    null_rows: list[int] = []
    wrong: list[int] = []
    max_abs = max_rel = 0.0
    for number, row in enumerate(zip(*values.values(), strict=True)):
        if len({value is None for value in row}) > 1:
            null_rows.append(number)
        elif not all(same(row[0], other) for other in row[1:]):
            wrong.append(number)
        apart, relative = _distance([value for value in row if _is_number(value)])
        max_abs, max_rel = max(max_abs, apart), max(max_rel, relative)
    return Column(name, types, len(null_rows), len(wrong), max_abs, max_rel), sorted(null_rows + wrong)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _distance(numbers: Sequence[float]) -> tuple[float, float]:
    """Greatest absolute and relative difference among the numbers that sides gave for one row."""
    if len(set(numbers)) < 2:
        return 0.0, 0.0
    apart = float(max(numbers) - min(numbers))
    return apart, apart / max(map(abs, numbers)) if math.isfinite(apart) else math.inf
