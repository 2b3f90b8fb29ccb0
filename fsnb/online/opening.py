"""From "sqlite", a path or a URL to an online store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from fsnb.errors import OnlineStoreError
from fsnb.online.database import Database
from fsnb.online.postgres import Postgres
from fsnb.online.redis import Redis
from fsnb.online.sqlite import Sqlite
from fsnb.urls import PLACEHOLDER, Unset, address_of, only_placeholders, with_variables, without_password

EMBEDDED = "sqlite"
FILE_SUFFIXES = (".sqlite", ".sqlite3", ".db")
SCHEMES = (
    "'sqlite' (embedded), sqlite:///path/to/file.sqlite, redis://:${REDIS_PASSWORD}@host:6379/0, "
    "postgresql://user:${PGPASSWORD}@host:5432/database"
)
SERVERS: Mapping[str, Callable[[str], Database]] = {
    "postgresql": Postgres,
    "postgres": Postgres,
    "redis": Redis,
    "rediss": Redis,
}


def open_online(to: str, home: Path) -> Database:
    """An online store; nothing is connected or made yet.

    Parameters
    ----------
    to
        "sqlite" for the file `online.sqlite` in `home`; a path that ends in .sqlite, .sqlite3 or .db; or a URL.
        `${NAME}` in it is read from the environment when connecting.
    home
        The store's folder.

    Raises
    ------
    OnlineStoreError
        No such kind of store.
    """
    if to == EMBEDDED:
        return Sqlite(home / "online.sqlite")
    if "://" not in to and to.lower().endswith(FILE_SUFFIXES):
        to = f"sqlite://{to}"
    scheme, found, rest = _whole(to).partition("://")
    if found and scheme == "sqlite" and rest.strip("/"):
        return Sqlite(Path(rest).expanduser().absolute())
    if not found or scheme not in SERVERS:
        raise OnlineStoreError(f"online store: {scheme + '://' if found else 'this'} is none. Give {SCHEMES}.")
    url = f"{scheme}://{rest}"
    port = address_of(url).port
    if port and not port.isdecimal() and not only_placeholders(port):  # not shown: it may be half of a password
        raise OnlineStoreError(f"online store {scheme}://...: the port in its URL is not a number. Give {SCHEMES}.")
    return SERVERS[scheme](url)


def recorded(to: str) -> str:
    """What may be kept of where a store is: no password that is written out."""
    return to if to == EMBEDDED else without_password(to, "")


def _whole(to: str) -> str:
    """A URL that comes from the environment as a whole."""
    if not PLACEHOLDER.match(to):
        return to
    try:
        return with_variables(to)
    except Unset as missing:
        name = str(missing)
    raise OnlineStoreError(f"online store: the environment variable {name} is not set. Set it where Jupyter starts.")
