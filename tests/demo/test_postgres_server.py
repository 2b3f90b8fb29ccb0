from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from fsnb.demo import postgres
from fsnb.errors import NotSupported
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.postgres


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def test_right_password_is_let_in(postgres_url: str) -> None:
    assert ask(postgres_url, "SELECT current_user, current_database()") == [("fsnb", "fsnb")]


def test_wrong_password_is_refused(postgres_server: PostgresServer) -> None:
    url = postgres_server.url.replace(postgres_server.password, "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)


def test_missing_password_is_refused(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    url = postgres_server.url.replace(f":{postgres_server.password}", "")
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(url)


def test_server_listens_on_loopback_only(postgres_url: str) -> None:
    assert ask(postgres_url, "SHOW listen_addresses") == [("127.0.0.1",)]
    assert ask(postgres_url, "SHOW unix_socket_directories") == [("",)]


def test_fresh_database_is_empty_and_gone_afterwards(postgres_server: PostgresServer) -> None:
    names = []
    for _ in range(2):
        with postgres_server.fresh_database() as url:
            assert ask(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []
            with psycopg.connect(url) as connection:
                connection.execute("CREATE TABLE leftover (x int)")
            names.append(url.rsplit("/", 1)[1])
    there = {name for (name,) in ask(postgres_server.url, "SELECT datname FROM pg_database")}
    assert len(set(names)) == 2
    assert not there & set(names)


def test_database_is_dropped_under_an_open_connection(postgres_server: PostgresServer) -> None:
    with postgres_server.fresh_database() as url:
        held = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        held.execute("SELECT 1")


@pytest.mark.usefixtures("postgres_server")  # skips where there is no PostgreSQL
def test_server_leaves_nothing_behind() -> None:
    with PostgresServer() as server:
        folder = server._folder
        assert ask(server.url, "SELECT 1") == [(1,)]
    server.stop()  # a second time does nothing
    assert repr(server) == "<PrivateServer: stopped>"
    assert not folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url, connect_timeout=2)


def test_each_test_can_have_a_database_of_its_own(postgres_db_url: str, postgres_url: str) -> None:
    assert ask(postgres_db_url, "SELECT current_database() LIKE 'test_%'") == [(True,)]
    assert postgres_db_url != postgres_url


ABANDONS = """
import os, signal
from fsnb.demo.postgres import PrivateServer
server = PrivateServer().start()
print(server._process.pid, server._folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.usefixtures("postgres_server")  # skips where there is no PostgreSQL
def test_server_goes_with_whoever_started_it_even_when_that_is_killed() -> None:
    done = subprocess.run([sys.executable, "-c", ABANDONS], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    pid, folder = done.stdout.split()
    deadline = time.monotonic() + 60
    while (Path(folder).exists() or Path("/proc", pid).exists()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(folder).exists()
    assert not Path("/proc", pid).exists()


def test_no_server_programs_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(postgres.shutil, "which", lambda name: None)
    monkeypatch.setattr(postgres, "Path", lambda *parts: tmp_path)
    with pytest.raises(NotSupported, match="Install your system's package 'postgresql'"):
        postgres.find_programs()
