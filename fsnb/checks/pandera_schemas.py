"""Checks as a pandera schema; `fsnb.model.pandera_schemas` reads one. Needs the extra `fsnb[pandera]`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import ibis

from fsnb.errors import NotSupported, UnknownName, listed
from fsnb.model import Check
from fsnb.model.checks import FAMILIES
from fsnb.model.placing import of_checks

IGNORE_ZONES = "PYARROW_IGNORE_TIMEZONE"
BACKENDS = ("ibis", "polars", "pandas")


def imported(backend: str) -> Any:
    """`pandera.<backend>`, with the environment left as it was.

    pandera tries pyspark.pandas, which tells all of this process to read times with a zone as if they had none.
    """
    before = os.environ.get(IGNORE_ZONES)
    try:
        return import_module(f"pandera.{backend}")
    finally:
        if before is None:
            os.environ.pop(IGNORE_ZONES, None)


def to_pandera(given: Sequence[Check], *, backend: str = "ibis", without: Sequence[str] = ()) -> Any:
    """A pandera `DataFrameSchema` that says the same: NULLs, uniqueness, accepted values, ranges, patterns, types.

    Parameters
    ----------
    given
        The checks. pandera has no word for freshness, row counts, order, references, rates or `mostly`, and ours has
        no text for a predicate: these are refused.
    backend
        "ibis", "polars" or "pandas": which of pandera's schemas to make. Types are written for "ibis" only.
    without
        Names of checks to leave out.

    Raises
    ------
    NotSupported
        pandera cannot say some of the checks, or is not installed; nothing is dropped.
    UnknownName
        There is no such backend.
    """
    if backend not in BACKENDS:
        raise UnknownName.among("to_pandera()", "backend", backend, BACKENDS)
    asked = [check for check in of_checks(given, "to_pandera()") if check.name not in without]
    _need_words_for(asked, backend)
    library = _library(backend)
    columns: dict[str, dict[str, Any]] = {}
    keys = next((list(check.columns) for check in asked if _is_key(check)), [])
    for check in asked:
        if not _is_key(check):
            said = columns.setdefault(check.columns[0], {"nullable": True, "checks": []})
            WRITTEN[check.kind](check, said, library)
    made = {name: library.Column(said.pop("dtype", None), **said) for name, said in columns.items()}
    made |= {name: library.Column(None, nullable=True) for name in keys if name not in made}
    return library.DataFrameSchema(made, unique=keys or None)


def _library(backend: str) -> Any:
    try:
        return imported(backend)
    except ImportError as error:
        raise NotSupported(
            f"to_pandera() needs pandera ({error.name} is missing): pip install 'fsnb[pandera]'."
        ) from None


def _is_key(check: Check) -> bool:
    return check.kind == "unique" and len(check.columns) > 1


def _need_words_for(checks: Sequence[Check], backend: str) -> None:
    """Refuse all that pandera cannot say at once, so that one call tells what to leave out."""
    keys = [check for check in checks if _is_key(check)]
    wrong = [check for check in checks if not _has_words(check, backend)] + keys[1:]
    if wrong:
        said = listed((f"{check.name!r} ({check.kind})" for check in wrong), most=len(wrong))
        raise NotSupported(
            f"to_pandera(): a schema of pandera.{backend} has no words for {said}. It takes {listed(WRITTEN)}, with no "
            "share of rows that may fail, one key of several columns, and types of Ibis on its backend 'ibis' alone. "
            f"Leave them out: without={[check.name for check in wrong]}."
        )


def _has_words(check: Check, backend: str) -> bool:
    options = dict(check.options)
    typed = check.kind != "column_type" or (backend == "ibis" and options["dtype"] not in FAMILIES)
    return check.kind in WRITTEN and options.get("mostly", 1.0) == 1.0 and typed


def _write_not_null(check: Check, said: dict[str, Any], library: Any) -> None:
    said["nullable"] = False


def _write_unique(check: Check, said: dict[str, Any], library: Any) -> None:
    said["unique"] = True


def _write_type(check: Check, said: dict[str, Any], library: Any) -> None:
    said["dtype"] = ibis.dtype(check.option("dtype"))


def _write_values(check: Check, said: dict[str, Any], library: Any) -> None:
    said["checks"].append(library.Check.isin(list(check.option("values")), **_warning(check)))


def _write_pattern(check: Check, said: dict[str, Any], library: Any) -> None:
    said["checks"].append(library.Check.str_contains(check.option("regex"), **_warning(check)))


def _write_range(check: Check, said: dict[str, Any], library: Any) -> None:
    low, high = check.option("min_value"), check.option("max_value")
    if low is not None:
        make = library.Check.ge if check.option("include_min") else library.Check.gt
        said["checks"].append(make(low, **_warning(check)))
    if high is not None:
        make = library.Check.le if check.option("include_max") else library.Check.lt
        said["checks"].append(make(high, **_warning(check)))


def _warning(check: Check) -> dict[str, Any]:
    return {"raise_warning": check.severity != "fail", "title": check.name}


WRITTEN: Mapping[str, Callable[[Check, dict[str, Any], Any], None]] = {
    "not_null": _write_not_null,
    "unique": _write_unique,
    "column_type": _write_type,
    "accepted_values": _write_values,
    "pattern": _write_pattern,
    "in_range": _write_range,
}
