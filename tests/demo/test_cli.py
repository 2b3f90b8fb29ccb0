"""The command line, as one meets it: in a process of its own, in a folder of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from rich.console import Console

import fsnb
from fsnb.cli import main
from fsnb.cli.steps import Steps
from fsnb.demo import flights


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from fsnb.cli import main; main(prog_name='fsnb')", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=580, check=False)


def test_version() -> None:
    done = CliRunner().invoke(main, ["--version"])
    assert (done.exit_code, done.output) == (0, f"fsnb, version {fsnb.__version__}\n")


def test_help_names_the_commands_and_the_options() -> None:
    assert "demo" in CliRunner().invoke(main, ["-h"]).output
    said = CliRunner().invoke(main, ["demo", "--help"]).output
    assert all(option in said for option in ("--target", "--home", "--engine"))


def test_missing_extra_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights.importlib.util, "find_spec", lambda name: None)
    done = CliRunner().invoke(main, ["demo", "--home", str(tmp_path)])
    assert done.exit_code == 1
    assert "fsnb[demo]" in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize("url", ["postgresql://ops:hunter2@127.0.0.1:1/db", "mysql://ops:hunter2@127.0.0.1/db"])
def test_unreachable_target_is_told_at_once_and_without_its_password(tmp_path: Path, url: str) -> None:
    done = run(tmp_path, "demo", "--target", url)
    assert done.returncode == 1
    assert "target 'prod'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".fsnb" / "demo").exists()
    assert "hunter2" not in done.stdout + done.stderr
    assert not any(b"hunter2" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_step_that_fails_is_marked_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    steps = Steps(Console(width=80))
    with steps("first") as tell:
        tell(10, 20, "load flights")
    with pytest.raises(KeyboardInterrupt), steps("second"):
        raise KeyboardInterrupt
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"✓ first {40,}0\.\d s", first)
    assert re.fullmatch(r"✗ second {40,}0\.\d s", second)


# ---------------------------------------------------------------------- the whole job


@pytest.mark.slow
def test_demo_on_the_embedded_target(tmp_path: Path) -> None:
    done = run(tmp_path, "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    _check(done.stdout)
    assert {file.name for file in (tmp_path / ".fsnb").iterdir()} >= {"catalog.sqlite", "mlflow.db", "prod.duckdb"}
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


@pytest.mark.slow
@pytest.mark.postgres
def test_demo_on_postgres(tables: flights.Tables, tmp_path: Path, postgres_db_url: str) -> None:
    """The same job with another target: the flights of every tenth aircraft, which the demo finds made already."""
    questions = _every_tenth_aircraft(tables, tmp_path / ".fsnb" / "demo")
    done = run(tmp_path, "demo", "--target", postgres_db_url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{questions:,} questions" in done.stdout
    _check_agreement(done.stdout)


def _every_tenth_aircraft(tables: flights.Tables, folder: Path) -> int:
    """Write the part of the demo's tables where the demo looks for them; answers how many questions it has."""
    folder.mkdir(parents=True)
    chosen = pl.scan_parquet(tables.questions).select("tailnum").unique().sort("tailnum").collect().gather_every(10)
    for path in (tables.departures, tables.landings, tables.questions):
        pl.read_parquet(path).join(chosen, on="tailnum", maintain_order="left").write_parquet(folder / path.name)
    shutil.copy(tables.weather, folder)
    return pl.read_parquet(folder / tables.questions.name).height


def _check(said: str) -> None:
    rows = re.findall(r"^  (\S.*?) +(0\.\d{3}) +(0\.\d{3}) *$", said, re.MULTILINE)
    scores = {name: (float(claimed), float(served)) for name, claimed, served in rows}
    ahead, honest, event_time, own_row = scores.values()
    assert honest[0] == honest[1] > ahead[0] + 0.05
    assert event_time[0] > honest[0] > event_time[1]
    assert own_row[0] > honest[0] + 0.05 > own_row[1] + 0.1
    assert "327,346 questions" in said
    _check_agreement(said)
    memory = re.search(r"(\d+) seconds in all, at most ([\d.]+) GB", said)
    assert memory is not None
    assert float(memory[2]) < 4


def _check_agreement(said: str) -> None:
    assert len(re.findall(r"agree on \d+ rows", said)) == 5
    assert "DISAGREE" not in said
    assert "each as in the training set" in said
