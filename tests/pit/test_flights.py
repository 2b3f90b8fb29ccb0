"""A year of real flights by the strategies of every engine: one answer, to a relative 1e-9."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ibis import _

from fsnb.demo import flights
from fsnb.model import Entity, FeatureView, Source, Spine
from fsnb.pit import ROW, collect, lower, on, plan, read_source, read_spine, steps_kept, strategies
from tests.support.deep import DEEP
from tests.support.spark import COMPILED

AIRCRAFT = Entity("aircraft", "tailnum")
SLOW = 4  # on engines that are slow, each fourth question of the year (make test-deep: every one)
EACH = {"pyspark": SLOW, "postgres": SLOW, "datafusion": SLOW}
TAKE_LONG = {"pyspark": (("windows", "tiles"), ("windows", "cumulative")), "datafusion": (("windows", "tiles"),)}
COLUMNS = ["tailnum", "dest", "scheduled_at", "landed_at", "arr_delay", "dep_delay"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[Source, pa.Table]:
    """Every leg, known when it has landed, and each flight as a question two hours before it leaves."""
    tables = flights.tables(tmp_path_factory.mktemp("flights"))
    legs = pq.read_table(tables.landings, columns=COLUMNS)
    source = Source("landings", legs, event_time="scheduled_at", available="landed_at", tie_break=("dest",))
    return source, pq.read_table(tables.questions, columns=["tailnum", "asked_at"])


def spine_of(asked: pa.Table, each: int) -> Spine:
    """Each so many-th question, from the first to the last of the year."""
    return Spine(asked.take(np.arange(0, len(asked), each)), at="asked_at")


def views(source: Source) -> Mapping[str, FeatureView]:
    recent = {
        "legs": _.count(),
        "lost": _.dep_delay.sum(),
        "late": _.arr_delay.mean(),
        "worst": _.arr_delay.max(),
        "spread": _.arr_delay.std(),
        "places": _.dest.nunique(),
    }
    last = {"delay": _.arr_delay, "dest": _.dest}
    common: dict[str, Any] = {"entity": AIRCRAFT, "source": source}
    return {
        "windows": FeatureView("recent", features=recent, windows=["12h", "7d"], lag="30m", **common),
        "latest": FeatureView("last", features=last, ttl="1d", **common),
        "whole history": FeatureView("ever", features=recent, refresh="1d", **common),
    }


@pytest.fixture(scope="module")
def answers(year: tuple[Source, pa.Table]) -> Mapping[str, pl.DataFrame]:
    """What DuckDB gives for every question by the first strategy of each shape."""
    con = ibis.duckdb.connect()
    source, spine = year[0], spine_of(year[1], 1)
    table, asked = read_source(con, source), read_spine(con, spine)
    return {
        what: _rows(con, lower(plan(spine, view), con, {"landings": table}, asked))
        for what, view in views(source).items()
    }


def _rows(con: Any, table: Any) -> pl.DataFrame:
    return pl.DataFrame(collect(con, table)).sort(ROW)


@pytest.mark.parametrize(
    ("what", "strategy"),
    [
        *(("windows", strategy) for strategy in ("join", "tiles", "cumulative")),
        *(("latest", strategy) for strategy in ("asof", "cells", "union")),
        ("whole history", "cumulative"),
    ],
)
def test_one_answer_for_a_year_of_flights(
    engine: Any, what: str, strategy: str, year: tuple[Source, pa.Table], answers: Mapping[str, pl.DataFrame]
) -> None:
    each = 1 if DEEP else EACH.get(engine.name, 1)
    source, spine = year[0], spine_of(year[1], each)
    made = plan(spine, views(source)[what])
    (part,) = made.views
    if strategy not in strategies.available(engine.name, strategies.shape(part, *part.primitives[:1])):
        pytest.skip(f"{engine.name} has no strategy {strategy!r} for it")
    if (what, strategy) in TAKE_LONG.get(engine.name, ()) and not DEEP:
        pytest.skip(f"a minute or more on {engine.name}: make test-deep runs it")
    if engine.name == "pyspark":
        for setting, value in COMPILED.items():
            engine._session.conf.set(setting, value)
    tables, asked = {"landings": read_source(engine, source)}, read_spine(engine, spine)
    with steps_kept():
        found = _rows(engine, lower(on(made, engine, tables, asked, strategy=strategy), engine, tables, asked))
    wanted = answers[what].gather_every(each)  # row k of the spine is question k * each
    assert found.height == wanted.height > 300_000 // each
    for name in made.columns[len(spine.columns) :]:
        assert _same(found[name], wanted[name]), name


def _same(found: pl.Series, wanted: pl.Series) -> bool:
    assert wanted.null_count() < len(wanted)
    if not (found.is_null() == wanted.is_null()).all():
        return False
    found, wanted = found.drop_nulls(), wanted.drop_nulls()
    if wanted.dtype.is_float():
        return bool(np.allclose(found.to_numpy(), wanted.to_numpy(), rtol=1e-9, atol=1e-9))
    return bool((found.cast(wanted.dtype) == wanted).all())
