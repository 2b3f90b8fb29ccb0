"""URLs of databases: taken apart, their placeholders filled in, their secrets kept out of what people see.

Placeholders (`${NAME}`) are filled in after the URL is taken apart, so that a password may hold any character.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
SECRET_OPTIONS = ("password", "sslpassword")
OF_FILES = ("duckdb", "sqlite", "delta", "spark")  # schemes whose rest is a path


@dataclass(frozen=True, slots=True)
class Address:
    """A URL taken apart, placeholders still in it."""

    scheme: str
    user: str = ""
    password: str = field(default="", repr=False)
    host: str = ""
    port: str = ""
    path: str = ""
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def split(url: str) -> tuple[str, str, str]:
    """Scheme, what stands before the last @, and the rest: a password with raw / or @ in it stays in one piece."""
    scheme, _, rest = url.partition("://")
    if scheme in OF_FILES:
        return scheme, "", rest
    before = rest.partition("?")[0]
    at = (before if "@" in before or "/" in before else rest).rfind("@")
    return scheme, rest[: max(at, 0)], rest[at + 1 :]


def address_of(url: str) -> Address:
    """A URL taken apart; of a file, its path alone."""
    scheme, user, rest = split(url)
    if scheme in OF_FILES:
        return Address(scheme, path=rest)
    where_at, _, query = rest.partition("?")
    name, _, password = user.partition(":")
    where, _, path = where_at.partition("/")
    host, _, port = where.rpartition(":") if re.search(r":[^\]]*$", where) else (where, "", "")
    return Address(scheme, name, password, host.strip("[]"), port, path, tuple(parse_qsl(query)))


def without_password(url: str, mask: str) -> str:
    """The URL with `mask` for a password that is written out; one that comes from the environment is no secret here."""
    scheme, user, rest = split(url)
    if PLACEHOLDER.match(url) or scheme in OF_FILES:
        return url
    name, _, password = user.partition(":")
    if password and not only_placeholders(password):
        password = mask
    user = name + (f":{password}" if password else "") + ("@" if user else "")
    where, _, query = rest.partition("?")
    options = "&".join(filter(None, (_option(each, mask) for each in query.split("&"))))
    return f"{scheme}://{user}{where}" + (f"?{options}" if options else "")


def _option(text: str, mask: str) -> str:
    name, _, value = text.partition("=")
    if name.lower() not in SECRET_OPTIONS or only_placeholders(value):
        return text
    return f"{name}={mask}" if mask else ""


def only_placeholders(text: str) -> bool:
    return bool(re.fullmatch(rf"({PLACEHOLDER.pattern})+", text))


class Unset(Exception):
    """A variable of the URL is not in the environment."""

    def told(self, who: str) -> str:
        return (
            f"{who}: its URL needs the environment variable {self}, which is not set. "
            f"Set it where Jupyter starts, or with os.environ[{str(self)!r}] = getpass.getpass()."
        )


def no_driver(who: str, error: ImportError, extra: str) -> str:
    """That the library of a database is not installed, and how it comes."""
    return f"{who}: the driver is missing ({error.name}). Install it: pip install 'fsnb[{extra}]'."


def unreachable(who: str, address: Address, error: Exception) -> str:
    """That a server does not answer, or refuses; secrets that it repeats are still in it."""
    advice = "Check host, port, database, user and password, and that the server runs."
    said = one_line(error)
    return f"{who}: cannot connect to {place(address)}. {said}{'' if said.endswith('?') else '.'} {advice}"


def filled(text: str) -> str:
    """A part of a URL with its variables' values, which need no escaping; the rest is unescaped."""
    pieces = PLACEHOLDER.split(text)
    return "".join(_variable(piece) if i % 2 else unquote(piece) for i, piece in enumerate(pieces))


def with_variables(text: str) -> str:
    """The text with its variables' values, nothing unescaped."""
    return PLACEHOLDER.sub(lambda found: _variable(found[1]), text)


def _variable(name: str) -> str:
    if name not in os.environ:
        raise Unset(name)
    return os.environ[name]


def place(address: Address) -> str:
    """Host, port and database, for a message."""
    return f"{address.host or 'the local server'}{':' if address.port else ''}{address.port}/{address.path}"


def one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")


def scrubbed(message: str, secrets: Sequence[str]) -> str:
    """A message of a driver with each secret masked, also where it was escaped."""
    for secret in filter(None, secrets):
        for text in (secret, quote(secret, safe="")):
            message = message.replace(text, "***")
    return message
