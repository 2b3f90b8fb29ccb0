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


TARGET_HELP = (
    "Publish there: postgresql://user:${PGPASSWORD}@host/db, delta:///folder, spark:///folder. "
    "By default a DuckDB file in the store's folder."
)
FOLDER = click.Path(file_okay=False, path_type=Path)
ENGINES = click.Choice(["duckdb", "polars"])


@click.command()
@click.option("--target", metavar="URL", help=TARGET_HELP)
@click.option("--home", default=".fsnb", show_default=True, type=FOLDER, help="The store's folder.")
@click.option("--engine", default="duckdb", show_default=True, type=ENGINES, help="What computes locally.")
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
    yield _title("Published")
    yield _publications(outcome)
    yield Padding("")
    sides = ", ".join(f"{name} ({engine})" for name, engine in outcome.publications[0].certificate.sides)
    yield _facts(("compared", sides), ("read back", _served(*outcome.served)))
    yield _title("Where things are")
    yield _facts(*_places(outcome))


def _title(text: str) -> Padding:
    return Padding(Text(text, style="bold"), (1, 0, 0, 0), expand=False)


def _facts(*facts: tuple[str, str]) -> Padding:
    table = Table.grid(padding=(0, 2))
    for name, value in facts:
        table.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
    return Padding(table, (0, 0, 0, 2), expand=False)


def _scores(outcome: Outcome) -> Padding:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("features")
    table.add_column("claimed", justify="right")
    table.add_column("as served", justify="right")
    for score in outcome.scores:
        worse = "red" if score.served < score.claimed - 0.001 else ""
        table.add_row(score.features, f"{score.claimed:.3f}", Text(f"{score.served:.3f}", style=worse))
    return Padding(table, (0, 0, 0, 2), expand=False)


def _publications(outcome: Outcome) -> Padding:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("feature view")
    table.add_column("new rows", justify="right")
    table.add_column("entities", justify="right")
    table.add_column("certificate")
    for publication in outcome.publications:
        certificate = publication.certificate
        table.add_row(
            f"{publication.view} v{publication.version}",
            f"{publication.rows_appended:,}",
            f"{publication.rows_current:,}",
            f"{'agree' if certificate.ok else 'DISAGREE'} on {certificate.rows} rows",
        )
    return Padding(table, (0, 0, 0, 2), expand=False)


def _served(values: int, apart: int) -> str:
    said = f"{apart:,} are NOT" if apart else "each"
    return f"{values:,} values of tested flights; {said} as in the training set"


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
    yield from _published(outcome)


def _published(outcome: Outcome) -> Iterator[tuple[str, str]]:
    target, tables = outcome.target, dict(outcome.publications[0].tables)
    names = [tables["latest"], tables["latest_history"]]
    yield target.name, _without_path(target.to_doc()["url"])
    if target.is_lake:
        names = [name.rpartition(".")[2] for name in names]
        yield "read it", f"fsnb.publish.read_lake({_short(Path(target.url.partition('://')[2]))!r})"
    yield "tables", ", ".join([*names, "..."])


def _without_path(url: str) -> str:
    """A DuckDB file's path as one would type it here; another URL as it is, which has no password."""
    return _short(Path(url.removeprefix("duckdb://"))) if url.startswith("duckdb://") else url


def _short(path: Path) -> str:
    """From the working directory, where it is below."""
    path = path.absolute()
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
