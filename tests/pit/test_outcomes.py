"""`considered` against the oracle's outcomes, and against the value that the join gives."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibis import _

from fsnb.identity import bind
from fsnb.model import Entity, FeatureView, Source, Spine, Window, over
from fsnb.pit import considered, considered_by, plan, read_source
from fsnb.pit.around import Kept, fetched
from fsnb.pit.oracle import outcomes
from tests.pit.engines import table
from tests.pit.test_properties import COMMON, EVENT_TYPES, SPINE_TYPES, SPINES, START, rules, sources


def _judged(con: Any, view: FeatureView, row: dict[str, Any], output: str) -> list[tuple[Any, str]]:
    spine = Spine(table([row], **SPINE_TYPES), at="at", keys={"k": "key"})
    part = plan(spine, [view]).views[0]
    relation = bind(view.relation, {"events": read_source(con, view.source)})
    keys = [row[spine.key_column(key)] for key in view.entity.keys]
    found = considered(part, view.output(output), relation, keys, row["at"])
    return sorted(((judged.event_time, judged.outcome) for judged in found.rows), key=repr)


@pytest.mark.capability("why: each row's outcome")
@COMMON
@given(
    made=sources(),
    spine=SPINES,
    rule=rules(),
    skip=st.booleans(),
    ttl=st.sampled_from([None, "1h"]),
    window=st.booleans(),
)
def test_outcomes_equal_the_oracle(
    engine: Any, made: Any, spine: pa.Table, rule: Any, skip: bool, ttl: Any, window: bool
) -> None:
    source, entity = made
    if window:
        compared = over(_.count(), "1h") / over(_.count(), Window("1h", offset="2h"))
        shape = {"features": {"rows": _.count()}, "windows": Window("2h", offset="1h")}
        shape = {"features": {"ratio": compared}} if skip else shape
    else:
        shape = {"features": {"x": _.x, "n": _.n}, "skip_nulls": skip, "ttl": ttl}
    view = FeatureView("v", entity=entity, source=source, **shape, **rule)
    output = view.features[0]
    for row in spine.to_pylist()[:2]:
        truth = outcomes(view, row, {"events": source.data.to_pylist()}, at="at", keys={"k": "key"}, output=output)
        assert _judged(engine, view, row, output) == sorted(((r["ts"], r["outcome"]) for r in truth), key=repr)


def test_a_dense_key_shows_the_rows_around_the_cutoff_and_counts_the_rest() -> None:
    rows = [{"k": "1", "ts": START + timedelta(minutes=i), "n": i} for i in range(3_000)]
    source = Source("events", table(rows, **EVENT_TYPES), event_time="ts")
    view = FeatureView("v", entity=Entity("thing", "k"), source=source, features={"n": _.n})
    spine = Spine(table([], **SPINE_TYPES), at="at", keys={"k": "key"})
    con = ibis.duckdb.connect()
    relation = bind(view.relation, {"events": read_source(con, source)})
    at = START + timedelta(minutes=2_500, seconds=1)
    found = considered(plan(spine, [view]).views[0], view.output("n"), relation, ["1"], at)
    assert len(found.rows) == 2_050
    assert found.left_out == 950
    used = [row for row in found.rows if row.outcome == "used"]
    assert [(row.event_time, row.values) for row in used] == [(START + timedelta(minutes=2_500), (("n", 2_500),))]
    assert found.cutoff == datetime(1969, 12, 31, 22) + timedelta(minutes=2_500, seconds=1)


@pytest.mark.parametrize("rows", [30, 4_500])
def test_rows_of_one_time_stand_in_an_order_of_their_own(rows: int) -> None:
    made = [{"k": "1", "ts": START + timedelta(minutes=i // 6), "n": i % 6 or None} for i in range(rows)]
    listed = []
    for order in (made, made[::-1]):
        source = Source("events", table(order, **EVENT_TYPES), event_time="ts")
        view = FeatureView("v", entity=Entity("thing", "k"), source=source, features={"n": _.n.sum()}, windows="1d")
        relation = bind(view.relation, {"events": read_source(ibis.duckdb.connect(), source)})
        part = plan(Spine(table([], **SPINE_TYPES), at="at", keys={"k": "key"}), [view]).views[0]
        for fetch in (fetched, Kept()):
            found = considered_by(part, part.outputs, relation, ["1"], START + timedelta(minutes=400), fetch)["n_1d"]
            listed.append([(row.event_time, row.values) for row in found.rows])
    assert listed == [listed[0]] * 4
    moment = listed[0][12][0]
    assert [values[0][1] for time, values in listed[0] if time == moment] == [1, 2, 3, 4, 5, None]


@pytest.mark.parametrize("minutes", [-1, 0, 700, 2_500, 9_000])
@pytest.mark.parametrize("rows", [0, 3_000, 5_000])
def test_rows_that_are_kept_in_memory_are_those_that_the_engine_gives(rows: int, minutes: int) -> None:
    made = [{"k": "1", "ts": START + timedelta(minutes=i) if i % 100 else None, "n": i} for i in range(rows)]
    source = Source("events", table(made, **EVENT_TYPES), event_time="ts")
    view = FeatureView(
        "v", entity=Entity("thing", "k"), source=source, features={"n": _.count()}, windows="1d", lag="9h"
    )
    part = plan(Spine(table([], **SPINE_TYPES), at="at", keys={"k": "key"}), [view]).views[0]
    relation = bind(view.relation, {"events": read_source(ibis.duckdb.connect(), source)})
    kept, outputs = Kept(), part.outputs
    for at in (START + timedelta(minutes=minutes), START + timedelta(minutes=minutes + 20)):
        asked = considered_by(part, outputs, relation, ["1"], at)["n_1d"]
        again = considered_by(part, outputs, relation, ["1"], at, kept)["n_1d"]
        assert (again.cutoff, again.left_out) == (asked.cutoff, asked.left_out)
        assert [row for row in again.rows if row.event_time] == [row for row in asked.rows if row.event_time]
        assert len(again.rows) == len(asked.rows)
