"""Sides in processes of their own: measured, compared, stopped; and the tables made of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.benchmarks import runner
from tests.benchmarks.bars import BARS, BEST, HAND, Bar, D
from tests.benchmarks.process import Limits
from tests.benchmarks.report import bars, table
from tests.benchmarks.results import keep, read
from tests.benchmarks.runner import Result, measure
from tests.benchmarks.shapes import shapes, write
from tests.benchmarks.works import WORKS, Side, Work

HERE = "tests.benchmarks.test_runner"
SHAPES = shapes(1)


# what a worker process calls
def answering(events: str, spine: str, value: float = 1.0, waits: float = 0.0) -> Callable[[], pa.Table]:
    made = pa.table({"k": [1, 2], "at": [10, 20], "x": [value, value]})  # the first one imports for a while

    def call() -> pa.Table:
        time.sleep(waits)
        return made

    return call


def hungry(events: str, spine: str) -> Callable[[], None]:
    def call() -> None:
        held = bytearray(600_000_000)
        time.sleep(600)
        del held

    return call


def failing(events: str, spine: str) -> Callable[[], None]:
    def call() -> None:
        raise ValueError("no such luck")

    return call


def side(name: str, function: str = "answering", kind: Any = "hand", **options: Any) -> Side:
    return Side(name, f"{HERE}:{function}", kind, options)


def measured(folder: Path, *sides: Side, seconds: float = 60, **changes: Any) -> dict[str, Result]:
    work = replace(Work("w", "a work", sides), **changes)
    found = measure(work, "main", lambda name: (folder, folder), 2, Limits(seconds, 500), folder, print)
    return {result.side.name: result for result in found}


def test_each_side_is_measured_warm_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SLOW", 60)  # on a busy machine even these take long
    sides = side("one"), side("other", waits=0.2), side("wrong", kind="ours", value=2.0)
    found = measured(tmp_path, *sides)
    assert [len(result.times) for result in found.values()] == [2, 2, 2]
    assert found["other"].seconds is not None
    assert found["other"].seconds >= 0.2
    assert [result.answer for result in found.values()] == ["same", "same", "differs: x: off by 5e-01 of the sum"]
    assert 10 < (found["one"].resting or 0) <= (found["one"].peak or 0)
    text = table(Work("w", "a work", sides), SHAPES["main"], found)
    assert f"against {BEST}" in text
    assert text.count("\n|") == 5


def test_a_side_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    found = measured(tmp_path, side("slow", waits=600), side("quick"), seconds=5)
    assert found["slow"].problem == "stopped after 5 s"
    assert found["slow"].seconds is None
    assert 5 <= (found["slow"].stopped or 0) < 300
    assert found["quick"].seconds is not None


def test_a_side_that_takes_too_much_memory_is_stopped(tmp_path: Path) -> None:
    assert (measured(tmp_path, side("hungry", "hungry"))["hungry"].problem or "").startswith("stopped at 500 MB")


def test_a_side_that_fails_says_why(tmp_path: Path) -> None:
    assert measured(tmp_path, side("bad", "failing"))["bad"].problem == "failed: ValueError: no such luck"


def test_a_side_alone_is_called_once(tmp_path: Path) -> None:
    assert [len(r.times) for r in measured(tmp_path, side("one"), side("two"), alone=True).values()] == [1, 1]


def test_a_peer_that_is_not_there_says_so(tmp_path: Path) -> None:
    absent = measured(tmp_path, replace(side("absent"), peer="nobody"))["absent"]
    assert absent.problem == "not installed: make bench-peers"


def test_every_bar_is_of_something_that_is_measured() -> None:
    for bar in BARS:
        for name, shape in {(bar.work, bar.shape), bar.other or (bar.work, bar.shape)}:
            assert shape in WORKS[name].shapes, bar
        assert bar.side in {found.name for found in WORKS[bar.work].sides}, bar
        beside = WORKS[(bar.other or (bar.work,))[0]]
        assert bar.against in {None, BEST, *(found.name for found in beside.sides)}, bar


def result(name: str, seconds: float | None = None, kind: Any = "hand", **more: Any) -> Result:
    return Result(side(name, kind=kind), [] if seconds is None else [seconds], answer="same", **more)


@pytest.mark.parametrize(
    ("mine", "most", "at_least", "told"),
    [
        (result("a", 2.0), 2.0, False, ("2.00 x", "met")),
        (result("a", 2.1), 2.0, False, ("2.10 x", "**not met**")),
        (result("a", 4.0), 4.0, True, ("4.00 x", "met")),
        (result("a", 3.0), 4.0, True, ("3.00 x", "**not met**")),
        (result("a", problem="stopped", stopped=9.0), 4.0, True, ("> 9.00 x", "met")),
        (result("a", problem="stopped", stopped=3.0), 4.0, True, ("> 3.00 x", "not known: stopped")),
        (result("a", problem="stopped", stopped=9.0), 4.0, False, ("> 9.00 x", "**not met**")),
        (result("a", problem="stopped", stopped=3.0), 4.0, False, ("> 3.00 x", "not known: stopped")),
        (result("a", problem="not installed"), 4.0, True, ("not installed", "not known")),
    ],
)
def test_a_bar_is_met_or_not(mine: Result, most: float, at_least: bool, told: tuple[str, str]) -> None:
    bar = Bar("asof", "main", "a", most, BEST, at_least=at_least)
    there = {"a": replace_kind(mine), "slow": result("slow", 3.0), "fast": result("fast", 1.0)}
    assert bar.judged({("asof", "main"): there}, SHAPES) == told


def replace_kind(mine: Result) -> Result:
    mine.side = replace(mine.side, kind="ours")
    return mine


def test_a_bar_in_itself_and_per_row() -> None:
    there = {("asof", "main"): {"a": result("a", 0.4, peak=90)}, ("asof", "few"): {"b": result("b", 3.0)}}
    assert Bar("asof", "main", "a", 0.3).judged(there, SHAPES) == ("0.400 s", "**not met**")
    assert Bar("asof", "main", "a", 100, quantity="peak").judged(there, SHAPES) == ("90 MB", "met")
    each = Bar("asof", "few", "b", 1_000, "a", ("asof", "main"), at_least=True, per_row=True)
    assert each.judged(there, SHAPES) == ("2,500.00 x", "met")
    assert Bar("asof", "dense", "a", 1).judged(there, SHAPES) == ("", "not measured")


def test_bars_are_printed_of_several_runs(tmp_path: Path) -> None:
    sides = {side.name: side for side in WORKS["asof"].sides}
    one = {name: Result(sides[name], [seconds], [1.0], answer="same") for name, seconds in ((HAND, 2.0), (D, 3.0))}
    other = {name: replace(result, times=[2.0]) for name, result in one.items()}
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    keep(first, "monday", ("asof", "main", 1), one)
    assert "| asof, main: fsnb, DuckDB, against ASOF SQL by hand, at a tenth | <= 1.15 x | 1.50 x | 1.00 x | " in bars(
        read([first])
    )
    keep(second, "tuesday", ("asof", "main", 10), other)
    keep(second, "wednesday", ("asof", "main", 1), other)
    text = bars(read([first, second]))
    assert "| asof, main: fsnb, DuckDB, against ASOF SQL by hand | <= 1.15 x | 1.00 x | 1.00 x | met |" in text
    assert "| asof, main: fsnb, Polars, against Polars join_asof by hand | <= 1.15 x |  |  | not measured |" in text
    assert "windows" not in text


def test_of_a_work_measured_again_the_last_run_counts_alone(tmp_path: Path) -> None:
    sides = {side.name: side for side in WORKS["asof"].sides}
    kept, key = tmp_path / "kept.jsonl", ("asof", "main", 1)
    keep(kept, "monday", key, {name: Result(sides[name], [1.0]) for name in (HAND, D)})
    keep(kept, "tuesday", key, {D: Result(sides[D], [2.0])})
    assert {name: result.times for name, result in read([kept])[key].items()} == {D: [2.0]}
    kept.write_text(kept.read_text().replace(D, "fsnb, abacus"))
    with pytest.raises(ValueError, match="asof has no side 'fsnb, abacus'"):
        read([kept])


def test_shapes_are_written_once_and_the_same_each_time(tmp_path: Path) -> None:
    small = replace(SHAPES["zipf"], keys=30, events=500, spine=60)
    one, other = (write(small, folder) for folder in (_made(tmp_path / "a"), _made(tmp_path / "b")))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]
    before = one[0].stat().st_mtime_ns
    assert write(replace(small, spine=5), tmp_path / "a")[0] == one[0]
    assert one[0].stat().st_mtime_ns == before
    assert write(replace(small, exponent=None), tmp_path / "a")[0] != one[0]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_shapes_larger_than_a_chunk_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.benchmarks.shapes.CHUNK", 100)
    events, spine = (pq.read_table(path) for path in write(replace(SHAPES["main"], events=250, spine=130), tmp_path))
    assert (events.num_rows, spine.num_rows) == (250, 130)
    assert len(set(events.column("x0").to_pylist())) == 250
    assert [path.suffix for path in tmp_path.iterdir()] == [".parquet", ".parquet"]
