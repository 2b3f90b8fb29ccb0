"""A view on given rows: the plan and lowering of a training set, on each local engine, and the oracle beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from fsnb import pit
from fsnb.errors import DefinitionError, UnknownName, listed
from fsnb.identity import tables_of
from fsnb.model import FeatureView, Spine
from fsnb.model.data import TIMESTAMP
from fsnb.pit.oracle import ambiguous, oracle, supports
from fsnb.testing.examples import read_rows, typed
from fsnb.testing.outcome import FeatureTest, Value
from fsnb.training import TrainingSet

ORACLE = "oracle"
CONNECT: Mapping[str, Callable[[], Any]] = {"duckdb": ibis.duckdb.connect, "polars": ibis.polars.connect}
ENGINES = (*CONNECT, ORACLE)


def assert_features(view: FeatureView, *, given: Any, expected: Any, **how: Any) -> FeatureTest:
    """Fail unless a view gives what is expected; takes what `check_features` takes.

    Raises
    ------
    FeaturesDiffer
        An AssertionError that says, value by value, what was expected, what came, and why.
    """
    found = check_features(view, given=given, expected=expected, **how)
    found.raise_if_failed()
    return found


def check_features(
    view: FeatureView,
    *,
    given: Any,
    expected: Any,
    spine: Any = None,
    at: str = "at",
    keys: Mapping[str, str] | None = None,
    tolerance: float = 1e-9,
    engines: Sequence[str] = ENGINES,
) -> FeatureTest:
    """Compute a view over a few rows, and hold every value to what is expected.

    Tables are text with `|`, lists of dicts, or frames (`fsnb.testing.examples`). Values are read in the types of the
    view's sources and features, so that "20" may stand for a float, and "2024-01-05 10:00" for a time (UTC).

    Parameters
    ----------
    view
        The feature view, with all its rules of time.
    given
        The rows of its source; `{source: rows}` where it reads several. Columns that are left out are NULL, and a
        source that is left out has no rows.
    expected
        A row for each that asks: features, and where there is no `spine` keys and asking time too. Features that are
        left out are not looked at. NULL expects NULL.
    spine
        The rows that ask, in the order of `expected`, with keys and asking time.
    at
        The column of asking times.
    keys
        Where the spine names a key differently: `{entity key: spine column}`.
    tolerance
        Floats a and b are equal where |a - b| <= tolerance * max(1, |a|, |b|).
    engines
        Which to hold to it, of "duckdb", "polars" and "oracle".

    Returns
    -------
    FeatureTest
        Values in the order of rows and features. Where nothing declared decides between tied rows, `notes` says so.

    Raises
    ------
    DefinitionError, UnknownName
        An example that cannot be read: no such column or source, a value not of its type.
    """
    example = _Example.read(view, given, expected, spine, at, keys or {})
    unknown = next((name for name in engines if name not in ENGINES), None)
    if unknown is not None or not engines:
        raise UnknownName.among("a feature test", "engine", str(unknown), ENGINES)
    trains = {name: example.training_set(CONNECT[name]()) for name in engines if name != ORACLE}
    got = {name: train.to_arrow().to_pylist() for name, train in trains.items()}
    notes = list(example.ties())
    if ORACLE in engines and (cannot := supports(view)):
        notes.append(f"The oracle was not asked: it does not interpret {cannot}.")
    elif ORACLE in engines:
        got[ORACLE] = oracle(view, example.asks, example.plain, at=at, keys=keys)
    judge = trains.get("duckdb") or next(iter(trains.values()), None) or example.training_set(CONNECT["duckdb"]())
    values = tuple(_judged(example, got, judge, tolerance))
    return FeatureTest(view.name, tuple(got), values, tuple(notes))


@dataclass(frozen=True, slots=True)
class _Example:
    """A view, its sources' given rows as Arrow, the spine, and the features that are expected of each of its rows."""

    view: FeatureView
    tables: Mapping[str, pa.Table]
    spine: Spine
    expected: pa.Table

    @classmethod
    def read(
        cls, view: FeatureView, given: Any, expected: Any, spine: Any, at: str, keys: Mapping[str, str]
    ) -> _Example:
        who = f"the test of feature view {view.name!r}"
        wanted = read_rows(expected, f"{who}: expected")
        types = {keys.get(key, key): view.relation[key].type() for key in view.entity.keys} | {at: TIMESTAMP}
        for name in dict.fromkeys(name for row in wanted for name in row):
            if name not in types and name not in view.features:
                raise UnknownName.among(f"{who}: expected", "column", name, (*types, *view.features))
        asks = _asking(view, wanted, spine, who)
        rows = typed(asks, types, f"{who}: the rows that ask")
        for name in types:
            if name not in rows.column_names:
                raise DefinitionError(f"{who}: the rows that ask have no {name!r}. They need {listed(types)}.")
        features = [{name: value for name, value in row.items() if name not in types} for row in wanted]
        found = typed(features, dict(view.schema.items()), f"{who}: expected")
        return cls(view, dict(_given(view, given, who)), Spine(rows, at=at, keys=keys), found)

    @property
    def asks(self) -> list[dict[str, Any]]:
        return self.spine.data.to_pylist()

    @property
    def plain(self) -> dict[str, list[dict[str, Any]]]:
        return {name: table.to_pylist() for name, table in self.tables.items()}

    def training_set(self, con: Any) -> TrainingSet:
        plan = pit.plan(self.spine, [self.view])
        tables: dict[str, ir.Table] = {
            name: pit.normalise(pit.attach(con, rows, name), ibis.Schema.from_pyarrow(rows.schema), f"source {name!r}")
            for name, rows in self.tables.items()
        }
        table = pit.read_spine(con, self.spine)
        return TrainingSet(pit.on(plan, con, tables, table), con, tables, table)

    def ties(self) -> Iterator[str]:
        count = 0 if supports(self.view) else ambiguous(self.view, self.plain)
        if count:
            yield f"{count} given rows tie on every clock and differ, and nothing says which counts: add a tie_break."


def _asking(view: FeatureView, wanted: list[dict[str, Any]], spine: Any, who: str) -> list[dict[str, Any]]:
    if spine is None:
        return [{name: value for name, value in row.items() if name not in view.features} for row in wanted]
    asks = read_rows(spine, f"{who}: spine")
    if len(asks) != len(wanted):
        raise DefinitionError(f"{who}: {len(asks)} rows ask, and {len(wanted)} are expected. Give one for each.")
    return asks


def _given(view: FeatureView, given: Any, who: str) -> Iterator[tuple[str, pa.Table]]:
    """Every table that the view reads, in its types, with the rows that are given."""
    schemas = {table.name: table.schema for table in tables_of(view.relation)}
    schemas[view.source.name] = view.source.schema
    named = given if _by_source(given, schemas) else {view.source.name: given}
    for name in named:
        if name not in schemas:
            raise UnknownName.among(f"feature view {view.name!r}", "source", name, schemas)
    for name, schema in schemas.items():
        rows = read_rows(named[name], f"{who}: given {name}") if name in named else []
        yield name, typed(rows, dict(schema.items()), f"source {name!r}", all_columns=True)


def _by_source(given: Any, schemas: Iterable[str]) -> bool:
    return isinstance(given, Mapping) and (
        set(given) <= set(schemas) or any(isinstance(v, str) for v in given.values())
    )


def _judged(
    example: _Example, got: Mapping[str, list[dict[str, Any]]], judge: TrainingSet, tolerance: float
) -> Iterator[Value]:
    for row, (asks, wanted) in enumerate(zip(example.asks, example.expected.to_pylist(), strict=True)):
        for feature, expected in wanted.items():
            values = {engine: rows[row][feature] for engine, rows in got.items()}
            ok = all(_equal(expected, value, tolerance) for value in values.values())
            why = "" if ok else judge.why(row, feature).sentence
            yield Value(row, asks, feature, expected, values, ok, why)


def _equal(expected: Any, value: Any, tolerance: float) -> bool:
    if isinstance(expected, float) and isinstance(value, float):
        return math.isclose(expected, value, rel_tol=tolerance, abs_tol=tolerance)
    return bool(expected == value)
