"""Read features of entities: the rules of time are in the rows already, but for what is pending and the ttl."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fsnb.errors import DefinitionError, OnlineStoreError, TypeMismatch, UnknownName
from fsnb.model import Feature, FeatureView
from fsnb.model.entity import view_and_feature
from fsnb.online.answer import OnlineFeatures, ViewAnswer
from fsnb.online.database import Database, Row
from fsnb.online.kinds import micros, moment
from fsnb.online.series import EXPIRED, MISSING, PRESENT, Series

MOST_SWITCHES = 100  # of the served version while one read runs
Asked = str | FeatureView | Feature
Named = tuple[str, str | None, str]  # view, feature (None for all), column


class Reader:
    """Reads some features of entities from an online store; made once, called for each question.

    Parameters
    ----------
    database_of
        The online store of a view, by its name.
    features
        Views or features, or their names: "rides", "rides.count_1d".

    Raises
    ------
    DefinitionError
        Two columns have the same name.
    """

    def __init__(self, database_of: Callable[[str], Database], features: Asked | Sequence[Asked]) -> None:
        wanted: dict[str, list[tuple[str, str]] | None] = {}
        for view, feature, column in named(features):
            if feature is None:
                wanted[view] = None
            elif (kept := wanted.setdefault(view, [])) is not None:
                kept.append((feature, column))
        self._views = [_ViewReader(database_of(view), view, columns) for view, columns in wanted.items()]
        if not self._views:
            raise DefinitionError("no feature was asked for. Name views or features, e.g. get_features('rides', keys).")

    def __call__(self, keys: Any, *, at: datetime | str | None = None) -> OnlineFeatures:
        """The features of these entities; see `FeatureStore.get_features`."""
        now = time.time_ns() // 1000
        if at is not None:
            now = _asked_at(at)
            for view in self._views:
                view.check_time(now)
        rows = _rows(keys, self._views)
        found = OnlineFeatures(rows, tuple([view.read(rows, now) for view in self._views]))
        if len(self._views) > 1:
            _check_columns(found)
        return found


def named(features: Asked | Sequence[Asked]) -> tuple[Named, ...]:
    """What is asked for, by names alone."""
    asked: Sequence[Any] = features if isinstance(features, (list, tuple)) else [features]
    return tuple([_named(each) for each in asked])


def _named(asked: Any) -> Named:
    if isinstance(asked, Feature):
        return asked.view.name, asked.name, asked.column
    if isinstance(asked, FeatureView):
        return asked.name, None, ""
    if not isinstance(asked, str):
        raise DefinitionError(f"{asked!r} is neither a view nor a feature. Give one, or its name: 'rides.count_1d'.")
    view, feature = view_and_feature(asked)
    return view, feature or None, feature


def _check_columns(found: OnlineFeatures) -> None:
    seen: dict[str, str] = {}
    for each in found.views:
        for column in each.columns:
            if column in seen:
                raise DefinitionError(
                    f"both {seen[column]!r} and {each.view!r} have a feature {column!r}. "
                    f"Rename one: view[{column!r}].named('other')."
                )
            seen[column] = each.view


class _ViewReader:
    """Reads one view. It keeps what the store says of the served version until the store serves another."""

    def __init__(self, database: Database, view: str, wanted: list[tuple[str, str]] | None) -> None:
        self._database, self._view, self._wanted = database, view, wanted
        self._series: Series | None = None
        self._columns: tuple[str, ...] = ()
        self._places: tuple[int, ...] | None = None

    @property
    def series(self) -> Series:
        return self._series or self._load()

    def _load(self) -> Series:
        found = self._database.served(self._view)
        if found is None:
            there = sorted({series.view for series in self._database.all_series()})
            todo = f"Bring it there: store.sync_online({self._view!r}, to=...)."
            raise UnknownName.among(f"online store {self._database.where}", "view", self._view, there, todo)
        self._columns, self._places = found.names, None
        if self._wanted is not None:
            self._places = tuple(_place(found, name) for name, _ in self._wanted)
            self._columns = tuple(column for _, column in self._wanted)
        self._series = found
        return found

    def check_time(self, at: int) -> None:
        """Refuse a time before the last sync: the rows of then are gone."""
        synced = self._database.synced(self.series)
        if at < synced:
            raise OnlineStoreError(
                f"feature view {self._view!r}: asked as of {moment(at)}, but the online store was brought up to "
                f"{moment(synced)} and keeps the latest rows only. Ask for a later time, or make a training set."
            )

    def read(self, asked: Sequence[Mapping[str, Any]], at: int) -> ViewAnswer:
        """What these entities have at a time, microseconds."""
        for _ in range(MOST_SWITCHES):
            series = self.series
            keys = [self._key(series, row) for row in asked]
            rows = self._database.read(series, list({key for key in keys if key is not None}))
            if rows is not None:
                return self._answer(series, keys, rows, at)
            self._series = None
        raise OnlineStoreError(
            f"online store {self._database.where}: it has lost the rows of feature view {self._view!r}. "
            f"Bring them back: store.sync_online({self._view!r}, to=...)."
        )

    def _key(self, series: Series, row: Mapping[str, Any]) -> bytes | None:
        who = f"feature view {self._view!r}"
        try:
            values = [row[name] for name, _ in series.keys]
        except KeyError as missing:
            raise UnknownName.among(f"what {who} is asked for", "key", missing.args[0], row) from None
        return series.key_packing.pack_one(values, who)

    def _answer(self, series: Series, keys: list[bytes | None], rows: list[Row], at: int) -> ViewAnswer:
        seen: dict[bytes | None, Row] = {}
        for row in rows:
            if not row[3] or row[2] <= at:
                best = seen.get(row[0])
                if best is None or row[1:3] > best[1:3]:
                    seen[row[0]] = row
        values, status, events = [], [], []
        for key in keys:
            found = seen.get(key)
            if found is None:
                state, event, mine = MISSING, None, series.when_missing
            else:
                event = found[1]
                state = EXPIRED if series.ttl is not None and series.expired(event, at) else PRESENT
                mine = series.value_packing.unpack(found[4]) if state is PRESENT else series.when_missing
            values.append(mine if self._places is None else tuple([mine[place] for place in self._places]))
            status.append(state)
            events.append(event)
        return ViewAnswer(series.view, series.version, self._columns, values, status, events)


def _place(series: Series, feature: str) -> int:
    if feature not in series.names:
        owner = f"feature view {series.view!r}, version {series.version} as it is served,"
        raise UnknownName.among(owner, "feature", feature, series.names)
    return series.names.index(feature)


def _asked_at(at: datetime | str) -> int:
    found = datetime.fromisoformat(at) if isinstance(at, str) else at
    if not isinstance(found, datetime):
        raise TypeMismatch(f"at={at!r} is not a time. Give a datetime, naive in UTC or aware, or its ISO text.")
    return micros(found.astimezone(UTC) if found.tzinfo else found)


# ---------------------------------------------------------------------- entities asked for


def _rows(keys: Any, views: Sequence[_ViewReader]) -> Sequence[Mapping[str, Any]]:
    """The entities asked for, each as a mapping of key columns to values."""
    if isinstance(keys, dict):
        return (keys,)
    if hasattr(keys, "to_dicts"):  # Polars
        return keys.to_dicts()
    if hasattr(keys, "to_pylist"):  # Arrow
        return keys.to_pylist()
    if hasattr(keys, "to_dict"):  # pandas
        return keys.to_dict("records")
    if not isinstance(keys, (list, set, range)) and not hasattr(keys, "tolist"):
        keys = [keys]
    return [row if isinstance(row, Mapping) else _as_row(row, views) for row in keys]


def _as_row(value: Any, views: Sequence[_ViewReader]) -> dict[str, Any]:
    """A value of the one key, or a tuple of the values of several, as a mapping."""
    names = dict.fromkeys(name for view in views for name, _ in view.series.keys)
    values = value if isinstance(value, tuple) else (value,)
    if len(values) != len(names):
        raise DefinitionError(
            f"{value!r} does not name an entity: its keys are {', '.join(names)}. "
            f"Give them by name: {{{', '.join(f'{name!r}: ...' for name in names)}}}."
        )
    return dict(zip(names, values, strict=True))
