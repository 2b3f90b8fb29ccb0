"""Run a plan on an engine, and compare with the oracle: shared by the tests of the rules of time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from fsnb.model import FeatureView, Source, Spine
from fsnb.pit import ROW, collect, lower, on, plan, read_source, read_spine
from fsnb.pit.oracle import oracle


def run(
    con: Any, spine: Spine, features: Sequence[Any], data: Mapping[str, Any] | None = None, **how: Any
) -> list[dict[str, Any]]:
    """The features' values per spine row, in spine order, from the real engine."""
    made = plan(spine, features)
    sources: dict[str, Source] = {part.view.source.name: part.view.source for part in made.views}
    tables = {name: read_source(con, source, (data or {}).get(name)) for name, source in sources.items()}
    filled = read_spine(con, spine)
    result = collect(con, lower(on(made, con, tables, filled, **how) if how else made, con, tables, filled))
    assert result.num_rows == _rows(spine.data)
    assert set(result.column_names) == {*made.columns, ROW}
    rows = result.sort_by(ROW).to_pylist()
    return [{feature.column: row[feature.column] for feature in made.features} for row in rows]


def _rows(data: Any) -> int:
    return data.num_rows


def expected(view: FeatureView, spine: Spine) -> list[dict[str, Any]]:
    """The same from the oracle."""
    keys = {key: spine.key_column(key) for key in view.entity.keys}
    return oracle(
        view, spine.data.to_pylist(), {view.source.name: view.source.data.to_pylist()}, at=spine.at, keys=keys
    )


def assert_same(got: list[dict[str, Any]], want: list[dict[str, Any]]) -> None:
    """Row by row, column by column: floats to a relative 1e-9, all else exactly, NULL equal to NULL alone."""
    assert len(got) == len(want)
    for number, (mine, theirs) in enumerate(zip(got, want, strict=True)):
        assert mine.keys() == theirs.keys()
        for name in theirs:
            assert same(mine[name], theirs[name]), f"row {number}, {name}: {mine[name]!r}, oracle {theirs[name]!r}"


def same(mine: Any, theirs: Any) -> bool:
    if isinstance(mine, float) and isinstance(theirs, float):
        return math.isclose(mine, theirs, rel_tol=1e-9, abs_tol=1e-12)
    return type(mine) is type(theirs) and mine == theirs


def table(rows: Sequence[Mapping[str, Any]], **types: pa.DataType) -> pa.Table:
    """An Arrow table with fixed types, also of no rows."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=pa.schema(types))
