"""Publish a view: check, prove, write, record."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

import ibis.expr.types as ir

from fsnb.catalog import Catalog
from fsnb.errors import CertificateMismatch, PublishError, UnknownName
from fsnb.identity import fingerprint
from fsnb.model import FeatureView
from fsnb.publish import sql
from fsnb.publish.certificate import Certificate
from fsnb.publish.certifying import certify, empty_values
from fsnb.publish.checks import check_definition, check_ties, tables_on
from fsnb.publish.materialize import Run, Written, materialize
from fsnb.publish.target import Target

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

    def __str__(self) -> str:
        told = f"{self.rows_appended:,} rows appended" if self.rows_appended else "nothing new, no row appended"
        gone = (
            f"; {self.rows_withdrawn:,} told rows are no longer in the sources and stay" if self.rows_withdrawn else ""
        )
        return (
            f"{self.view} v{self.version} on {self.target}: {told}, {self.rows_current:,} entities in "
            f"{dict(self.tables)['current']}{gone}. {str(self.certificate).splitlines()[0]}"
        )

    def to_doc(self) -> dict[str, Any]:
        """The publication as JSON; `from_doc` reads it back."""
        times = {name: getattr(self, name).isoformat() for name in ("end", "started", "finished")}
        missing = {name: _json(value) for name, value in self.when_missing}
        mine = {"tables": dict(self.tables), "when_missing": missing, "certificate": self.certificate.to_doc()}
        return asdict(self) | times | mine

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Publication:
        times = {name: datetime.fromisoformat(doc[name]) for name in ("end", "started", "finished")}
        pairs = {name: tuple(doc[name].items()) for name in ("tables", "when_missing")}
        return cls(**dict(doc) | times | pairs | {"certificate": Certificate.from_doc(doc["certificate"])})


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def publish(
    view: FeatureView,
    target: Target,
    *,
    local: Any,
    tables: Mapping[str, ir.Table],
    catalog: Catalog | None = None,
    end: datetime | str | None = None,
    rows: int = 500,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Publication:
    """Publish a feature view: check it, prove it, write its history and current tables in one transaction.

    Publishing again appends what is new and nothing else.

    Parameters
    ----------
    view
        What to publish.
    target
        Where. Its sources are read there, by the view's own expression.
    local, tables
        The local engine, and every table of `view.sources` on it, for the certificate.
    catalog
        Where the publication is recorded, and the last one looked up.
    end
        Rows and refresh ticks are told up to this time; now by default. Naive is UTC.
    rows, seed
        Of the certificate's sample.
    progress
        Called with the name of each step.

    Returns
    -------
    Publication

    Raises
    ------
    CertificateMismatch
        The local engine, the target and the oracle do not agree; the first differing rows are shown.
    AmbiguousTies
        Rows that nothing declared can tell apart have different values.
    BreakingChange, PublishError, TargetError, NotSupported
        In each case nothing was written.
    """
    started = utc_now()
    step = progress or (lambda name: None)
    run = Run(uuid.uuid4().hex, started if end is None else _naive(end), started)
    check_definition(view)
    step("connect")
    with target.session() as con:
        who = f"feature view {view.name!r}: target {target.name!r}"
        with sql.engine_errors_as(PublishError, who, "Nothing was written."):
            step("check sources")
            there = tables_on(view, target, con)
            check_ties(view, con, there, who)
            step("certify")
            certificate = certify(view, local, tables, con, there, rows=rows, seed=seed)
            _need_agreement(certificate, target)
            missing = empty_values(view, con, there)
            step("write")
            last = _last_published(catalog, view)
            written = materialize(view, con, there, target.schema_on(con), run, last=last, clock=utc_now)
    publication = _publication(view, target, run, written, missing, certificate)
    if catalog is not None:
        step("record")
        catalog.put(KIND, view.name, publication.to_doc(), fingerprint=fingerprint({"run": run.id}))
    return publication


def utc_now() -> datetime:
    """The clock: naive UTC, microseconds."""
    return datetime.now(UTC).replace(tzinfo=None)


def _naive(moment: datetime | str) -> datetime:
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _need_agreement(certificate: Certificate, target: Target) -> None:
    if certificate.ok:
        return
    sides = " and ".join(f"{name} ({engine})" for name, engine in certificate.sides)
    apart = sum(column.mismatches + column.null_mismatches for column in certificate.columns)
    shown = "".join(f"  {difference}\n" for difference in certificate.differences)
    raise CertificateMismatch(
        f"feature view {certificate.view!r} is not published to {target.name!r}: {sides} disagree on {apart} of "
        f"{certificate.rows * len(certificate.columns)} sampled values. The first:\n{shown}"
        "Either the target's rows are not the local ones, or the expression means different things to different "
        "engines (division by zero, % of negatives, rounding, text)."
    )


def _last_published(catalog: Catalog | None, view: FeatureView) -> tuple[int, str] | None:
    if catalog is None:
        return None
    try:
        doc = catalog.get(KIND, view.name).body
    except UnknownName:
        return None
    return doc["version"], doc["fingerprint"]


def _publication(
    view: FeatureView, target: Target, run: Run, written: Written, missing: Mapping[str, Any], certificate: Certificate
) -> Publication:
    names = written.names
    latest, latest_history = (".".join(where) for where in names.stable)
    tables = {"history": ".".join(names.history), "current": ".".join(names.current)}
    return Publication(
        view=view.name,
        version=names.version,
        fingerprint=view.fingerprint,
        target=target.name,
        tables=tuple((tables | {"latest": latest, "latest_history": latest_history}).items()),
        run_id=run.id,
        rows_staged=written.staged,
        rows_appended=written.appended,
        rows_upserted=written.upserted,
        rows_current=written.current,
        rows_withdrawn=written.withdrawn,
        when_missing=tuple(missing.items()),
        end=run.end,
        started=run.now,
        finished=utc_now(),
        certificate=certificate,
    )
