"""Values as HTML: self-contained, escaped, the same words as the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import ibis
import polars as pl
import pytest

import fsnb
from fsnb import pit
from fsnb.catalog import Diff, Distribution, Edge, Lineage, Node, Profile
from fsnb.model import Change, LagProfile
from fsnb.notebook import cards, catalogued, html, wording
from fsnb.notebook.card import Bad, Card, Code, Good, Number, Table, Timeline
from fsnb.notebook.drawing import draw
from fsnb.notebook.progress import Shown
from fsnb.progress import Task
from fsnb.publish import Certificate, Publication, Target
from fsnb.publish.certificate import Column, Difference
from fsnb.quality import DriftReport
from tests.notebook.conftest import SETUP, Notebook, plane_delays
from tests.notebook.hostile import EVIL, others

TAGS = {
    *(
        "style",
        "section",
        "header",
        "span",
        "p",
        "dl",
        "dt",
        "dd",
        "br",
        "wbr",
        "h4",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    ),
    *("code", "details", "summary", "pre", "svg", "path", "circle", "text"),
    *("h3", "div", "b", "ul", "li"),
}
ATTRIBUTES = {
    *("class", "aria-label", "role", "scope", "viewbox", "width"),
    *("d", "cx", "cy", "r", "x", "y", "fill", "stroke", "stroke-width", "opacity", "text-anchor"),
    *("transform", "open", "title", "aria-hidden"),
}
LOADS = re.compile(r"https?:|//\w|url\(|@import|src=|href=|javascript:")


class Read(HTMLParser):
    """Tags, attributes and words of a piece of HTML; whether its elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.words = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("br", "wbr"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data if self.open[-1:] != ["style"] else ""


def checked(text: str) -> Read:
    """Read it, and hold it to what a static piece of HTML may be."""
    read = Read(text)
    assert read.open == []
    assert set(read.tags) <= TAGS
    assert read.attributes <= ATTRIBUTES
    style = re.search(r"<style>(.*?)</style>", text)
    assert style
    assert not LOADS.search(style[1])
    return read


@pytest.fixture
def values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """One value of each kind; every free text in them is hostile."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(SETUP, names)
    legs = names["legs"].rename({"arr_delay": EVIL})
    source = names["store"].source("flights", legs, event_time="dep_time", available="landed_at", description=EVIL)
    view = fsnb.FeatureView(
        "plane_delays",
        entity=fsnb.Entity("plane", "tailnum"),
        source=source,
        features=lambda t: {"worst": t.filter(t[EVIL] > 0)[EVIL].max()},
        windows=["1d", fsnb.Window("7d", offset="7d")],
        fill={"worst_1d": 0.0},
        lag="15m",
        description=EVIL,
        owner=EVIL,
        tags=[EVIL],
    )
    spine = fsnb.Spine(
        names["asked"].rename({"late": EVIL, "tailnum": "its<b>"}),
        at="asked_at",
        label=EVIL,
        keys={"tailnum": "its<b>"},
    )
    names["store"].register(view)
    names["store"].catalog.put("note", EVIL, {EVIL: {EVIL: [EVIL]}}, fingerprint=EVIL)
    proof = certificate(ok=False)
    return {
        "source": source,
        "view": view,
        "lag": lag(),
        "plan": pit.plan(spine, view),
        "plan on an engine": names["store"].training_set(spine, view).plan,
        "store": names["store"],
        "training set": names["store"].training_set(spine, view),
        "document": names["store"].catalog.get("note", EVIL),
        "target": Target("prod", f"duckdb:///{EVIL}/file.duckdb", sources={"flights": EVIL}),
        "certificate": proof,
        "publication": publication(proof),
        "diff": Diff(EVIL, "new", (Change("owner", EVIL, EVIL, None, True), Change("tags", EVIL, None, EVIL, False))),
        "lineage": lineage(),
        "profile": profile(),
        **others(view, spine, names["store"].catalog),
    }


def lineage() -> Lineage:
    view, runs = Node("view", EVIL), [Node("training_set", EVIL, f"run {EVIL}{n}") for n in range(60)]
    return Lineage((view,), (Edge(Node(EVIL, EVIL), view),), tuple(Edge(view, run, EVIL) for run in runs))


def profile() -> Profile:
    number = Distribution(EVIL, EVIL, 10, 2, 3, EVIL, EVIL, 1.5, (0.0, 1.0, 2.0), (7, 1))
    text = Distribution("text", "string", 10, 10, 0, None, None, None, (), ())
    moment = datetime(2013, 1, 2)
    return Profile(EVIL, EVIL, 10, moment + timedelta(days=1), moment, "f" * 64, (number, text))


def lag() -> LagProfile:
    moment = datetime(2013, 1, 2)
    rows = pl.DataFrame({EVIL: [moment, moment], "known": [moment, None]})
    return fsnb.Source("legs", rows, event_time=EVIL, available="known").profile_lag()


def certificate(*, ok: bool) -> Certificate:
    return Certificate(
        view=EVIL,
        fingerprint="f" * 64,
        rows=1234,
        strata=((EVIL, 7),),
        sides=(("local", EVIL), ("target", EVIL)),
        oracle=EVIL,
        ibis=EVIL,
        columns=(Column(EVIL, (EVIL, EVIL), 0 if ok else 3, 0, 0.5, 0.25),),
        differences=() if ok else (Difference(EVIL, ((EVIL, EVIL),), (("local", EVIL), ("target", "2"))),),
    )


def publication(proof: Certificate) -> Publication:
    now = datetime(2013, 1, 2, 3, 4, 5)
    names = ("history", "current", "latest", "latest_history")
    return Publication(
        view=EVIL,
        version=3,
        fingerprint="f" * 64,
        target=EVIL,
        tables=tuple((name, f"main.{name}{EVIL}") for name in names),
        run_id="1",
        rows_staged=1,
        rows_appended=20_000,
        rows_upserted=3,
        rows_current=4_000,
        rows_withdrawn=5,
        when_missing=(),
        end=now,
        started=now,
        finished=now + timedelta(seconds=2),
        certificate=proof,
    )


def test_every_kind_of_value_is_escaped_and_loads_nothing(values: dict[str, Any]) -> None:
    assert {type(value) for value in values.values()} == {*cards.CARDS, DriftReport}
    for name, value in values.items():
        read = checked(html.of(value))
        assert EVIL in read.words, name


def test_html_says_what_the_text_says(values: dict[str, Any]) -> None:
    for value in (value for value in values.values() if type(value) in cards.CARDS):
        card = cards.of(value)
        said = " ".join(checked(html.card(card)).words.split())
        for name, cell in card.facts:
            assert name in said
            for part in (cell,) if isinstance(cell, str) else cell:
                assert " ".join(part.split()) in said
                assert part in repr(card)


def test_frame_has_the_references_figures_and_changes_below_and_numbers_to_the_right() -> None:
    rows = {
        "slice": ["a", "b"],
        "n": [1200, 5],
        "n_ref": [7, None],
        "share": [0.25, 0.0004],
        "verdict": ["alert", "ok"],
    }
    rows |= {"auc": [0.7, None], "auc_low": [0.6, None], "auc_high": [0.8, None], "auc_change": [-0.01, 0.0]}
    shown = wording.frame(pl.DataFrame(rows))
    assert shown.columns == ("slice", "n", "share", "verdict", "auc")
    assert shown.rows[0] == ("a", ("1,200", "7"), "25.0%", "alert", ("0.700 [0.600, 0.800]", "-0.0100"))
    assert shown.rows[1] == ("b", ("5", ""), "0.04%", "ok", "")
    drawn = html.card(Card("slices", "worst first", tables=(shown,)))
    assert '<td class="fsnb-number">1,200<br>7</td>' in drawn
    assert drawn.count('<th scope="col" class="fsnb-number">') == 3
    assert "✗ alert" in drawn


def test_text_obeys_no_control_character() -> None:
    said = repr(Card("view", "v", "a\x1b[31mred\x07", facts=(("owner", "o\x1b]0;x"),)))
    assert said.splitlines() == ["view v", "a\ufffd[31mred\ufffd", "  owner  o\ufffd]0;x"]


def test_text_columns_stand_under_their_heads() -> None:
    table = Table("t", ("name", "n", "all"), (("a", Number("7"), ("x", "y")), ("long", Number("1,000"), "z")))
    assert repr(Card("kind", "k", tables=(table,))).splitlines()[1:] == [
        "  t",
        "    name  n      all",
        "    a         7  x, y",
        "    long  1,000  z",
    ]


def test_marks_say_in_words_and_shape_what_colour_says() -> None:
    card = Card("k", "t", facts=(("a", Good("agrees")), ("b", Bad("differs")), ("c", Code("x")), ("d", Code(""))))
    said = html.card(card)
    assert '<span class="fsnb-good">✓ agrees</span>' in said
    assert '<span class="fsnb-bad">✗ differs</span>' in said
    assert "<code>x</code>" in said
    assert "<code></code>" not in said


@pytest.mark.parametrize(("ok", "word", "mark"), [(True, "agrees", "✓"), (False, "differs", "✗")])
def test_certificate_says_its_verdict(ok: bool, word: str, mark: str) -> None:
    said = checked(html.of(certificate(ok=ok))).words
    assert f"{mark} {word}" in said
    assert ("the first that differ" in said) is not ok


def test_oracle_is_mentioned_only_where_it_was_not_used() -> None:
    used = replace(certificate(ok=True), oracle="used")
    assert "oracle" not in dict(cards.of(used).facts)
    assert dict(cards.of(certificate(ok=True)).facts)["oracle"] == EVIL


# ---------------------------------------------------------------------- the drawing


def drawn(**given: Any) -> str:
    rules: dict[str, Any] = {"lag": timedelta(0), "refresh": None, "closed": "right", "spans": ()}
    svg = draw(Timeline(**(rules | given)))
    Read(svg)
    return svg


DAY = timedelta(days=1)
WEEK = ("7d", 7 * DAY, timedelta(0))


def ends(svg: str) -> list[tuple[int, bool]]:
    """Where the ends of spans are, and whether they are filled."""
    found = re.findall(r'<circle cx="(\d+)" cy="[\d.]+" r="4" fill="([^"]+)"', svg)
    return [(int(x), fill.startswith("#")) for x, fill in found]


@pytest.mark.parametrize(
    ("closed", "filled"),
    [("right", [False, True]), ("left", [True, False]), ("both", [True, True]), ("neither", [False, False])],
)
def test_filled_ends_belong_to_the_window(closed: str, filled: list[bool]) -> None:
    assert [fill for _, fill in ends(drawn(closed=closed, spans=(WEEK,)))] == filled


def test_moments_stand_in_order_and_equal_ones_together() -> None:
    svg = drawn(lag=DAY, spans=(("1d", DAY, timedelta(0)), WEEK, ("7d, offset 7d", 14 * DAY, 7 * DAY)))
    (day, now), (week, again), (two_weeks, before) = [tuple(x for x, _ in ends(svg)[i : i + 2]) for i in (0, 2, 4)]
    assert two_weeks < before == week < day < now == again


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "c = t"),
        ({"lag": timedelta(minutes=15)}, "c = t - 15m"),
        ({"refresh": timedelta(hours=1)}, "c = last 1h tick ≤ t"),
        ({"lag": timedelta(minutes=15), "refresh": timedelta(hours=1)}, "c = last 1h tick ≤ t - 15m"),
    ],
)
def test_cutoff_is_stated(given: dict[str, timedelta], said: str) -> None:
    svg = drawn(spans=(WEEK,), **given)
    assert f">{said}</text>" in svg
    assert ("asked at t" in svg) is bool(given)


def test_span_without_a_beginning_has_an_arrow_and_one_end() -> None:
    svg = drawn(spans=(("all that is seen", None, timedelta(0)),))
    assert len(ends(svg)) == 1
    assert 'aria-label="Timeline, not to scale. all that is seen: from the beginning to c"' in svg


def test_labels_of_the_drawing_are_escaped() -> None:
    svg = drawn(spans=((EVIL, DAY, timedelta(0)),))
    assert Read(svg).tags.keys() <= TAGS
    assert unescape(svg).count(EVIL) == 2  # the label of the picture, and of the span


def test_view_draws_its_own_rules(values: dict[str, Any]) -> None:
    timeline = cards.of(values["view"]).timeline
    assert timeline == Timeline(
        timedelta(minutes=15),
        None,
        "right",
        (("1d", DAY, timedelta(0)), ("7d, offset 7d", 14 * DAY, 7 * DAY)),
    )


@pytest.mark.parametrize(
    ("make", "spans"),
    [
        (lambda t: {"n": t.count()}, (("all that is seen", None, timedelta(0)),)),
        (lambda t: {"last": t.arr_delay}, (("the latest row", None, timedelta(0)),)),
    ],
)
def test_view_without_windows_looks_back_for_ever(make: Callable[..., Any], spans: tuple[Any, ...]) -> None:
    frame = pl.DataFrame({"k": ["a"], "at": [datetime(2013, 1, 1)], "arr_delay": [1.0]})
    source = fsnb.Source("legs", frame, event_time="at")
    view = fsnb.FeatureView("v", entity=fsnb.Entity("e", "k"), source=source, features=make)
    timeline = cards.of(view).timeline
    assert timeline is not None
    assert timeline.spans == spans


def test_static_view_has_no_timeline() -> None:
    source = fsnb.Source("planes", pl.DataFrame({"k": ["a"], "seats": [2]}), event_time=None)
    view = fsnb.FeatureView("v", entity=fsnb.Entity("e", "k"), source=source, features={"seats": ibis._.seats})
    assert cards.of(view).timeline is None
    assert "<svg" not in html.of(view)


def test_table_that_a_view_prepares_is_told(values: dict[str, Any]) -> None:
    assert [title for title, _ in cards.of(values["view"]).notes] == ["the table its features stand on"]
    frame = pl.DataFrame({"tailnum": ["a"], "dep_time": [datetime(2013, 1, 1)], "arr_delay": [1.0]})
    plain = plane_delays(fsnb.Source("flights", frame, event_time="dep_time"))
    assert cards.of(plain).notes == ()


# ---------------------------------------------------------------------- in a notebook


def test_terminal_keeps_plain_text(defined: Notebook) -> None:
    bundle = defined.ok("plane_delays").shown[0]
    assert bundle["text/plain"] == repr(defined["plane_delays"])
    assert bundle["text/html"] == html.card(catalogued.known(defined["store"], defined["plane_delays"]))
    assert "version 1 of 1" in bundle["text/html"]
    assert "made from" in bundle["text/html"]


def test_progress_is_escaped() -> None:
    task = Task(EVIL)
    task(EVIL)
    said = Shown(task)._repr_html_()
    assert "<script" not in said
    assert "<img" not in said
    assert unescape(said).count(EVIL) == 2
