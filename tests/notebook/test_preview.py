"""The preview widget's Python side: what it shows, what the browser may ask for, how much it sends."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ibis import _

import fsnb
from fsnb.notebook.preview import bundle, code, widget_of
from fsnb.notebook.preview.sliders import sliders
from fsnb.notebook.preview.widget import PreviewWidget
from fsnb.training import Preview
from fsnb.training.trial import Rules
from tests.notebook.conftest import Notebook
from tests.notebook.test_kernel import executed

NASTY = "<script>alert('x')</script>\"&'\n</div>" + "x" * 10_000
START = datetime(2024, 1, 1)
WIDGET = "application/vnd.jupyter.widget-view+json"


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A notebook's variables: a store, two views, a spine with a nasty key, a training set of 22 features."""
    return made(tmp_path_factory.mktemp("store"), NASTY)


def made(folder: Path, text: str) -> dict[str, Any]:
    store = fsnb.open(folder)
    events = pl.DataFrame(
        {
            "who": [[text, "b", "c"][i % 3] for i in range(600)],
            "at": [at(i / 2) for i in range(600)],
            "known": [at(i / 2 + i % 5) for i in range(600)],
            **{f"x{n}": [None if i % 9 == n else float(i * n % 31) for i in range(600)] for n in range(7)},
            "note": [text if i % 4 else None for i in range(600)],
        }
    )
    source = store.source("events", events, event_time="at", available="known")
    thing = fsnb.Entity("thing", "who")
    sums = fsnb.FeatureView(
        "sums",
        entity=thing,
        source=source,
        features=lambda t: {f"s{n}": t[f"x{n}"].sum() for n in range(6)} | {"n": t.count()},
        windows=["6h", "1d"],
        lag="30m",
    )
    last = fsnb.FeatureView(
        "last",
        entity=thing,
        source=source,
        features=lambda t: {f"l{n}": t[f"x{n}"] for n in range(7)} | {"note": t.note},
        ttl="6h",
    )
    asked = pl.DataFrame(
        {
            "who": [[text, "b", "c", None][i % 4] for i in range(80)],
            "asked": [at(i * 4) for i in range(80)],
            "y": [0] * 80,
        }
    )
    spine = fsnb.Spine(asked, at="asked", label="y")
    train = store.training_set(spine, [sums, last])
    return {"store": store, "sums": sums, "last": last, "spine": spine, "train": train}


@pytest.fixture
def preview(names: dict[str, Any]) -> Preview:
    return names["train"].preview(40)


class Browser:
    """What a browser would do: it sends messages, and keeps what comes back."""

    def __init__(self, widget: PreviewWidget) -> None:
        self.widget = widget
        self.heard: list[Any] = []
        widget.send = lambda content, buffers=None: self.heard.append(content)

    def ask(self, do: Any, value: Any = None) -> str:
        self.heard.clear()
        self.widget._hear(self.widget, {"do": do, "value": value}, [])
        assert self.heard[-1] == {"done": True}, "the browser waits for it"
        return self.widget.status

    @property
    def listed(self) -> list[int]:
        return [
            int(number) for number in re.findall(r'role="option" data-do="row" data-value="(\d+)"', self.widget.options)
        ]


@pytest.fixture
def browser(preview: Preview) -> Browser:
    return Browser(widget_of(preview))


class Text(HTMLParser):
    """A page's words and tags; fails where a tag is closed out of turn."""

    VOID = ("input", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words, self.open, self.tags = "", [], set()
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "href")]
        self.open += [] if tag in self.VOID else [tag]

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def html_of(widget: PreviewWidget) -> Iterator[str]:
    for name in ("filters", "options", "pager", "views", "rules", "actions", "effect", "body"):
        yield getattr(widget, name)


# ---------------------------------------------------------------------- what is shown


def test_every_part_is_well_formed_and_every_value_is_text(browser: Browser) -> None:
    browser.ask("view", "last")
    browser.ask("rules", {"lag": "2h"})
    for page in html_of(browser.widget):
        assert "<script" not in page
        assert "script" not in Text(page).tags
    assert "<script>alert(" in Text(browser.widget.options).words, "the key is there, as text"
    assert "<script>alert(" in Text(browser.widget.body).words


def test_what_the_widget_shows_is_what_python_says(browser: Browser, preview: Preview) -> None:
    browser.ask("rules", {"lag": "3h", "windows": {"6h": "12h"}})
    trial = preview.trial()
    assert trial.words == "lag 3h instead of 30m, window 6h of 12h instead of 6h"
    assert trial.changed > 0
    assert f"{trial.changed} of {trial.rows} rows change" in Text(browser.widget.effect).words
    words = Text(browser.widget.body).words
    for why in trial.whys[:12]:
        assert why.feature in words
        assert f"{why.value:.6g}" in words
    assert preview.what_if(lag="3h", windows={"6h": "12h"}) is trial


@pytest.mark.parametrize("text", ["N954UW", NASTY], ids=["plain", "10 kB a value"])
def test_payload_and_fallback_are_each_under_100_kb(text: str, tmp_path: Path) -> None:
    preview = made(tmp_path, text)["train"].preview(40)
    browser = Browser(widget_of(preview))
    assert len(json.dumps(bundle(preview)).encode()) < 100_000
    for view in preview.views:
        browser.ask("view", view)
        browser.ask("rules", {"lag": "2h"})
        state = sum(len(value.encode()) for value in browser.widget.get_state().values() if isinstance(value, str))
        assert state < 100_000
    assert len(preview.train.features) == 22


def test_fallback_is_static_and_says_the_same(preview: Preview) -> None:
    data, _ = bundle(preview)
    assert set(data) == {WIDGET, "text/html", "text/plain"}
    assert data["text/html"] == preview.to_html()
    assert data["text/plain"].splitlines() == [f"row 40: {why.sentence}" for why in preview.whys]
    assert "script" not in Text(data["text/html"]).tags
    assert bundle(preview)[0][WIDGET] == data[WIDGET], "one widget per preview"


# ---------------------------------------------------------------------- what the browser may ask for


def test_rows_are_chosen_stepped_and_gone_to(browser: Browser, preview: Preview) -> None:
    assert browser.listed == list(range(40, 50)), "the page with the row"
    browser.ask("row", "43")
    assert preview.row == 43
    browser.ask("step", 9)
    assert (preview.row, browser.listed) == (52, list(range(50, 60)))
    browser.ask("step", -1e9)
    assert (preview.row, browser.listed[0]) == (0, 0)
    browser.ask("go", "79")
    assert (preview.row, browser.listed[-1]) == (79, 79)
    assert 'data-value="79" aria-selected="true"' in browser.widget.options
    browser.ask("page", "0")
    assert (preview.row, browser.listed[0]) == (79, 0)


def test_no_search_for_cycles_holds_an_answer_up(browser: Browser) -> None:
    searching: list[bool] = []
    browser.widget.send = lambda content, buffers=None: searching.append(gc.isenabled())
    browser.widget._hear(browser.widget, {"do": "rules", "value": {"lag": "2h"}}, [])
    assert searching == [False]
    assert gc.isenabled()


def test_search_and_filters_narrow_the_list(browser: Browser, preview: Preview) -> None:
    browser.ask("search", "ALERT(")
    assert browser.listed == [0, 4, 8, 12, 16, 20, 24, 28, 32, 36]
    browser.ask("filter", "null")
    assert browser.listed == [i for i in preview.matching("null").tolist() if i % 4 == 0][:10]
    browser.ask("search", "nobody")
    assert browser.listed == []
    browser.ask("search", "")
    browser.ask("filter", "changed")
    assert browser.listed == []
    browser.ask("rules", {"lag": "3h"})
    assert browser.listed == preview.matching("changed").tolist()[:10] != []
    browser.ask("reset")
    assert browser.listed == []
    assert "disabled" in browser.widget.actions


def test_row_and_rules_set_in_python_move_the_widget(browser: Browser, preview: Preview) -> None:
    preview.row = 3
    assert browser.listed == list(range(10))
    assert "Row 3" in Text(browser.widget.body).words
    preview.view = "last"
    preview.what_if(ttl="none")
    assert "ttl none instead of 6h" in browser.widget.effect


@pytest.mark.parametrize(
    ("do", "value", "said"),
    [
        ("row", 80, "the training set has no row 80. It has 80, numbered from 0."),
        ("row", "x", "the preview widget: 'row' does not take 'x'."),
        ("row", None, "the preview widget: 'row' does not take None."),
        ("view", "lst", "has no feature view 'lst'. Did you mean 'last'?"),
        ("filter", "<b>", "a preview has no filter '<b>'."),
        ("rules", {"ttl": "1d"}, "ttl is for as-of features"),
        ("rules", {"lag": "soon"}, "lag 'soon' is not a duration."),
        ("rules", 7, "the preview widget: 'rules' does not take 7."),
        ("__init__", None, "the preview widget has no message '__init__'."),
        (["row"], 1, "the preview widget has no message"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_moves(browser: Browser, do: Any, value: Any, said: str) -> None:
    before = list(html_of(browser.widget))
    assert said in browser.ask(do, value)
    assert list(html_of(browser.widget)) == before
    assert browser.ask("step", 1) == ""


def test_a_message_that_is_none_is_answered(browser: Browser) -> None:
    browser.widget._hear(browser.widget, "row", [])
    assert browser.heard == [{"done": True}]


def test_many_features_are_paged(browser: Browser) -> None:
    assert "features 1\N{EN DASH}12 of 14" in Text(browser.widget.body).words
    browser.ask("features", 1)
    assert "features 13\N{EN DASH}14 of 14" in Text(browser.widget.body).words
    browser.ask("features", 99)
    assert "features 13\N{EN DASH}14 of 14" in Text(browser.widget.body).words


def test_what_scrolls_can_be_scrolled_by_keyboard(browser: Browser) -> None:
    browser.ask("rules", {"lag": "2h"})
    for page in (browser.widget.effect, browser.widget.body):
        scrolled = page.count('<div class="fsnb-scroll"')
        assert scrolled == page.count('<div class="fsnb-scroll" tabindex="0" role="group"') > 0


def test_sliders_step_through_round_lengths_and_hold_the_own_one(names: dict[str, Any]) -> None:
    odd = names["last"].with_rules(ttl="77m", lag="0s")
    lag, ttl = sliders(odd, Rules.of(odd))
    assert lag.words[:3] == ("0s", "1m", "5m")
    assert ttl.words[-1] == "none"
    assert ttl.words[ttl.steps.index(ttl.own)] == "1h17m"
    assert [slider.label for slider in sliders(names["sums"], Rules.of(names["sums"]))] == [
        "lag",
        "window 6h",
        "window 1d",
    ]


# ---------------------------------------------------------------------- code


@pytest.mark.parametrize(
    ("view", "rules", "line"),
    [
        ("last", {"lag": "2h", "ttl": "none"}, 'last = last.with_rules(lag="2h", ttl=None)'),
        ("sums", {"windows": {"6h": "2h"}}, 'sums = sums.with_rules(windows=["2h", "1d"])'),
    ],
)
def test_code_gives_what_was_tried(
    browser: Browser,
    preview: Preview,
    names: dict[str, Any],
    view: str,
    rules: dict[str, Any],
    line: str,
    monkeypatch: Any,
) -> None:
    from types import SimpleNamespace

    from fsnb.notebook.preview import widget

    monkeypatch.setattr(widget, "get_ipython", lambda: SimpleNamespace(user_ns=names))
    browser.ask("view", view)
    browser.ask("rules", rules)
    browser.ask("insert")
    code = browser.heard[0]["code"]
    assert line in code.splitlines()
    assert code.splitlines()[-1] == "train = store.training_set(spine, [sums, last])"
    ran = dict(names)
    exec(code, ran)
    row = ran["train"].to_polars().row(40, named=True)
    tried = {
        why.feature.replace("_6h", "_2h") if view == "sums" else why.feature: why.value for why in preview.trial().whys
    }
    assert {name: row[name] for name in tried} == pytest.approx(tried)


def test_windows_that_aggregates_say_have_sliders_and_code(names: dict[str, Any]) -> None:
    sums, share = names["sums"], fsnb.over(_.count(), "6h") / fsnb.over(_.count(), "2d")
    compared = fsnb.FeatureView("compared", entity=sums.entity, source=sums.source, features={"share": share})
    train = names["store"].training_set(names["spine"], compared)
    preview, given = train.preview(40), names | {"compared": compared, "train": train}
    assert [slider.label for slider in sliders(compared, preview.rules())] == ["lag", "over 6h", "over 2d"]
    preview.what_if(over={"6h": "12h"})
    written = code.cell(preview, given)
    assert 'compared = compared.with_rules(over={"6h": "12h"})' in written.splitlines()
    exec(written, given)
    assert given["train"].to_polars()["share"][40] == pytest.approx(preview.trial().whys[0].value)


# ---------------------------------------------------------------------- in a kernel


def test_preview_shows_as_html_where_there_is_no_kernel(defined: Notebook) -> None:
    defined.ok("%train spine plane_delays")
    (shown,) = defined.ok("train.preview(1)").shown
    assert set(shown) == {"text/plain", "text/html"}


def test_preview_is_a_widget_in_a_kernel_without_the_extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    from tests.notebook.conftest import SETUP

    view = "v = fsnb.FeatureView('v', entity=plane, source=flights, features={'legs': _.count()}, windows='1d')"
    cells = [
        SETUP + view,
        "w = store.training_set(spine, v).preview()\nw",
        "w.row, w.explain().height, len(w.to_html()) > 999",
    ]
    _, shown, said = executed(cells, tmp_path, allow_errors=False)
    assert set(shown.outputs[0]["data"]) == {"text/plain", "text/html", WIDGET}
    assert said.outputs[0]["data"]["text/plain"] == "(0, 3, True)"
