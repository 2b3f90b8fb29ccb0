"""What must hold before anything is computed: names, a cadence, sources with the right columns, no open ties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.errors import AmbiguousTies, PublishError, hint, listed
from fsnb.identity import bind, tables_of
from fsnb.model import FeatureView
from fsnb.model.data import normal_type
from fsnb.pit import ViewPlan, normalise
from fsnb.pit.events import event_columns
from fsnb.pit.primitives import INEXACT
from fsnb.publish import sql
from fsnb.publish.prepared import Kept
from fsnb.publish.sample import asking_plan
from fsnb.publish.target import Target

OWN_COLUMNS = ("event_time", "available_time")
OWN_PREFIX = "fsnb_"
FAMILIES = ("integer", "floating", "string", "boolean", "timestamp", "date")
EXAMPLES = 3


def check_definition(view: FeatureView, *, needs_refresh: bool = True) -> None:
    """Refuse what no target could hold: a table of a window without a cadence, a column named like one of ours."""
    who = f"feature view {view.name!r}"
    if needs_refresh and view.kind == "window" and view.refresh is None:
        raise PublishError(
            f"{who} is windowed, so its values change with the clock. How often should its table be brought up to "
            "date? Say so in the definition, e.g. refresh='1h'. Or publish a database view, which computes its values "
            "when it is read: mode='view'."
        )
    columns = [*view.entity.keys, *view.features]
    for name in columns:
        if name in OWN_COLUMNS or name.startswith(OWN_PREFIX):
            raise PublishError(f"{who}: its tables have a column {name!r} of their own. Rename yours.")
        if columns.count(name) > 1:
            raise PublishError(f"{who}: {name!r} is both a key and a feature. Rename the feature.")
    _refuse_estimates(view, who)


def _refuse_estimates(view: FeatureView, who: str) -> None:
    inexact = _ESTIMATES.get(view.fingerprint, lambda: _estimates(view))
    if inexact:
        raise PublishError(
            f"{who} uses {inexact[0]}, an estimate that each engine makes in its own way: no certificate can hold two "
            "engines to it. Use the exact aggregate: nunique."
        )


_ESTIMATES: Kept[tuple[str, ...]] = Kept(128)


def _estimates(view: FeatureView) -> tuple[str, ...]:
    return tuple(p.function for p in asking_plan(view).views[0].primitives if p.function in INEXACT)


def tables_on(view: FeatureView, target: Target, con: Any) -> dict[str, ir.Table]:
    """Every table that the view reads, on the target, as fsnb reads it.

    Raises
    ------
    PublishError
        One is not there, lacks a column, or has one of another type.
    """
    schemas = {table.name: table.schema for table in tables_of(view.relation)}
    schemas[view.source.name] = view.source.schema
    return {name: _table(view, target, con, name, schema) for name, schema in schemas.items()}


def table_for(target: Target, con: Any, name: str, who: str, todo: str) -> ir.Table:
    """The table of a target that stands for a source; `who` says who wants it, `todo` what helps if there is none."""
    table = target.table_of(name)
    where = sql.locate(con, table)
    if where is None:
        have = sorted(sql.relations(con, sql.home(con, table, avoid=target.schema_on(con))[0]))
        raise PublishError(
            f"{who}. There is none.{hint(table, have)} It has: {listed(have)}. {todo} "
            f"store.target({target.name!r}, url, sources={{{name!r}: 'schema.table'}})."
        )
    return con.table(where[1], database=where[0] or None)


def wanted(target: Target, name: str) -> str:
    return f"which target {target.name!r} should have as table {target.table_of(name)!r}"


def _table(view: FeatureView, target: Target, con: Any, name: str, schema: ibis.Schema) -> ir.Table:
    who = f"feature view {view.name!r} reads source {name!r}, {wanted(target, name)}"
    todo = f"Either copy the rows there, store.load({name!r}, to={target.name!r}), or name the table:"
    table = table_for(target, con, name, who, todo)
    wrong = [*_wrong_columns(table.schema(), schema)]
    if wrong:
        raise PublishError(
            f"{who}: {'; '.join(wrong)}.{hint_missing(table, schema)} Map another table, or load it anew."
        )
    return normalise(table, schema, f"source {name!r}")


def _wrong_columns(have: ibis.Schema, want: ibis.Schema) -> list[str]:
    missing = [f"it has no column {name!r}" for name in want.names if name not in have]
    return missing + [
        f"{name!r} is {have[name]}, not {dtype}"
        for name, dtype in want.items()
        if name in have and _family(have[name]) != _family(dtype)
    ]


def hint_missing(table: ir.Table, want: ibis.Schema) -> str:
    missing = [name for name in want.names if name not in table.columns]
    return hint(missing[0], table.columns) if missing else ""


def _family(dtype: Any) -> str:
    normal = normal_type(dtype)
    return next((family for family in FAMILIES if getattr(normal, f"is_{family}")()), str(normal))


# ---------------------------------------------------------------------- ties


@dataclass(frozen=True, slots=True, eq=False)
class _Ties:
    """Groups of rows that nothing declared tells apart, a row each; `compared` says which feature a column is of."""

    groups: ir.Table
    shared: list[str]
    compared: Mapping[str, str]


def check_ties(view: FeatureView, con: Any, tables: Mapping[str, ir.Table], who: str) -> None:
    """Refuse rows that the clocks and the tie-break leave equal and that carry different values.

    A windowed view takes all rows, so ties matter only where it picks one: first, last, argmin, argmax.

    Raises
    ------
    AmbiguousTies
        With their number and up to three examples.
    """
    for ties in _all_ties(view, tables):
        _refuse_ties(view, con, ties, who)


def may_tie(view: FeatureView) -> bool:
    """Whether the view picks one of several rows anywhere."""
    return view.kind != "window" or bool(asking_plan(view).views[0].orders)


def count_ties(view: FeatureView, tables: Mapping[str, ir.Table]) -> ir.Table:
    """One row: in how many groups rows are left equal and carry different values. For a view that `may_tie`."""
    counts = [ties.groups.aggregate(groups=ties.groups.count()) for ties in _all_ties(view, tables)]
    every = ibis.union(*counts) if len(counts) > 1 else counts[0]
    return every.aggregate(groups=every["groups"].sum())


def _all_ties(view: FeatureView, tables: Mapping[str, ir.Table]) -> Iterator[_Ties]:
    source, relation = view.source, bind(view.relation, tables)
    clocks = [name for name in (source.event_time, source.available, *source.tie_break) if name]
    shared = list(dict.fromkeys([*view.entity.keys, *clocks]))
    return _picking_ties(view, relation, shared) if view.kind == "window" else _ties(view, relation, shared)


def _refuse_ties(view: FeatureView, con: Any, ties: _Ties, who: str) -> None:
    with sql.engine_errors_as(PublishError, who):
        count = con.to_pyarrow(ties.groups.count()).as_py()
        few = ties.groups.order_by(ties.shared).limit(EXAMPLES)
        examples = con.to_pyarrow(few).to_pylist() if count else []
    if count:
        groups = "one group" if count == 1 else f"{count} groups"
        raise AmbiguousTies(
            f"{who} has {groups} of rows of source {view.source.name!r} with equal {', '.join(ties.shared)} "
            "and different values, e.g.\n"
            + "".join(f"  {_example(row, ties.shared, ties.compared)}\n" for row in examples)
            + "Say which row wins: give the source a tie_break, a column in which such rows differ. "
            f"It has: {listed(view.source.schema.names)}."
        )


def _ties(view: FeatureView, relation: ir.Table, shared: list[str]) -> Iterator[_Ties]:
    columns, _ = event_columns(asking_plan(view).views[0], relation, lambda value: value)
    compared = {
        f"fsnb_v{number}": name for number, name in enumerate(view.features) if _comparable(columns[name].type())
    }
    values = {column: _orderable(columns[name]) for column, name in compared.items()}
    rows = relation.select(**{name: relation[name] for name in shared}, **values)
    yield _Ties(_groups(view, rows, shared, values), shared, compared)


def _picking_ties(view: FeatureView, relation: ir.Table, shared: list[str]) -> Iterator[_Ties]:
    """For each order in which a windowed view picks a row: ties among the rows that have a place in it."""
    part = asking_plan(view).views[0]
    columns, _ = event_columns(part, relation, lambda value: value)
    for order in part.orders:
        by = {f"fsnb_by{number}": columns[sorting.column] for number, sorting in enumerate(order.by)}
        value = {"fsnb_v0": _orderable(columns[order.value])}
        rows = relation.select(
            **{name: relation[name] for name in shared}, **by, **value, fsnb_in=columns[order.eligible]
        )
        rows = rows.filter(rows["fsnb_in"].notnull())
        groups = _groups(view, rows, [*shared, *by], value)
        yield _Ties(groups, shared, {"fsnb_v0": listed(_picked_by(part, order.name))})


def _picked_by(part: ViewPlan, order: str) -> list[str]:
    places = {primitive.name for primitive in part.primitives if primitive.argument == order}
    return [name for name, value in part.values if any(f.name in places for f in value.op().find(ops.Field))]


def _groups(view: FeatureView, rows: ir.Table, equal: list[str], values: Mapping[str, ir.Value]) -> ir.Table:
    """A row per group that is open, with the least and greatest of each value."""
    clocks = [name for name in (view.source.event_time, view.source.available) if name]
    rows = rows.drop_null([*view.entity.keys, *clocks])
    measures: dict[str, ir.Value] = {}
    for name in values:
        measures |= {f"{name}_low": rows[name].min(), f"{name}_high": rows[name].max(), f"{name}_n": rows[name].count()}
    groups = rows.group_by(equal).aggregate(_fsnb_rows=rows.count(), **measures)
    open_ones = [_open(view, groups, name) for name in values] or [ibis.literal(False)]
    return groups.filter((groups["_fsnb_rows"] > 1) & ibis.or_(*open_ones))


def _comparable(dtype: Any) -> bool:
    return not (dtype.is_nested() or dtype.is_json())


def _orderable(value: ir.Value) -> ir.Value:
    """Booleans as integers: PostgreSQL has no least boolean, and no cast of one to a small integer."""
    return value.ifelse(1, 0) if value.type().is_boolean() else value


def _open(view: FeatureView, groups: ir.Table, name: str) -> ir.BooleanValue:
    differ = (groups[f"{name}_low"] != groups[f"{name}_high"]).fill_null(False)
    some_null = (groups[f"{name}_n"] > 0) & (groups[f"{name}_n"] < groups["_fsnb_rows"])
    return differ if view.skip_nulls else differ | some_null


def _example(row: Mapping[str, Any], shared: list[str], compared: Mapping[str, str]) -> str:
    said = [
        f"{feature} from {row[f'{name}_low']!r} to {row[f'{name}_high']!r}"
        + (" and NULL" if row[f"{name}_n"] < row["_fsnb_rows"] else "")
        for name, feature in compared.items()
        if row[f"{name}_low"] != row[f"{name}_high"] or 0 < row[f"{name}_n"] < row["_fsnb_rows"]
    ]
    return f"{', '.join(f'{name}={row[name]}' for name in shared)}: {row['_fsnb_rows']} rows, {', '.join(said)}"
