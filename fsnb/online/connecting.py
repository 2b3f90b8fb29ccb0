"""Connecting to an online store: from a URL with placeholders to a driver's connection, no secret in between.

Whatever goes wrong is raised anew outside the `except`, from functions whose frames hold no secret.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from fsnb.errors import OnlineStoreError
from fsnb.urls import (
    SECRET_OPTIONS,
    Address,
    Unset,
    address_of,
    filled,
    no_driver,
    scrubbed,
    unreachable,
    without_password,
)

SECONDS_TO_CONNECT = 10


class PerThread:
    """One connection for each thread of each process: none is shared, none survives a fork."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make, self._local = make, threading.local()

    def get(self) -> Any:
        kept = self._local.__dict__
        if kept.get("pid") != os.getpid():
            kept["con"], kept["pid"] = self._make(), os.getpid()
        return kept["con"]

    def close(self) -> None:
        """Close this thread's connection; the next `get` makes another."""
        kept = self._local.__dict__
        if kept.pop("pid", None) == os.getpid():
            with suppress(Exception):  # it may be broken already
                kept["con"].close()


def shown(url: str) -> str:
    """The URL with its password masked."""
    return without_password(url, "***")


def connect(url: str) -> Any:
    """A connection to PostgreSQL (psycopg, autocommit) or Redis (redis-py), which has answered.

    Raises
    ------
    OnlineStoreError
        A variable of the URL is not set, the server cannot be reached or refuses the password, the driver is missing.
    """
    con, failure = _attempt(url)
    if failure:
        raise OnlineStoreError(failure)
    return con


def _attempt(url: str) -> tuple[Any, str]:
    """A connection, or why there is none. Secrets live in this function and those below, and in no exception."""
    who, address = f"online store {shown(url)}", address_of(url)
    secrets: list[str] = []
    failing: tuple[type[Exception], ...] = (OSError, ValueError, *_driver_errors())
    try:
        options = {name: filled(value) for name, value in address.options}
        secrets += [filled(address.password), *(options[name] for name in options if name.lower() in SECRET_OPTIONS)]
        return CONNECTORS[address.scheme](address, options), ""
    except Unset as missing:
        return None, missing.told(who)
    except ImportError as error:
        return None, no_driver(who, error, EXTRAS[address.scheme])
    except failing as error:
        return None, scrubbed(unreachable(who, address, error), secrets)


def _postgres(address: Address, options: dict[str, str]) -> Any:
    import psycopg

    wanted = {"user": address.user, "password": address.password, "host": address.host, "dbname": address.path}
    found: dict[str, Any] = {name: filled(value) for name, value in wanted.items() if value}
    if address.port:
        found["port"] = _number(address.port, "port")
    return psycopg.connect(**{"connect_timeout": SECONDS_TO_CONNECT} | options | found, autocommit=True)


def _number(text: str, what: str) -> int:
    found = filled(text)
    if not found.isdecimal():  # not shown: it may be half of a password
        raise ValueError(f"its {what} is not a number")
    return int(found)


def _redis(address: Address, options: dict[str, str]) -> Any:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    con = redis.Redis(
        host=filled(address.host) or "localhost",
        port=_number(address.port or "6379", "port"),
        db=_number(address.path or "0", "database"),
        username=filled(address.user) or None,
        password=filled(address.password) or options.get("password"),
        ssl=address.scheme == "rediss",
        socket_connect_timeout=SECONDS_TO_CONNECT,
        socket_timeout=60,
        retry=Retry(NoBackoff(), 1),  # a connection that has grown stale; every command of ours may run twice
        single_connection_client=True,
    )
    con.ping()
    return con


CONNECTORS: Mapping[str, Callable[[Address, dict[str, str]], Any]] = {
    "postgresql": _postgres,
    "postgres": _postgres,
    "redis": _redis,
    "rediss": _redis,
}
EXTRAS = {"postgresql": "postgres", "postgres": "postgres", "redis": "redis", "rediss": "redis"}


def _driver_errors() -> tuple[type[Exception], ...]:
    found: list[type[Exception]] = []
    with suppress(ImportError):
        import psycopg

        found.append(psycopg.Error)
    with suppress(ImportError):
        import redis

        found.append(redis.RedisError)
    return tuple(found)
