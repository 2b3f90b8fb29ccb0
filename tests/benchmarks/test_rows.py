"""Rows that another tool answers otherwise are found, told apart by kind, and shown beside the oracle."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.benchmarks.rows import KINDS, PLANTED, asked_of_oracle, planted, told, with_kinds


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A spine with the kinds of its rows, and what the oracle answers."""
    events, spine = planted(200, tmp_path_factory.mktemp("rows"))
    return with_kinds(pl.read_parquet(spine), pl.read_parquet(events)), asked_of_oracle(events, spine)


def test_every_kind_of_row_is_there_and_has_the_answer_of_its_kind(asked: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    spine, answers = asked
    kinds = spine.join(answers, on="row").filter(pl.col("kind") != "again")
    given = dict(kinds.group_by("kind").agg(pl.col("x0").is_not_null().unique()).iter_rows())
    assert given == {"edge": [False], "found": [True], "stale": [False], "unknown": [False]}
    assert set(spine["kind"]) == set(KINDS)
    assert spine.filter(kind="again").height == 2 * PLANTED


def test_rows_that_are_lost_or_answered_otherwise_are_counted_and_shown(
    asked: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    spine, answers = asked
    lost = spine.filter(kind="stale")["row"].implode()
    edge = pl.col("row").is_in(spine.filter(kind="edge")["row"].implode())
    other = answers.filter(~pl.col("row").is_in(lost)).with_columns(x0=pl.when(edge).then(1.5).otherwise("x0"))
    text = told(spine, {"oracle": answers, "good": answers, "bad": other, "absent": "not installed"})
    count = spine.filter(kind="stale").height
    assert f"| {KINDS['stale']} | {count} | same | **{count} lost** | not installed |" in text
    assert f"| {KINDS['edge']} | {PLANTED} | same | **{PLANTED} otherwise** | not installed |" in text
    assert f"| {KINDS['found']} | {spine.filter(kind='found').height} | same | same | not installed |" in text
    assert text.count("| bad | NULL | no such row |") == min(2, count)
    assert text.count("| bad | NULL | 1.500000 |") == 2


def test_the_oracle_is_asked_for_every_row_in_order(tmp_path: Path) -> None:
    events, spine = planted(50, tmp_path)
    assert asked_of_oracle(events, spine)["row"].to_list() == list(range(pl.read_parquet(spine).height))
