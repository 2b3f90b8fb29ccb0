"""`fsnb check`: rows held against the checks of their view, and an online store against what was published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from fsnb.cli.commands import answer, command


@command()
@click.argument("views", nargs=-1, metavar="[VIEW]...")
@click.option("--to", metavar="TARGET", help="The sources and the published table there, instead of the local ones.")
@click.option("--online", is_flag=True, help="Compare history, current table and online store instead.")
def check(views: Sequence[str], to: str | None, online: bool, store: Any, as_json: bool) -> None:
    """Hold VIEWs against their checks; all by default.

    Exits with 3 where a check of severity "fail" does not hold, or could not run.

    \b
    fsnb check
    fsnb check plane_delays --to prod
    fsnb check plane_delays --online
    """
    names = views or _checked(store, online=online)
    found = {name: store.check_online(name) if online else store.check(name, to=to) for name in names}
    failed = [name for name, report in found.items() if not report.ok]
    text = "\n".join(map(str, found.values())) or "nothing to check: no view has checks"
    answer({"ok": not failed, "failed": failed, "reports": found}, text, as_json=as_json, no=bool(failed))


def _checked(store: Any, *, online: bool) -> list[str]:
    """The views that there is something to check of."""
    if online:
        return [document.name for document in store.catalog.list("online")]
    return [name for name in store.views if store.view(name).checks]
