"""The drift widget without a browser: it shows what the report says, and sends little."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from ibis import _

import fsnb
from fsnb import quality
from fsnb.errors import DefinitionError, UnknownName
from fsnb.notebook import asking, html
from fsnb.notebook.drift import bins, parts, times
from fsnb.notebook.drift.marks import figure
from fsnb.notebook.drift.widget import DriftWidget
from tests.notebook.hostile import EVIL, drift_report
from tests.notebook.test_html import checked

START = datetime(2013, 1, 7)  # a Monday
WEEK = timedelta(days=7)


def rows(weeks: int, shift: float = 0.0, seed: int = 0) -> pl.DataFrame:
    """400 rows a week; `moves` rises by `shift` from the third week on, `part` halves them."""
    draw = np.random.default_rng(seed)
    n = 400 * weeks
    late = np.arange(n) >= 800
    at = [START + WEEK * (place // 400) + timedelta(minutes=int(place % 400)) for place in range(n)]
    return pl.DataFrame(
        {
            "still": draw.normal(size=n),
            "moves": draw.normal(size=n) + shift * late,
            "word": draw.choice(["a", "b", "c"], n),
            "part": np.arange(n) % 2,
            "at": at,
        }
    )


BEFORE, AFTER = rows(2, seed=1), rows(6, shift=2.0, seed=2)
COLUMNS = ["still", "moves", "word"]
EVEN = fsnb.Slice("even", _.part == 0)


@pytest.fixture(scope="module")
def report() -> quality.DriftReport:
    return quality.drift(BEFORE, AFTER, columns=COLUMNS)


@pytest.fixture
def widget(report: quality.DriftReport) -> DriftWidget:
    return report.widget(slices=[EVEN])


def asked(widget: DriftWidget, **change: int) -> None:
    """As the browser asks."""
    widget.asked = {**widget.asked, **change, "seq": widget.asked["seq"] + 1}


def listed(widget: DriftWidget) -> list[str]:
    """Names in the order in which they stand."""
    return [unescape(name) for name in re.findall(r'<button[^>]*title="([^"]*)"', widget.rows)]


# ---------------------------------------------------------------------- parts of the rows, counted anew


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_window_is_the_drift_of_its_rows(engine: str) -> None:
    import ibis

    con = getattr(ibis, engine).connect()
    whole = quality.drift(BEFORE, AFTER, columns=COLUMNS, con=con)
    start, end = START + WEEK, START + 3 * WEEK
    part = AFTER.filter(pl.col("at").is_between(start, end, closed="left"))
    direct = quality.drift(BEFORE, part, columns=COLUMNS, con=con)
    assert whole.within(start, end) == direct
    assert whole.within(end=start).n_cur == 400
    assert whole.within() == whole


def test_slice_is_the_drift_of_both_its_sides(report: quality.DriftReport) -> None:
    even = pl.col("part") == 0
    assert report.within(where=EVEN) == quality.drift(BEFORE.filter(even), AFTER.filter(even), columns=COLUMNS)


def test_slice_of_a_baseline_is_refused() -> None:
    found = quality.drift(quality.profile(BEFORE), AFTER)
    with pytest.raises(DefinitionError, match="does not know its slices"):
        found.within(where=EVEN)


def test_column_of_times_is_the_named_one_or_the_only_one(report: quality.DriftReport) -> None:
    assert report.sides is not None
    assert report.sides.time_column() == "at"
    twice = AFTER.with_columns(pl.col("at").alias("again"))
    with pytest.raises(DefinitionError, match="There is: at, again"):
        quality.drift(BEFORE, twice, columns=COLUMNS).over_time()
    assert quality.drift(BEFORE, twice, columns=COLUMNS, at="again").over_time(every="1w").rows[0][0] == START
    with pytest.raises(UnknownName, match="Did you mean 'at'"):
        report.over_time(at="att")
    with pytest.raises(DefinitionError, match="'still' is float64, not a time"):
        report.over_time(at="still")


def test_stretches_are_at_most_sixty_whatever_the_span(report: quality.DriftReport) -> None:
    groups = {start for start, _row in report.over_time().rows}
    assert 1 < len(groups) <= 60
    later = AFTER.with_columns(pl.col("at").dt.offset_by("400y"))
    wide = quality.drift(BEFORE, pl.concat([AFTER, later]), columns=COLUMNS).over_time(columns=["still"])
    assert len(wide.rows) == 2


def test_report_made_by_hand_says_that_it_knows_no_rows(report: quality.DriftReport) -> None:
    from dataclasses import replace

    with pytest.raises(DefinitionError, match="does not know its rows"):
        replace(report, sides=None).over_time()
    assert replace(report, sides=None).widget().brush == {}


# ---------------------------------------------------------------------- what is shown


def test_columns_stand_worst_first_with_psi_and_floor(widget: DriftWidget, report: quality.DriftReport) -> None:
    assert listed(widget)[0] == "moves" == widget.column
    assert set(listed(widget)) == set(COLUMNS)
    row = report["moves"]
    assert f"PSI {figure(row.psi)}, noise floor {figure(row.psi_floor95)}" in widget.rows
    assert "Every row is counted, none is sampled" in widget.head
    assert "800 rows of the reference, 2,400 rows now" in widget.head


def test_chosen_column_shows_its_bins_and_what_each_adds(widget: DriftWidget, report: quality.DriftReport) -> None:
    asked(widget, row=listed(widget).index("still"))
    row = report["still"]
    found = bins.bars(row)
    assert widget.column == "still"
    assert sum(bar.adds for bar in found) == pytest.approx(row.psi, rel=1e-12)
    assert [bar.current for bar in found] == report.bins("still")["current"].to_list()
    for bar in found:
        assert f'<td class="fsnb-number">{bar.current:,}</td>' in widget.detail
    assert f"{len(row.bins)} bins" in widget.detail
    assert "every row counted" in widget.detail
    assert f"Noise floor {figure(row.psi_floor95)}" in widget.detail


def test_many_categories_are_drawn_as_those_that_add_most_and_the_others() -> None:
    many = [f"c{n:03d}" for n in range(60)]
    before, after = pl.DataFrame({"c": many * 20}), pl.DataFrame({"c": (many[:30] * 40) + ["new"] * 300})
    row = quality.drift(before, after)["c"]
    found = bins.bars(row)
    assert len(found) == bins.MOST_CATEGORIES
    assert found[-1].label == "47 others"
    assert sum(bar.adds for bar in found) == pytest.approx(row.psi, rel=1e-12)
    assert sum(bar.current for bar in found) == after.height
    assert "(not in the reference)" in [bar.label for bar in found]


def test_brush_shows_the_drift_of_its_rows(widget: DriftWidget, report: quality.DriftReport) -> None:
    weeks = report.widget(every="1w")
    assert weeks.brush["labels"][0] == "2013-01-07"
    asked(weeks, first=2, last=5)
    assert weeks.window == (START + 2 * WEEK, START + 6 * WEEK)
    assert weeks.report == report.within(*weeks.window)
    assert weeks.report != report
    assert "1,600 rows now with at from 2013-01-21 00:00 to 2013-02-18 00:00 (excluded)" in weeks.head
    assert weeks.answered == 1
    asked(weeks, first=-1, last=-1)
    assert weeks.report == report


def test_window_and_slice_go_together(report: quality.DriftReport) -> None:
    found = report.widget(every="1w", slices=[EVEN])
    found.slice = "even"
    found.window = (START, START + 2 * WEEK)
    even = pl.col("part") == 0
    rows_now = AFTER.filter(even & (pl.col("at") < START + 2 * WEEK))
    assert found.report == quality.drift(BEFORE.filter(even), rows_now, columns=COLUMNS)
    assert "both of slice even" in found.head
    found.slice = None
    assert found.report == report.within(START, START + 2 * WEEK)


def test_drift_over_time_is_the_reports(widget: DriftWidget, report: quality.DriftReport) -> None:
    weeks = report.widget(every="1w")
    direct = report.over_time(every="1w").to_polars().filter(pl.col("column") == "moves")
    shown = weeks.over_time()
    assert shown["psi"].to_list() == direct["psi"].to_list()
    for psi in direct["psi"]:
        assert f'<td class="fsnb-number">{figure(psi)}</td>' in weeks.times
    assert "6 stretches of 7d (UTC), 400 to 400 rows in each, all counted" in weeks.times


def test_stretches_without_rows_leave_a_gap() -> None:
    gap = AFTER.filter((pl.col("at") < START + WEEK) | (pl.col("at") >= START + 4 * WEEK))
    found = times.stretches(quality.drift(BEFORE, gap, columns=COLUMNS).over_time(every="1w"), WEEK)
    assert found is not None
    assert found.places == 6
    assert [point.place for point in found.series["still"]] == [0, 4, 5]


def test_what_a_browser_asks_is_kept_to_what_there_is(widget: DriftWidget) -> None:
    asked(widget, row=99, first=5000, last=-7, part=12)
    assert widget.asked["row"] == len(COLUMNS) - 1
    assert widget.window is None
    assert widget.slice == "even"
    assert widget.note == ""


def test_error_is_shown_and_the_widget_goes_on() -> None:
    found = quality.drift(quality.profile(BEFORE, columns=COLUMNS), AFTER).widget()
    found._slices = (EVEN,)
    asked(found, part=0)
    assert "does not know its slices" in found.note
    assert found.answered == found.asked["seq"]
    asked(found, part=-1)
    assert found.note == ""


def test_what_takes_long_says_so_while_it_lasts(widget: DriftWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def answer(asked: dict[str, int]) -> None:
        end = time.monotonic() + 60
        while not widget.doing and time.monotonic() < end:
            time.sleep(0.01)
        said.append(widget.doing)

    monkeypatch.setattr(asking, "DELAY", 0.0)
    monkeypatch.setattr(widget, "_answer", answer)
    widget.column = "still"
    assert re.fullmatch(r"count anew … \d+ s", said[0])
    assert widget.doing == ""


def test_heading_has_the_names_of_what_is_compared(tmp_path: Path) -> None:
    BEFORE.write_parquet(tmp_path / "may.parquet")
    baseline = quality.profile(BEFORE, columns=COLUMNS, name="spring")
    assert quality.drift(baseline, tmp_path / "may.parquet").name == "may.parquet against spring"
    assert quality.drift(baseline, AFTER).name == "current rows against spring"
    assert quality.drift(BEFORE, AFTER, columns=COLUMNS).name == ""
    assert quality.drift(baseline, AFTER, name="mine").widget().head.count("mine") == 1


def test_names_that_are_not_there_are_refused(widget: DriftWidget) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'moves'"):
        widget.column = "move"
    with pytest.raises(UnknownName, match="It has: even"):
        widget.slice = "odd"


def test_without_times_and_slices_these_parts_are_left_out() -> None:
    found = quality.drift(BEFORE.drop("at"), AFTER.drop("at")).widget()
    assert (found.times, found.slices, found.brush) == ("", "", {})
    assert found.over_time().height == 0
    with pytest.raises(DefinitionError, match=r"report.widget\(at=...\)"):
        found.window = (START, START + WEEK)


@pytest.mark.parametrize("rows_now", [AFTER.head(0), AFTER.head(3), AFTER.select("part", "at")])
def test_little_or_nothing_to_compare_still_shows(rows_now: pl.DataFrame) -> None:
    found = quality.drift(BEFORE, rows_now, columns=COLUMNS)
    checked(found._repr_html_())
    found.widget().to_html()


# ---------------------------------------------------------------------- what goes over the wire, and without one


def wide(columns: int) -> quality.DriftReport:
    draw = np.random.default_rng(3)
    names = [f"feature_number_{n:03d}_mean_over_the_last_7d" for n in range(columns)]
    at = pl.Series("at", [START + timedelta(hours=n) for n in range(600)])
    before, after = (pl.DataFrame(draw.normal(move, 1, (600, columns)), schema=names) for move in (0, 0.3))
    return quality.drift(before.with_columns(at), after.with_columns(at + 5 * WEEK))


def size(widget: Any) -> int:
    return len(json.dumps(widget.get_state(), default=str).encode())


def test_a_hundred_features_are_under_300_kb() -> None:
    found = wide(100).widget()
    assert len(listed(found)) == 101
    assert size(found) < 300_000
    assert len(json.dumps(found._repr_mimebundle_()[0])) < 300_000


def test_hostile_names_and_values_are_text_everywhere() -> None:
    found = drift_report().widget(slices=[fsnb.Slice(EVIL, _.same > 0)])
    pages = (found.head, found.rows, found.detail, found.times, found.slices, found.broken, found.to_html())
    for column in (EVIL, "text"):
        found.column = column
        for page in (*pages, found.detail, found.times, found.slices):
            assert "<script" not in page
            assert "<img" not in page
    assert EVIL in unescape(found.rows)


def test_names_of_10_kb_do_not_fill_the_page() -> None:
    name = "x" * 10_000
    found = quality.drift(BEFORE.rename({"moves": name}), AFTER.rename({"moves": name})).widget()
    assert size(found) < 60_000


def test_static_page_says_the_same_with_no_script(widget: DriftWidget, report: quality.DriftReport) -> None:
    read = checked(widget.to_html())
    assert figure(report["moves"].psi) in read.words
    assert "over time" in read.words
    bundle, _metadata = widget._repr_mimebundle_()
    assert bundle["text/html"] == widget.to_html()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert checked(html.of(report)).words == checked(report._repr_html_()).words


def test_script_imports_and_fetches_nothing(widget: DriftWidget) -> None:
    assert not re.search(r"\bimport\b|fetch\(|https?://(?!www\.w3\.org/2000/svg)|eval\(", widget._esm)


def test_caption_of_a_window_is_of_the_window(report: quality.DriftReport) -> None:
    window = (START, START + WEEK)
    said = parts.head(report.within(*window), window, "at")
    assert "400 rows now with at from 2013-01-07 00:00 to 2013-01-14 00:00 (excluded), UTC" in said
