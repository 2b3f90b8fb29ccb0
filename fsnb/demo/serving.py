"""The features as production would serve them: read from the published history, not from the sources.

A history row says what a reader finds from its available time on. So a reader needs one as-of view on it, whatever the
view was that was published: no window, no refresh and no availability rule of its own is left to get wrong. Only a ttl
is the reader's to apply, for a row expires with no other coming: it counts from the view's cutoff, its lag before the
asking time (no view read here has a refresh beside its ttl).
"""

from __future__ import annotations

from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from fsnb.model import FeatureView, Source, Spine
from fsnb.pit import collect
from fsnb.publish import Publication, Target
from fsnb.store import FeatureStore


def features_served(
    questions: pl.DataFrame, views: Sequence[FeatureView], published: Sequence[Publication], target: Target, engine: Any
) -> pl.DataFrame:
    """The questions with the features that the published history gives at `asked_at`."""
    with TemporaryDirectory() as elsewhere:
        store = FeatureStore(elsewhere, engine)
        with target.session(*(view.name for view in views)) as con:
            told = [_as_told(view, publication, con) for view, publication in zip(views, published, strict=True)]
        return store.training_set(Spine(questions, at="asked_at"), told).to_polars()


def _as_told(view: FeatureView, publication: Publication, con: Any) -> FeatureView:
    schema, _, table = dict(publication.tables)["history"].rpartition(".")
    history = con.table(table, database=schema or None)
    rows = collect(con, history.select(*view.entity.keys, "event_time", "available_time", *view.features))
    return FeatureView(
        f"{view.name}_as_told",
        entity=view.entity,
        source=Source(table, rows, event_time="event_time", available="available_time"),
        features=lambda t: {name: t[name] for name in view.features},
        ttl=view.ttl and view.ttl + view.lag,
        fill={name: value for name, value in publication.when_missing if value is not None},
    )


def values_apart(left: pl.DataFrame, right: pl.DataFrame, columns: Sequence[str]) -> int:
    """How many values differ: floats by more than a relative 1e-9, all else at all."""
    return sum(int(_apart(left[name], right[name]).sum()) for name in columns)


def _apart(left: pl.Series, right: pl.Series) -> pl.Series:
    if left.dtype.is_float():
        near = (left - right).abs() <= 1e-9 * left.abs() + 1e-12
        return ~((left.is_null() & right.is_null()) | near.fill_null(False))
    return left.ne_missing(right)
