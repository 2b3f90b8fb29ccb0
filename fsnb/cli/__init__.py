"""The command line. A command parses, calls what stands below, draws; an error of ours shows without a traceback."""

from __future__ import annotations

from typing import Any

import click

import fsnb
from fsnb.cli.building import build
from fsnb.cli.cataloging import list_, show
from fsnb.cli.checking import check
from fsnb.cli.demo import demo
from fsnb.cli.publishing import materialize, plan, promote, publish, rollback
from fsnb.cli.serving import get, sync
from fsnb.errors import FsnbError


class Commands(click.Group):
    """Commands whose FsnbErrors are the user's to mend."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FsnbError as error:
            said = "\n".join([str(error), *getattr(error, "__notes__", ())])
        raise click.ClickException(said)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(fsnb.__version__, prog_name="fsnb")
def main() -> None:
    """Feature engineering from the notebook to production.

    Commands on a store find it by --store or FSNB_STORE, answer in JSON with --json, and exit with 0 when done, 1 on an
    error, 2 when the command line cannot be read, 3 when nothing went wrong and the answer is no.
    """


for each in (build, check, demo, get, list_, materialize, plan, promote, publish, rollback, show, sync):
    main.add_command(each)
