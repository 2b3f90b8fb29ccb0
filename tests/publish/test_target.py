from __future__ import annotations

import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import duckdb
import psycopg
import pytest
from psycopg import sql

from fsnb.errors import TargetError
from fsnb.publish import Target
from fsnb.publish import target as target_module

CANARY = "s3cr3t-canary"


def assert_nowhere(secret: str, error: BaseException) -> None:
    """Not in the message, the chain of causes, or a traceback that shows the local variables of every frame."""
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    for text in (str(error), repr(error), shown):
        assert secret not in text


def failure(target: Target) -> TargetError:
    with pytest.raises(TargetError) as caught:
        target.connect()
    return caught.value


# ---------------------------------------------------------------------- what is shown and stored


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{CANARY}@host:5432/db",
        f"postgresql://me:{CANARY}@host/db?sslmode=require",
        f"postgresql://me:a/{CANARY}@b@host/db",
        f"postgresql://me:{CANARY}?x@host/db",
        f"postgresql://me:${{A}}{CANARY}@host/db",
        f"postgresql://host/db?user=me&password={CANARY}",
        f"postgresql://me@host/db?sslpassword={CANARY}&connect_timeout=1",
    ],
)
def test_written_password_is_neither_shown_nor_stored(url: str) -> None:
    target = Target("prod", url)
    assert CANARY not in repr(target) + str(target) + str(target.to_doc())
    assert "host" in target.to_doc()["url"]
    assert "***" in repr(target)


def test_document_keeps_placeholders_and_reads_back() -> None:
    url = "postgresql://${PGUSER}:${PGPASSWORD}@host:${PGPORT}/db?sslmode=require"
    target = Target("prod", url, schema="features", sources={"flights": "raw.flights"})
    assert target.to_doc()["url"] == url
    assert Target.from_doc(target.to_doc()) == target
    assert (target.table_of("flights"), target.table_of("weather")) == ("raw.flights", "weather")


def test_file_is_the_same_from_every_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    target = Target("prod", "prod.duckdb")
    assert target.url == f"duckdb://{tmp_path}/prod.duckdb"
    assert target == Target("prod", Path("prod.duckdb")) == Target("prod", f"duckdb:///{str(tmp_path)[1:]}/prod.duckdb")


def test_path_may_hold_what_a_url_may_not(tmp_path: Path) -> None:
    path = tmp_path / "me@host" / "a%41?b:c#d.duckdb"
    path.parent.mkdir()
    with Target("prod", path).session() as con:
        con.con.execute("CREATE TABLE t AS SELECT 1 AS x")
    assert path.exists()
    assert Target("prod", path).to_doc()["url"] == f"duckdb://{path}"


@pytest.mark.parametrize("url", ["mysql://host/db", "prod", "duckdb://", "duckdb:///", "duckdb://:memory:"])
def test_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(TargetError, match=r"target 'prod'.*(Supported are postgresql://|Give a path)"):
        Target("prod", url)


def test_password_in_the_place_of_a_port_is_not_shown() -> None:
    with pytest.raises(TargetError, match="port in its URL is not a number") as caught:
        Target("prod", f"postgresql://me:{CANARY}")
    assert CANARY not in str(caught.value)


# ---------------------------------------------------------------------- DuckDB files


def test_session_frees_the_file_for_other_processes(tmp_path: Path) -> None:
    target = Target("prod", tmp_path / "prod.duckdb")
    with target.session() as con:
        con.con.execute("CREATE TABLE t AS SELECT 1 AS x")
    code = (
        f"import duckdb; print(duckdb.connect({str(tmp_path / 'prod.duckdb')!r}).execute('SELECT x FROM t').fetchall())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[(1,)]"


def test_file_held_by_another_process_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_module, "SECONDS_TO_CONNECT", 0.1)
    path = tmp_path / "prod.duckdb"
    code = f"import duckdb, sys; con = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        error = failure(Target("prod", path))
    finally:
        holder.communicate()
    assert "target 'prod'" in str(error)
    assert "One process at a time" in str(error)


def test_file_that_another_process_holds_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "prod.duckdb"
    code = (
        f"import duckdb, time; con = duckdb.connect({str(path)!r}); con.execute('CREATE TABLE t AS SELECT 1 AS x'); "
        "print('open', flush=True); time.sleep(0.7)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with Target("prod", path).session() as con:
            assert con.con.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "prod.duckdb").write_text("no database at all, " * 1000)
    assert "Check the path" in str(failure(Target("prod", tmp_path / "prod.duckdb")))


def test_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    assert "Check the path" in str(failure(Target("prod", tmp_path / "nowhere" / "prod.duckdb")))


# ---------------------------------------------------------------------- PostgreSQL


def test_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FSNB_TEST_PASSWORD", raising=False)
    error = failure(Target("prod", "postgresql://me:${FSNB_TEST_PASSWORD}@127.0.0.1/db"))
    assert "FSNB_TEST_PASSWORD" in str(error)
    assert "not set" in str(error)


def test_whole_url_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target = Target("prod", "${FSNB_TEST_URL}")
    monkeypatch.setenv("FSNB_TEST_URL", f"mysql://me:{CANARY}@host/db")
    error = failure(target)
    assert "Supported are" in str(error)
    assert_nowhere(CANARY, error)
    monkeypatch.setenv("FSNB_TEST_URL", str(tmp_path / "prod.duckdb"))
    with target.session() as con:
        assert con.name == "duckdb"
    assert target.to_doc()["url"] == "${FSNB_TEST_URL}"


def test_driver_that_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "fsnb[postgres]" in str(failure(Target("prod", f"postgresql://me:{CANARY}@127.0.0.1/db")))


def test_server_that_is_not_there_says_what_to_check() -> None:
    error = failure(Target("prod", f"postgresql://me:{CANARY}@127.0.0.1:1/db"))
    assert "target 'prod'" in str(error)
    assert "Check host, port" in str(error)
    assert_nowhere(CANARY, error)


@pytest.mark.parametrize("kind", [ValueError, OSError, psycopg.Error, duckdb.Error])
def test_driver_that_repeats_the_password_is_not_quoted(kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    password = "p@ss/" + CANARY

    def talkative(address: Any, options: Any) -> None:
        raise kind(f"bad URL postgresql://me:{quote(password, safe='')}@host, password {password}")

    monkeypatch.setitem(target_module.CONNECTORS, "postgresql", talkative)
    error = failure(Target("prod", f"postgresql://me:{quote(password, safe='')}@host/db"))
    assert "password ***" in str(error)
    assert_nowhere(CANARY, error)


@pytest.mark.postgres
@pytest.mark.parametrize("written", [True, False], ids=["in the URL", "from the environment"])
def test_wrong_password_is_nowhere_in_the_error(
    postgres_url: str, written: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FSNB_TEST_PASSWORD", CANARY)
    right = urlsplit(postgres_url).password
    url = postgres_url.replace(f":{right}@", f":{CANARY}@" if written else ":${FSNB_TEST_PASSWORD}@")
    error = failure(Target("prod", url))
    assert "password authentication failed" in str(error)
    assert_nowhere(CANARY, error)


@pytest.mark.postgres
def test_right_password_is_nowhere_when_the_database_is_missing(postgres_url: str) -> None:
    error = failure(Target("prod", postgres_url.removesuffix("/fsnb") + "/nowhere"))
    assert '"nowhere" does not exist' in str(error)
    assert_nowhere(str(urlsplit(postgres_url).password), error)


@pytest.mark.postgres
def test_password_may_hold_any_character(postgres_db_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    password = "p@ss/w:rd?#%41&=${X}"
    with psycopg.connect(postgres_db_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE odd LOGIN PASSWORD {}").format(sql.Literal(password)))
    try:
        place = urlsplit(postgres_db_url)
        monkeypatch.setenv("FSNB_TEST_PASSWORD", password)
        for written in ("${FSNB_TEST_PASSWORD}", quote(password, safe="")):
            with Target("prod", f"postgresql://odd:{written}@127.0.0.1:{place.port}{place.path}").session() as con:
                assert con.con.execute("SELECT current_user").fetchall() == [("odd",)]
    finally:
        with psycopg.connect(postgres_db_url, autocommit=True) as admin:
            admin.execute("DROP ROLE odd")


def test_a_connection_that_is_lost_while_it_is_closed_is_told_as_the_targets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target("prod", str(tmp_path / "prod.duckdb"))
    con = target.connect()
    monkeypatch.setattr(con, "disconnect", lambda: lost())
    monkeypatch.setattr(Target, "connect", lambda self: con)

    def lost() -> None:
        raise ConnectionRefusedError("Connection refused")

    told = r"^target 'prod': lost the connection \(Connection refused\)"
    with pytest.raises(TargetError, match=told), target.session():
        pass


def test_a_lost_connection_is_told_once(tmp_path: Path) -> None:
    target = Target("prod", str(tmp_path / "prod.duckdb"))
    with pytest.raises(TargetError, match=r"^said before$"), target.session():
        raise TargetError("said before")
