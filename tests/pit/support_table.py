"""docs/engines.md, from what the tests show and from the markers of those that do not pass.

    python -m tests.pit.support_table            writes the file
    python -m tests.pit.support_table --check    fails where it is not fresh

A capability is there on an engine when every test that names it runs on that engine and has no marker. The tests are
collected, not run: whoever changes the file without making them pass turns them red.
"""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fsnb.pit.engines import REFUSED
from tests.pit import matrix

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "engines.md"
AGAIN = ".venv/bin/python -m tests.pit.support_table"
COLUMNS = {
    "duckdb": ("DuckDB", "duckdb"),
    "polars": ("Polars", "polars"),
    "postgres": ("PostgreSQL", None),
    "spark": ("Spark", "pyspark"),
    "datafusion": ("DataFusion", "datafusion"),
    "duckdb, plain SQL": ("plain SQL, run by DuckDB", None),
}
FIRST = ("test_properties", "test_rules_of_time", "test_outcomes", "test_engine_matrix")
SAID = {"notimpl": "not built", "notyet": "not yet", "never": "never"}


@dataclass
class Collected:
    """A pytest plugin: capability -> engine -> what its tests say."""

    found: dict[str, dict[str, set[matrix.Gap | None]]] = field(default_factory=dict)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in sorted(session.items, key=_place):
            engine = matrix.engine_of(item)
            for name in matrix.capabilities(item) if engine else ():
                self.found.setdefault(name, {}).setdefault(str(engine), set()).add(matrix.gap(item))


def _place(item: pytest.Item) -> int:
    """The rules of time first, then what is fed to them."""
    return FIRST.index(item.path.stem) if item.path.stem in FIRST else len(FIRST)


def collected() -> Collected:
    """What the tests of this folder say, without running them."""
    seen = Collected()
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", str(Path(__file__).parent)], [seen])
    if code != pytest.ExitCode.OK:
        raise SystemExit(said.getvalue())
    return seen


def page() -> str:
    """The whole file."""
    found, notes = collected().found, Notes()
    rows = [f"| {name} | {' | '.join(_cell(found[name].get(engine), notes) for engine in COLUMNS)} |" for name in found]
    return HEAD.format(
        again=AGAIN,
        columns=" | ".join(name for name, _ in COLUMNS.values()),
        rule="---|" * len(COLUMNS),
        rows="\n".join(rows),
        notes="\n".join(f"{number}. {reason}" for reason, number in notes.numbers.items()),
        versions="\n".join(_versions()),
        refused="\n".join(f"| {name} | {why} |" for name, why in REFUSED.items()),
    )


@dataclass
class Notes:
    """Reasons, numbered as they turn up."""

    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, reason: str) -> int:
        return self.numbers.setdefault(reason, len(self.numbers) + 1)


def _cell(said: set[matrix.Gap | None] | None, notes: Notes) -> str:
    if said is None:
        return ""
    gaps = sorted({gap for gap in said if gap}, key=lambda gap: gap.reason)
    if not gaps:
        return "yes"
    return "; ".join(f"{SAID[gap.kind]} ({notes.number(gap.reason)})" for gap in gaps)


def _versions() -> list[str]:
    pinned = {
        line.split("==")[0]: line.split("==")[1].split()[0]
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    named = [(name, pinned[package]) for name, package in COLUMNS.values() if package]
    return [f"| {name} | {version} |" for name, version in [("Ibis", pinned["ibis-framework"]), *named]]


HEAD = """\
# Engines

<!-- Written from the tests. Do not edit; write it anew: {again} -->

An engine is an Ibis connection: `fsnb.open(engine=con)`, `store.training_set(..., engine=con)`. The tests of the
rules of time run on all of these engines and compare with the oracle (`tests/pit`). This page is written from those
tests: a cell says yes when all tests of its row pass there. What is marked as not passing fails the build on the day
it passes.

| | {columns} |
|---|{rule}
{rows}

{notes}

An empty cell: nothing is claimed, no test runs there. *Not built*: by us. *Not yet*: Ibis or the engine may get it.
*Never*: the engine cannot. *Plain SQL* is what an engine without a lowering of its own runs.

## Versions

| | tested |
|---|---|
{versions}

PostgreSQL is the server that the machine has; Spark runs on Java 17 or 21.

## Integers that overflow

A sum that int64 does not hold is an error on every engine, never a wrong number. DuckDB (128 bits), PostgreSQL
(numeric), Polars and DataFusion (128 bits and decimals of fsnb's choosing: their own sums wrap around in silence) add
exactly, and fail where the answer does not fit. Spark fails as soon as a part of the sum does not, in ANSI mode, which
is its default; a session with ANSI mode off is refused. Over a whole history the running total must fit at every
event. Arithmetic in an expression of your own (`_.n * 2`) is the engine's.

## Refused

These are refused where they are opened or used, before anything runs:

| engine | why |
|---|---|
{refused}

Any other Ibis backend is given plain SQL; no test of ours has run there. [The dialects](dialects.md) that `train.sql`
writes are compiled, never run.
"""


def main() -> int:
    text = page()
    if "--check" not in sys.argv:
        PAGE.write_text(text)
        return 0
    if PAGE.exists() and PAGE.read_text() == text:
        return 0
    sys.stderr.write(f"{PAGE.relative_to(ROOT)} is not what the tests hold. Write it anew: {AGAIN}\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
