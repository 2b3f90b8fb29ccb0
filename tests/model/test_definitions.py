"""What is refused at definition time, and how it is said: who, what, what there is, what to do."""

from __future__ import annotations

import json
import pickle
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from ibis import _

from fsnb import Entity, FeatureView, FsnbError, Source, Spine, Window, feature_view, over
from fsnb.errors import DefinitionError, NoStableIdentity, NotSupported, TypeMismatch, UnknownName
from fsnb.identity import Over
from fsnb.model import parse_duration, show_duration

TRIPS = pa.table(
    {
        "rider": ["a"],
        "at": [datetime(2024, 1, 1)],
        "seen": [datetime(2024, 1, 2)],
        "day": [date(2024, 1, 1)],
        "fare": [1.5],
        "note": ["x"],
        "n": [1],
    }
)
RIDER = Entity("rider", "rider")
TRIPS_TABLE = Source("trips", TRIPS, event_time="at").table


def trips(**given: Any) -> Source:
    return Source("trips", TRIPS, **{"event_time": "at", **given})


def view(features: Any = None, **given: Any) -> FeatureView:
    return FeatureView(
        "spend", **{"entity": RIDER, "source": trips(), "features": features or {"total": _.fare.sum()}, **given}
    )


# ---------------------------------------------------------------------- sources


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            {"event_time": "att"},
            UnknownName,
            "source 'trips' has no column 'att'. Did you mean 'at'? It has: rider, at, seen",
        ),
        (
            {"event_time": "fare"},
            TypeMismatch,
            "event_time 'fare' is float64, not a timestamp. Cast it: .cast('timestamp')",
        ),
        (
            {"event_time": "day"},
            TypeMismatch,
            "event_time 'day' is a date, which has no time of day. Say when it was known, usually the day's end",
        ),
        (
            {"available": "note"},
            TypeMismatch,
            "available 'note' is string, not a timestamp. Read it as UTC, offsets too: "
            "t.mutate(note=t.note.cast(\"timestamp('UTC')\"))",
        ),
        ({"event_time": None, "available": "seen"}, DefinitionError, "has available='seen' but no event_time"),
        ({"tie_break": "seq"}, UnknownName, "has no column 'seq'"),
        ({"tie_break": ["n", "n"]}, DefinitionError, "names 'n' twice"),
    ],
)
def test_source_refuses(given: Any, error: type[FsnbError], message: str) -> None:
    with pytest.raises(error) as caught:
        trips(**given)
    assert message in str(caught.value)


def test_source_without_a_file_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"source 'trips': no file at .*gone\.parquet"):
        Source("trips", tmp_path / "gone.parquet", event_time="at")


def test_source_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_text("not parquet")
    with pytest.raises(DefinitionError, match=r"source 'trips': cannot read .*bad\.parquet"):
        Source("trips", tmp_path / "bad.parquet", event_time="at")


def test_text_that_is_neither_file_nor_frame_says_what_is() -> None:
    with pytest.raises(DefinitionError, match=r"'trips_table' is neither a file .* pass con\.table\('trips_table'\)"):
        Source("trips", "trips_table", event_time="at")


@pytest.mark.parametrize(
    "data",
    [TRIPS, pl.from_arrow(TRIPS), pl.from_arrow(TRIPS).lazy(), TRIPS.to_pandas(), ibis.memtable(TRIPS)],
    ids=["arrow", "polars", "lazy", "pandas", "ibis"],
)
def test_source_reads_the_types_of_any_frame(data: Any) -> None:
    source = Source("trips", data, event_time="at")
    assert source.schema["fare"].is_float64()
    assert str(source.schema["at"]) == "timestamp(6)"


def test_types_are_normalised_and_nanoseconds_announced() -> None:
    frame = pd.DataFrame(
        {"at": pd.to_datetime(["2024-01-01T00:00:00.000000001"]).as_unit("ns"), "x": pd.array([1], "float32")}
    )
    with pytest.warns(UserWarning, match="'at' has nanoseconds; they are floored to microseconds"):
        source = Source("t", frame, event_time="at")
    assert [str(dtype) for dtype in source.schema.types] == ["timestamp(6)", "float64"]


def test_reserved_names_are_refused() -> None:
    with pytest.raises(DefinitionError, match="starts with '_fsnb_', which fsnb keeps for itself"):
        Source("t", pa.table({"at": [datetime(2024, 1, 1)], "_fsnb_row": [1]}), event_time="at")


# ---------------------------------------------------------------------- entities, windows, durations


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Entity("rider", ()), "entity 'rider' has no keys"),
        (lambda: Entity("rider", ("a", "a")), "names 'a' twice"),
        (lambda: Entity("the rider", "a"), "'the rider' is not a name"),
        (lambda: Window("0s"), "a window has no size"),
        (lambda: Window("1.5h"), "'1.5h' is not a duration"),
        (lambda: Window("1 month"), "'1 month' is not a duration. Write a number and one of s, m, h, d, w"),
        (lambda: Window(timedelta(days=-1)), "is negative"),
    ],
)
def test_small_nouns_refuse(make: Any, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        make()
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["0s", "15m", "1h30m", "7d", "1d2h3m4s", "0.5s", "1d1.000001s"])
def test_durations_read_back(text: str) -> None:
    assert show_duration(parse_duration(text)) == text


def test_window_keeps_the_unit_that_was_typed() -> None:
    assert Window("24h").label == "24h"
    assert Window("24h") == Window("1d")
    assert Window("7d", offset="7d").label == "7d_offset_7d"


# ---------------------------------------------------------------------- views


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            {"features": lambda t: {"x": t.fair.sum()}},
            UnknownName,
            "feature view 'spend': source 'trips' has no column 'fair'. Did you mean 'fare'?",
        ),
        ({"features": {"x": _.fair.sum()}}, UnknownName, "has no column 'fair'. Did you mean 'fare'?"),
        (
            {"features": lambda t: {"x": t.groupby("rider").fare.mean()}},
            UnknownName,
            "source 'trips' has no column 'groupby'. It has: rider, at",
        ),
        ({"features": lambda t: {"x": t.rolling(7)}}, UnknownName, "It is an Ibis table, not a pandas frame."),
        (
            {"features": {"x": _.fare.quantle(0.5)}},
            DefinitionError,
            "feature view 'spend': a value of type float64 has no 'quantle'. Did you mean 'quantile'?",
        ),
        ({"features": lambda t: {"x": t.fare.apply(abs)}}, DefinitionError, "an Ibis expression, not a pandas column"),
        (
            {"features": {"a": _.fare.sum(), "b": _.fare}},
            DefinitionError,
            "mixes reductions (a) and plain columns (b). Make two views",
        ),
        (
            {"features": {"a": _.fare - _.fare.mean()}},
            DefinitionError,
            "'a' mixes a reduction and plain columns in one expression",
        ),
        ({"features": {"a": 5}}, DefinitionError, "feature 'a' is 5, not an Ibis value"),
        ({"features": {"a": ibis.literal(5)}}, DefinitionError, "no feature depends on the source"),
        ({"features": lambda t: {}}, DefinitionError, "has no features"),
        ({"features": lambda t: [t.fare]}, DefinitionError, "are a list, not a mapping"),
        ({"features": {"a b": _.fare}}, DefinitionError, "'a b' is not a name"),
        (
            {"features": lambda t: {"a": t.fare.sum(), "b": t.filter(t.n > 1).fare.sum()}},
            DefinitionError,
            "stand on 2 different tables",
        ),
        ({"features": lambda t: {"a": t.drop("rider").fare.sum()}}, UnknownName, "has no key column 'rider'"),
        ({"features": lambda t: {"a": t.drop("at").fare.sum()}}, UnknownName, "has no clock column 'at'"),
        (
            {"features": lambda t: {"a": t.mutate(at=t.day).fare.sum()}},
            DefinitionError,
            "'at' became date; a clock must stay a timestamp",
        ),
        ({"windows": ["1d", "24h"]}, DefinitionError, "has the window 24h twice"),
        ({"features": {"a": _.fare}, "windows": "1d"}, DefinitionError, "has windows but no reductions"),
        (
            {
                "features": {"a": _.fare.sum(), "a_1d": _.n.sum()},
                "windows": ["1d", Window("1d", offset="1d")],
                "source": None,
            },
            DefinitionError,
            "source is a NoneType",
        ),
        (
            {"closed": "rihgt"},
            DefinitionError,
            "closed='rihgt' is not one of right, left, both, neither. Did you mean 'right'?",
        ),
        ({"ttl": "1d"}, DefinitionError, "ttl is for as-of features; this is a window view"),
        ({"skip_nulls": True}, DefinitionError, "skip_nulls is for as-of features"),
        ({"features": {"a": _.fare}, "ttl": "0s"}, DefinitionError, "ttl is zero"),
        ({"refresh": "daily"}, DefinitionError, "refresh 'daily' is not a duration"),
        ({"fill": {"totl": 0}}, UnknownName, "fill has no feature 'totl'. Did you mean 'total'?"),
        ({"fill": {"total": "none"}}, DefinitionError, "fill['total'] is 'none', but the feature is float64"),
        ({"fill": {"total": None}}, DefinitionError, "is None, which is what an empty window gives anyway"),
        ({"entity": "rider"}, DefinitionError, "entity is a str; give an fsnb.Entity"),
        ({"entity": Entity("driver", "driver")}, UnknownName, "has no key column 'driver'. Did you mean 'rider'?"),
        ({"features": lambda t: {"a": t.mutate(r=ibis.random()).r.sum()}}, NoStableIdentity, "RandomScalar"),
        ({"features": lambda t: {"a": (t.at < ibis.now()).sum()}}, NoStableIdentity, "TimestampNow"),
    ],
)
def test_view_refuses(given: Any, error: type[FsnbError], message: str) -> None:
    with pytest.raises(error) as caught:
        view(**given)
    assert message in str(caught.value)


def test_two_features_of_one_name_are_refused() -> None:
    with pytest.raises(DefinitionError, match="two features named 'a_1d_1d'"):
        view({"a": _.fare.sum(), "a_1d": _.n.sum()}, windows=[Window("1d"), _labelled("1d_1d")])


def _labelled(label: str) -> Window:
    window = Window("2d")
    object.__setattr__(window, "label", label)
    return window


def test_an_error_of_the_users_own_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        view(lambda t: {"a": t.fare.sum() * (1 // 0)})
    with pytest.raises(AttributeError, match="upper_case"):
        view(lambda t: {"a": "x".upper_case()})


def test_windowed_static_source_is_refused() -> None:
    with pytest.raises(DefinitionError, match="source 'trips' has no event_time, so 'total' has no window"):
        view(source=trips(event_time=None))


def test_decorator_takes_name_and_docstring() -> None:
    @feature_view(entity=RIDER, source=trips(), windows=["1d", "7d"], owner="ops", tags=["money"])
    def spend(t: Any) -> Any:
        """What a rider spends."""
        return {"total": t.fare.sum(), "trips": t.count()}

    assert (spend.name, spend.description, spend.owner, spend.tags) == (
        "spend",
        "What a rider spends.",
        "ops",
        ("money",),
    )
    assert spend.features == ("total_1d", "total_7d", "trips_1d", "trips_7d")
    assert {name: str(dtype) for name, dtype in spend.schema.items()} == {
        "total_1d": "float64",
        "total_7d": "float64",
        "trips_1d": "int64",
        "trips_7d": "int64",
    }
    assert spend == view({"total": _.fare.sum(), "trips": _.count()}, windows=["1d", "7d"])
    with pytest.raises(UnknownName, match=r"feature view 'spend' has no feature 'total_1w'\. Did you mean 'total_1d'"):
        spend["total_1w"]


def test_views_read_as_their_rules() -> None:
    text = repr(view(windows="7d", lag="15m", refresh="1h", closed="left"))
    assert "cutoff c = the last 1h tick at or before t - 15m; sees at < c; window [c - 7d, c)" in text


# ---------------------------------------------------------------------- identity and documents


def test_identity_is_what_is_computed_not_what_it_is_called() -> None:
    same = [view(), view(description="other", owner="me", tags="x"), view(features=lambda t: {"total": t.fare.sum()})]
    assert len({one.fingerprint for one in same}) == 1
    others = [
        view({"total": _.fare.mean()}),
        view({"sum": _.fare.sum()}),
        view(lag="1s"),
        view(refresh="1h"),
        view(closed="left"),
        view(windows="1d"),
        view(windows="2d"),
        view(fill={"total": 0}),
        view(source=trips(available="seen")),
        view(source=trips(tie_break="n")),
        view(entity=Entity("noter", "note")),
        view(lambda t: {"total": t.filter(t.n > 0).fare.sum()}),
    ]
    assert len({one.fingerprint for one in [*same, *others]}) == 1 + len(others)


def test_identity_does_not_depend_on_the_engine_or_the_data() -> None:
    con = ibis.duckdb.connect()
    bound = Source("trips", con.create_table("elsewhere", TRIPS), event_time="at")
    assert view(source=bound).fingerprint == view().fingerprint


GOLDEN = {
    "own windows": "aef32b10527694043b87069207255e4db2dfbe32ea243e861987895fa9b7a236",
    "windowed": "a053bcc224957d3ce29cdecb781b10ae496db86e71af510788b43f863822897f",
    "asof": "493d579503b7d370109184e02e34f263e3f43dda3f30c5a6aa004bfd66426fb2",
}


def _golden_views() -> dict[str, FeatureView]:
    return {
        "windowed": view(
            {"mean": _.fare.mean(where=_.n > 0), "rows": _.count()},
            windows=["1d", Window("7d", offset="7d")],
            lag="15m",
            refresh="1h",
            fill={"mean_1d": 0.0},
        ),
        "own windows": view(
            {"trend": over(_.count(), "1d") / over(_.count(), Window("7d", offset="1d")), "share": _.n.last() / 2},
            windows=["2d"],
        ),
        "asof": view(lambda t: {"fare": t.filter(t.fare > 0).fare.round(2)}, ttl="2d", closed="left"),
    }


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_fingerprints(name: str) -> None:
    """A change here makes every published view look changed: only a new format of the definition may do that."""
    assert _golden_views()[name].fingerprint == GOLDEN[name]


@pytest.mark.parametrize("name", GOLDEN)
def test_documents_load_back(name: str) -> None:
    made = _golden_views()[name]
    back = FeatureView.from_doc(json.loads(json.dumps(made.to_doc())))
    assert back == made
    assert back.features == made.features
    assert back.to_doc() == made.to_doc()


# ---------------------------------------------------------------------- windows of an aggregate's own


def test_features_that_say_their_windows_are_named_once_and_the_rules_tell_all_windows() -> None:
    made = _golden_views()["own windows"]
    assert made.features == ("trend", "share_2d")
    assert [window and window.label for window in made.used_windows] == ["1d", "7d_offset_1d", "2d"]
    assert made.rules().endswith("window (c - 1d, c]; window (c - 8d, c - 1d]; window (c - 2d, c]")
    assert "whole visible history" in view({"share": over(_.count(), "1d") / _.count()}).rules()


def test_a_window_of_its_own_is_part_of_the_identity() -> None:
    sizes = [view({"n": over(_.count(), window)}) for window in ("1d", "24h", "2d", Window("1d", offset="1h"))]
    assert sizes[0].fingerprint == sizes[1].fingerprint
    assert (
        len({made.fingerprint for made in [*sizes, view({"n": _.count()}), view({"n": _.count()}, windows="1d")]}) == 5
    )


@pytest.mark.parametrize(
    ("features", "given", "message"),
    [
        (
            {"n": over(_.fare, "1d")},
            {},
            r"over\(..., '1d'\) takes an aggregate, e.g. t.count\(\), not the column 'fare'",
        ),
        ({"n": over(_.n.sum() + over(_.count(), "1d"), "2d")}, {}, "has a window already"),
        ({"n": over(_.count(), "1d")}, {"windows": "7d"}, r"each of its features says its own with over\(\)"),
        ({"n": _.fare / over(_.fare.sum(), "1d")}, {}, "mixes a reduction and plain columns"),
    ],
)
def test_windows_of_their_own_are_refused_where_they_make_no_sense(features: Any, given: Any, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        view(features, **given)


def test_a_window_of_no_length_is_refused() -> None:
    with pytest.raises(DefinitionError, match="a window has no size"):
        over(_.count(), "0s")


def test_a_document_with_a_window_inside_a_window_is_refused() -> None:
    inner = Over(TRIPS_TABLE.count(), timedelta(days=1), timedelta(0)).to_expr()
    outer = Over(inner, timedelta(days=1), timedelta(0)).to_expr()
    with pytest.raises(DefinitionError, match="feature 'n' holds an aggregate that has a window already"):
        view({"n": outer})


def test_hostile_document_runs_nothing() -> None:
    document = json.loads(json.dumps(view().to_doc()))
    text = json.dumps(document).replace('"Sum"', '"os.system"')
    with pytest.raises((NotSupported, DefinitionError), match=r"os\.system"):
        FeatureView.from_doc(json.loads(text))


# ---------------------------------------------------------------------- spine


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"at": "when"}, UnknownName, "spine has no column 'when'"),
        ({"at": "day"}, TypeMismatch, "at 'day' is a date"),
        ({"at": "note"}, TypeMismatch, "at 'note' is string, not a timestamp"),
        ({"label": "late"}, UnknownName, "spine has no column 'late'"),
        ({"keys": {"rider": "ridr"}}, UnknownName, "has no column 'ridr'. Did you mean 'rider'?"),
    ],
)
def test_spine_refuses(given: Any, error: type[FsnbError], message: str) -> None:
    with pytest.raises(error) as caught:
        Spine(TRIPS, **{"at": "at", **given})
    assert message in str(caught.value)


def test_nouns_are_frozen() -> None:
    for noun in (RIDER, trips(), view(), Window("1d"), Spine(TRIPS, at="at")):
        with pytest.raises((AttributeError, TypeError)):
            noun.name = "other"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(RIDER)) == RIDER
