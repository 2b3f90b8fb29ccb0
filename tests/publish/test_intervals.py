"""Only what is due is told, and the published state is the one that telling everything would give."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from ibis import _

from fsnb.model import FeatureView, Source
from tests.publish.published import ALL_TYPES, EARLY, LAST, Published
from tests.publish.support import HOUR, Row, table
from tests.publish.test_history import rows, views

FEW = settings(
    max_examples=max(settings.default.max_examples // 2, 1),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SOURCE = Source("events", table([], ALL_TYPES), event_time="ts", tie_break="tie")
KNOWN = Source("events", table([], ALL_TYPES), event_time="ts", available="known", tie_break="tie")
COUNTS = {"rows": _.count(), "sum": _.x.sum()}


def event(key: str, hour: float, x: float = 1.0, known: float | None = None, tie: int = 0) -> Row:
    seen = EARLY + (hour if known is None else known) * HOUR
    return {"k": key, "ts": EARLY + hour * HOUR, "known": seen, "x": x, "n": 1, "tie": tie}


# ---------------------------------------------------------------------- against telling everything


@st.composite
def streams(draw: Any) -> list[tuple[datetime, list[Row]]]:
    """What a source holds at some moments: rows come late, are restated, move in time, are taken away."""
    found, steps = draw(rows()), []
    for hour in sorted(draw(st.lists(st.integers(1, 14), min_size=1, max_size=3, unique=True))):
        now = EARLY + hour * HOUR
        if steps:
            found = [each for each in found if draw(st.integers(0, 7))]
            found = [_restated(each, draw) for each in found]
            found += [r | {"tie": 100 * hour + r["tie"]} for r in draw(rows())[:4]]
        steps.append((now, found))
    return [*steps, (LAST, found)]


def _restated(each: Row, draw: Any) -> Row:
    what = draw(st.integers(0, 7))
    if what == 0:
        return each | {"x": 77.0}
    if what == 1 and each["ts"]:
        return each | {"ts": each["ts"] + HOUR}
    return each


@FEW
@given(view=views(), stream=streams(), every=st.sampled_from([timedelta(hours=3), timedelta(hours=4)]))
def test_telling_what_is_due_gives_the_history_of_telling_everything(
    con: Any, view: FeatureView, stream: list[tuple[datetime, list[Row]]], every: timedelta
) -> None:
    note(view.rules())
    some, all_ = Published(con, view), Published(con, view)
    for now, found in stream:
        note(f"{now}: {found}")
        some.run(found, now, every=every)
        all_.run(found, now, every=every, full=True)
        assert some.told == all_.told
        some.assert_ledger_counts_the_rows()
        some.assert_current_is_the_latest(now)
    again = some.run(stream[-1][1], LAST)
    assert (again.due, again.appended) == (0, 0)
