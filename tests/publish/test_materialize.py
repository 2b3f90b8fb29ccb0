"""One transaction: whatever fails, and wherever, the tables are as they were."""

from __future__ import annotations

from typing import Any

import pytest
from ibis import _

from fsnb.model import FeatureView, Source
from fsnb.publish import ledger, materialize, sql, starting
from tests.publish.published import ALL_TYPES, EARLY, LAST, Published
from tests.publish.support import HOUR, THING, Row, fetch, table

SOURCE = Source("events", table([], ALL_TYPES), event_time="ts", available="known", tie_break="tie")
LATEST = FeatureView("v", entity=THING, source=SOURCE, features={"x": _.x})
COUNTS = FeatureView("v", entity=THING, source=SOURCE, features={"rows": _.count()}, windows="2h", refresh="1h")
STEPS = [
    (ledger, "prepare"),
    (starting, "_prepare"),
    (materialize, "_stage"),
    (sql, "insert"),
    (materialize, "_append"),
    (ledger, "write"),
    (materialize, "_upsert"),
    (sql, "insert_values"),
    (materialize, "_promote"),
]


def event(key: str, hour: int, x: float) -> Row:
    when = EARLY + hour * HOUR
    return {"k": key, "ts": when, "known": when, "x": x, "n": 1, "tie": 0}


ROWS = [event("1", 0, 1.0), event("1", 1, 2.0), event("11", 2, 3.0)]


def contents(published: Published) -> dict[str, list[Row]]:
    names = sorted(sql.relations(published.con, published.schema))
    return {name: fetch(published.con, published.schema, name) for name in names}


@pytest.mark.parametrize("view", [LATEST, COUNTS], ids=["as-of", "windowed"])
@pytest.mark.parametrize("before", [0, 2], ids=["first run", "later run"])
def test_failure_after_any_step_leaves_what_was_there(
    con: Any, view: FeatureView, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = Published(con, view)
    if before:
        published.run(ROWS[:before], LAST)
    there = contents(published)
    for owner, step in STEPS:
        real = getattr(owner, step)

        def failing(*args: Any, real: Any = real, **options: Any) -> Any:
            real(*args, **options)
            raise RuntimeError("the lights went out")

        with monkeypatch.context() as patch:
            patch.setattr(owner, step, failing)
            with pytest.raises(RuntimeError, match="lights"):
                published.run([*ROWS, event("é", 3, 4.0)], LAST + HOUR)
        assert contents(published) == there, step
    published.run(ROWS, LAST + HOUR)
    published.assert_equals_the_oracle(ROWS)


def test_interrupt_leaves_what_was_there(con: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    published = Published(con, LATEST)
    published.run(ROWS[:1], LAST)
    there = contents(published)

    def interrupted(*args: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(materialize, "_promote", interrupted)
        with pytest.raises(KeyboardInterrupt):
            published.run(ROWS, LAST)
    assert contents(published) == there
