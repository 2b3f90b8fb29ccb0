"""Watch a subject: look at it in one or several ways, come to verdicts, tell somebody, start what mends it.

A *look* is a function that answers verdicts. Checks are one (`verdicts_of` a report); any other measure that comes to
verdicts is watched in the same way by giving its function too. A look that could not look is an error, and tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from fsnb import shells
from fsnb.checks.alerts import Alert, need_alerts, tell
from fsnb.checks.report import CheckReport
from fsnb.errors import AlertError, listed

STATUSES = ("ok", "skipped", "info", "warn", "alert", "error")  # from good to bad
LOUD = ("alert", "error")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one look came to.

    Attributes
    ----------
    by
        What looked: "check", say.
    name
        What was looked at: the check's name, a column.
    status
        "ok", "skipped" (nothing to compare with), "info", "warn", "alert", or "error" (it could not look).
    """

    by: str
    name: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class Monitoring:
    """What was found when a subject was watched. Its status is the worst of its verdicts.

    Attributes
    ----------
    at, window
        Rows of the window that ends at this time were looked at; naive UTC.
    told
        Whom the alerts told; empty where there was nothing to tell.
    retrained
        What the retraining hook returned; None where it was not called.
    report
        The report on the checks, with sample rows; None where there were no checks.
    reports
        What the other looks made their verdicts from: a `DriftReport`, a `PerformanceEstimate`.
    """

    subject: str
    at: datetime
    window: str
    verdicts: tuple[Verdict, ...]
    report: CheckReport | None = None
    told: tuple[str, ...] = ()
    retrained: Any = None
    reports: tuple[Any, ...] = ()

    @property
    def status(self) -> str:
        return max((verdict.status for verdict in self.verdicts), key=STATUSES.index, default="ok")

    @property
    def ok(self) -> bool:
        """Nothing to tell: no alert, no error."""
        return self.status not in LOUD

    def to_polars(self) -> pl.DataFrame:
        """One row per verdict: by, name, status, reason."""
        columns = ("by", "name", "status", "reason")
        rows = [{name: getattr(verdict, name) for name in columns} for verdict in self.verdicts]
        return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String))

    def __str__(self) -> str:
        head = f"{self.subject} at {self.at:%Y-%m-%d %H:%M:%S}, last {self.window}: {self.status}"
        lines = [f"  {status:<7} {by}: {said}" for status, by, said in _lines(self.verdicts)]
        after = [f"  told {', '.join(self.told)}"] if self.told else []
        return "\n".join([head, *lines, *after])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return shells.html(self)

    def to_doc(self) -> dict[str, Any]:
        """JSON for webhooks and the catalog; no rows of data."""
        verdicts = self.to_polars().to_dicts()
        said = {"subject": self.subject, "at": self.at.isoformat(), "window": self.window, "status": self.status}
        return said | {"verdicts": verdicts, "report": self.report.to_doc() if self.report else None}


def verdicts_of(report: CheckReport) -> tuple[Verdict, ...]:
    """A verdict for each check: a failure is an alert, a warning or an info by its severity."""
    failed = {"fail": "alert", "warn": "warn", "info": "info"}
    statuses = {"passed": "ok", "skipped": "skipped", "error": "error"}
    return tuple(
        Verdict("check", each.check.name, statuses.get(each.status) or failed[each.check.severity], each.reason)
        for each in report.results
    )


def _lines(verdicts: Sequence[Verdict]) -> Iterator[tuple[str, str, str]]:
    """Status, what looked, and what it says; of drift that is none, one line for all its columns."""
    quiet = [each for each in verdicts if each.status == "ok" and not each.reason]
    for each in verdicts:
        if each not in quiet:
            yield each.status, each.by, f"{each.name}: {each.reason}"
    for by in dict.fromkeys(each.by for each in quiet):
        names = [each.name for each in quiet if each.by == by]
        yield "ok", by, f"{len(names)} {'column' if len(names) == 1 else 'columns'}: {listed(names)}"


@dataclass(frozen=True, slots=True)
class Looked:
    """The verdicts of a look, and the report that they come from."""

    verdicts: tuple[Verdict, ...]
    report: Any = None


Look = Callable[[], Sequence[Verdict] | Looked]


def watch(
    found: Monitoring,
    *,
    looks: Sequence[Look] = (),
    alert: Alert | Sequence[Alert] = (),
    retrain: Callable[[Monitoring], Any] | None = None,
    keep: Callable[[Monitoring], Any] | None = None,
) -> Monitoring:
    """Take further looks, then tell and retrain where the status is "alert" or "error".

    Parameters
    ----------
    found
        What was found so far.
    looks
        Functions of nothing that answer verdicts, or verdicts and a report. One that fails is an error.
    alert
        Whom to tell; see `fsnb.checks.tell`.
    retrain
        Called with what was found on "alert"; not on "error", where nobody knows whether anything has changed.
    keep
        Called last with what was found, whatever it is, to record it.

    Raises
    ------
    AlertError
        Somebody could not be told; the retraining hook has run nevertheless.
    Exception
        What the retraining hook raised, after everybody was told and what was found was kept.
    """
    alerts = need_alerts(alert)
    seen = [_looked(look) for look in looks]
    verdicts = (verdict for each in seen for verdict in each.verdicts)
    reports = (each.report for each in seen if each.report is not None)
    found = replace(found, verdicts=(*found.verdicts, *verdicts), reports=(*found.reports, *reports))
    failure: AlertError | None = None
    try:
        found = found if found.ok else replace(found, told=tell(alerts, found))
    except AlertError as error:
        failure = error
    try:
        found = replace(found, retrained=_retrained(found, retrain, failure))
    finally:
        if keep is not None:
            keep(found)
    if failure:
        raise failure
    return found


def _retrained(found: Monitoring, retrain: Callable[[Monitoring], Any] | None, failure: AlertError | None) -> Any:
    """What the hook returned, where it is called for; its own error says whom it came after."""
    if retrain is None or all(verdict.status != "alert" for verdict in found.verdicts):
        return None
    try:
        return retrain(found)
    except Exception as error:
        told = f"{found.subject} is {found.status}; told: {listed(found.told)}."
        error.add_note(f"The retraining hook failed. {failure or told}")
        raise


def _looked(look: Look) -> Looked:
    try:
        found = look()
        return found if isinstance(found, Looked) else Looked(tuple(found))
    except Exception as error:  # noqa: BLE001  whatever an engine raises: who could not look has seen nothing good
        name = getattr(look, "__name__", type(look).__name__).strip("_").replace("_", " ")
        said = next(iter(str(error).splitlines()), "") or type(error).__name__
        return Looked((Verdict(name, "could not look", "error", said),))
