"""Run checks on a table: one scan for all of its columns, one query for each key, samples only of what fails.

A check that cannot run is an error in the report, never a pass. Where the shared scan fails the checks are asked one
by one, so that one broken check does not hide the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import polars as pl
import pyarrow as pa

from fsnb.checks.judging import Compare, Context, Judged, Question, without_nan
from fsnb.checks.questions import ask
from fsnb.checks.report import CheckReport, Result
from fsnb.errors import CheckFailed, FsnbError
from fsnb.model import Check
from fsnb.model.data import RESERVED
from fsnb.model.placing import distinct, of_checks
from fsnb.pit import check_engine, collect

SAMPLES, SHOWN = 5, 8
DRIFT = "baseline_drift"  # its question runs queries of its own when it is judged
ROWS = "rows"


def run(
    table: ir.Table,
    checks: Check | Sequence[Check],
    *,
    who: str,
    previous: CheckReport | None = None,
    tables: Mapping[str, ir.Table] | None = None,
    now: datetime | None = None,
    samples: int = SAMPLES,
    con: Any = None,
    compare: Compare | None = None,
) -> CheckReport:
    """Hold a table against checks.

    One aggregate over the table answers all checks of columns; each check of keys or order adds one query, and each
    check with rows that fail one more, for the sample. NaN is NULL throughout. The same answers on every engine.

    Parameters
    ----------
    table
        An Ibis table of a connection that the tests hold to the rules (DuckDB, Polars, PostgreSQL, Spark, DataFusion).
    checks
        What to hold it against; each by a name of its own.
    who
        What the table is, for messages: "source 'flights'".
    previous
        An earlier report, in which a table of the same `who` has the number of rows that `row_count_change` compares.
    tables
        The tables that `references` names, on the same connection.
    now
        The time that `freshness` counts back from, naive UTC; the clock's by default.
    samples
        Rows shown at most for each check that fails, in the order of their columns; of each at most 8 columns.
    con
        The connection, where the table is unbound.
    compare
        What measures drift against a baseline; a check of it is an error without (the store gives one).

    Returns
    -------
    CheckReport
        One result per check, in their order. It raises nothing for rows that fail: `.raise_if_failed()` does.

    Raises
    ------
    DefinitionError
        Something is no check, or two have one name.
    NotSupported
        The engine is none that keeps the rules.
    """
    asked = distinct(of_checks(checks, who), who)
    con = table.get_backend() if con is None else con
    check_engine(con.name, who)
    now = datetime.now(UTC).replace(tzinfo=None) if now is None else now
    rows_before = previous.rows_of(who) if previous else None
    context = Context(con, now, tables or {}, rows_before, compare)
    found = _Run(con, without_nan(table), table, context, samples)
    rows, results = found.results(asked, who)
    return CheckReport(who, now, ((who, rows),), results)


class _Run:
    """One run: what was asked, what came back, what could not run."""

    def __init__(self, con: Any, table: ir.Table, raw: ir.Table, context: Context, samples: int) -> None:
        self.con, self.table, self.raw, self.context, self.samples = con, table, raw, context, samples
        self.errors = engine_errors(con)

    def results(self, checks: Sequence[Check], who: str) -> tuple[int | None, tuple[Result, ...]]:
        """The number of rows, and a result for each check."""
        questions = [self._question(check) for check in checks]
        values = self._scanned([each for each in questions if isinstance(each, Question)])
        found = []
        scanned = iter(values)
        for check, question in zip(checks, questions, strict=True):
            answer = next(scanned) if isinstance(question, Question) else question
            found.append(self._result(check, question, answer, who))
        rows = next((each[ROWS] for each in values if isinstance(each, dict)), None)
        return rows if values else self._count(), tuple(found)

    def _question(self, check: Check) -> Question | Exception:
        try:
            return ask(check, self.table, self.context)
        except self.errors as error:
            return error

    def _count(self) -> int | None:
        found = self._row({ROWS: self.table.count()})
        return found[ROWS] if isinstance(found, dict) else None

    def _scanned(self, questions: Sequence[Question]) -> list[dict[str, Any] | Exception]:
        """The values of each question's aggregates, and the number of rows with them."""
        together = {f"c{i}_{name}": value for i, each in enumerate(questions) for name, value in each.scan.items()}
        found = self._row({ROWS: self.table.count()} | together)
        if isinstance(found, dict):
            return [
                {ROWS: found[ROWS]} | {name: found[f"c{i}_{name}"] for name in each.scan}
                for i, each in enumerate(questions)
            ]
        if len(questions) < 2:
            return [found] * len(questions)
        alone = [self._row({ROWS: self.table.count()} | dict(each.scan)) for each in questions]
        if any(isinstance(each, dict) for each in alone):
            return alone
        # in a transaction that the first error has ended all the rest fail for its sake
        return [CheckFailed(f"the scan that all checks share failed: {_said(found)}")] * len(questions)

    def _row(self, aggregates: Mapping[str, ir.Scalar]) -> dict[str, Any] | Exception:
        try:
            return _plain(read(self.con, self.table.aggregate(**aggregates))[0])
        except self.errors as error:
            return error

    def _result(
        self, check: Check, question: Question | Exception, answer: dict[str, Any] | Exception, who: str
    ) -> Result:
        if isinstance(question, Exception) or isinstance(answer, Exception):
            wrong = question if isinstance(question, Exception) else answer
            return Result(check, who, "error", _said(wrong))
        try:
            own = {} if question.own is None else _plain(read(self.con, question.own)[0])
            with savepoint(self.con) if check.kind == DRIFT else nullcontext():
                judged = question.judge(answer | own)
            sample = () if judged.holds else self._sample(check, question)
        except self.errors as error:
            return Result(check, who, "error", _said(error))
        return Result(check, who, _status(judged), judged.reason, judged.failing, judged.judged, sample)

    def _sample(self, check: Check, question: Question) -> tuple[tuple[tuple[str, Any], ...], ...]:
        """A few rows that fail, the check's own columns first."""
        if question.examples is None or not self.samples:
            return ()
        there = question.examples.columns
        first = [name for name in check.reads if name in there]
        shown = [name for name in dict.fromkeys([*first, *there]) if not name.startswith(RESERVED)][:SHOWN]
        # by names of our own: DataFusion finds ORDER BY x ambiguous where x is computed from an x
        own = {f"{RESERVED}{number}": name for number, name in enumerate(shown)}
        few = question.examples.select(**{mine: question.examples[name] for mine, name in own.items()})
        few = few.order_by([mine for mine in own if _has_order(few[mine])]).limit(self.samples)
        rows = read(self.con, few)
        return tuple(tuple((own[mine], value) for mine, value in row.items()) for row in rows)


def read(con: Any, query: ir.Table) -> list[dict[str, Any]]:
    """The rows of a query. On PostgreSQL within a savepoint: one that fails must not end a transaction around it."""
    with savepoint(con):
        return collect(con, query).to_pylist()


def savepoint(con: Any) -> AbstractContextManager[Any]:
    """What fails within must not end a transaction around it; only PostgreSQL would."""
    return con.con.transaction() if con.name == "postgres" else nullcontext()


def _has_order(value: ir.Value) -> bool:
    dtype = value.type()
    return dtype.is_numeric() or dtype.is_string() or dtype.is_temporal() or dtype.is_boolean()


def _status(judged: Judged) -> str:
    if judged.skipped:
        return "skipped"
    return "passed" if judged.holds else "failed"


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def _said(error: Any) -> str:
    """The first line of what went wrong, not of what the driver then met while it cleaned up."""
    while error.__context__ is not None and _library(error.__context__) == _library(error):
        error = error.__context__
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]


def _library(error: BaseException) -> str:
    return type(error).__module__.partition(".")[0]


def engine_errors(con: Any) -> tuple[type[Exception], ...]:
    """What a check may raise that cannot run: ours, Ibis's, Arrow's, and those of the connection's engine."""
    common = [FsnbError, ibis.common.exceptions.IbisError, ibis.common.annotations.ValidationError, pa.ArrowException]
    return (*common, TypeError, ValueError, LookupError, AttributeError, NotImplementedError, *_of_engine(con.name))


def _of_engine(name: str) -> Iterable[type[Exception]]:
    embedded: dict[str, list[type[Exception]]] = {"duckdb": [duckdb.Error], "polars": [pl.exceptions.PolarsError]}
    found = embedded.get(name, [])
    with suppress(ImportError):
        if name == "postgres":
            import psycopg

            found = [psycopg.Error]
        elif name == "pyspark":
            from pyspark.errors import PySparkException

            found = [PySparkException]
    # DataFusion raises plain Exception, and so may others that we have not met
    return found or [Exception]
