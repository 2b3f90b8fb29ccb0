"""A schedule file for each scheduler, from a template: thin, for `fsnb publish` itself knows what is due."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import version

import jinja2

from fsnb.deploy import quoting
from fsnb.deploy.sheet import Sheet

# a file of the name of what it imports would hide that
FILES: Mapping[str, str] = {
    "schedules/airflow_dag.py": "airflow.py.j2",
    "schedules/dagster_defs.py": "dagster.py.j2",
    "schedules/github-actions.yml": "github-actions.yml.j2",
    "schedules/crontab": "crontab.j2",
    "dbt/publish.sh": "publish.sh.j2",
}


def schedules(sheet: Sheet) -> dict[str, str]:
    """The schedule files of a view by name."""
    values = _values(sheet)
    return {file: _templates().get_template(template).render(values) for file, template in FILES.items()}


def words(sheet: Sheet) -> list[str]:
    """The command that brings the view up to date, without a range of time."""
    return ["fsnb", "publish", sheet.name, "--to", sheet.target]


def plain(name: str) -> str:
    """The name for a scheduler that takes ASCII letters, digits and underscores only; two names stay apart."""
    if name.isascii():
        return name
    return f"{re.sub('[^A-Za-z0-9_]', '_', name)}_{sha256(name.encode()).hexdigest()[:8]}"


def _values(sheet: Sheet) -> dict[str, object]:
    return {
        "name": plain(sheet.name),
        "fingerprint": sheet.view.fingerprint,
        "description": sheet.view.description,
        "owner": sheet.view.owner,
        "cron": sheet.cron,
        "back": sheet.back,
        "words": words(sheet),
        "command": " ".join(quoting.shell(word) for word in words(sheet)),
        "secrets": sheet.secrets,
        "release": version("fsnb"),
    }


@cache
def _templates() -> jinja2.Environment:
    # other marks than Jinja's own, which two of the languages use themselves
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("fsnb.deploy"),
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    found.filters |= {"python": quoting.python, "shell": quoting.shell, "yaml": quoting.scalar}
    return found
