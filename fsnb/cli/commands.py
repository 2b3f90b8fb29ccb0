"""What all commands on a store have in common: their options, their answers, their errors, their exit codes.

0  done
1  an error: the message says who, what, what there is and what to do
2  the command line cannot be read
3  nothing went wrong, and the answer is no: something is due, differs, or does not hold
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console

from fsnb.errors import FsnbError, UsageError
from fsnb.terminal import showing_progress

ERROR, NO = 1, 3


class Command(click.Command):
    """A command whose expected errors are one short message, and with --json a document."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FsnbError as error:
            _fail(ctx, type(error).__name__, "\n".join([str(error), *getattr(error, "__notes__", ())]))
        except OSError as error:
            _fail(ctx, type(error).__name__, f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))


def _fail(ctx: click.Context, kind: str, message: str) -> NoReturn:
    if not ctx.params.get("as_json"):
        raise click.ClickException(message)
    click.echo(json.dumps({"error": {"kind": kind, "message": message}}, ensure_ascii=False))
    ctx.exit(ERROR)


def command(name: str | None = None, **settings: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """A command on a store: it is called with the store that `--store` and `--catalog` name, and with `as_json`."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @wraps(function)
        def on_store(*, path: str, catalog: str | None, engine: str = "duckdb", **given: Any) -> Any:
            with showing_progress(wanted=not given.get("as_json")):
                return function(store=opened(path, catalog, engine), **given)

        wrapped: Callable[..., Any] = on_store
        for option in reversed(OPTIONS):
            wrapped = option(wrapped)
        return click.command(name, cls=Command, **settings)(wrapped)

    return decorate


OPTIONS = (
    click.option(
        "--store",
        "path",
        default=".fsnb",
        show_default=True,
        envvar="FSNB_STORE",
        show_envvar=True,
        metavar="PATH",
        help="The store's folder.",
    ),
    click.option(
        "--catalog",
        envvar="FSNB_CATALOG",
        show_envvar=True,
        metavar="URL",
        help="Its catalog, where that is not in the folder.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document."),
)


def opened(path: str, catalog: str | None = None, engine: str = "duckdb") -> Any:
    """The store in a folder, which must be there: a command makes none by mistake."""
    import fsnb

    if catalog is None and not (Path(path).expanduser() / "catalog.sqlite").is_file():
        raise UsageError(
            f"there is no store at {path!r}. Say where it is: --store PATH, or FSNB_STORE in the environment. "
            "A notebook or script makes one: fsnb.open(path)."
        )
    return fsnb.open(path, engine=engine, catalog=catalog)


# ---------------------------------------------------------------------- answers


def answer(value: Any, text: Any, *, as_json: bool, no: bool = False) -> None:
    """Print the answer; exit with 3 where it is no."""
    if as_json:
        click.echo(json.dumps(document(value), ensure_ascii=False, allow_nan=False))
    else:
        click.echo(str(text))
    if no:
        click.get_current_context().exit(NO)


def document(value: Any) -> Any:
    """A value as JSON: its own document where it has one, else its fields; times in ISO 8601, lengths in seconds."""
    if hasattr(value, "to_doc"):
        return document(value.to_doc())
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: document(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): document(each) for name, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [document(each) for each in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, float) and value not in (float("inf"), float("-inf")) and value == value:
        return value
    return value if isinstance(value, (str, int, type(None))) else str(value)


def drawn(what: Any) -> str:
    """A table as text, as wide as the terminal."""
    console = Console()
    with console.capture() as text:
        console.print(what, markup=False)
    return "\n".join(line.rstrip() for line in text.get().splitlines())


def teller(*, as_json: bool) -> Callable[..., None] | None:
    """Writes the steps of a command to stderr, as a log; nothing with --json, or where a terminal shows progress."""
    return (
        None if as_json or sys.stderr.isatty() else lambda *said: click.echo(f"  {' '.join(map(str, said))}", err=True)
    )


# ---------------------------------------------------------------------- times


class Moment(click.ParamType):
    """A time: ISO 8601 (naive is UTC), "now", or how long before the end of the range ("7d", "1h30m")."""

    name = "TIME"

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime | timedelta:
        if isinstance(value, (datetime, timedelta)):
            return value
        from fsnb.model.moments import read_moment

        try:
            return read_moment(value, param.opts[0] if param else "time")
        except FsnbError as error:
            self.fail(str(error))


MOMENT = Moment()


class Length(click.ParamType):
    """A length of time: "15m", "7d"; s, m, h, d, w."""

    name = "LENGTH"

    def convert(self, value: Any, param: Any, ctx: Any) -> timedelta:
        from fsnb.model import parse_duration

        try:
            return parse_duration(value, param.opts[0] if param else "length")
        except FsnbError as error:
            self.fail(str(error))


LENGTH = Length()
