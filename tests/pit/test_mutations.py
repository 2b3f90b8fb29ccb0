"""The property tests have teeth: each of these mistakes, made on purpose, turns one of them red."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ibis
import ibis.expr.operations as ops
import polars as pl
import pytest
from hypothesis import Phase, settings

from fsnb.identity import Over
from fsnb.pit import events, execution, lowering, lowering_polars, places, planning, primitives, read, recipes
from tests.pit import test_properties as properties

ASOF = properties.test_asof_features_equal_the_oracle
WINDOWED = properties.test_windowed_features_equal_the_oracle
PICKED = properties.test_picks_and_windows_of_their_own_equal_the_oracle

Patch = Callable[[pytest.MonkeyPatch], None]


def ttl_ignored(patch: pytest.MonkeyPatch) -> None:
    span = planning.ViewPlan.span
    patch.setattr(
        planning.ViewPlan,
        "span",
        lambda self, window: span(self, window) if window else planning.Span(span(self, None).lo, None),
    )


def available_ignored(patch: pytest.MonkeyPatch) -> None:
    columns = events.event_columns

    def at_once(*args: Any) -> Any:
        found, must = columns(*args)
        return found | ({events.AVAILABLE: found[events.EVENT]} if events.AVAILABLE in found else {}), must

    for module in (lowering, lowering_polars):
        patch.setattr(module, "event_columns", at_once)


def lag_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planning.ViewPlan, "lag", 0)


def refresh_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planning.ViewPlan, "refresh", None)


def strict_and_non_strict_swapped(patch: pytest.MonkeyPatch) -> None:
    span = planning.ViewPlan.span
    patch.setattr(
        planning.ViewPlan,
        "span",
        lambda self, window: planning.Span(1 - span(self, window).lo % 2, span(self, window).hi),
    )


def window_closed_on_the_left(patch: pytest.MonkeyPatch) -> None:
    span = planning.ViewPlan.span
    patch.setattr(
        planning.ViewPlan,
        "span",
        lambda self, window: planning.Span(span(self, window).lo, (span(self, window).hi or -1) + 1 or None),
    )


def ties_by_input_order(patch: pytest.MonkeyPatch) -> None:
    for module in (lowering, lowering_polars):
        patch.setattr(module, "order_names", lambda part: [events.EVENT])


def duplicates_dropped(patch: pytest.MonkeyPatch) -> None:
    lower = execution.lower

    def distinct(made: Any, con: Any, tables: Any, spine: Any) -> Any:
        return lower(made, con, tables, spine).distinct(on=list(made.spine.columns), keep="first")

    patch.setattr("tests.pit.engines.lower", distinct)


def keys_joined_as_text(patch: pytest.MonkeyPatch) -> None:
    columns, with_cutoff = events.event_columns, lowering_polars.with_cutoff

    def of_events(*args: Any) -> Any:
        found, must = columns(*args)
        if f"{events.KEY}1" in found:
            text = found[f"{events.KEY}0"].concat(found[f"{events.KEY}1"])
            found |= {f"{events.KEY}0": text, f"{events.KEY}1": text}
        return found, must

    def of_asks(table: Any, *args: Any) -> Any:
        if f"{events.KEY}1" in table.columns:
            text = table[f"{events.KEY}0"].concat(table[f"{events.KEY}1"])
            table = table.mutate(**{f"{events.KEY}0": text, f"{events.KEY}1": text})
        return with_cutoff(table, *args)

    patch.setattr(lowering_polars, "event_columns", of_events)
    patch.setattr(lowering_polars, "with_cutoff", of_asks)


def nan_kept(patch: pytest.MonkeyPatch) -> None:
    def kept(value: Any) -> Any:
        return value.cast(primitives.normal_type(value.type()))

    for module in (primitives, recipes, execution, planning, events):
        patch.setattr(module, "clean", kept)
    column = read._polars_column
    patch.setattr(
        read, "_polars_column", lambda name, have, want: pl.col(name) if have.is_float() else column(name, have, want)
    )


def empty_window_counts_are_null(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(execution, "ZERO_WHEN_EMPTY", ())


def places_by_input_order(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(places, "sortings", lambda part, order: [*order.by, primitives.Sorting(events.EVENT)])


def places_without_value(patch: pytest.MonkeyPatch) -> None:
    full = events.sortings
    patch.setattr(places, "sortings", lambda part, order: full(part, order)[:-1])


def order_by_ignored(patch: pytest.MonkeyPatch) -> None:
    full = events.sortings
    patch.setattr(places, "sortings", lambda part, order: full(part, order)[len(order.by) :])


def nulls_of_order_by_first(patch: pytest.MonkeyPatch) -> None:
    full = events.sortings

    def nulls_first(part: Any, order: Any) -> Any:
        return [replace(key, nulls_first=True) for key in full(part, order)]

    patch.setattr(places, "sortings", nulls_first)


def earliest_of_equal_keys(patch: pytest.MonkeyPatch) -> None:
    made = dict(recipes.RECIPES)
    place = primitives.Builder.place

    def first(self: Any, end: str, by: Any, *rest: Any) -> str:
        turned = tuple(replace(key, ascending=not key.ascending) for key in by)
        return place(self, "min", turned, *rest)

    def recipe(node: Any, asked: Any) -> Any:
        with pytest.MonkeyPatch.context() as inside:
            inside.setattr(primitives.Builder, "place", first)
            return made[type(node)](node, asked)

    patch.setattr(recipes, "RECIPES", made | {ops.ArgMax: recipe, ops.ArgMin: recipe})


def greatest_of_the_most_frequent(patch: pytest.MonkeyPatch) -> None:
    table = dict(lowering_polars.AGGREGATES) | {"mode": lambda column: column.drop_nulls().mode().max()}
    patch.setattr(lowering_polars, "AGGREGATES", table)


def quantile_of_the_nearest(patch: pytest.MonkeyPatch) -> None:
    quantile = pl.Expr.quantile
    patch.setattr(pl.Expr, "quantile", lambda self, q, interpolation: quantile(self, q, interpolation="lower"))


def own_windows_ignored(patch: pytest.MonkeyPatch) -> None:
    said = recipes._said
    patch.setattr(
        recipes,
        "_leaf",
        lambda node, asked: (
            said(node.arg, asked) if isinstance(node, Over) else recipes.RECIPES[type(node)](node, asked)
        ),
    )


@pytest.mark.parametrize(
    ("mistake", "caught_by"),
    [
        (ttl_ignored, ASOF),
        (available_ignored, ASOF),
        (available_ignored, WINDOWED),
        (lag_ignored, ASOF),
        (lag_ignored, WINDOWED),
        (refresh_ignored, WINDOWED),
        (strict_and_non_strict_swapped, ASOF),
        (strict_and_non_strict_swapped, WINDOWED),
        (window_closed_on_the_left, WINDOWED),
        (ties_by_input_order, ASOF),
        (duplicates_dropped, ASOF),
        (keys_joined_as_text, ASOF),
        (nan_kept, WINDOWED),
        (empty_window_counts_are_null, WINDOWED),
        (places_by_input_order, PICKED),
        (places_without_value, PICKED),
        (order_by_ignored, PICKED),
        (nulls_of_order_by_first, PICKED),
        (earliest_of_equal_keys, PICKED),
        (greatest_of_the_most_frequent, PICKED),
        (quantile_of_the_nearest, PICKED),
        (own_windows_ignored, PICKED),
    ],
    ids=lambda value: getattr(value, "__name__", "").removeprefix("test_"),
)
def test_mistake_turns_a_property_red(mistake: Patch, caught_by: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mistake(monkeypatch)
    con = ibis.polars.connect()
    strict = settings(max_examples=40, derandomize=True, deadline=None, database=None, phases=[Phase.generate])
    monkeypatch.setattr(caught_by, "_hypothesis_internal_use_settings", strict)
    with pytest.raises((AssertionError, ExceptionGroup)):
        caught_by(engine=con)
