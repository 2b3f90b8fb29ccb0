"""The property tests have teeth: each of these mistakes, made on purpose, turns one of them red."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
import polars as pl
import pytest
from hypothesis import Phase, settings

from fsnb.pit import events, execution, lowering, lowering_polars, planning, primitives, read
from tests.pit import test_properties as properties

ASOF = properties.test_asof_features_equal_the_oracle
WINDOWED = properties.test_windowed_features_equal_the_oracle

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

    for module in (primitives, execution, planning, events):
        patch.setattr(module, "clean", kept)
    column = read._polars_column
    patch.setattr(
        read, "_polars_column", lambda name, have, want: pl.col(name) if have.is_float() else column(name, have, want)
    )


def empty_window_counts_are_null(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(execution, "ZERO_WHEN_EMPTY", ())


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
