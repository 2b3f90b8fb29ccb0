"""The SQL that reads a whole view as of asking times, in each dialect, for people and for engines that are not here."""

from __future__ import annotations

from collections.abc import Iterable

import ibis

from fsnb.errors import NotSupported, UnknownName
from fsnb.identity import tables_of
from fsnb.model import FeatureView, Spine
from fsnb.model.data import TIMESTAMP
from fsnb.pit import plan
from fsnb.training.dialects import DIALECTS
from fsnb.training.query import query

SPOKEN = ("duckdb", "postgres", "datafusion", *DIALECTS)
"""Dialects that a view is written in. Spark reads `databricks`; Ibis compiles its own only where pyspark is there."""


def retrievals(view: FeatureView, dialects: Iterable[str] | None = None) -> tuple[dict[str, str], dict[str, str]]:
    """The query of a view's features as of asking times, by dialect; and for the others, why there is none.

    It reads the view's sources, and a table `spine` of the entity's keys and `asked_at`: one row comes out for each of
    its rows. Where a key is named so, the asking time is `asked_at_`.

    Raises
    ------
    UnknownName
        No dialect of that name is known.
    """
    wanted = SPOKEN if dialects is None else tuple(dict.fromkeys(dialects))
    for dialect in wanted:
        if dialect not in SPOKEN:
            raise UnknownName.among("fsnb", "dialect", dialect, SPOKEN)
    written: dict[str, str] = {}
    refused: dict[str, str] = {}
    for dialect in wanted:
        try:
            written[dialect] = retrieval(view, dialect)
        except NotSupported as error:
            refused[dialect] = str(error)
    return written, refused


def retrieval(view: FeatureView, dialect: str) -> str:
    """The query of a view's features as of asking times in a dialect; see `retrievals`.

    Raises
    ------
    NotSupported
        The dialect cannot say it.
    """
    tables = {table.name: ibis.table(table.schema, name=table.name) for table in tables_of(view.relation)}
    tables[view.source.name] = view.source.table
    at = "asked_at"
    while at in view.entity.keys or at in view.features:
        at += "_"
    keys = {key: view.relation[key].type() for key in view.entity.keys}
    spine = Spine(ibis.table(keys | {at: TIMESTAMP}, name="spine"), at=at)
    return query(plan(spine, view), tables, dialect)
