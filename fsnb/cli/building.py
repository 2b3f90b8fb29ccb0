"""`fsnb build`: the files that run feature views in production, written or compared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click

from fsnb.cli.commands import LENGTH, answer, command


@command()
@click.argument("views", nargs=-1, metavar="[VIEW]...")
@click.option("--to", metavar="TARGET", help="The target that schedules publish to; the only one by default.")
@click.option("--out", default="build", show_default=True, metavar="PATH", help="The folder.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 3 where a file is not as it should be.")
@click.option("--every", type=LENGTH, default="1d", show_default=True, help="How often, of a view with no refresh.")
@click.option("--late", type=LENGTH, default="7d", show_default=True, help="How far back runs look for late rows.")
@click.option("--dialect", "dialects", multiple=True, help="Of the retrieval SQL; all by default. May be repeated.")
def build(
    views: tuple[str, ...],
    to: str | None,
    out: str,
    check: bool,
    every: timedelta,
    late: timedelta,
    dialects: tuple[str, ...],
    store: Any,
    as_json: bool,
) -> None:
    """Write what runs VIEWs in production; of all by default.

    SQL per dialect, tables, checks, a manifest and schedule files. Two builds of the same definitions are equal byte
    for byte, so that a build can be reviewed and committed, and checked in CI.

    \b
    fsnb build
    fsnb build plane_delays --to prod --out deploy
    fsnb build --check
    """
    found = store.build(views or None, to=to, out=out, check=check, every=every, late=late, dialects=dialects or None)
    answer(found, found, as_json=as_json, no=not found.ok)
