"""The preview as a page: well-formed, alone, escaped, and nothing drawn over something else."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import ibis
import polars as pl
import pytest

from fsnb.model import Entity, FeatureView, Source, Spine, Window
from fsnb.training import TrainingSet, html
from fsnb.training.timeline import WIDTH, draw, ticks
from tests.training.conftest import ASKED, asof_view, at, legs, spine, train_on, window_view

NASTY = "<script>alert('x')</script>\"&'\n</svg>"
LETTER = 7.5  # generous for text of 11 pixels


def svg_of(page: str) -> list[ET.Element]:
    return [ET.fromstring(found) for found in re.findall(r'<svg class="fsnb-timeline".*?</svg>', page, re.DOTALL)]


def marks_of(svg: ET.Element) -> Iterator[tuple[float, float]]:
    for group in svg.iter("g"):
        if place := re.fullmatch(r"translate\((.+),(.+)\)", group.get("transform", "")):
            yield float(place[1]), float(place[2])


def boxes_of(svg: ET.Element) -> list[tuple[float, float, float, str]]:
    """Left, right, height and words of each text."""
    found = []
    for node in svg.iter("text"):
        words, x = node.text or "", float(node.get("x", 0))
        left = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[node.get("text-anchor", "start")] * LETTER * len(words)
        found.append((left, left + LETTER * len(words), float(node.get("y", 0)), words))
    return found


class Balanced(HTMLParser):
    """Knows which tags are open; fails on one that is closed out of turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.append((tag, dict(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def busy() -> TrainingSet:
    """Two hundred rows of one nasty key, some of them late, seen through windows, a ttl and a whole history."""
    moments = [at(i * 1.3) for i in range(200)]
    late = [timedelta(minutes=(i * 37) % 600) for i in range(200)]
    data = pl.DataFrame(
        {"tail": [NASTY] * 200, "left": moments, "landed": [m + d for m, d in zip(moments, late, strict=True)]}
        | {"delay": [float(i) for i in range(200)], "seats": list(range(200)), "note": [NASTY * 9] * 200}
    )
    source = legs(data)
    plane = Entity("plane", keys="tail")
    name = "a_feature_with_a_name_that_goes_on_and_on_until_nobody_can_remember_how_it_began"
    views = [
        FeatureView(
            "many",
            entity=plane,
            source=source,
            features=lambda t: {"n": t.count(), name: t.delay.mean()},
            windows=["30m", "1d", Window("7d", "1d")],
            lag="2h",
        ),
        FeatureView("all_of_it", entity=plane, source=source, features=lambda t: {"ever": t.count()}),
        FeatureView("latest", entity=plane, source=source, features=lambda t: {"note": t.note}, ttl="6h"),
    ]
    rows = pl.DataFrame({"tail": [NASTY] * 2, "asked": [at(210), at(0)], "late": [1, 0], "words" * 20: ["w" * 99] * 2})
    return train_on(ibis.duckdb.connect(), views, spine(rows))


@pytest.fixture(scope="module")
def page(busy: TrainingSet) -> str:
    return busy.preview(rows=[0, 1]).to_html()


def test_page_is_well_formed_and_stands_alone(page: str) -> None:
    tags = Balanced(page).tags
    assert {"script", "link", "iframe", "img", "object", "a"}.isdisjoint(tag for tag, _ in tags)
    attributes = {name for _, attrs in tags for name in attrs}
    assert {"src", "href", "xlink:href"}.isdisjoint(attributes)
    assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import|https?:", page)


def test_every_value_is_escaped(page: str) -> None:
    assert "<script" not in page
    assert "alert(" in page, "the value is there, as text"


def test_cards_say_value_rules_sentence_and_rows(train: TrainingSet) -> None:
    whys = [train.why(1, name) for name in ("mean_1d", "delay")]
    page = html.page(whys)
    text = re.sub(r"<(title|style)>.*?</\1>|<[^>]+>", "\n", page, flags=re.DOTALL)
    for why in whys:
        shown = text.replace("&lt;", "<").replace("\n", " ")
        assert why.sentence in shown
        assert why.rules in shown
    assert page.count("<tr>") == 2 * 5
    assert page.count("<details open>") == 2
    assert ">1.5<" in page
    assert html.page(whys[:1]) == whys[0]._repr_html_()


def test_shapes_tell_outcomes_apart_and_the_legend_names_them(train: TrainingSet) -> None:
    page = train.preview(1).to_html()
    legend = page[page.index('class="fsnb-legend"') :]
    words = re.findall(r"</svg>([a-z ]+)</span>", legend)
    assert words == ["used", "superseded", "future", "not yet known", "outside the window", "would have leaked"]


def test_timeline_has_a_role_and_says_the_sentence(train: TrainingSet) -> None:
    why = train.why(1, "n_1d")
    (svg,) = svg_of(why._repr_html_())
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == f"Timeline. {why.sentence}"
    titles = [node.text for node in svg.iter("title")]
    assert titles[1] == "not yet known, would have leaked: 2024-01-01 02:00, known from 2024-01-01 05:00"


def test_timeline_places_rows_by_time(train: TrainingSet) -> None:
    (svg,) = svg_of(train.why(1, "n_1d")._repr_html_())
    xs = [x for x, _ in marks_of(svg)]
    assert xs == sorted(xs)
    assert len(xs) == 4
    band = next(svg.iter("rect"))
    left, right = float(band.get("x", 0)), float(band.get("x", 0)) + float(band.get("width", 0))
    assert [left < x <= right for x in xs] == [True, True, True, False]


def test_no_mark_covers_another_and_all_is_inside(page: str) -> None:
    drawings = svg_of(page)
    assert len(drawings) == 10, "features that met the same rows share one"
    for svg in drawings:
        width, height = (float(n) for n in svg.get("viewBox", "").split()[2:])
        marks = sorted(marks_of(svg), key=lambda place: (place[1], place[0]))
        assert all(6 <= x <= width - 6 and 6 <= y <= height - 20 for x, y in marks)
        assert all(b[0] - a[0] >= 12 for a, b in pairwise(marks) if a[1] == b[1])


def test_no_words_cover_others_and_all_are_inside(page: str) -> None:
    for svg in svg_of(page):
        boxes = boxes_of(svg)
        assert {"cutoff", "asked"} <= {words for *_, words in boxes}
        assert all(left >= 0 and right <= WIDTH for left, right, *_ in boxes), boxes
        ordered = sorted(boxes, key=lambda box: (box[2], box[0]))
        assert all(b[0] > a[1] for a, b in pairwise(ordered) if a[2] == b[2]), ordered


def test_crowd_is_drawn_up_to_a_limit_that_is_told() -> None:
    moments = [at(i / 20) for i in range(400)]
    data = {"tail": ["a"] * 400, "left": moments, "landed": moments, "delay": [1.0] * 400, "seats": [1] * 400}
    rows = ASKED.with_columns(asked=pl.lit(at(20)))
    why = train_on(ibis.duckdb.connect(), [window_view(legs(pl.DataFrame(data)))], spine(rows)).why(1, "n_1d")
    assert len(list(marks_of(svg_of(draw(why))[0]))) == 300
    assert "Drawn are the last 300 of 400 rows." in draw(why)


@pytest.mark.parametrize("moment", [datetime(1, 1, 2), datetime(9999, 12, 31, 23), datetime(1969, 12, 31, 23, 59)])
def test_ends_of_the_calendar_are_drawn(moment: datetime) -> None:
    data = pl.DataFrame({"tail": ["a"], "left": [moment], "landed": [moment], "delay": [1.0], "seats": [1]})
    rows = pl.DataFrame({"tail": ["a"], "asked": [moment], "late": [1]})
    source = legs(data)
    con = ibis.polars.connect()
    train = train_on(con, [window_view(source)["n_1d"], asof_view(source)["delay"]], spine(rows))
    assert train.why(0, "delay").value == 1.0
    assert len(svg_of(train.preview().to_html())) == 2


@pytest.mark.parametrize(
    "length",
    [timedelta(microseconds=3), timedelta(seconds=40), timedelta(hours=7), timedelta(days=9), timedelta(days=9999)],
)
def test_ticks_are_few_round_and_inside(length: timedelta) -> None:
    start = datetime(2024, 2, 28, 13, 7, 9, 123)
    found = ticks(start, start + length)
    assert 1 <= len(found) <= 9
    assert all(start <= moment <= start + length for moment, _ in found)
    assert len({words for _, words in found}) == len(found)


def test_nothing_to_draw_is_said_in_words(con: Any) -> None:
    planes = Source("planes", pl.DataFrame({"tail": ["a"], "built": [1999]}), event_time=None)
    built = FeatureView("built", entity=Entity("plane", "tail"), source=planes, features=lambda t: {"built": t.built})
    train = train_on(con, [built, window_view(legs())["n_1d"]], Spine(ASKED, at="asked"))
    pages = [html.page((train.why(row, name),)) for row, name in [(1, "built"), (2, "n_1d"), (4, "n_1d")]]
    assert [svg_of(page) for page in pages] == [[], [], []]
    for page in pages:
        Balanced(page)
    assert "built is 1999" in pages[0]
    assert "asked is NULL, so no row is visible" in pages[2]


def test_features_that_leak_alike_say_it_once_with_the_value_of_each(train: TrainingSet) -> None:
    names = ("mean_1d", "seats_1d")
    mean, seats = (train.why(1, name) for name in names)
    page = html.page((mean, seats), together=True)
    assert page.count("Would have leaked: 1 row.") == 1
    assert "A join on event time alone uses it and gives mean_1d 2, seats_1d 6." in page
