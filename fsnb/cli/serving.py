"""`fsnb sync` and `fsnb get`: into an online store, and from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import click
from rich.table import Table

from fsnb.cli.commands import MOMENT, answer, command, drawn, teller
from fsnb.errors import UsageError
from fsnb.model.entity import view_and_feature
from fsnb.model.moments import utc_now


@command()
@click.argument("view", metavar="VIEW")
@click.option(
    "--to", default="sqlite", show_default=True, metavar="URL", help="sqlite, redis://... or postgresql://..."
)
@click.option("--target", metavar="TARGET", help="Where it is published; where it was published last by default.")
def sync(view: str, to: str, target: str | None, store: Any, as_json: bool) -> None:
    """Push what was published of VIEW into an online store.

    What is there already is not pushed again. A URL may read the environment: 'redis://:${REDIS_PASSWORD}@host:6379'.

    \b
    fsnb sync plane_delays
    fsnb sync plane_delays --to redis://localhost:6379
    """
    found = store.sync_online(view, to, target=target, progress=teller(as_json=as_json))
    answer(found, found, as_json=as_json)


@command()
@click.argument("features", metavar="VIEW[.FEATURE]...")
@click.argument("keys", nargs=-1, required=True, metavar="KEY=VALUE...")
@click.option("--at", type=MOMENT, help="The time asked for; now by default.")
@click.option("--online", metavar="URL", help="Which online store; where the view was last synced to by default.")
def get(
    features: str,
    keys: Sequence[str],
    at: datetime | timedelta | None,
    online: str | None,
    store: Any,
    as_json: bool,
) -> None:
    """Get the features of entities from an online store.

    Values, status, event time and version. Views and features are separated by commas. A key that comes again begins
    another entity.

    \b
    fsnb get plane_delays tailnum=N14228
    fsnb get plane_delays.legs_1d,carrier_landings tailnum=N14228 carrier=UA
    fsnb get plane_delays tailnum=N14228 tailnum=N24211 --json
    """
    wanted = [name for name in features.split(",") if name]
    asked = entities(keys, _types(store, wanted))
    moment = utc_now() - at if isinstance(at, timedelta) else at
    found = store.get_features(wanted if len(wanted) > 1 else wanted[0], asked, at=moment, online=online)
    columns = found.to_dict()
    answer({"rows": _rows(columns)}, _table(columns), as_json=as_json)


def _types(store: Any, features: Sequence[str]) -> dict[str, Any]:
    """The types of all key columns of some views."""
    views = [store.view(view_and_feature(name)[0]) for name in features]
    return {key: view.relation[key].type() for view in views for key in view.entity.keys}


def entities(words: Sequence[str], types: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`["a=1", "b=x", "a=2", "b=y"]` as two entities, values in their columns' types.

    Raises
    ------
    UsageError
        A word is no KEY=VALUE, or a value is not of its column's type.
    """
    found: list[dict[str, Any]] = [{}]
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise UsageError(f"{word!r} is not a key and its value: write KEY=VALUE, as in tailnum=N14228.")
        if name in found[-1]:
            found.append({})
        found[-1][name] = _value(name, text, types.get(name))
    return found


def _value(name: str, text: str, dtype: Any) -> Any:
    try:
        if dtype is None or dtype.is_string():
            return text
        if dtype.is_boolean():
            return {"true": True, "false": False}[text.lower()]
        if dtype.is_timestamp():
            return datetime.fromisoformat(text)
        return int(text) if dtype.is_integer() else float(text) if dtype.is_floating() else text
    except (KeyError, ValueError):
        raise UsageError(f"key {name!r} is {dtype}, and {text!r} is not.") from None


def _rows(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _table(columns: Mapping[str, Sequence[Any]]) -> str:
    """A block of lines for each entity: there may be many features, and they have long names."""
    table = Table.grid(padding=(0, 2))
    for number, row in enumerate(_rows(columns)):
        if number:
            table.add_row("", "")
        for name, value in row.items():
            table.add_row(name, "NULL" if value is None else str(value))
    return drawn(table)
