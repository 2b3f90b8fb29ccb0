"""A password is in no error, no repr, no document and no file."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from fsnb.errors import OnlineStoreError
from fsnb.online import open_online, recorded

CANARY = "c4n4ry/p@ss"
URLS = [
    "redis://:{}@127.0.0.1:1/0",
    "redis://me:{}@127.0.0.1:1/0",
    "rediss://:{}@127.0.0.1:1/0",
    "redis://127.0.0.1:1/0?password={}",
    "postgresql://me:{}@127.0.0.1:1/db",
    "postgresql://me@127.0.0.1:1/db?password={}",
]
ESCAPED = CANARY.replace("/", "%2F").replace("@", "%40")


def assert_hidden(text: str) -> None:
    assert CANARY not in text
    assert ESCAPED not in text


@pytest.mark.parametrize("url", URLS)
def test_a_password_that_is_written_out_is_shown_nowhere(url: str, tmp_path: Path) -> None:
    written = url.format(ESCAPED)
    database = open_online(written, tmp_path)
    assert_hidden(repr(database) + str(database) + database.where + recorded(written))
    with pytest.raises(OnlineStoreError, match="cannot connect") as raised:
        database.served("v")
    assert_hidden(str(raised.value))
    assert raised.value.__cause__ is raised.value.__context__ is None


@pytest.mark.parametrize("url", URLS)
def test_a_password_from_the_environment_is_in_no_traceback(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FSNB_TEST_PASSWORD", CANARY)
    database = open_online(url.format("${FSNB_TEST_PASSWORD}"), tmp_path)
    with pytest.raises(OnlineStoreError, match="cannot connect") as raised:
        database.served("v")
    told = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    assert_hidden("".join(told.format()))
    assert "${FSNB_TEST_PASSWORD}" in recorded(url.format("${FSNB_TEST_PASSWORD}"))


def test_a_whole_url_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FSNB_TEST_URL", f"redis://:{ESCAPED}@127.0.0.1:1/0")
    database = open_online("${FSNB_TEST_URL}", tmp_path)
    assert_hidden(repr(database))
    assert recorded("${FSNB_TEST_URL}") == "${FSNB_TEST_URL}"
    monkeypatch.delenv("FSNB_TEST_URL")
    with pytest.raises(OnlineStoreError, match="environment variable FSNB_TEST_URL is not set"):
        open_online("${FSNB_TEST_URL}", tmp_path)


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(OnlineStoreError, match="needs the environment variable FSNB_NOT_SET, which is not set"):
        open_online("redis://:${FSNB_NOT_SET}@127.0.0.1/0", tmp_path).served("v")


@pytest.mark.parametrize("url", ["redis://:half/of{}@x:1y/0", "postgresql://a:b{}:c/d"])
def test_a_port_that_may_be_half_of_a_password_is_not_shown(url: str, tmp_path: Path) -> None:
    with pytest.raises(OnlineStoreError) as raised:
        open_online(url.format("c4n4ry"), tmp_path).served("v")
    assert "c4n4ry" not in str(raised.value)


@pytest.mark.redis
def test_redis_refuses_a_wrong_password_and_does_not_tell_it(redis_db_url: str, tmp_path: Path) -> None:
    right = redis_db_url.split("@")[0].removeprefix("redis://:")
    database = open_online(redis_db_url.replace(right, ESCAPED), tmp_path)
    with pytest.raises(OnlineStoreError, match="cannot connect to 127") as raised:
        database.served("v")
    assert_hidden(str(raised.value))


def test_a_sqlite_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.sqlite").write_text("not a database at all, " * 100)
    with pytest.raises(OnlineStoreError, match=r"notes\.sqlite: file is not a database\. It must be a SQLite file"):
        open_online(f"sqlite://{tmp_path / 'notes.sqlite'}", tmp_path).served("v")
