"""`fsnb demo`: run the job, and say what came out in a page that fits 80 columns."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fsnb.cli.steps import Steps

if TYPE_CHECKING:
    from fsnb.demo.job import Outcome


@click.command()
@click.option("--target", metavar="URL", help="Publish there: postgresql://user:${PGPASSWORD}@host/db. Default: a DuckDB file in the home folder.")
@click.option("--home", default=".fsnb", show_default=True, type=click.Path(file_okay=False, path_type=Path), help="The store's folder.")
@click.option("--engine", default="duckdb", show_default=True, type=click.Choice(["duckdb", "polars"]), help="What computes locally.")
def demo(target: str | None, home: Path, engine: str) -> None:
    """Define, train, prove and publish on a year of real flights.

    Will this flight arrive more than 15 minutes late, asked two hours before its scheduled departure?
    """
    from fsnb.demo import job

    console = Console(highlight=False)
    steps = Steps(console)
    outcome = job.run(home, engine, target, steps)
    console.print(*_summary(outcome), sep="\n")
    console.print(f"\n{steps.seconds:.0f} seconds in all, at most {peak_memory():.1f} GB of memory")
    if not outcome.kept:
        raise click.ClickException("some rows did not come back as they were; see above.")


def peak_memory() -> float:
    """The most memory that this process has held, in GB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e9 if sys.platform == "darwin" else peak * 1024 / 1e9


# ---------------------------------------------------------------------- the summary


def _summary(outcome: Outcome) -> Iterator[Table | Padding | Text]:
    yield _title("Will this flight be more than 15 minutes late? Asked two hours before departure")
    yield _facts(
        ("rows", f"{len(outcome.train):,} questions of 2013, {outcome.late_share:.1%} late"),
        ("features", f"{len(outcome.train.features)} from {len(outcome.publications)} feature views"),
        ("fingerprint", f"{outcome.train.fingerprint[:16]}  (what is computed)"),
        ("digest", f"{outcome.train.digest[:16]}  (the rows that it gave)"),
        ("from MLflow", str(outcome.verification)),
    )
    yield _title("AUC on October to December")
    yield _scores(outcome)
    yield _title(f"Published to {outcome.target!r}")
    yield _publications(outcome)
    yield _facts(("read back", _served(*outcome.served)))
    yield _title("Where things are")
    yield _facts(*_places(outcome))


def _title(text: str) -> Padding:
    return Padding(Text(text, style="bold"), (1, 0, 0, 0))


def _facts(*facts: tuple[str, str]) -> Padding:
    table = Table.grid(padding=(0, 2))
    for name, value in facts:
        table.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
    return Padding(table, (0, 0, 0, 2))


def _scores(outcome: Outcome) -> Padding:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("features")
    table.add_column("claimed", justify="right")
    table.add_column("as served", justify="right")
    for score in outcome.scores:
        worse = "red" if score.served < score.claimed - 0.001 else ""
        table.add_row(score.features, f"{score.claimed:.3f}", Text(f"{score.served:.3f}", style=worse))
    return Padding(table, (0, 0, 0, 2))


def _publications(outcome: Outcome) -> Padding:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("feature view")
    table.add_column("history", justify="right")
    table.add_column("new", justify="right")
    table.add_column("current", justify="right")
    table.add_column("certificate")
    for publication in outcome.publications:
        certificate = publication.certificate
        verdict = "agree" if certificate.ok else "DISAGREE"
        table.add_row(
            f"{publication.view} v{publication.version}",
            f"{publication.rows_staged:,}",
            f"{publication.rows_appended:,}",
            f"{publication.rows_current:,}",
            f"{len(certificate.sides)} {verdict} on {certificate.rows} rows",
        )
    return Padding(table, (0, 0, 0, 2))


def _served(values: int, apart: int) -> str:
    said = "every one is" if not apart else f"{apart:,} are NOT"
    return f"{values:,} values of the tested flights, from the history: {said} the training set's"


def _places(outcome: Outcome) -> Iterator[tuple[str, str]]:
    from fsnb.training.tracking import masked, sqlite_path

    store, logged = outcome.store, outcome.logged
    yield "catalog", _short(store.path / "catalog.sqlite")
    database = sqlite_path(logged.tracking_uri)
    yield "MLflow", _short(database) if database else masked(logged.tracking_uri, logged.tracking_uri)
    yield "run", logged.run_id
    yield "model", str(logged.model_uri)
    if database:
        yield "look at it", f"mlflow ui --backend-store-uri sqlite:///{_short(database)}"
    for publication in outcome.publications[:1]:
        tables = dict(publication.tables)
        yield "published", f"{tables['latest']} and {tables['latest_history']}, and so for each view"


def _short(path: Path) -> str:
    """From the working directory, where it is below."""
    path = path.absolute()
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
