"""CheckReport: what became of each check, as text, as a frame, as HTML, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

import polars as pl

from fsnb import shells
from fsnb.errors import CheckFailed, UnknownName, listed
from fsnb.model import Check

MARKS = {"passed": "ok", "failed": "FAIL", "error": "ERROR", "skipped": "skip"}
SOFT = {"warn": "warn", "info": "info"}  # the mark of a failure that stops nothing
VALUE = 60


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one check on one table.

    Attributes
    ----------
    table
        What was checked: "source 'flights'".
    status
        "passed", "failed", "error" (it could not run) or "skipped" (nothing to compare with yet).
    reason
        The counts behind it, or what went wrong, in words.
    failing, judged
        Rows that fail, of the rows that were judged; None where the check counts no rows.
    sample
        A few of the rows that fail, each as pairs of column and value.
    """

    check: Check
    table: str
    status: str
    reason: str
    failing: int | None = None
    judged: int | None = None
    sample: tuple[tuple[tuple[str, Any], ...], ...] = ()

    @property
    def rate(self) -> float | None:
        """The share of the judged rows that fail, 0 to 1; None without judged rows."""
        return None if self.failing is None or not self.judged else self.failing / self.judged

    @property
    def stops(self) -> bool:
        """Whether it stops what it guards: it failed with severity "fail", or could not run at whatever severity."""
        return self.status == "error" or (self.status == "failed" and self.check.severity == "fail")

    @property
    def mark(self) -> str:
        """One word for it."""
        soft = SOFT.get(self.check.severity) if self.status == "failed" else None
        return soft or MARKS[self.status]

    def to_doc(self) -> dict[str, Any]:
        """The result as JSON; the sample is left out, since rows are not for catalogs."""
        own = {name: getattr(self, name) for name in ("table", "status", "reason", "failing", "judged")}
        check = self.check
        said = {"name": check.name, "kind": check.kind, "columns": list(check.columns), "severity": check.severity}
        return said | own


@dataclass(frozen=True, slots=True, repr=False)
class CheckReport:
    """What became of checks.

    Attributes
    ----------
    who
        What was checked.
    at
        When, naive UTC.
    tables
        Each table that was checked and its number of rows; None where that could not be counted.
    results
        One per check, in their order.
    """

    who: str
    at: datetime
    tables: tuple[tuple[str, int | None], ...]
    results: tuple[Result, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Nothing stops: no check failed with severity "fail", and every one could run."""
        return not self.stopping

    @property
    def stopping(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.stops)

    @property
    def warnings(self) -> tuple[Result, ...]:
        """Checks of severity "warn" that failed."""
        return tuple(each for each in self.results if each.status == "failed" and each.check.severity == "warn")

    def __getitem__(self, name: str) -> Result:
        for result in self.results:
            if result.check.name == name:
                return result
        raise UnknownName.among(f"report on {self.who}", "check", name, [each.check.name for each in self.results])

    def rows_of(self, table: str) -> int | None:
        """How many rows a table had; None where it was not checked."""
        return dict(self.tables).get(table)

    def raise_if_failed(self, kind: type[CheckFailed] = CheckFailed, todo: str = "") -> Self:
        """The report itself, unless something stops.

        Raises
        ------
        CheckFailed
            A check of severity "fail" failed, or one could not run; the message has the counts and sample rows.
        """
        if self.ok:
            return self
        lines = "\n".join(line for result in self.stopping for line in _lines(result, self._many))
        raise kind(f"{self.who}: {summary(self)}.\n{lines}" + (f"\n{todo}" if todo else ""))

    @property
    def _many(self) -> bool:
        return len(self.tables) > 1

    def to_polars(self) -> pl.DataFrame:
        """One row per check: table, check, kind, columns, severity, status, failing, judged, rate, reason."""
        rows: list[dict[str, Any]] = [
            {"table": each.table, "check": each.check.name, "kind": each.check.kind, "columns": each.check.columns}
            | {"severity": each.check.severity, "status": each.status, "failing": each.failing, "judged": each.judged}
            | {"rate": each.rate, "reason": each.reason}
            for each in self.results
        ]
        return pl.DataFrame(rows, schema=SCHEMA)

    def __str__(self) -> str:
        rows = ", ".join(_rows(name if self._many else "", rows) for name, rows in self.tables)
        lines = [f"checks on {self.who}: {summary(self)} ({rows})"]
        return "\n".join([*lines, *(line for result in self.results for line in _lines(result, self._many))])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return shells.html(self)

    def to_doc(self) -> dict[str, Any]:
        """The report as JSON, without sample rows; `from_doc` reads it back."""
        own = {"who": self.who, "at": self.at.isoformat(), "tables": [list(each) for each in self.tables]}
        return own | {"results": [result.to_doc() for result in self.results]}

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> CheckReport:
        results = tuple(_result(each) for each in doc["results"])
        tables = tuple((name, rows) for name, rows in doc["tables"])
        return cls(doc["who"], datetime.fromisoformat(doc["at"]), tables, results)

    @classmethod
    def joined(cls, who: str, reports: Sequence[CheckReport]) -> CheckReport:
        """Reports on several tables as one; of the time of the last."""
        tables = tuple(table for report in reports for table in report.tables)
        results = tuple(result for report in reports for result in report.results)
        return cls(who, max(report.at for report in reports), tables, results)


SCHEMA: dict[str, Any] = {"table": pl.String, "check": pl.String, "kind": pl.String, "columns": pl.List(pl.String)}
SCHEMA |= {"severity": pl.String, "status": pl.String, "failing": pl.Int64, "judged": pl.Int64}
SCHEMA |= {"rate": pl.Float64, "reason": pl.String}


def _result(doc: Mapping[str, Any]) -> Result:
    """What a document says of a check is enough to read it, not to run it again."""
    check = Check(doc["kind"], doc["name"], tuple(doc["columns"]), severity=doc["severity"])
    return Result(check, doc["table"], doc["status"], doc["reason"], doc["failing"], doc["judged"])


def _rows(name: str, rows: int | None) -> str:
    counted = "rows not counted" if rows is None else "1 row" if rows == 1 else f"{rows:,} rows"
    return f"{name}: {counted}" if name else counted


def summary(report: CheckReport) -> str:
    """How many checks came to what: `1 failed, 3 passed`."""
    if not report.results:
        return "no checks"
    marks = [result.mark for result in report.results]
    words = {"FAIL": "failed", "ERROR": "could not run", "warn": "warned", "info": "noted"}
    words |= {"skip": "skipped", "ok": "passed"}
    return ", ".join(f"{marks.count(mark)} {word}" for mark, word in words.items() if mark in marks)


def _lines(result: Result, many: bool) -> Iterator[str]:
    where = f" [{result.table}]" if many else ""
    yield f"  {result.mark:<5} {result.check.name}{where}: {result.reason}"
    for row in result.sample:
        yield f"          {listed((f'{name}={shown(value)}' for name, value in row), most=len(row))}"


def shown(value: Any) -> str:
    """A value of a sample row, on one line."""
    if value is None:
        return "NULL"
    text = value.isoformat(" ") if hasattr(value, "isoformat") else repr(value)
    return text if len(text) <= VALUE else f"{text[: VALUE - 3]}..."
