"""What a plan would cost on its engine, before it runs: from counts, files' own metadata, the engine's EXPLAIN.

Counting is a group-by on keys and times for each view, which is what choosing a strategy does too; nothing is joined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow.parquet as pq
import sqlglot.expressions as sge

from fsnb.identity import bind
from fsnb.model import FeatureView
from fsnb.model.data import is_path
from fsnb.pit import lowering_polars, memory, strategies
from fsnb.pit.choosing import Estimate, estimate
from fsnb.pit.cost import Cost, Refresh, ViewCost
from fsnb.pit.engines import collect
from fsnb.pit.events import EVENT, key_names
from fsnb.pit.execution import EnginePlan, asked, with_view
from fsnb.pit.lowering import events
from fsnb.pit.planning import ViewPlan
from fsnb.pit.read import files, new_name

TEXT_BYTES = 16
"""What a value of text is taken to need, with its offset; other types have a width of their own."""


def cost(plan: EnginePlan) -> Cost:
    """What a plan would cost; see `EnginePlan.cost`."""
    assert plan.table is not None
    rows = _count(plan.con, plan.table)
    out = dict(plan.spine.schema.items()) | {f.column: f.view.schema[f.name] for f in plan.features}
    return Cost(plan.con.name, rows, rows * _width(out.values()), tuple(_view_cost(plan, part) for part in plan.views))


def _view_cost(plan: EnginePlan, part: ViewPlan) -> ViewCost:
    relation = bind(part.view.relation, plan.tables)
    choice = plan.choices[part.view.name]
    counted = _counted(plan, part, relation)
    joined = max((step.pairs for step in choice.steps if step.pairs is not None), default=None)
    query = _query(plan, part)
    return ViewCost(
        view=part.view.name,
        strategies=tuple(dict.fromkeys(choice.names)),
        rows_scanned=_scanned(plan, part.view, query),
        bytes_read=_bytes(plan, part.view),
        asks=counted.asks,
        events=counted.events,
        pairs=counted.all_pairs if joined is None else joined,
        refresh=_refresh(plan, part, relation) if part.view.refresh else None,
        explain=_explained(plan, part, relation, query),
    )


def _query(plan: EnginePlan, part: ViewPlan) -> ir.Table | None:
    """The view's query; None where it is computed in memory: to lower that is to run it."""
    steps = plan.choices[part.view.name].steps
    fills = [strategies.available(plan.con.name, step.shape)[step.strategy] for step in steps]
    assert plan.table is not None
    if memory.fill in fills:
        return None
    return with_view(plan.table, plan.table, part, plan, plan.con, plan.tables)


def _scanned(plan: EnginePlan, view: FeatureView, query: ir.Table | None) -> int:
    """Rows of each table that the view reads, as often as its query names it."""
    scans = dict.fromkeys(view.sources, 1)
    compiler = getattr(plan.con, "compiler", None)
    if query is not None and compiler is not None:
        named = Counter(each.name for each in compiler.to_sqlglot(query).find_all(sge.Table))
        for name in scans:
            own = plan.tables[name].op().find((ops.DatabaseTable, ops.InMemoryTable))
            scans[name] = max([1, *(named[each.name] for each in own)])
    return sum(times * _count(plan.con, plan.tables[name]) for name, times in scans.items())


def _counted(plan: EnginePlan, part: ViewPlan, relation: ir.Table) -> Estimate:
    return plan.counted(part) or estimate(part, plan.con, relation, asked(plan, part, relation))


def _count(con: Any, table: ir.Table) -> int:
    return int(collect(con, table.count().as_table())[0][0].as_py())


# ---------------------------------------------------------------------- bytes


def _width(types: Iterable[dt.DataType]) -> int:
    """Bytes of one row in Arrow's layout."""
    return sum(_bits(dtype) for dtype in types) // 8


def _bits(dtype: dt.DataType) -> int:
    try:
        return int(dtype.to_pyarrow().bit_width)
    except (ValueError, NotImplementedError):
        return TEXT_BYTES * 8


def _bytes(plan: EnginePlan, view: FeatureView) -> int | None:
    if len(view.sources) > 1:
        return None  # where the others lie is not in the plan
    data, columns = view.source.data, _columns(view)
    if is_path(data):
        return _file_bytes(str(data), columns)
    if hasattr(data, "nbytes") and hasattr(data, "select"):  # Arrow
        return int(data.select(columns).nbytes)
    if plan.con.name == "postgres":
        return _postgres_bytes(plan.con, plan.tables[view.source.name])
    rows = _count(plan.con, plan.tables[view.source.name])
    return rows * _width(view.source.schema[name] for name in columns)


def _columns(view: FeatureView) -> list[str]:
    """The columns of the source that are read: all that the expressions name, keys, clocks, tie-break."""
    mine = [field for field in _fields(view) if isinstance(field.rel, ops.UnboundTable)]
    named = {field.name for field in mine if field.rel.name == view.source.name}
    source = view.source
    clocks = [clock for clock in (source.event_time, source.available) if clock]
    wanted = named | {*view.entity.keys, *clocks, *source.tie_break}
    return [name for name in source.schema.names if name in wanted]


def _fields(view: FeatureView) -> Iterable[ops.Field]:
    for value in (view.relation, *(output.value for output in view.outputs)):
        yield from value.op().find(ops.Field, filter=ops.Node)


def _file_bytes(path: str, columns: list[str]) -> int:
    if not path.lower().endswith((".parquet", ".pq")):
        return sum(Path(file).stat().st_size for file in files(path))
    return sum(_parquet_bytes(file, columns) for file in files(path))


def _parquet_bytes(file: str, columns: list[str]) -> int:
    found = pq.read_metadata(file)
    chunks = (
        found.row_group(group).column(n) for group in range(found.num_row_groups) for n in range(found.num_columns)
    )
    return sum(chunk.total_compressed_size for chunk in chunks if chunk.path_in_schema.split(".")[0] in columns)


def _postgres_bytes(con: Any, table: ir.Table) -> int:
    """The whole of its tables: rows lie in one piece."""
    found = {(node.namespace.database, node.name) for node in table.op().find(ops.DatabaseTable)}
    total = 0
    for schema, name in found:
        where = ".".join('"' + part.replace('"', '""') + '"' for part in (schema, name) if part)
        with con._safe_raw_sql(f"SELECT pg_table_size({_text(where)}::regclass)") as cursor:
            total += int(cursor.fetchone()[0])
    return total


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


# ---------------------------------------------------------------------- refreshes


def _refresh(plan: EnginePlan, part: ViewPlan, relation: ir.Table) -> Refresh:
    part, keys = replace(part, orders=()), key_names(part)
    rows = events(part, plan.con, relation) if plan.con.name != "polars" else _registered(plan, part, relation)
    found = rows.group_by(keys).aggregate(n=rows.count(), first=rows[EVENT].min(), last=rows[EVENT].max())
    totals = found.aggregate(
        rows=found["n"].sum(), entities=found.count(), first=found["first"].min(), last=found["last"].max()
    )
    counted = {name: int(value or 0) for name, value in collect(plan.con, totals).to_pylist()[0].items()}
    every = part.view.refresh
    assert every is not None
    share = _share(part, every, counted["last"] - counted["first"])
    scanned = round(counted["rows"] * share)
    return Refresh(every, scanned, min(counted["entities"], scanned))


def _registered(plan: EnginePlan, part: ViewPlan, relation: ir.Table) -> ir.Table:
    assert plan.table is not None
    asks = asked(plan, part, relation)
    return plan.con.create_table(
        new_name("rows"), lowering_polars.events(part, plan.con, relation, plan.con.compile(asks))
    )


def _share(part: ViewPlan, every: timedelta, span: int) -> float:
    """Which share of the source's time one refresh reaches back over."""
    windows = part.view.used_windows
    if part.view.kind != "window":
        reach = every
    elif None in windows:
        return 1.0
    else:
        reach = every + max(window.size + window.offset for window in windows if window is not None)
    return min(1.0, reach / timedelta(microseconds=max(span, 1)))


# ---------------------------------------------------------------------- EXPLAIN


def _explained(plan: EnginePlan, part: ViewPlan, relation: ir.Table, query: ir.Table | None) -> str:
    """The engine's plan of the query; of a view that is computed in memory, of the scan behind it."""
    if query is not None:
        return explain(plan.con, query)
    rows = relation if plan.con.name == "polars" else events(replace(part, orders=()), plan.con, relation)
    return "in memory, from this scan:\n" + explain(plan.con, rows)


def explain(con: Any, query: ir.Table) -> str:
    """The engine's own plan of a query, as text; empty for an engine that we know no way to ask."""
    ask = EXPLAINS.get(con.name)
    return "" if ask is None else ask(con, query)


def _lines(con: Any, query: ir.Table) -> str:
    con._run_pre_execute_hooks(query)
    with con._safe_raw_sql(f"EXPLAIN {con.compile(query)}") as cursor:
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def _of_polars(con: Any, query: ir.Table) -> str:
    return str(con.compile(query).explain())


def _of_datafusion(con: Any, query: ir.Table) -> str:
    con._run_pre_execute_hooks(query)
    return "\n".join(con.con.sql(f"EXPLAIN {con.compile(query)}").to_pydict()["plan"])


def _of_spark(con: Any, query: ir.Table) -> str:
    con._run_pre_execute_hooks(query)
    return str(con._session.sql(f"EXPLAIN FORMATTED {con.compile(query)}").collect()[0][0])


EXPLAINS: Mapping[str, Callable[[Any, ir.Table], str]] = {
    "duckdb": _lines,
    "postgres": _lines,
    "polars": _of_polars,
    "datafusion": _of_datafusion,
    "pyspark": _of_spark,
}
