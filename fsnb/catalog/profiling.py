"""How the values of features are distributed: one aggregate over a table, and one for the bins of its histograms.

Both run where the table lies. Bins are of equal width from the least to the greatest finite value, since quantiles are
not to be had on every engine; they are counted by grouping, one column at a time, which every engine does in one scan
of that column (a count with a condition for every bin would cost a pass for each).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from fsnb.catalog.documents import Catalog
from fsnb.catalog.profile import Distribution, Profile
from fsnb.catalog.rows import Document
from fsnb.identity import fingerprint as fingerprint_of
from fsnb.model.moments import naive_utc

KIND = "profile"
BINS = 20
MOST = 1.7976931348623157e308  # the greatest float64; what is beyond is infinite or NaN


def profiled(
    con: Any,
    table: ir.Table,
    features: Mapping[str, str],
    *,
    view: str,
    of: str,
    fingerprint: str,
    newest: str | datetime | None = None,
) -> Profile:
    """The distributions of some columns of a table.

    Parameters
    ----------
    con
        The Ibis connection that runs the two queries.
    table
        Rows to look at.
    features
        `{feature: column of the table}`; a column that is not there is left out.
    newest
        The column of event times, or the newest one.
    """
    columns = {name: table[column] for name, column in features.items() if column in table.columns}
    times = {"newest": table[newest].max()} if isinstance(newest, str) else {}
    measured = _row(con, table.aggregate(rows=table.count(), **times, **_measures(columns.values())))
    spans = {n: span for n in range(len(columns)) if (span := _span(measured, n))}
    counted = _counted(con, table, list(columns.values()), spans)
    found = (_described(name, column, n, measured, counted) for n, (name, column) in enumerate(columns.items()))
    return Profile(
        view=view,
        of=of,
        rows=measured["rows"],
        newest=naive_utc(measured.get("newest") if isinstance(newest, str) else newest),
        taken=datetime.now(UTC).replace(tzinfo=None),
        fingerprint=fingerprint,
        features=tuple(found),
    )


def record(catalog: Catalog, profile: Profile) -> Document:
    """Put a profile beside its view, unless the last one says the same."""
    body = profile.to_doc()
    same = {name: value for name, value in body.items() if name != "taken"}
    return catalog.put(KIND, profile.view, body, fingerprint=fingerprint_of(same))


def _span(measured: Mapping[str, Any], n: int) -> tuple[float, float] | None:
    """From the least to the greatest finite value, where there is a width to divide."""
    low, high = measured.get(f"low_{n}"), measured.get(f"high_{n}")
    if low is None or high is None:
        return None
    return (low, high) if high / 2 - low / 2 > 0 else None


def _measures(columns: Iterable[ir.Column]) -> dict[str, ir.Value]:
    return {f"{name}_{n}": value for n, column in enumerate(columns) for name, value in _measures_of(column).items()}


def _measures_of(column: ir.Column) -> Mapping[str, ir.Value]:
    """What is asked of a column, by its type. Means and bins are of float64: PostgreSQL's would be decimals."""
    value = _known(column)
    kind = column.type()
    found: dict[str, ir.Value] = {"there": value.count()}
    if kind.is_numeric() or kind.is_timestamp() or kind.is_date() or kind.is_string() or kind.is_boolean():
        found["distinct"] = value.nunique(where=value.notnull())  # Polars would count NULL as a value
    if kind.is_numeric() or kind.is_timestamp() or kind.is_date():
        found |= {"least": value.min(), "greatest": value.max()}
    if kind.is_boolean():
        found["mean"] = ibis.cases((value, 1), (~value, 0)).cast("float64").mean()  # PostgreSQL casts no boolean
    if kind.is_numeric():
        number = _finite(column)
        found |= {"mean": number.mean(), "low": number.min(), "high": number.max(), "finite": number.count()}
    return found


def _known(column: ir.Column) -> Any:
    """NaN as NULL."""
    return ibis.ifelse(column.isnan(), ibis.null(column.type()), column) if column.type().is_floating() else column


def _finite(column: ir.Column) -> Any:
    number = column.cast("float64")
    return ibis.ifelse(number.abs() <= MOST, number, ibis.null("float64")) if column.type().is_floating() else number


def _counted(
    con: Any, table: ir.Table, columns: Sequence[ir.Column], spans: Mapping[int, tuple[float, float]]
) -> Mapping[tuple[int, int], int]:
    """`{(column, bin): rows}`, of the bins that have any."""
    parts = [_binned(table, columns[n], n, *span) for n, span in spans.items()]
    if not parts:
        return {}
    rows = con.to_pyarrow(ibis.union(*parts) if len(parts) > 1 else parts[0]).to_pylist()
    return {(row["feature"], row["bin"]): row["rows"] for row in rows if row["bin"] is not None}


def _binned(table: ir.Table, column: ir.Column, number: int, low: float, high: float) -> ir.Table:
    half = high / 2 - low / 2  # the width itself may be beyond a float
    place = ((_finite(column) / 2 - low / 2) / half * BINS).floor().cast("int64")
    bins = table.select(bin=ibis.ifelse(place >= BINS, BINS - 1, place))
    counts = bins.group_by("bin").aggregate(rows=bins.count())
    return counts.select(feature=ibis.literal(number, "int64"), bin=counts.bin.cast("int64"), rows=counts.rows)


def _described(
    name: str, column: ir.Column, n: int, measured: Mapping[str, Any], counted: Mapping[tuple[int, int], int]
) -> Distribution:
    edges, counts = _bins(n, measured, counted)
    return Distribution(
        name=name,
        type=str(column.type()),
        rows=measured["rows"],
        nulls=measured["rows"] - measured[f"there_{n}"],
        distinct=measured.get(f"distinct_{n}"),
        least=_text(measured.get(f"least_{n}")),
        greatest=_text(measured.get(f"greatest_{n}")),
        mean=measured.get(f"mean_{n}"),
        edges=edges,
        counts=counts,
    )


def _bins(
    n: int, measured: Mapping[str, Any], counted: Mapping[tuple[int, int], int]
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    low, high = measured.get(f"low_{n}"), measured.get(f"high_{n}")
    if low is None or high is None:
        return (), ()
    if _span(measured, n) is None:
        return (low, high), (measured[f"finite_{n}"],)
    inner = (low * (1 - k / BINS) + high * (k / BINS) for k in range(1, BINS))
    return (low, *inner, high), tuple(counted.get((n, k), 0) for k in range(BINS))


def _row(con: Any, expression: ir.Table) -> dict[str, Any]:
    row: dict[str, Any] = con.to_pyarrow(expression).to_pylist()[0]
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    """Decimals as floats, NaN as None."""
    number = float(value) if isinstance(value, Decimal) else value
    return None if isinstance(number, float) and math.isnan(number) else number


def _text(value: Any) -> str | None:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return None if value is None else str(value)[:80]
