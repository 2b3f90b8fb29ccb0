"""A PostgreSQL server of one's own for a while: real, empty, gone at the end. For notebooks, demos and tests.

It runs as a child process, from the programs on PATH or where Debian puts them, on a free port of 127.0.0.1 and without
a socket file, and asks for a password. PostgreSQL refuses to run as root, so a root user hands it to an unprivileged
account. It trades what a crash would keep for speed: keep nothing in it.
"""

from __future__ import annotations

import atexit
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
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fsnb.errors import FsnbError, NotSupported

ACCOUNTS = ("postgres", "nobody")  # who runs the server when we are root
DATABASE = "fsnb"
SECONDS_TO_START = 60
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
}
# Waits until whoever started the server is gone, however it went, then takes the server and its files away.
GUARD = 'read -r _; kill -INT "$1" 2>/dev/null; while kill -0 "$1" 2>/dev/null; do sleep 0.1; done; rm -rf "$2"'


class PrivateServer:
    """A fresh server with one superuser `fsnb` and one database `fsnb`.

    It stops with `stop()`, at the end of `with`, or with the process that started it, whichever comes first.

    Parameters
    ----------
    settings
        PostgreSQL's, over `SETTINGS`.

    Raises
    ------
    NotSupported
        There are no server programs, or the extra `postgres` is missing; the message says what to install.
    FsnbError
        The server did not start; the message has its log.

    >>> server = PrivateServer().start()
    >>> os.environ["PGPASSWORD"] = server.password
    >>> store.target("prod", server.url_of("fsnb", password="${PGPASSWORD}"))
    """

    user = "fsnb"

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self.settings = SETTINGS | dict(settings or {})
        self.password = secrets.token_hex(12)
        self.port = 0
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"<PrivateServer: PostgreSQL on 127.0.0.1:{self.port}>" if self._process else "<PrivateServer: stopped>"

    @property
    def url(self) -> str:
        """Where the database `fsnb` is, password included."""
        return self.url_of(DATABASE)

    def url_of(self, database: str, password: str | None = None) -> str:
        """Where a database is; `password` stands in place of the server's: "${PGPASSWORD}", say."""
        return f"postgresql://{self.user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    @property
    def log(self) -> Path:
        """What the server wrote."""
        return self._folder / "log"

    # ------------------------------------------------------------------ start and stop

    def start(self) -> Self:
        """Make the server and wait until it answers: a second or two."""
        programs = find_programs()
        self._folder = Path(tempfile.mkdtemp(prefix="fsnb-pg-"))
        atexit.register(self.stop)
        try:
            self._create_cluster(programs)
            self._run(programs)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the server and remove all that it has; a second time does nothing."""
        atexit.unregister(self.stop)
        for process, how in ((self._guard, signal.SIGKILL), (self._process, signal.SIGINT)):  # INT: close, then go
            if process is not None:
                _end(process, how)
        if self._folder != Path():
            shutil.rmtree(self._folder, ignore_errors=True)
        self._guard = self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _create_cluster(self, programs: Path) -> None:
        password_file = self._folder / "password"
        password_file.write_text(self.password)
        account = account_to_run_as()
        for path in (self._folder, password_file) if account else ():
            shutil.chown(path, account["user"], account["group"])
        command = [str(programs / "initdb"), f"--pgdata={self._data}", f"--username={self.user}"]
        options = [f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, cwd=self._folder, **account)
        password_file.unlink()
        if done.returncode:
            raise FsnbError(f"PostgreSQL's initdb failed: {done.stderr or done.stdout}")

    def _run(self, programs: Path) -> None:
        self.port = _free_port()
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        command = [str(programs / "postgres"), "-D", str(self._data), "-p", str(self.port), *settings]
        # A session of their own: Ctrl-C is for whoever started them.
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                **(quiet | {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}),
                **account_to_run_as(),
            )
        guard = ["/bin/sh", "-c", GUARD, "guard", str(self._process.pid), str(self._folder)]
        self._guard = subprocess.Popen(guard, stdin=subprocess.PIPE, **quiet)
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        import psycopg

        deadline = time.monotonic() + SECONDS_TO_START
        while self._process is not None and self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError), self._connect() as connection:
                connection.execute(f"CREATE DATABASE {DATABASE}")
                return
            time.sleep(0.05)
        raise FsnbError(f"PostgreSQL did not start: {self.log.read_text()}")

    def _connect(self) -> Any:
        import psycopg

        return psycopg.connect(self.url_of("postgres"), autocommit=True, connect_timeout=2)

    @property
    def _data(self) -> Path:
        return self._folder / "data"


def find_programs() -> Path:
    """The folder with `initdb` and `postgres`: on PATH, else the newest that Debian's packages put elsewhere."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if packaged:
        return packaged[-1].parent
    raise NotSupported(
        "a PostgreSQL server cannot be started: there is no initdb on PATH. Install your system's package 'postgresql'."
    )


def account_to_run_as() -> dict[str, Any]:
    """`subprocess` arguments that say who runs the server: nothing, but for root an account without its rights."""
    if os.geteuid() != 0:
        return {}
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NotSupported(f"PostgreSQL does not run as root, and there is no account {' or '.join(ACCOUNTS)} to run it.")


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
