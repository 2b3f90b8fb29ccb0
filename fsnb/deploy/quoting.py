"""A value as another language reads it, whatever it holds: a name of a column may be any text."""

from __future__ import annotations

import re
import shlex

import yaml
from sqlglot.expressions import to_identifier

JINJA = re.compile(r"\{(?=[{%#])")


def python(value: object) -> str:
    """A Python literal on one line, in ASCII."""
    return ascii(value)


def shell(value: object) -> str:
    """One word of a POSIX shell."""
    return shlex.quote(str(value))


def scalar(value: str) -> str:
    """A YAML scalar on one line, in ASCII."""
    return yaml.safe_dump(value, default_style='"', allow_unicode=False, width=10**9).rstrip("\n")


def jinja(text: str) -> str:
    """Text that Jinja gives back as it is. dbt reads all its files as templates, descriptions too."""
    return JINJA.sub("{{ '{' }}", text)


def identifier(name: str) -> str:
    """A name in SQL as the standard, PostgreSQL and DuckDB quote it."""
    return to_identifier(name, quoted=True).sql("postgres")
