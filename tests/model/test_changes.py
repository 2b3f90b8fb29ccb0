"""What differs between two definitions: in words, each compatible or breaking."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import ibis
import pytest
from ibis import _

from fsnb import Entity, FeatureView, Source, Window, over
from fsnb.model import Change, changes, source_changes

SCHEMA = {"tail": "string", "at": "timestamp", "landed": "timestamp", "delay": "float64", "miles": "int64"}
PLANE = Entity("plane", "tail")


def source(schema: dict[str, str] = SCHEMA, **given: Any) -> Source:
    return Source("flights", None, **{"event_time": "at", **given}, schema=ibis.schema(schema))


def view(features: Any = None, **given: Any) -> FeatureView:
    """Two features over one window."""
    plain = {"legs": _.count(), "late": _.delay.mean()}
    set_ = {"entity": PLANE, "source": source(), "features": features or plain, "windows": ["1d"]}
    return FeatureView("delays", **(set_ | given))


def latest(**given: Any) -> FeatureView:
    """An as-of view."""
    set_ = {"entity": PLANE, "source": source(), "features": {"delay": _.delay}}
    return FeatureView("last_leg", **(set_ | given))


def said(old: FeatureView, new: FeatureView) -> list[str]:
    return [str(change) for change in changes(old, new)]


Made = Callable[[], tuple[FeatureView, FeatureView]]

COMPATIBLE: dict[str, tuple[Made, list[str]]] = {
    "nothing": (lambda: (view(), view()), []),
    "a feature": (
        lambda: (view(), view({"legs": _.count(), "late": _.delay.mean(), "far": _.miles.sum()})),
        ["feature 'far_1d' added: int64"],
    ),
    "a window": (
        lambda: (view(), view(windows=["1d", Window("7d", "1d")])),
        ["feature 'legs_7d_offset_1d' added: int64", "feature 'late_7d_offset_1d' added: float64"],
    ),
    "a feature that needs a column of its own": (
        lambda: (
            view(),
            view(
                lambda t: (lambda u: {"legs": u.count(), "late": u.delay.mean(), "slow": u.slow.sum()})(
                    t.mutate(slow=t.delay / t.miles)
                )
            ),
        ),
        ["feature 'slow_1d' added: float64"],
    ),
    "columns of the source that nobody reads": (
        lambda: (
            view(),
            view(source=source({k: v for k, v in SCHEMA.items() if k != "miles"} | {"landed": "date", "gate": "int8"})),
        ),
        [
            "column of 'landed' was timestamp(6), is date",
            "column 'miles' removed: it was int64",
            "column 'gate' added: int8",
        ],
    ),
    "the order of the features": (lambda: (view(), view({"late": _.delay.mean(), "legs": _.count()})), []),
    "words": (
        lambda: (
            view(owner="ops", tags=["a"]),
            view(owner="net", tags=["a", "b"], description="How late", entity=Entity("aircraft", "tail")),
        ),
        [
            "entity of 'delays' was plane, is aircraft",
            "description of 'delays' was none, is How late",
            "owner of 'delays' was ops, is net",
            "tags of 'delays' was a, is a, b",
        ],
    ),
    "a tie-break, which windows do not look at": (
        lambda: (view(), view(source=source(tie_break="miles"))),
        ["tie_break of 'flights' was none, is miles"],
    ),
}


@pytest.mark.parametrize("what", COMPATIBLE)
def test_compatible(what: str) -> None:
    made, expected = COMPATIBLE[what]
    old, new = made()
    assert said(old, new) == expected
    assert not any(change.breaking for change in changes(old, new))


def hours(window: str) -> dict[str, Any]:
    return {"share": over(_.count(), "1h") / over(_.count(), window)}


BREAKING: dict[str, tuple[Made, list[str]]] = {
    "a feature is gone": (
        lambda: (view(), view({"legs": _.count()})),
        ["feature 'late_1d' removed: it was float64 (breaking)"],
    ),
    "a window is gone": (
        lambda: (view({"legs": _.count()}, windows=["1d", "7d"]), view({"legs": _.count()})),
        ["feature 'legs_7d' removed: it was int64 (breaking)"],
    ),
    "the same window under another label": (  # the fingerprints are equal, the columns are not
        lambda: (view({"legs": _.count()}), view({"legs": _.count()}, windows=["24h"])),
        ["feature 'legs_1d' removed: it was int64 (breaking)", "feature 'legs_24h' added: int64"],
    ),
    "an expression": (
        lambda: (view({"late": _.delay.mean()}), view({"late": _.delay.max()})),
        ["meaning of 'late_1d' was t.delay.mean(), is t.delay.max() (breaking)"],
    ),
    "a number in an expression": (
        lambda: (view({"late": (_.delay > 15).mean()}), view({"late": (_.delay > 20).mean()})),
        ["meaning of 'late_1d' was (t.delay > 15).mean(), is (t.delay > 20).mean() (breaking)"],
    ),
    "a column made before": (
        lambda: (
            view(lambda t: {"far": t.mutate(x=t.miles * 2).x.sum()}),
            view(lambda t: {"far": t.mutate(x=t.miles * 3).x.sum()}),
        ),
        ["meaning of 'far_1d' was t.x.sum() where x = t.miles * 2, is t.x.sum() where x = t.miles * 3 (breaking)"],
    ),
    "its type": (
        lambda: (view({"far": _.miles.sum()}), view({"far": _.miles.sum().cast("float64")})),
        [
            "type of 'far_1d' was int64, is float64 (breaking)",
            "meaning of 'far_1d' was t.miles.sum(), is t.miles.sum().cast(\"float64\") (breaking)",
        ],
    ),
    "the type of a column that it reads": (
        lambda: (view({"m": _.miles.max()}), view({"m": _.miles.max()}, source=source(SCHEMA | {"miles": "int32"}))),
        [
            "type of 'm_1d' was int64, is int32 (breaking)",
            "meaning of 'm_1d' was t.miles.max() [DIGITS], is t.miles.max() [DIGITS] (breaking)",
            "column of 'miles' was int64, is int32",
        ],
    ),
    "a window of its own": (
        lambda: (view(hours("1d"), windows=[]), view(hours("7d"), windows=[])),
        ["window of 'share' was 1h, 1d, is 1h, 7d (breaking)"],
    ),
    "windows swapped": (
        lambda: (
            view({"x": over(_.delay.sum(), "1h") - over(_.miles.sum(), "1d") + over(_.delay.max(), "1h")}, windows=[]),
            view({"x": over(_.delay.sum(), "1h") - over(_.miles.sum(), "1d") + over(_.delay.max(), "1d")}, windows=[]),
        ),
        [
            'meaning of \'x\' was (fsnb.over(t.delay.sum(), "1h") - fsnb.over(t.miles.sum(), "1d")) '
            '+ fsnb.over(t.delay.max(), "1h"), '
            'is (fsnb.over(t.delay.sum(), "1h") - fsnb.over(t.miles.sum(), "1d")) '
            '+ fsnb.over(t.delay.max(), "1d") (breaking)'
        ],
    ),
    "fill": (
        lambda: (view({"late": _.delay.mean()}), view({"late": _.delay.mean()}, fill={"late_1d": 0.0})),
        ["fill of 'late_1d' was none, is 0.0 (breaking)"],
    ),
    "a filter": (
        lambda: (view({"legs": _.count()}), view(lambda t: {"legs": t.filter(t.delay > 0).count()})),
        ["rows of 'delays' was flights, is flights; filter(t.delay > 0) (breaking)"],
    ),
    "lag": (lambda: (view(), view(lag="15m")), ["lag of 'delays' was 0s, is 15m (breaking)"]),
    "refresh": (lambda: (view(), view(refresh="1h")), ["refresh of 'delays' was none, is 1h (breaking)"]),
    "closed": (lambda: (view(), view(closed="left")), ["closed of 'delays' was right, is left (breaking)"]),
    "ttl": (lambda: (latest(ttl="1d"), latest(ttl="2d")), ["ttl of 'last_leg' was 1d, is 2d (breaking)"]),
    "skip_nulls": (
        lambda: (latest(), latest(skip_nulls=True)),
        ["skip_nulls of 'last_leg' was False, is True (breaking)"],
    ),
    "keys": (
        lambda: (view(), view(entity=Entity("plane", ["tail", "miles"]))),
        ["keys of 'delays' was tail, is tail, miles (breaking)"],
    ),
    "the type of a key": (
        lambda: (view({"legs": _.count()}), view({"legs": _.count()}, source=source(SCHEMA | {"tail": "int64"}))),
        ["type of 'tail' was string, is int64 (breaking)", "column of 'tail' was string, is int64"],
    ),
    "what a key is": (
        lambda: (view({"legs": _.count()}), view(lambda t: {"legs": t.mutate(tail=t.tail.upper()).count()})),
        ["meaning of 'tail' was t.tail, is t.tail where tail = t.tail.upper() (breaking)"],
    ),
    "what the clock is": (
        lambda: (view({"legs": _.count()}), view(lambda t: {"legs": t.mutate(at=t.at.truncate("D")).count()})),
        ["meaning of 'at' was t.at, is t.at where at = t.at.truncate(\"D\") (breaking)"],
    ),
    "the clocks": (
        lambda: (view(), view(source=source(event_time="landed"))),
        ["event_time of 'flights' was at, is landed (breaking)"],
    ),
    "availability": (
        lambda: (view(), view(source=source(available="landed"))),
        ["available of 'flights' was none, is landed (breaking)"],
    ),
    "a tie-break": (
        lambda: (latest(), latest(source=source(tie_break="miles"))),
        ["tie_break of 'flights' was none, is miles (breaking)"],
    ),
}


@pytest.mark.parametrize("what", BREAKING)
def test_breaking(what: str) -> None:
    made, expected = BREAKING[what]
    old, new = made()
    assert [re.sub(r"\[[0-9a-f]{8}]", "[DIGITS]", line) for line in said(old, new)] == expected


@pytest.mark.parametrize("what", BREAKING)
def test_a_stored_definition_compares_as_the_live_one(what: str) -> None:
    old, new = BREAKING[what][0]()
    stored = FeatureView.from_doc(old.to_doc())
    assert changes(stored, old) == ()
    assert changes(stored, new) == changes(old, new)


def test_windowed_to_as_of_names_the_kind_and_the_features() -> None:
    other = FeatureView("delays", entity=PLANE, source=source(), features={"late_1d": _.delay})
    assert said(view({"late": _.delay.mean()}), other) == [
        "window of 'late_1d' was 1d, is none (breaking)",
        "meaning of 'late_1d' was t.delay.mean(), is t.delay (breaking)",
        "kind of 'delays' was window, is asof (breaking)",
    ]


def test_breaking_ones_come_first() -> None:
    new = view({"legs": _.count(), "far": _.miles.sum()}, lag="1h", owner="ops")
    assert [change.breaking for change in changes(view(), new)] == [True, True, False, False]


@pytest.mark.parametrize("what", [*COMPATIBLE, *BREAKING])
def test_equal_fingerprints_differ_in_words_and_names_of_features_only(what: str) -> None:
    old, new = (COMPATIBLE | BREAKING)[what][0]()
    if old.fingerprint == new.fingerprint and old.features == new.features:
        assert not any(change.breaking for change in changes(old, new))
    else:
        assert changes(old, new) or sorted(old.features) == sorted(new.features)


def test_a_change_goes_through_json() -> None:
    (change,) = changes(view(), view(lag="1h"))
    assert Change(**change.to_doc()) == change == Change("lag", "delays", "0s", "1h", True)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (source(), []),
        (source(SCHEMA | {"gate": "string"}), ["column 'gate' added: string"]),
        (
            source({k: v for k, v in SCHEMA.items() if k != "miles"}),
            ["column 'miles' removed: it was int64 (breaking)"],
        ),
        (source(SCHEMA | {"miles": "int32"}), ["column of 'miles' was int64, is int32 (breaking)"]),
        (source(available="landed"), ["available of 'flights' was none, is landed (breaking)"]),
        (source(tie_break="miles"), ["tie_break of 'flights' was none, is miles (breaking)"]),
        (source(description="Legs."), ["description of 'flights' was none, is Legs."]),
    ],
)
def test_of_a_source_its_columns_count(new: Source, expected: list[str]) -> None:
    assert [str(change) for change in source_changes(source(), new)] == expected
