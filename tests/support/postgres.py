"""A PostgreSQL server of the tests' own: real, empty, thrown away at the end.

It runs as its own child process, from the programs on PATH or where Debian puts them, on a free port of
127.0.0.1 and without a socket file. PostgreSQL refuses to run as root, so a root user hands it to an
unprivileged account. Three things are harsher than need be, so that carelessness shows:

- passwords are checked (scram-sha-256), for local connections too;
- the password is a canary: whatever prints, logs or stores it can be searched for it;
- the server's time zone is not UTC: a session that leaves it at that reads other instants from naive times.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

ACCOUNTS = ("postgres", "nobody")  # who runs the server when we are root
SECONDS_TO_START = 60
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "America/New_York",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
}


class NoPostgres(RuntimeError):
    """There are no server programs on this machine."""


class PostgresServer:
    """A fresh server with one superuser `fsnb` and one database `fsnb`, from `with` until its end.

    `settings` go over SETTINGS, which trade what a crash would keep for speed.

    >>> with PostgresServer() as server:
    ...     psycopg.connect(server.url)
    """

    user = "fsnb"

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self.settings = SETTINGS | dict(settings or {})
        self.password = f"canary{secrets.token_hex(12)}"
        self.port = 0
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the database `fsnb` is, password included."""
        return self.url_of("fsnb")

    def url_of(self, database: str) -> str:
        return f"postgresql://{self.user}:{self.password}@127.0.0.1:{self.port}/{database}"

    @contextlib.contextmanager
    def fresh_database(self, tablespace: str = "pg_default") -> Iterator[str]:
        """The URL of a new, empty database, which is dropped at the end with whoever is still connected."""
        name = sql.Identifier(f"test_{secrets.token_hex(6)}")
        self._run(sql.SQL("CREATE DATABASE {} TABLESPACE {}").format(name, sql.Identifier(tablespace)))
        try:
            yield self.url_of(name.as_string().strip('"'))
        finally:
            self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    @contextlib.contextmanager
    def tablespace(self, folder: Path) -> Iterator[str]:
        """The name of a new tablespace in a folder."""
        name, place = f"space_{secrets.token_hex(6)}", folder / "tablespace"
        place.mkdir()
        account = _account()
        if account:
            shutil.chown(place, account["user"], account["group"])
        self._run(sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(sql.Identifier(name), sql.Literal(str(place))))
        try:
            yield name
        finally:
            self._run(sql.SQL("DROP TABLESPACE {}").format(sql.Identifier(name)))

    def __enter__(self) -> Self:
        programs = find_programs()
        self._folder = Path(tempfile.mkdtemp(prefix="fsnb-pg-"))
        try:
            self._create_cluster(programs)
            self._start(programs)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _create_cluster(self, programs: Path) -> None:
        password_file = self._folder / "password"
        password_file.write_text(self.password)
        account = _account()
        for path in (self._folder, password_file) if account else ():
            shutil.chown(path, account["user"], account["group"])
        command = [programs / "initdb", "--pgdata", self._data, "--username", self.user, "--pwfile", password_file]
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, cwd=self._folder, **account)
        password_file.unlink()
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr or done.stdout}")

    def _start(self, programs: Path) -> None:
        self.port = _free_port()
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [programs / "postgres", "-D", self._data, "-p", str(self.port), *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,  # Ctrl-C is for the tests; they stop the server
                **_account(),
            )
        self._wait_until_ready()
        self._run(sql.SQL("CREATE DATABASE fsnb"))

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while self._process is not None and self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url_of("postgres"), connect_timeout=2).close()
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start: {self.log.read_text()}")

    def _run(self, statement: sql.Composable) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _close(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # "fast": close what is open, then go
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def log(self) -> Path:
        """What the server wrote."""
        return self._folder / "log"


def find_programs() -> Path:
    """The folder with `initdb` and `postgres`: on PATH, else the newest that Debian's packages put elsewhere."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if packaged:
        return packaged[-1].parent
    raise NoPostgres("no initdb on PATH: tools/ensure_services installs PostgreSQL, or says what to install")


def _account() -> dict[str, Any]:
    """`subprocess` arguments that say who runs the server: nothing, but for root an account without its rights."""
    if os.geteuid() != 0:
        return {}
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NoPostgres(f"running as root, and none of the accounts {', '.join(ACCOUNTS)} is there to run PostgreSQL")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
