"""What a `Why` says in words: values, the sentence, the text table. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fsnb.pit import Considered
    from fsnb.training.why import Why

MARKS = {
    "used": "●",
    "superseded": "○",
    "future": "▷",
    "not yet known": "◇",
    "expired": "✕",
    "outside the window": "□",
    "no event time": "?",
    "no value": "∅",
}
REFUSED = {
    "superseded": ("1 row was superseded", "{} rows were superseded"),
    "no value": ("1 row was skipped because its value is NULL", "{} rows were skipped because their value is NULL"),
    "outside the window": ("1 row lies outside the window", "{} rows lie outside the window"),
    "not yet known": ("1 row had happened but was not yet known", "{} rows had happened but were not yet known"),
    "future": ("1 row lies in the future", "{} rows lie in the future"),
    "no event time": ("1 row has no event time", "{} rows have no event time"),
}


# ---------------------------------------------------------------------- values


def show(value: Any) -> str:
    """A value for people: NULL, six digits of a float, times without empty seconds."""
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return f"{value:.6g}"
    return moment(value) if isinstance(value, datetime) else str(value)


def moment(value: datetime) -> str:
    exact = value.second or value.microsecond
    return value.isoformat(sep=" ", timespec="auto" if exact else "minutes")


def clip(words: str, most: int) -> str:
    """At most so many characters on one line, the last one an ellipsis where some are cut."""
    line = " ".join(words.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def count(number: int, one: str, many: str) -> str:
    return one if number == 1 else many.format(f"{number:,}")


# ---------------------------------------------------------------------- rows


def nearest(why: Why, most: int) -> tuple[tuple[Considered, ...], int]:
    """The rows around the cutoff, a quarter of them later ones where there are, and how many others there are."""
    split = sum(_by_cutoff(why, row) for row in why.rows)
    late = min(len(why.rows) - split, max(most // 4, most - split))
    shown = why.rows[max(0, split + late - most) : split + late]
    return shown, len(why.rows) - len(shown) + why.left_out


def _by_cutoff(why: Why, row: Considered) -> bool:
    return why.cutoff is None or (row.event_time is not None and row.event_time <= why.cutoff)


def columns(why: Why) -> list[str]:
    """The clocks, the columns that the feature reads, the outcome."""
    values = [name for name, _ in why.rows[0].values] if why.rows else []
    return [*why.clocks, *(name for name in values if name not in why.clocks), "outcome"]


def records(why: Why, rows: Sequence[Considered] | None = None) -> list[tuple[Any, ...]]:
    """One tuple per row, in the order of `columns`."""
    wanted = columns(why)
    found = []
    for row in why.rows if rows is None else rows:
        named = dict(row.values) | dict(zip(why.clocks, (row.event_time, row.available), strict=False))
        found.append(tuple((named | {"outcome": row.outcome})[name] for name in wanted))
    return found


def explained(why: Why) -> list[tuple[Any, ...]]:
    """The rows considered as text, one line each; one line without an event where there is none."""
    what = (why.row, why.view, why.feature, None if why.value is None else show(why.value))
    return [(*what, row.event_time, row.available, row.outcome, row.leaks, _read(row)) for row in why.rows] or [
        (*what, None, None, None, None, None)
    ]


def _read(row: Considered) -> str:
    return ", ".join(f"{name} {show(value)}" for name, value in row.values)


# ---------------------------------------------------------------------- words


def sentence(why: Why) -> str:
    """`mean_delay_7d is 12.5: 3 rows in the window, ... Refused: 1 row lies in the future.`"""
    return f"{why.feature} is {clip(show(why.value), 40)}: {reason(why)}"


def reason(why: Why) -> str:
    """The same without the feature and its value."""
    said = f"{_picked(why)}{_no_value(why)}."
    if not why.used and why.value is not None and why.fill is not None:
        said = said.removesuffix(".") + f", so it is filled with {show(why.fill)}."
    outcomes = why.outcomes
    refused = [count(outcomes[name], *words) for name, words in REFUSED.items() if outcomes[name]]
    soon = min((row.available for row in why.rows if row.outcome == "not yet known" and row.available), default=None)
    if soon is not None:
        refused = [f"{part} (known from {moment(soon)})" if "not yet known" in part else part for part in refused]
    said += f" Refused: {'; '.join(refused)}." if refused else ""
    far = count(why.left_out, "1 row further from the cutoff was", "{} rows further from the cutoff were")
    return said + (f" {far} not looked at one by one." if why.left_out else "")


def leak(why: Why) -> str:
    """`Would have leaked: 1 row, which a join on event time alone uses to give 33 ...`"""
    if not why.leaked:
        return ""
    given = "the same value" if why.careless == why.value else clip(show(why.careless), 40)
    return f"{_would(why)} gives {given}."


def leaks(whys: Sequence[Why]) -> str:
    """The same of features that met the same rows: each with its value, unless they are all alike."""
    said = dict.fromkeys(leak(why) for why in whys)
    if len(said) == 1:
        return next(iter(said))
    given = ", ".join(f"{clip(why.feature, 40)} {clip(show(why.careless), 40)}" for why in whys)
    return f"{_would(whys[0])} gives {given}."


def _would(why: Why) -> str:
    many = count(len(why.leaked), "1 row", "{} rows")
    return f"Would have leaked: {many}. A join on event time alone uses {_them(why)} and"


def _them(why: Why) -> str:
    return "it" if len(why.leaked) == 1 else "them"


def _no_value(why: Why) -> str:
    if why.value is not None or not why.used:
        return ""
    return ", which gives no value" if len(why.used) == 1 else ", which give no value"


def _picked(why: Why) -> str:
    empty = [name for name, value in why.keys if value is None]
    if empty:
        return f"the key {empty[0]} is NULL, which never matches"
    if why.cutoff is None and why.kind != "static":
        return f"{why.at} is NULL, so no row is visible"
    return {"window": _in_window, "asof": _latest, "static": _only}[why.kind](why)


def _in_window(why: Why) -> str:
    used, where = why.used, "seen by the cutoff" if why.band_name == "whole history" else "in the window"
    if not used:
        return f"no row {where}"
    if len(used) == 1:
        return f"1 row {where}, of {_time(used[0])}"
    return f"{len(used):,} rows {where}, from {_time(used[0])} to {_time(used[-1])}"


def _latest(why: Why) -> str:
    if why.used:
        kind = "latest value that is not NULL" if why.outcomes["no value"] else "latest row"
        return f"the {kind} known by the cutoff {show(why.cutoff)} is that of {_time(why.used[0])}"
    expired = [row for row in why.rows if row.outcome == "expired"]
    if expired:
        latest = f"the latest row, of {_time(expired[0])}"
        return f"{latest}, is older than the {why.band_name}, and no older one replaces it"
    return f"no row was visible at the cutoff {show(why.cutoff)}"


def _only(why: Why) -> str:
    return "the row of this key, at any time" if why.used else "no row has this key"


def _time(row: Considered) -> str:
    return show(row.event_time)


# ---------------------------------------------------------------------- the text table


def table(why: Why, most: int = 20, width: int = 24) -> str:
    """What, when, by which rules; the rows around the cutoff, aligned; the sentence."""
    keys = ", ".join(f"{name} {show(value)}" for name, value in why.keys)
    lines = [
        f"{why.feature} = {clip(show(why.value), 60)}",
        f"  row {why.row} of the spine: {clip(keys, 60)}, {why.at} {show(why.spine[why.at])}",
        f"  {why.view}: {why.rules}",
        *([] if why.kind == "static" else [f"  cutoff {show(why.cutoff)}"]),
    ]
    shown, others = nearest(why, most)
    if shown:
        names = [clip(name, width) for name in columns(why)]
        cells = [[clip(show(value), width) for value in record] for record in records(why, shown)]
        lines += ["", *_aligned(names, cells, [MARKS[row.outcome] for row in shown])]
    if others:
        lines.append(f"  and {count(others, 'one more row', '{} more rows')} of this key, further from the cutoff")
    return "\n".join([*lines, "", sentence(why)])


def _aligned(names: list[str], cells: list[list[str]], marks: list[str]) -> list[str]:
    widths = [max(len(line[i]) for line in [names, *cells]) for i in range(len(names))]
    rows = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in [names, *cells]]
    leads = [" ", *marks]
    return [f"  {'  '.join(row[:-1])}  {lead} {row[-1]}".rstrip() for row, lead in zip(rows, leads, strict=True)]
