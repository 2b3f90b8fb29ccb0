"""The rules of time, once more and slowly: what everything else is held to.

The property tests hold every engine to this module, and so does the certificate at publish. An oracle that shares
code with what it checks shares its mistakes: so nothing here comes from the planner, no engine, frame or array library
is used, and the expressions are read by an interpreter of its own (`oracle_values`). Lists of dicts, loops, and clocks
that are whole microseconds since 1970 in UTC. It is quadratic, and meant for samples.

    cutoff     c = t - lag, or the last tick of `refresh` at or before that
    visible    event_time <= c (< c where `closed` leaves the right end open) and available <= c
    window     the visible rows of (c - offset - size, c - offset], its ends as `closed` says
    first/last the ends of a window's rows in order of event time, then available, then tie_break, then value
    as-of      the visible row of greatest event time, then available, then tie_break; NULL if not in (c - ttl, c]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fsnb.errors import NotSupported, UnknownName
from fsnb.pit import oracle_values as values
from fsnb.pit.oracle_values import Row, Tables, known, order, plain

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Event:
    """A row of the prepared relation, its clocks, and, where the view is not windowed, its features."""

    row: Row
    key: Key
    time: int | None
    available: int | None
    values: tuple[Any, ...]


def oracle(
    view: Any, spine_rows: Iterable[Row], tables: Tables, *, at: str, keys: Mapping[str, str] | None = None
) -> list[Row]:
    """The features of each spine row, in order: a dict of feature name -> value.

    Parameters
    ----------
    view
        A `FeatureView`; only its attributes are read.
    spine_rows
        Dicts of keys and time.
    tables
        Name of each table that the view reads -> its rows.
    at
        The spine's column of times.
    keys
        Entity key -> spine column, where the names differ.

    Raises
    ------
    NotSupported
        The view holds an operation that the oracle does not interpret: `supports` says which.
    UnknownName
        A table that the view reads is not given.
    """
    events = _events(view, tables)
    return [_features(view, _of_key(view, events, row, keys), _cutoff(view, row, at)) for row in spine_rows]


def supports(view: Any) -> str | None:
    """The name of the first operation that the oracle does not know; None where it can interpret the whole view."""
    found = (values.first_unknown(output.value.op(), view.kind == "window") for output in view.outputs)
    return next((name for name in found if name), None)


def outcomes(
    view: Any, spine_row: Row, tables: Tables, *, at: str, keys: Mapping[str, str] | None = None, output: str
) -> list[Row]:
    """The rows with the spine row's key, in the source's order, each with what became of it in `outcome`.

    - "used"
    - "superseded": visible, but a newer row (or a tied one) wins
    - "expired": would have won, but is older than the ttl
    - "no value": newer than the row that wins (if any), but NULL, and the view skips NULLs
    - "outside the window"
    - "future": happened after the cutoff
    - "not yet known": available after the cutoff, or never (NULL)
    - "no event time": NULL

    Without an asking time nothing is considered: no rows.
    """
    names = [one.name for one in view.outputs]
    if output not in names:
        raise UnknownName.among(f"feature view {view.name!r}", "feature", output, names)
    position, c = names.index(output), _cutoff(view, spine_row, at)
    if c is None and view.kind != "static":
        return []
    events = _of_key(view, _events(view, tables), spine_row, keys)
    winner = None if view.kind == "window" else _winner(view, _visible(view, events, c), position)
    return [event.row | {"outcome": _outcome(view, event, c, position, winner)} for event in events]


def ambiguous(view: Any, tables: Tables) -> int:
    """How many rows are in ties that nothing declared decides: equal key, clocks and tie-break, different features."""
    if view.kind == "window":
        return 0
    ties: dict[tuple[Any, ...], list[_Event]] = {}
    for event in _events(view, tables):
        if view.kind == "static" or (event.time is not None and event.available is not None):
            ties.setdefault((event.key, *_declared(view, event)), []).append(event)
    return sum(len(tie) for tie in ties.values() if _differ(view, tie))


# ---------------------------------------------------------------------- clocks


def _micros(value: datetime | None) -> int | None:
    """Microseconds since 1970 in UTC; a naive time is UTC."""
    value = plain(value)
    return None if value is None else _length(value - values.EPOCH)


def _length(value: timedelta) -> int:
    return value // timedelta(microseconds=1)


def _cutoff(view: Any, spine_row: Row, at: str) -> int | None:
    if view.kind == "static" or (asked := _micros(spine_row[at])) is None:
        return None
    c = asked - _length(view.lag)
    return c - c % _length(view.refresh) if view.refresh else c


def _within(view: Any, time: Any, end: int, length: timedelta) -> bool:
    """Whether a time is in the band of this length up to `end`; `closed` rules both ends."""
    start = end - _length(length)
    return (
        start < time < end
        or (time == start and view.closed in ("left", "both"))
        or (time == end and view.closed in ("right", "both"))
    )


def _denied(view: Any, event: _Event, c: int | None) -> str | None:
    """Why a row cannot be seen at a cutoff; None where it can."""
    if view.kind == "static":
        return None
    if event.time is None:
        return "no event time"
    if c is None or event.time > c or (event.time == c and view.closed not in ("right", "both")):
        return "future"
    if event.available is None or event.available > c:
        return "not yet known"
    return None


# ---------------------------------------------------------------------- rows


def _events(view: Any, tables: Tables) -> list[_Event]:
    unknown = supports(view)
    if unknown:
        raise NotSupported(
            f"feature view {view.name!r}: the oracle does not interpret {unknown}. Hold two engines to one another."
        )
    events = [_event(view, row) for row in values.rows_of(view.relation.op(), tables)]
    return [event for event in events if None not in event.key]


def _event(view: Any, row: Row) -> _Event:
    source, here = view.source, {view.relation.op(): row}
    time = _micros(row[source.event_time]) if source.event_time else None
    plain_columns = () if view.kind == "window" else view.outputs
    return _Event(
        row=row,
        key=tuple(known(row[key]) for key in view.entity.keys),
        time=time,
        available=_micros(row[source.available]) if source.available else time,
        values=tuple(known(values.row_value(output.value.op(), here)) for output in plain_columns),
    )


def _of_key(view: Any, events: Sequence[_Event], spine_row: Row, keys: Mapping[str, str] | None) -> list[_Event]:
    key = tuple(plain(spine_row[(keys or {}).get(name, name)]) for name in view.entity.keys)
    return [event for event in events if event.key == key]


def _visible(view: Any, events: Iterable[_Event], c: int | None) -> list[_Event]:
    return [event for event in events if _denied(view, event, c) is None]


def _in_window(view: Any, event: _Event, window: Any, c: Any) -> bool:
    return window is None or _within(view, event.time, c - _length(window.offset), window.size)


def _declared(view: Any, event: _Event) -> tuple[Any, ...]:
    """What decides which row is the newer one."""
    return event.time, event.available, *(order(event.row[column]) for column in view.source.tie_break)


def _rank(view: Any, event: _Event) -> tuple[Any, ...]:
    """The same, and where that leaves a tie the greater features: any choice does, if it is always the same."""
    return *_declared(view, event), *map(order, event.values)


def _differ(view: Any, tie: Sequence[_Event]) -> bool:
    columns = zip(*(event.values for event in tie), strict=True)
    return any(len({value for value in column if value is not None or not view.skip_nulls}) > 1 for column in columns)


def _winner(view: Any, visible: Iterable[_Event], position: int) -> _Event | None:
    wanted = [event for event in visible if event.values[position] is not None or not view.skip_nulls]
    return max(wanted, key=lambda event: _rank(view, event), default=None)


def _expired(view: Any, event: _Event, c: Any) -> bool:
    return view.ttl is not None and not _within(view, event.time, c, view.ttl)


# ---------------------------------------------------------------------- answers


def _features(view: Any, events: Sequence[_Event], c: int | None) -> Row:
    visible, fill, found = _visible(view, events, c), dict(view.fill), {}
    for position, output in enumerate(view.outputs):
        value = _feature(view, output, position, visible, c)
        found[output.name] = values.typed(fill.get(output.name), output.value.type()) if value is None else value
    return found


def _feature(view: Any, output: Any, position: int, visible: list[_Event], c: int | None) -> Any:
    if view.kind == "window":
        return known(values.aggregate(output.value.op(), _taking(view, visible, output.window, c)))
    winner = _winner(view, visible, position)
    return None if winner is None or _expired(view, winner, c) else winner.values[position]


def _taking(view: Any, visible: list[_Event], window: Any, c: int | None) -> values.Taking:
    """What an aggregate over a window takes: its rows, each with what ranks it."""
    found = [event for event in visible if _in_window(view, event, window, c)]
    return values.Taking(
        rows=[{view.relation.op(): event.row} for event in found],
        ranks=[_declared(view, event) for event in found],
        within=lambda other: _taking(view, visible, other, c),
    )


def _outcome(view: Any, event: _Event, c: int | None, position: int, winner: _Event | None) -> str:
    denied = _denied(view, event, c)
    if denied:
        return denied
    if view.kind == "window":
        output = view.outputs[position]
        windows = values.windows_of(output.value.op(), output.window)
        return "used" if any(_in_window(view, event, window, c) for window in windows) else "outside the window"
    if event is winner:
        return "expired" if _expired(view, event, c) else "used"
    newer = winner is None or _rank(view, event) > _rank(view, winner)
    return "no value" if newer else "superseded"
