"""Rows whose value hangs on a tie that nothing declared decides: the choice is always the same, but it is arbitrary.

Of an as-of view: another event of the same key, event time, available time and tie-break has other values. Which
event a row took is asked of the join itself: the view restated with its clocks as features.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import numpy as np
import polars as pl

from fsnb.identity import bind
from fsnb.model import Feature, FeatureView, Output
from fsnb.pit import collect, plan
from fsnb.training.bench import Bench
from fsnb.training.restating import restated

COUNT, PICKED = "_fsnb_n", "picked"


def tied(bench: Bench) -> np.ndarray:
    """A boolean per row of the bench: whether any feature's value hangs on such a tie; none of a windowed view."""
    (part,) = bench.train.plan.views
    found = np.zeros(len(bench.numbers), dtype=bool)
    if part.view.kind == "window":
        return found
    groups = [part.outputs] if not part.view.skip_nulls else [(output,) for output in part.outputs]
    for outputs in groups:
        found |= _hanging(bench, part.view, outputs)
    return found


def _hanging(bench: Bench, view: FeatureView, outputs: tuple[Output, ...]) -> np.ndarray:
    """The rows that took one of several events that are equal in all that ranks them, but not in these outputs."""
    train, ranks = bench.train, _ranks(view)
    ambiguous = _ambiguous(train.tables, train.con, view, outputs, ranks)
    columns = {train.plan.spine.key_column(key): key for key in view.entity.keys}
    asked = pl.DataFrame(train.spine_columns(list(columns))).rename(columns)
    took = asked.with_columns(_picked(bench, view, outputs, ranks)) if ranks else asked
    on = [*view.entity.keys, *ranks]
    ambiguous = ambiguous.with_columns(pl.lit(True).alias(COUNT)).cast({name: took.schema[name] for name in on})
    matched = took.join(ambiguous, on=on, how="left", nulls_equal=True, maintain_order="left")[COUNT]
    any_key_null = asked.select(pl.any_horizontal(pl.all().is_null())).to_series()
    return (matched.fill_null(False) & ~any_key_null).to_numpy()


def _ranks(view: FeatureView) -> list[str]:
    source = view.source
    clocks = [clock for clock in (source.event_time, source.available) if clock]
    return [name for name in dict.fromkeys((*clocks, *source.tie_break)) if name not in view.entity.keys]


def _ambiguous(
    tables: object, con: object, view: FeatureView, outputs: tuple[Output, ...], ranks: list[str]
) -> pl.DataFrame:
    """Keys and ranks under which there is more than one answer."""
    relation = bind(view.relation, tables)  # type: ignore[arg-type]
    values = {f"_fsnb_o{i}": _on(relation, view, output.value) for i, output in enumerate(outputs)}
    comparable = {name: value for name, value in values.items() if not (value.type().is_nested() or _json(value))}
    on = [*view.entity.keys, *ranks]
    rows = relation.select(**{name: relation[name] for name in on}, **comparable)
    rows = rows.filter([rows[name].notnull() for name in comparable]) if view.skip_nulls else rows
    told = {f"{name}_{how}": getattr(rows[name], how)() for name in comparable for how in ("min", "max", "count")}
    found = pl.DataFrame(collect(con, rows.group_by(on).aggregate(**{COUNT: rows.count()}, **told)))
    several = [
        (pl.col(f"{name}_min") != pl.col(f"{name}_max")) | pl.col(f"{name}_count").is_between(1, pl.col(COUNT) - 1)
        for name in comparable
    ]
    return found.filter(pl.any_horizontal(several) if several else pl.lit(False)).select(on)


def _json(value: ir.Value) -> bool:
    return bool(value.type().is_json())


def _on(relation: ir.Table, view: FeatureView, value: ir.Value) -> ir.Value:
    return value.op().replace({view.relation.op(): relation.op()}).to_expr()


def _picked(bench: Bench, view: FeatureView, outputs: tuple[Output, ...], ranks: list[str]) -> list[pl.Series]:
    """What ranks the event that each row took; NULL where it took none."""
    relation, first = view.relation, outputs[0].value
    features = {f"{PICKED}{i}": relation[name] for i, name in enumerate(ranks)}
    if view.skip_nulls:
        features = {name: first.notnull().ifelse(value, ibis.null(value.type())) for name, value in features.items()}
    clocks = restated(view, features=features, fill={})
    asked = [Feature(clocks, name) for name in features]
    rows = bench.filled(plan(bench.train.plan.spine, asked))
    return [pl.Series(name, rows[picked]) for picked, name in zip(features, ranks, strict=True)]
