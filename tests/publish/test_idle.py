"""A target's connection to PostgreSQL serves its next session, and no session notices."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from fsnb.publish import Target, idle

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
    child = fork.Process(target=lambda: (theirs.send(backend(target)), theirs.close(), os._exit(0)))
    child.start()
    assert ours.recv() != first
    child.join()
    assert backend(target) == first
