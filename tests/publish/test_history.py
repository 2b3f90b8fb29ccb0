"""The promise of publishing: a plain as-of join on the history gives what the rules of time give from the sources."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from ibis import _

from fsnb.model import Entity, FeatureView, Source, Window, over
from fsnb.pit import choosing
from fsnb.pit.oracle import oracle
from tests.publish.published import ALL_TYPES, EARLY, KEYS, LAST, Published
from tests.publish.support import HOUR, MICROSECOND, THING, Row, asof, fetch, table

HOURS = st.integers(0, 8).map(lambda hours: EARLY + hours * HOUR)
TIMES = st.builds(lambda time, jitter: time + jitter * MICROSECOND, HOURS, st.sampled_from([0, 0, 0, 1, -1]))


@st.composite
def rows(draw: Any) -> list[Row]:
    found = []
    for tie in range(draw(st.integers(0, 12))):
        ts = draw(TIMES) if draw(st.integers(0, 15)) else None
        late = draw(st.sampled_from([0, 0, -1, 1, 3])) * HOUR
        known = ts + late if ts and draw(st.integers(0, 15)) else None
        x, n = (
            draw(st.sampled_from([1.5, -2.0, 0.0, 1e6, float("nan"), None])),
            draw(st.sampled_from([0, 1, 7, -3, None])),
        )
        found.append({"k": draw(st.sampled_from([*KEYS, None])), "ts": ts, "known": known, "x": x, "n": n, "tie": tie})
    return found


RULES = {"closed": st.sampled_from(["right", "left", "both", "neither"]), "lag": st.sampled_from(["0s", "30m", "1h"])}
WINDOWS = st.sampled_from([(), ("1h",), ("2h", "90m"), (Window("1h", offset="1h"), Window("4h"))])
WINDOWED = {
    "rows": _.count(),
    "more": _.count() + 1,
    "sum": _.x.sum(),
    "high": _.n.max(),
    "ratio": _.n.sum() / _.count(),
    "std": _.x.std(),
    "last": _.x.last(),
    "middle": _.n.median(),
    "trend": over(_.count(), "30m") / over(_.count(), Window("2h", offset="30m")),
}


@st.composite
def views(draw: Any) -> FeatureView:
    """Windowed, as-of or as-of with skip_nulls, under all rules of time. The source's data are given elsewhere."""
    clocks = {"event_time": "ts", "available": draw(st.sampled_from([None, "known", "known"])), "tie_break": "tie"}
    common = {"entity": THING, "source": Source("events", table([], ALL_TYPES), **clocks)}
    rules = draw(st.fixed_dictionaries(RULES))
    if draw(st.booleans()):
        refresh = draw(st.sampled_from(["30m", "1h", "3h"]))
        return FeatureView("v", features=WINDOWED, windows=draw(WINDOWS), refresh=refresh, **common, **rules)
    asof_rules = {"ttl": st.sampled_from([None, "1h", "90m"]), "refresh": st.sampled_from([None, "1h", "3h"])}
    asof_rules |= {"skip_nulls": st.booleans(), "fill": st.sampled_from([None, {"x": -1.0}])}
    return FeatureView("v", features={"x": _.x, "n": _.n}, **common, **rules, **draw(st.fixed_dictionaries(asof_rules)))


# the connection is made once and outlives the examples, each of which has a schema of its own
FEW = settings(
    max_examples=max(settings.default.max_examples // 2, 1),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(params=["few pairs", "many pairs"])
def pairs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is computed by a join where pairs are few, and by other strategies where they are many."""
    if request.param == "many pairs":
        monkeypatch.setattr(choosing, "SMALL", 0)
        monkeypatch.setattr(choosing, "CHEAP_PAIRS", 0)


@FEW
@given(view=views(), found=rows())
def test_history_read_as_of_any_time_equals_the_oracle(
    con: Any, pairs: None, view: FeatureView, found: list[Row]
) -> None:
    note(view.rules())
    published = Published(con, view)
    published.run(found, LAST)
    published.assert_equals_the_oracle(found)
    published.assert_current_is_the_latest(LAST)
    assert published.run(found, LAST).appended == 0


@FEW
@given(
    view=views().filter(lambda view: view.source.available), found=rows(), steps=st.lists(TIMES, min_size=1, max_size=2)
)
def test_history_of_many_runs_equals_that_of_one(
    con: Any, view: FeatureView, found: list[Row], steps: list[datetime]
) -> None:
    """Late rows append: each run sees what is available by then, and the history is as if one had seen it all."""
    note(view.rules())
    published = Published(con, view)
    for now in sorted({*steps, LAST}):
        there = [each for each in found if not each["ts"] or not each["known"] or max(each["ts"], each["known"]) <= now]
        published.run(there, now)
        published.assert_current_is_the_latest(now)
    published.assert_equals_the_oracle(found)


def _view(**options: Any) -> FeatureView:
    source = Source("events", table([], ALL_TYPES), event_time="ts", available="known", tie_break="tie")
    return FeatureView("v", entity=THING, source=source, **options)


LATEST = {"features": {"x": _.x}}
COUNTS = {"features": {"rows": _.count(), "sum": _.x.sum()}, "windows": "2h", "refresh": "1h", "lag": "15m"}


def _event(key: str, hour: float, x: float, known: float | None = None, tie: int = 0) -> Row:
    seen = EARLY + (hour if known is None else known) * HOUR
    return {"k": key, "ts": EARLY + hour * HOUR, "known": seen, "x": x, "n": 1, "tie": tie}


FIRST = [_event("1", 0, 1.0), _event("1", 1, 2.0), _event("11", 2, 3.0)]


@pytest.mark.parametrize("rules", [LATEST, COUNTS], ids=["as-of", "windowed"])
def test_late_row_appends_what_it_changes_and_no_more(con: Any, rules: dict[str, Any]) -> None:
    published = Published(con, _view(**rules))
    published.run(FIRST, EARLY + 5 * HOUR)
    before = published.history
    late = [*FIRST, _event("1", 4.5, 9.0, known=6)]
    written = published.run(late, EARLY + 8 * HOUR)
    after = published.history
    assert [each for each in after if each in before] == before
    added = [each for each in after if each not in before]
    assert written.appended == len(added) > 0
    assert {each["k"] for each in added} == {"1"}
    assert all(each["available_time"] == each["fsnb_known_time"] >= EARLY + 6 * HOUR for each in added)
    published.assert_equals_the_oracle(late, EARLY + 8 * HOUR)


@pytest.mark.parametrize("rules", [LATEST, COUNTS], ids=["as-of", "windowed"])
def test_restatement_appends_a_correction_from_the_run_on_and_rewrites_nothing(con: Any, rules: dict[str, Any]) -> None:
    view, now = _view(**rules), EARLY + 12 * HOUR
    published = Published(con, view)
    published.run(FIRST, EARLY + 5 * HOUR)
    before = published.history
    restated = [FIRST[0], _event("1", 1, 20.0), FIRST[2]]
    assert published.run(restated, now).appended > 0
    after = published.history
    assert [each for each in after if each in before] == before
    added = [each for each in after if each not in before]
    assert {each["available_time"] for each in added} == {now}
    assert all(each["fsnb_known_time"] < now for each in added)
    early = EARLY + timedelta(hours=2, minutes=30)
    assert asof(view, after, published.missing, {"k": "1"}, early) == asof(
        view, before, published.missing, {"k": "1"}, early
    )
    for found, at in ((FIRST, early), (restated, now)):
        (want,) = oracle(view, [{"k": "1", "at": at}], {"events": found}, at="at")
        assert asof(view, after, published.missing, {"k": "1"}, at) == want
    assert published.run(restated, now + HOUR).appended == 0
    published.assert_current_is_the_latest(now + HOUR)


def test_row_known_twice_is_told_twice(con: Any) -> None:
    published = Published(con, _view(**LATEST))
    twice = [_event("1", 1, 2.0, known=1), _event("1", 1, 3.0, known=2), _event("1", 1, 4.0, known=2, tie=1)]
    assert published.run(twice, EARLY + 5 * HOUR).appended == 2
    published.assert_equals_the_oracle(twice)


def test_correction_of_a_row_that_another_has_superseded_is_not_told(con: Any) -> None:
    published = Published(con, _view(**LATEST))
    twice = [_event("1", 1, 2.0, known=1), _event("1", 1, 3.0, known=2, tie=1)]
    published.run(twice, EARLY + 5 * HOUR)
    assert published.run([_event("1", 1, 99.0, known=1), twice[1]], EARLY + 6 * HOUR).appended == 0
    assert [each["x"] for each in fetch(con, published.schema, "v")] == [3.0]


def test_row_taken_from_the_source_stays_and_is_counted(con: Any) -> None:
    published = Published(con, _view(**LATEST))
    published.run(FIRST, EARLY + 5 * HOUR)
    written = published.run(FIRST[:2], EARLY + 6 * HOUR)
    assert (written.withdrawn, written.appended, len(published.history)) == (1, 0, 3)


def test_tick_that_no_event_explains_any_more_is_corrected(con: Any) -> None:
    published = Published(con, _view(**COUNTS | {"windows": ()}))
    published.run(FIRST, EARLY + 5 * HOUR)
    now = EARLY + 12 * HOUR
    published.run(FIRST[:1], now)
    assert asof(published.view, published.history, published.missing, {"k": "1"}, now) == {"rows": 1, "sum": 1.0}
    assert published.run(FIRST[:1], now + HOUR).appended == 0


def test_current_does_not_tell_what_is_not_available_yet(con: Any) -> None:
    published = Published(con, _view(**COUNTS | {"lag": "3h"}))
    published.run(FIRST, EARLY + 2 * HOUR)
    assert published.history
    assert fetch(con, published.schema, "v") == []
    published.run(FIRST, EARLY + 5 * HOUR)
    published.assert_current_is_the_latest(EARLY + 5 * HOUR)
    assert fetch(con, published.schema, "v")


def test_float_noise_appends_nothing(con: Any) -> None:
    published = Published(con, _view(**LATEST))
    published.run([_event("1", 0, 0.1 + 0.2)], EARLY + 5 * HOUR)
    assert published.run([_event("1", 0, 0.3)], EARLY + 6 * HOUR).appended == 0
    assert published.run([_event("1", 0, 0.3000001)], EARLY + 7 * HOUR).appended == 1


def test_static_view_has_one_row_per_key_from_the_epoch_on(con: Any) -> None:
    source = Source("events", table([], ALL_TYPES), event_time=None, tie_break="tie")
    published = Published(con, FeatureView("v", entity=THING, source=source, features={"x": _.x}))
    published.run([*FIRST, _event("1", 9, 7.0, tie=1), _event("1", -9, 5.0)], EARLY + 5 * HOUR)
    told = {(each["k"], each["x"], each["event_time"], each["available_time"]) for each in published.history}
    epoch = datetime(1970, 1, 1)
    assert told == {("1", 7.0, epoch, epoch), ("11", 3.0, epoch, epoch)}


def test_several_keys_stay_columns(con: Any) -> None:
    source = Source("events", table([], ALL_TYPES), event_time="ts", tie_break="tie")
    view = FeatureView(
        "v", entity=Entity("pair", ("k", "tie")), source=source, features={"rows": _.count()}, refresh="1h"
    )
    published = Published(con, view)
    published.run([_event("1", 0, 1.0, tie=11), _event("11", 0, 1.0, tie=1)], EARLY + 5 * HOUR)
    assert sorted((each["k"], each["tie"], each["rows"]) for each in fetch(con, published.schema, "v")) == [
        ("1", 11, 1),
        ("11", 1, 1),
    ]
