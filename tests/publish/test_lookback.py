"""What a history says last before a stretch of time: by its index, as by the pass over all of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ibis
import pytest

from fsnb.publish import history, lookback, sql
from fsnb.publish.history import Layout
from fsnb.publish.inputs import Times
from fsnb.publish.runs import Names
from tests.publish.support import HOUR, START, sums

LAYOUT, NAMES = Layout.of(sums()), Names("fsnb", "sums", 1)
TOLD = [("a", 0, 0), ("a", 2, 0), ("a", 2, 3), ("a", 9, 0), ("b", 1, 0), ("b", 12, 0), ("c", 5, 0), ("é", 0, 100)]
SINCE = START + 50 * HOUR


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Any:
    """A history of four entities, of which "é" is not in the current table yet."""
    con = ibis.connect(request.getfixturevalue("postgres_db_url"))
    con.con.execute('CREATE SCHEMA "fsnb"')
    sql.create_table(con, NAMES.history, LAYOUT.history, required=LAYOUT.required)
    sql.create_table(con, NAMES.current, LAYOUT.current, required=LAYOUT.required, key=LAYOUT.keys)
    for k, hour, late in TOLD:
        at = START + hour * HOUR
        times = {"event_time": at, "available_time": at + late * HOUR, "fsnb_known_time": at + timedelta(minutes=15)}
        sql.insert_values(con, NAMES.history, {"k": k, **times, "rows_2h": hour, "fsnb_run_id": "r"})
    for k in ("a", "b", "c"):
        clocks = dict.fromkeys(("event_time", "available_time"), START)
        sql.insert_values(con, NAMES.current, {"k": k, **clocks, "fsnb_run_id": "r"})
    yield con
    con.disconnect()


@pytest.mark.postgres
@pytest.mark.parametrize("hours", [[(2, 4)], [(-3, 0)], [(1, 2), (5, 9)], [(0, 1), (1, 3), (11, 20)], [(20, 30)]])
def test_the_index_finds_what_the_pass_over_all_finds(hours: list[tuple[int, int]], told: Any) -> None:
    stretches: Times = tuple((START + after * HOUR, START + upto * HOUR) for after, upto in hours)
    table = ibis.table(LAYOUT.history, name=NAMES.history[1], database="fsnb")
    here = history.last_told(LAYOUT, table, stretches, before=False)
    looked_up = lookback.last_before(told, LAYOUT, NAMES, stretches, SINCE)
    found = sql.rows(told, f"({told.compile(here)}) UNION ALL {looked_up}")
    expected = sql.rows(told, told.compile(history.last_told(LAYOUT, table, stretches, before=True)))
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def test_only_where_it_pays(con: Any) -> None:
    assert lookback.by_index(con, [(1, 2)], SINCE) == (con.name == "postgres")
    assert not lookback.by_index(con, [(1, 2)], None)
    assert not lookback.by_index(con, [(1, 2)] * (lookback.MOST_STRETCHES + 1), SINCE)
