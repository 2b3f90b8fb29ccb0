"""`fsnb plan`, `publish`, `materialize`, `promote` and `rollback`: what a scheduler and a pipeline call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import click

from fsnb.cli.commands import LENGTH, MOMENT, answer, command, teller
from fsnb.model.moments import between

START_HELP = "Only what may change after this time: 2013-01-31T06:00 (UTC), or how long before the end: 7d."
END_HELP = "Up to this time; now by default."


def _asked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which part of a history is wanted."""
    for option in reversed(
        [
            click.argument("view", metavar="VIEW"),
            click.option("--to", required=True, metavar="TARGET", help="A target that the store knows by name."),
            click.option("--start", type=MOMENT, help=START_HELP),
            click.option("--end", type=MOMENT, help=END_HELP),
            click.option("--lookback", type=LENGTH, help="So long before the end everything is told again."),
            click.option("--full", is_flag=True, help="Tell all of it again."),
        ]
    ):
        function = option(function)
    return function


def _chunk(function: Callable[..., Any]) -> Callable[..., Any]:
    said = "So many intervals in one transaction; all by default."
    return click.option("--chunk", type=click.IntRange(min=1), help=said)(function)


MODE_HELP = "Tables, or a database view that computes when it is read."
CERTIFY_HELP = "A certificate of the same may count, or always a new one."
Bound = datetime | timedelta | None


def _part(start: Bound, end: Bound, lookback: timedelta | None, full: bool, chunk: int | None = None) -> dict[str, Any]:
    """What was asked for, as the store's methods take it; what was not said is left to them."""
    asked = {**between(start, end), "lookback": lookback, "full": full or None, "chunk": chunk}
    return {name: value for name, value in asked.items() if value is not None}


@command()
@_asked
def plan(view: str, to: str, store: Any, as_json: bool, **asked: Any) -> None:
    """Say what publishing VIEW would do, and write nothing.

    What would change for its readers, which intervals are due, from how many rows, and the target's own plan of the
    query. Exits with 3 where something is due or changes.

    \b
    fsnb plan plane_delays --to prod
    fsnb plan plane_delays --to prod --start 7d --json
    """
    _plan(store, view, to, as_json=as_json, **asked)


def _plan(store: Any, view: str, to: str, *, as_json: bool, **asked: Any) -> None:
    found = store.publish(view, to, dry_run=True, **_part(**asked))
    answer(found, found, as_json=as_json, no=bool(found.intervals or found.changes))


@command()
@_asked
@_chunk
@click.option("--promote/--no-promote", default=True, show_default=True, help="Lead readers to the version.")
@click.option("--breaking", is_flag=True, help="Allow what readers of the promoted version would notice.")
@click.option("--mode", type=click.Choice(["table", "view"]), default="table", show_default=True, help=MODE_HELP)
@click.option("--certify", type=click.Choice(["auto", "always"]), default="auto", show_default=True, help=CERTIFY_HELP)
@click.option("--dry-run", is_flag=True, help="The same as fsnb plan.")
@click.option("--engine", type=click.Choice(["duckdb", "polars"]), default="duckdb", help="What computes locally.")
def publish(
    view: str,
    to: str,
    store: Any,
    as_json: bool,
    promote: bool,
    breaking: bool,
    mode: str,
    certify: str,
    dry_run: bool,
    **asked: Any,
) -> None:
    """Publish VIEW: check it, prove it, write what is due.

    All or nothing. Safe to repeat, to race and to kill: what is done is not done again, what is not leaves nothing.

    \b
    fsnb publish plane_delays --to prod
    fsnb publish plane_delays --to prod --start 7d --end now
    fsnb publish plane_delays --to prod --start 2013-01-01 --chunk 10
    """
    if dry_run:
        asked.pop("chunk")
        _plan(store, view, to, as_json=as_json, **asked)
        return
    settings = {"promote": promote, "breaking": breaking, "mode": mode, "certify": certify}
    found = store.publish(view, to, progress=teller(as_json=as_json), **settings, **_part(**asked))
    answer(found, found, as_json=as_json)


@command()
@_asked
@_chunk
def materialize(view: str, to: str, store: Any, as_json: bool, **asked: Any) -> None:
    """Write what is due of a published VIEW, with no new proof.

    Needs neither the local data nor the definition's sources: only the store and the target.

    \b
    fsnb materialize plane_delays --to prod --start 7d
    """
    found = store.materialize(view, to, progress=teller(as_json=as_json), **_part(**asked))
    answer(found, found, as_json=as_json)


@command()
@click.argument("view", metavar="VIEW")
@click.argument("version", type=int)
@click.option("--to", required=True, metavar="TARGET", help="A target that the store knows by name.")
@click.option("--breaking", is_flag=True, help="Allow what readers of the promoted version would notice.")
def promote(view: str, version: int, to: str, breaking: bool, store: Any, as_json: bool) -> None:
    """Lead readers of VIEW to a VERSION that was staged.

    Staged is what was published with --no-promote, beside the version that readers have.

    \b
    fsnb publish plane_delays --to prod --no-promote
    fsnb promote plane_delays 2 --to prod
    """
    found = store.promote(view, to, version, breaking=breaking)
    answer(found, found, as_json=as_json)


@command()
@click.argument("view", metavar="VIEW")
@click.option("--to", required=True, metavar="TARGET", help="A target that the store knows by name.")
@click.option("--version", type=int, help="To this one; to the one before by default.")
def rollback(view: str, to: str, version: int | None, store: Any, as_json: bool) -> None:
    """Lead readers of VIEW back to an earlier version.

    It was promoted before; nothing is deleted.

    \b
    fsnb rollback plane_delays --to prod
    """
    found = store.rollback(view, to, version)
    answer(found, found, as_json=as_json)
