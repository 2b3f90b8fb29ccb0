"""Publication: what was published where, with its evidence. A value and its document; nothing is done here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from fsnb import shells
from fsnb.checks import CheckReport
from fsnb.errors import counted
from fsnb.publish.certificate import Certificate

KIND = "publication"


@dataclass(frozen=True, slots=True)
class Publication:
    """What was published where: definition, version, tables, rows, certificate.

    Attributes
    ----------
    version
        Grows when the view's fingerprint changes.
    tables
        `history` and `current`, and the database views `latest_history` and `latest`, which always lead to the last
        published version.
    rows_appended
        New rows of the history; 0 where nothing has changed.
    rows_current
        Entities in the current table.
    rows_withdrawn
        Rows of the history that the sources no longer give; they stay.
    when_missing
        What a reader takes for an entity with no row: 0 for counts, `fill`, else None.
    mode
        "table", or "view": a database view that computes its values when it is read; `sql` is what it says.
    promoted
        Whether the stable views lead to this version.
    intervals_due, intervals_told, intervals_kept
        Intervals that were to be told, that were, and that were as the ledger has them.
    changes
        What is not as in the version that was promoted before, in words.
    certified_by
        The run that the certificate is of: an earlier one where it was proved of this definition on these engines.
    checks
        What the view's checks said: of the source, of what was told, of the current table. None without checks.
    """

    view: str
    version: int
    fingerprint: str
    target: str
    tables: tuple[tuple[str, str], ...]
    run_id: str
    rows_staged: int
    rows_appended: int
    rows_upserted: int
    rows_current: int
    rows_withdrawn: int
    when_missing: tuple[tuple[str, Any], ...]
    end: datetime
    started: datetime
    finished: datetime
    certificate: Certificate
    mode: str = "table"
    promoted: bool = True
    intervals_due: int = 0
    intervals_told: int = 0
    intervals_kept: int = 0
    changes: tuple[str, ...] = ()
    certified_by: str = ""
    sql: str = ""
    checks: CheckReport | None = None

    def __str__(self) -> str:
        where = f"{self.view} v{self.version} on {self.target}" + (
            "" if self.promoted else ", beside the promoted version"
        )
        proof = str(self.certificate).splitlines()[0] + _warned(self.checks)
        if self.mode == "view":
            return f"{where}: a database view, {dict(self.tables)['current']}. {proof}"
        told = (
            f"{counted(self.rows_appended, 'row')} appended" if self.rows_appended else "nothing new, no row appended"
        )
        gone = (
            f"; {counted(self.rows_withdrawn, 'told row')} no longer in the sources, kept"
            if self.rows_withdrawn
            else ""
        )
        return (
            f"{where}: {told} in {counted(self.intervals_told, 'interval')} ({self.intervals_kept:,} were up to date), "
            f"{counted(self.rows_current, 'entity', 'entities')} in {dict(self.tables)['current']}{gone}. {proof}"
        )

    def to_doc(self) -> dict[str, Any]:
        """The publication as JSON; `from_doc` reads it back."""
        times = {name: getattr(self, name).isoformat() for name in ("end", "started", "finished")}
        missing = {name: _json(value) for name, value in self.when_missing}
        mine: dict[str, Any] = {
            "tables": dict(self.tables),
            "when_missing": missing,
            "certificate": self.certificate.to_doc(),
        }
        mine["changes"] = list(self.changes)
        mine["checks"] = self.checks and self.checks.to_doc()
        return {each.name: getattr(self, each.name) for each in fields(self)} | times | mine

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Publication:
        times = {name: datetime.fromisoformat(doc[name]) for name in ("end", "started", "finished")}
        pairs = {name: tuple(doc[name].items()) for name in ("tables", "when_missing")}
        told: dict[str, Any] = {
            "changes": tuple(doc.get("changes", ())),
            "certificate": Certificate.from_doc(doc["certificate"]),
        }
        told["checks"] = CheckReport.from_doc(doc["checks"]) if doc.get("checks") else None
        return cls(**dict(doc) | times | pairs | told)

    def _repr_html_(self) -> str:
        return shells.html(self)


def _warned(report: CheckReport | None) -> str:
    found = report.warnings if report else ()
    return "".join(f"\n  warning: {each.check.name} ({each.table}): {each.reason}" for each in found)


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
