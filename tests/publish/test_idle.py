"""Sessions that share a connection: on PostgreSQL the next one, on every target those of one call. None notices."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from fsnb.publish import Target, idle
from fsnb.store import FeatureStore
from tests.publish.support import events, latest

SECONDS = 60.0


@pytest.fixture
def target(postgres_db_url: str) -> Target:
    return Target("prod", postgres_db_url)


def backend(target: Target) -> int:
    with target.session() as con:
        return number(con)


def number(con: Any) -> int:
    return int(con.con.execute("SELECT pg_backend_pid()").fetchone()[0])


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def lives(url: str, number: int) -> bool:
    with psycopg.connect(url) as con:
        return bool(con.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [number]).fetchone())


def test_next_session_has_the_same_connection_without_the_last_ones_tables(target: Target) -> None:
    with target.session() as con:
        first = number(con)
        con.con.execute("CREATE TEMPORARY TABLE mine (a int)")
    with target.session() as con:
        assert number(con) == first
        assert con.con.execute("SELECT to_regclass('mine')").fetchone() == (None,)
        with target.session() as other:  # one at a time
            assert number(other) != first


def test_one_that_the_server_has_ended_is_made_anew(target: Target, postgres_db_url: str) -> None:
    first = backend(target)
    with psycopg.connect(postgres_db_url) as con:
        con.execute("SELECT pg_terminate_backend(%s, 60000)", [first])
    assert backend(target) != first


def test_one_that_is_left_in_a_transaction_is_closed(target: Target, postgres_db_url: str) -> None:
    with target.session() as con:
        failed = number(con)
        with pytest.raises(psycopg.errors.DivisionByZero):
            con.con.execute("BEGIN; SELECT 1 / 0")
    with target.session() as con:
        left = number(con)
        con.con.execute("BEGIN")
    assert len({failed, left, backend(target)}) == 3
    until(lambda: not lives(postgres_db_url, failed) and not lives(postgres_db_url, left))


def test_of_three_that_are_done_two_wait(target: Target, postgres_db_url: str) -> None:
    with target.session() as last, target.session() as one, target.session() as other:
        numbers = [number(con) for con in (last, one, other)]
    until(lambda: not lives(postgres_db_url, numbers[0]))
    assert all(lives(postgres_db_url, each) for each in numbers[1:])


def test_variables_of_the_url_that_have_changed_give_another(
    postgres_db_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, _, database = postgres_db_url.rpartition("/")
    target = Target("prod", f"{start}/${{DATABASE}}")
    monkeypatch.setenv("DATABASE", database)
    first = backend(target)
    assert backend(target) == first
    monkeypatch.setenv("DATABASE", "postgres")
    assert backend(target) != first


def test_it_is_closed_after_a_while_and_with_its_target(postgres_db_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "SECONDS", 10 * SECONDS)
    target = Target("prod", postgres_db_url)
    kept = backend(target)
    del target
    until(lambda: not lives(postgres_db_url, kept))
    monkeypatch.setattr(idle, "SECONDS", 0.01)
    target = Target("prod", postgres_db_url)
    old = backend(target)
    until(lambda: not lives(postgres_db_url, old))
    assert backend(target) != old


def test_a_forked_process_has_its_own_and_leaves_its_parents_alone(target: Target) -> None:
    first = backend(target)
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()

    def work() -> None:
        mine = backend(target)
        idle._end_all(target._idle._waiting)  # what comes with the target's end
        theirs.send(mine)
        os._exit(0)

    child = fork.Process(target=work)
    child.start()
    assert ours.recv() != first
    child.join()
    assert backend(target) == first


# ---------------------------------------------------------------------- those of a block


def test_sessions_of_a_block_have_one_connection_which_ends_with_it(tmp_path: Path) -> None:
    with Target("prod", tmp_path / "prod.duckdb").held() as held:
        with held.session() as one:
            one.raw_sql("CREATE TABLE t AS SELECT 1 AS a")
        with held.session() as two:
            assert two is one
    with pytest.raises(duckdb.ConnectionException):
        one.raw_sql("FROM t")


def test_block_that_needs_no_session_makes_no_connection(tmp_path: Path) -> None:
    with Target("prod", tmp_path / "prod.duckdb").held():
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["", "delta://"])
def test_call_of_publish_connects_once(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FeatureStore(tmp_path / "store", "duckdb")
    store.target("prod", f"{kind}{tmp_path / 'prod.duckdb'}")
    store.load(events(), to="prod")
    connect, connected = Target.connect, list[Target]()
    monkeypatch.setattr(Target, "connect", lambda target: (connected.append(target), connect(target))[1])
    store.publish(latest(), to="prod", rows=40)
    assert len(connected) == 1
    assert len(store.catalog.list("profile")) == 1
