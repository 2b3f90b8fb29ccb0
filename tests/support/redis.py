"""A Redis server of the tests' own: real, empty, thrown away at the end; its password is a canary."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis

SECONDS_TO_START = 120
DATABASES = 200  # each test takes the next one


class NoRedis(RuntimeError):
    """There is no server program on this machine."""


class RedisServer:
    """A fresh server from `with` until its end.

    >>> with RedisServer() as server:
    ...     redis.Redis.from_url(server.url).ping()
    """

    def __init__(self) -> None:
        self.password = f"canary{secrets.token_hex(12)}"
        self.port = 0
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where database 0 is, password included."""
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    @contextlib.contextmanager
    def fresh_database(self) -> Iterator[str]:
        """The URL of an empty database, which is emptied at the end."""
        with redis.Redis.from_url(self.url) as con:
            database = int(con.incr("databases"))
        url = self.url_of(1 + database % (DATABASES - 1))
        with redis.Redis.from_url(url) as con:
            con.flushdb()
            yield url
            con.flushdb()

    def __enter__(self) -> RedisServer:
        program = shutil.which("redis-server")
        if program is None:
            raise NoRedis("no redis-server on PATH: tools/ensure_services installs Redis, or says what to install")
        self._folder, self.port = Path(tempfile.mkdtemp(prefix="fsnb-redis-")), _free_port()
        config = self._folder / "redis.conf"  # not the command line: every user of the machine can read that
        config.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\ndatabases {DATABASES}\n"
            f'dir {self._folder}\nsave ""\nappendonly no\n'
        )
        self._process = subprocess.Popen([program, str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                with redis.Redis.from_url(self.url) as con:
                    con.ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > deadline or (self._process and self._process.poll() is not None):
                    raise RuntimeError("redis-server did not start") from None
                time.sleep(0.05)

    def __exit__(self, *failure: Any) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
