"""DriftWidget: a drift report to look into. Python counts and draws; `drift.js` shows, and says what was chosen.

What goes over the wire: HTML of the list and of one column, a few numbers for the brush, and back `asked`, in which
`row` is a number in the report's own order (never a name), `first` and `last` are stretches (-1: all of them) and
`part` a slice (-1: all rows). Every answer bears the `seq` of its question, so that the browser knows what it sees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import traitlets

from fsnb.errors import DefinitionError, UnknownName
from fsnb.model import Slice, parse_duration, show_duration
from fsnb.notebook import html
from fsnb.notebook.asking import Asking
from fsnb.notebook.drift import listing, parts, times
from fsnb.notebook.drift.marks import cut, figure, word
from fsnb.progress import Tell, task
from fsnb.quality import DriftReport
from fsnb.quality.sides import length

HERE = Path(__file__).parent
ALL = -1
EMPTY = {"row": 0, "first": ALL, "last": ALL, "part": ALL, "seq": 0}


class DriftWidget(Asking):
    """A drift report in a notebook; made by `DriftReport.widget()`.

    Parameters
    ----------
    report
        What was found of all rows.
    at, every, slices
        See `DriftReport.widget`.
    """

    _esm = "\n".join(path.read_text(encoding="utf-8") for path in (HERE.parent / "rows.js", HERE / "drift.js"))
    _css = html.STYLE
    asked = traitlets.Dict(EMPTY).tag(sync=True)
    head = traitlets.Unicode().tag(sync=True)
    rows = traitlets.Unicode().tag(sync=True)
    detail = traitlets.Unicode().tag(sync=True)
    times = traitlets.Unicode().tag(sync=True)
    slices = traitlets.Unicode().tag(sync=True)
    broken = traitlets.Unicode().tag(sync=True)
    brush = traitlets.Dict().tag(sync=True)

    def __init__(
        self, report: DriftReport, *, at: str | None = None, every: Any = None, slices: Sequence[Slice] = ()
    ) -> None:
        self._whole = self.report = report
        self._slices = tuple(slices)
        self._names = [row.column for row in parts.ordered(report)]
        self._numbers = {name: number for number, name in enumerate(self._names)}
        self._sides: dict[int, DriftReport] = {ALL: report}
        with task(f"look into {report.name or 'drift'}") as step:
            step("over time")
            self._at, self._every, self._found = _over_time(report, at, every)
            self._parts = _by_slice(report, self._slices, step)
        super().__init__()
        self.brush = _brush(self._found)
        self._answer(dict(EMPTY))
        self.observe(self._asked, "asked")

    # ------------------------------------------------------------------ what is shown

    @property
    def column(self) -> str:
        """The column that is shown; set it to show another."""
        return self._names[self.asked["row"]] if self._names else ""

    @column.setter
    def column(self, name: str) -> None:
        if name not in self._names:
            raise UnknownName.among("the drift report", "column", name, self._names)
        self._ask(row=self._numbers[name])

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """Which rows count: `start <= time < end`, naive UTC; None: all, those without a time too."""
        first, last = self.asked["first"], self.asked["last"]
        if self._found is None or first == ALL:
            return None
        return self._found.start(first), self._found.start(last + 1)

    @window.setter
    def window(self, window: tuple[datetime, datetime] | None) -> None:
        if window is None:
            self._ask(first=ALL, last=ALL)
            return
        if self._found is None:
            raise DefinitionError("the drift widget has no column of times. Name it: report.widget(at=...).")
        places = [(moment - self._found.first) / self._found.every for moment in window]
        first, last = (max(0, min(int(place), self._found.places - 1)) for place in (places[0], places[1] - 1e-9))
        self._ask(first=min(first, last), last=max(first, last))

    @property
    def slice(self) -> str | None:
        """The slice that is shown, by name; None: all rows."""
        part = self.asked["part"]
        return None if part == ALL else self._slices[part].name

    @slice.setter
    def slice(self, name: str | None) -> None:
        known = [each.name for each in self._slices]
        if name is not None and name not in known:
            raise UnknownName.among("the drift widget", "slice", name, known)
        self._ask(part=ALL if name is None else known.index(name))

    def over_time(self) -> Any:
        """The stretches of the column shown, as a frame: start, rows, PSI, floor, verdict."""
        import polars as pl

        points = self._found.series.get(self.column, ()) if self._found else ()
        rows = [
            (self._found.start(p.place), p.row.n_cur, p.row.psi, p.row.psi_floor95, p.row.verdict)
            for p in points
            if self._found
        ]
        figures = dict.fromkeys(("psi", "psi_floor95"), pl.Float64)
        schema: Any = {"start": pl.Datetime("us"), "n_cur": pl.Int64, **figures, "verdict": pl.String}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def to_html(self) -> str:
        """What is shown as a static page: no script, nothing loaded."""
        return html.section("drift", parts.page(self.report, self._found, self._at, self._every, self.head))

    def _text(self) -> str:
        return repr(self.report)

    # ------------------------------------------------------------------ questions and answers

    def _doing(self) -> str:
        return "count anew"

    def _checked(self, asked: Mapping[str, Any]) -> dict[str, int]:
        return _checked(asked, self)

    def _answer(self, asked: Mapping[str, int]) -> None:
        self.report = self._compared(asked)
        found, name = self._found, self.column
        series, places = (found.series, found.places) if found else ({}, 0)
        with self.hold_sync():
            self.head = parts.head(self.report, self.window, self._at, self.slice or "")
            self.rows = parts.rows(self.report, series, places, name, self._numbers) + parts.LEGEND
            shown = [row for row in self.report if row.column == name]
            self.detail = parts.column(shown[0]) if shown else _gone(name)
            self.times = parts.over_time(found, name, self._at, self._every)
            self.slices = _choices(self._slices, self._parts, name, asked["part"])
            self.broken = parts.violations(self.report)

    def _compared(self, asked: Mapping[str, int]) -> DriftReport:
        """The report of the window and the slice: counted anew, by the same code as the whole."""
        window, part = self.window, asked["part"]
        if part not in self._sides:
            self._sides[part] = self._whole.within(where=self._slices[part])
        of_part = self._sides[part]
        return of_part if window is None else of_part.within(*window, at=self._at)


def _checked(asked: Mapping[str, Any], widget: DriftWidget) -> dict[str, int]:
    """What a browser asked for, kept to what there is."""
    places = widget._found.places if widget._found else 0
    most = {"row": len(widget._names), "first": places, "last": places, "part": len(widget._slices), "seq": 2**53}
    least = {"row": 0, "seq": 0}
    given = {name: int(asked.get(name, EMPTY[name])) for name in EMPTY}
    kept = {name: max(least.get(name, ALL), min(value, most[name] - 1)) for name, value in given.items()}
    first, last = kept["first"], kept["last"]
    kept["first"], kept["last"] = (ALL, ALL) if ALL in (first, last) else (min(first, last), max(first, last))
    kept["row"] = max(kept["row"], 0)
    return kept


def _over_time(report: DriftReport, at: str | None, every: Any) -> tuple[str, str, times.Stretches | None]:
    """The column of times, the length of a stretch, the stretches; nothing where there is no such column."""
    if report.sides is None:
        return "", "", None
    try:
        column = report.sides.time_column(at)
    except DefinitionError:
        if at is not None:
            raise
        return "", "", None
    each: timedelta = parse_duration(every or length(report.sides, column))
    return column, show_duration(each), times.stretches(report.over_time(every=each, at=column), each)


def _by_slice(report: DriftReport, slices: Sequence[Slice], step: Tell) -> dict[tuple[int, str], Any]:
    """Of each slice and column what was found, over all of the time."""
    found: dict[tuple[int, str], Any] = {}
    for part, one in enumerate(slices):
        step(part, len(slices), "by slice")
        found |= {(part, row.column): row for row in report.within(where=one)}
    return found


def _brush(found: times.Stretches | None) -> dict[str, Any]:
    """Where stretches stand in the drawing, and what they are called."""
    if found is None or found.places < 2:
        return {}
    labels = [found.label(place) for place in range(found.places + 1)]
    return {"left": times.LEFT, "slot": times.slot(found), "top": times.TOP, "high": times.HIGH, "labels": labels}


def _choices(slices: Sequence[Slice], found: Mapping[tuple[int, str], Any], name: str, part: int) -> str:
    """Slices to choose from, each with the drift of the column shown."""
    if not slices:
        return ""
    lines = [_choice(ALL, "all rows", None, part)]
    lines += [_choice(n, one.name, found.get((n, name)), part) for n, one in enumerate(slices)]
    title = f"<h4>slices: {cut(name, 60)} in each, over all of the time</h4>"
    return f'{title}<table class="fsnb-table fsnb-slices"><tbody>{"".join(lines)}</tbody></table>'


def _choice(number: int, name: str, row: Any, part: int) -> str:
    state = ' aria-pressed="true"' if number == part else ' aria-pressed="false"'
    button = f'<button type="button" data-part="{number}"{state} title="{escape(name[:1000])}">{cut(name, 40)}</button>'
    if row is None:
        return f'<tr><td>{button}</td><td colspan="4"></td></tr>'
    drawn = listing.bar(row.psi, row.psi_floor95, row.verdict) if row.psi is not None else cut(row.reason, 60)
    psi = f'<td class="fsnb-number">{figure(row.psi)}</td><td class="fsnb-number fsnb-more">{row.n_cur:,} rows</td>'
    return f"<tr><td>{button}</td><td>{word(row.verdict)}</td><td>{drawn}</td>{psi}</tr>"


def _gone(name: str) -> str:
    return f'<p class="fsnb-empty">{cut(name, 120)} is not on both sides of this part of the rows.</p>' if name else ""
