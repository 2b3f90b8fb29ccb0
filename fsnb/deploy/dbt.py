"""A dbt package of one view: its published tables as a source, a model on each, and tests.

dbt does not compute the features: `fsnb publish` writes them, in one transaction and with a ledger, and dbt builds on
what it wrote. `publish.sh` runs one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import yaml

from fsnb.deploy.quoting import identifier, jinja
from fsnb.deploy.schedules import plain, words
from fsnb.deploy.sheet import Sheet

MOMENT = ("event_time", "available_time")
HEAD = "# Written by `fsnb build` from the definition {}; do not edit.\n"
SQL_HEAD = "-- Written by `fsnb build` from the definition {}; do not edit.\n"


def package(sheet: Sheet) -> dict[str, str]:
    """The files of the package by name. A project takes it in by `packages: [{local: build/VIEW/dbt}]`."""
    name, sql = plain(sheet.name), SQL_HEAD.format(sheet.view.fingerprint)
    tables = {name: sheet.name, f"{name}_history": f"{sheet.name}_history"}
    keys = sheet.view.entity.keys
    return {
        "dbt/dbt_project.yml": _yaml(sheet, _project(name)),
        f"dbt/models/{name}.yml": _yaml(sheet, {"version": 2, **_source(sheet, name), **_models(sheet, name)}),
        **{f"dbt/models/{model}.sql": sql + _model(sheet, name, model) for model in tables},
        **{f"dbt/tests/{model}_has_keys_and_times.sql": sql + _nulls(model, [*keys, *MOMENT]) for model in tables},
        f"dbt/tests/{name}_one_row_for_an_entity.sql": sql + _repeated(name, keys),
        f"dbt/tests/{name}_history_tells_a_moment_once.sql": sql + _repeated(f"{name}_history", [*keys, *MOMENT]),
    }


def _yaml(sheet: Sheet, value: Any) -> str:
    return HEAD.format(sheet.view.fingerprint) + yaml.safe_dump(
        value, sort_keys=False, allow_unicode=False, width=10**6
    )


def _project(name: str) -> dict[str, Any]:
    return {
        "name": f"fsnb_{name}",
        "version": "1.0.0",
        "config-version": 2,
        "model-paths": ["models"],
        "test-paths": ["tests"],
        "models": {f"fsnb_{name}": {"+materialized": "view"}},
    }


def _source(sheet: Sheet, name: str) -> dict[str, Any]:
    """The stable views of the published tables. Stale where no row became known for longer than runs look back."""
    view, cadence = sheet.view, sheet.cadence
    described = {
        "name": f"fsnb_{name}",
        "schema": jinja(sheet.schema),
        "quoting": {"schema": True, "identifier": True},
        "loader": jinja(" ".join(words(sheet))),
        "tables": [
            {"name": name, "identifier": jinja(view.name), "description": jinja(view.description)},
            {
                "name": f"{name}_history",
                "identifier": jinja(f"{view.name}_history"),
                "description": "What was known, and from when on; read it as of a time.",
                "config": {
                    "loaded_at_field": "available_time",
                    "freshness": {"warn_after": _period(cadence + sheet.late)},
                },
            },
        ],
    }
    return {"sources": [described]}


def _period(length: timedelta) -> dict[str, Any]:
    return {"count": -(-length // timedelta(minutes=1)), "period": "minute"}


def _models(sheet: Sheet, name: str) -> dict[str, Any]:
    latest = {"name": name, "description": jinja(sheet.view.description), "columns": _columns(sheet)}
    past = {"name": f"{name}_history", "description": "Every value that was ever told.", "columns": _columns(sheet)}
    return {"models": [latest, past]}


def _columns(sheet: Sheet) -> list[dict[str, Any]]:
    view = sheet.view
    named = [{"name": jinja(key), "quote": True} for key in view.entity.keys]
    clocks = [{"name": clock, "description": "UTC"} for clock in MOMENT]
    features = [{"name": name, "quote": True, "description": str(dtype)} for name, dtype in view.schema.items()]
    return [*named, *clocks, *features]


def _model(sheet: Sheet, name: str, model: str) -> str:
    columns = [*sheet.view.entity.keys, *MOMENT, *sheet.view.features]
    chosen = ",\n".join(f"  {jinja(identifier(column))}" for column in columns)
    return f"SELECT\n{chosen}\nFROM {{{{ source('fsnb_{name}', '{model}') }}}}\n"


def _repeated(model: str, columns: Sequence[str]) -> str:
    by = ", ".join(jinja(identifier(column)) for column in columns)
    return f"SELECT {by}, count(*) AS times\nFROM {{{{ ref('{model}') }}}}\nGROUP BY {by}\nHAVING count(*) > 1\n"


def _nulls(model: str, columns: Sequence[str]) -> str:
    """In SQL of our own: dbt's `not_null` puts a name between quotes as it is, quotes in it too."""
    broken = " OR ".join(f"{jinja(identifier(column))} IS NULL" for column in columns)
    return f"SELECT *\nFROM {{{{ ref('{model}') }}}}\nWHERE {broken}\n"
