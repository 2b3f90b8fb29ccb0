"""Hold the local engine, the target and the oracle against each other on a sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.formats.pyarrow import PyArrowType

from fsnb.errors import CertificateMismatch
from fsnb.model import FeatureView, Spine
from fsnb.pit import ROW, collect, lower, plan, read_spine
from fsnb.pit.oracle import oracle, supports
from fsnb.publish import sql
from fsnb.publish.certificate import MOST_SHOWN, Certificate, Column, Difference, compare
from fsnb.publish.sample import AT, sample
from fsnb.publish.stretches import restrict

MOST_ORACLE_ROWS, MOST_ORACLE_PAIRS = 20_000, 3_000_000


def certify(
    view: FeatureView,
    local_con: Any,
    local_tables: Mapping[str, ir.Table],
    target_con: Any,
    target_tables: Mapping[str, ir.Table],
    *,
    rows: int = 500,
    seed: int = 0,
) -> Certificate:
    """Compare a view's values on two engines and in the oracle, row by row, on a sample of its entities and times.

    The sample is drawn around what goes wrong: event times and availability to the microsecond, window and ttl edges,
    refresh ticks, ties, late rows, before the first and after the last event, unknown and NULL keys, NULL times,
    keys that are not ASCII. All sides read the same source rows, those of the sampled keys and times.

    Parameters
    ----------
    view
        What is computed.
    local_con, local_tables
        The local engine, and every table of `view.sources` on it.
    target_con, target_tables
        The same of the target, an SQL engine.
    rows
        Sampled rows at most.
    seed
        Draws another sample.

    Returns
    -------
    Certificate
        `ok` says whether all sides agree.

    Raises
    ------
    CertificateMismatch
        An engine cannot run the view at all.
    """
    drawn = sample(view, target_con, target_tables, rows=rows, seed=seed)
    answers: dict[str, pa.Table] = {}
    cut_tables: dict[str, dict[str, ir.Table]] = {}
    for side, con, tables in (("local", local_con, local_tables), ("target", target_con, target_tables)):
        cut_tables[side] = {
            n: restrict(view, con, t, drawn.cut) if n == view.source.name else t for n, t in tables.items()
        }
        answers[side] = _answer(view, side, con, cut_tables[side], drawn.asks)
    sides = {"local": engine_of(local_con), "target": engine_of(target_con)}
    values = {side: {name: answers[side][name].to_pylist() for name in view.features} for side in answers}
    slow, why_not = _oracle(view, local_con, cut_tables["local"], drawn.asks)
    if slow is not None:
        sides["oracle"], values["oracle"] = "plain Python", slow
    columns, differences = _compare(view, values, answers, drawn.asks)
    return Certificate(
        view=view.name,
        fingerprint=view.fingerprint,
        rows=drawn.asks.num_rows,
        strata=drawn.strata,
        sides=tuple(sides.items()),
        oracle=why_not or "used",
        ibis=ibis.__version__,
        columns=columns,
        differences=differences,
    )


def empty_values(view: FeatureView, con: Any, tables: Mapping[str, ir.Table]) -> dict[str, Any]:
    """What a view gives for an entity without a row: 0 for counts, `fill` where it is declared, else NULL."""
    schema = ibis.schema(
        {key: view.relation[key].type() for key in view.entity.keys} | {AT: "timestamp(6)"}
    ).to_pyarrow()
    nobody = pa.table([[None]] * len(schema), schema=schema)
    nothing = {name: table.limit(0) for name, table in tables.items()}
    return _answer(view, "target", con, nothing, nobody).select(list(view.features)).to_pylist()[0]


def engine_of(con: Any) -> str:
    return f"{con.name} {con.version}"


def _answer(view: FeatureView, side: str, con: Any, tables: Mapping[str, ir.Table], asks: pa.Table) -> pa.Table:
    """The view's features for each ask, in the order of the asks."""
    spine = Spine(asks, at=AT)
    who = f"feature view {view.name!r}: the {side} engine ({engine_of(con)}) cannot compute it"
    with sql.engine_errors_as(
        CertificateMismatch, who, "Write the expression so that every engine can. Nothing was written."
    ):
        return collect(con, lower(plan(spine, view), con, tables, read_spine(con, spine))).sort_by(ROW)


def _oracle(
    view: FeatureView, con: Any, tables: Mapping[str, ir.Table], asks: pa.Table
) -> tuple[dict[str, list[Any]] | None, str]:
    """The oracle's values by feature, or why it was not asked."""
    unknown = supports(view)
    if unknown:
        return None, f"not used, it does not interpret {unknown}; the two engines stand against each other alone"
    counts = [con.to_pyarrow(table.count()).as_py() for table in tables.values()]
    pairs = 1
    for count in counts:
        pairs *= max(count, 1)
    if max(counts) > MOST_ORACLE_ROWS or (len(counts) > 1 and pairs > MOST_ORACLE_PAIRS):
        return None, f"not used, it would have to read {' x '.join(map(str, counts))} rows; the two engines stand alone"
    data = {name: collect(con, table).to_pylist() for name, table in tables.items()}
    found = oracle(view, asks.to_pylist(), data, at=AT)
    return {name: [row[name] for row in found] for name in view.features}, ""


def _compare(
    view: FeatureView, values: Mapping[str, Mapping[str, list[Any]]], answers: Mapping[str, pa.Table], asks: pa.Table
) -> tuple[tuple[Column, ...], tuple[Difference, ...]]:
    columns: list[Column] = []
    differences: list[Difference] = []
    for name in view.features:
        types = tuple(str(PyArrowType.to_ibis(answer.schema.field(name).type)) for answer in answers.values())
        column, rows = compare(name, {side: found[name] for side, found in values.items()}, types)
        columns.append(column)
        differences += [_difference(name, row, values, asks) for row in rows[: MOST_SHOWN - len(differences)]]
    return tuple(columns), tuple(differences)


def _difference(name: str, row: int, values: Mapping[str, Mapping[str, list[Any]]], asks: pa.Table) -> Difference:
    asked = {column.removeprefix("fsnb_"): _text(asks[column][row].as_py()) for column in asks.column_names}
    return Difference(
        name, tuple(asked.items()), tuple((side, _text(found[name][row])) for side, found in values.items())
    )


def _text(value: Any) -> str:
    if value is None:
        return "NULL"
    return value.isoformat(" ") if hasattr(value, "isoformat") else repr(value)
