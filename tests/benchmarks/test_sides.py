"""Every side of every benchmark answers the same, on shapes so small that it takes seconds. Nothing is timed here."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.answers import Digest, differences, digest
from tests.benchmarks.process import Limits, missing
from tests.benchmarks.runner import measure
from tests.benchmarks.shapes import shapes, write
from tests.benchmarks.works import GROUPS, Side, Work

SIZES = {"main": {"keys": 40}, "dense": {"keys": 2}, "zipf": {"keys": 40}}
TINY = {name: replace(shapes(1)[name], events=4_000, spine=300, **size) for name, size in SIZES.items()}
OURS = [work for group in ("bench", "huge") for work in GROUPS[group]]
COMPARED = [work for work in OURS if any(side.compared for side in work.sides)]
FEW = {"few": replace(TINY["main"], spine=30)}
Files = Callable[[str], tuple[Path, Path]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("shapes")
    return cache(lambda name: write((TINY | FEW).get(name, TINY["main"]), folder))


@pytest.fixture(autouse=True)
def _scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.parametrize("shape", TINY)
@pytest.mark.parametrize("work", COMPARED, ids=lambda work: work.name)
def test_sides_answer_the_same(work: Work, shape: str, files: Files) -> None:
    answers = {side.name: _answer(side, files(shape)) for side in work.sides if side.compared}
    wanted = next(answers[side.name] for side in work.sides if side.kind == "hand")
    assert wanted["rows"] == TINY[shape].spine
    assert all(column[0] for column in wanted["columns"].values())
    for side in work.sides:
        if side.compared:
            assert differences(answers[side.name], wanted, ordered=side.ordered) == [], side.name
            assert (set(answers[side.name]["columns"]) == set(wanted["columns"])) == (side.kind != "part"), side.name


@pytest.mark.parametrize("work", OURS, ids=lambda work: work.name)
def test_sides_that_are_not_compared_run(work: Work, files: Files) -> None:
    for side in work.sides:
        if not side.compared:
            _called(side, files(side.shape or "main"))


@pytest.mark.slow
@pytest.mark.parametrize("work", GROUPS["peers"], ids=lambda work: work.name)
def test_peers_answer_the_same(work: Work, files: Files, tmp_path: Path) -> None:
    absent = {side.peer: why for side in work.sides if (why := missing(side.peer))}
    if absent:
        pytest.skip(f"{', '.join(map(str, absent))}: {', '.join(absent.values())}")
    small = replace(work, sides=tuple(side for side in work.sides if side.peer), alone=True)
    shape = work.shapes[0]
    wanted = _answer(next(side for side in work.sides if side.kind == "hand"), files(shape))
    for result in measure(small, shape, files, 1, Limits(300, 4_000), tmp_path, print):
        assert result.problem is None
        assert result.digest is not None
        told = differences(result.digest, wanted)
        assert told == [] or result.side.name in KNOWN
        assert [what for what in told if not what.endswith(KNOWN.get(result.side.name, ""))] == []


KNOWN = {"Feast, dask store": f"rows, not {TINY['main'].spine:,}"}
"""Peers that answer differently, and how: Feast's dask store leaves out rows that nothing is found for."""


def _answer(side: Side, files: tuple[Path, Path]) -> Digest:
    found = _called(side, files)
    return digest(found() if callable(found) else found)


def _called(side: Side, files: tuple[Path, Path]) -> Any:
    module, _, function = side.call.partition(":")
    prepared = getattr(importlib.import_module(module), function)
    return prepared(events=str(files[0]), spine=str(files[1]), **side.options)()
