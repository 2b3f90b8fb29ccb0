"""What a scheduler calls: tell what is due of a view that is published, with the proof of its publication."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from fsnb import shells
from fsnb.checks import CheckReport
from fsnb.errors import PublishError, counted, listed
from fsnb.model import FeatureView, moments
from fsnb.publish import ledger, publishing, sql
from fsnb.publish.asked import part
from fsnb.publish.checks import tables_on
from fsnb.publish.gates import Drift, Gates, joined
from fsnb.publish.ledger import Known, Version
from fsnb.publish.runs import Run, Written
from fsnb.publish.target import Target


@dataclass(frozen=True, slots=True)
class Materialization:
    """What of a published view was due, told and up to date.

    Attributes
    ----------
    run_ids
        A run for each transaction.
    intervals_due, intervals_told, intervals_kept
        Intervals that were to be told, that were, and that were as the ledger has them.
    checks
        What the view's checks said; None without checks.
    first, last
        The ends of the stretch of time that was told; None where nothing was.
    """

    view: str
    version: int
    target: str
    run_ids: tuple[str, ...]
    intervals_due: int
    intervals_told: int
    intervals_kept: int
    rows_appended: int
    rows_withdrawn: int
    first: datetime | None
    last: datetime | None
    end: datetime
    started: datetime
    finished: datetime
    checks: CheckReport | None = None

    def __str__(self) -> str:
        span = f", {self.first} to {self.last}" if self.first else ""
        return (
            f"{self.view} v{self.version} on {self.target}: {counted(self.intervals_due, 'interval')} due, "
            f"{self.intervals_told:,} told{span}, {self.intervals_kept:,} up to date; "
            f"{counted(self.rows_appended, 'row')} appended."
        )

    def to_doc(self) -> dict[str, Any]:
        """It as JSON."""
        times = {name: getattr(self, name) for name in ("first", "last", "end", "started", "finished")}
        shown = {name: None if moment is None else moment.isoformat() for name, moment in times.items()}
        mine = {"run_ids": list(self.run_ids), "checks": self.checks and self.checks.to_doc()}
        return asdict(replace(self, checks=None)) | shown | mine

    def _repr_html_(self) -> str:
        return shells.html(self)


def bring_up_to_date(
    view: FeatureView | str,
    target: Target,
    *,
    progress: Callable[[str], None] | None = None,
    drift: Drift | None = None,
    **asked: Any,
) -> Materialization:
    """Tell the intervals that are due of a view that is published, without a new certificate.

    Safe to call at any time, by several at once, and again after a crash: the ledger says what is done.

    Parameters
    ----------
    view
        A view whose definition is published, or a name: then the definition that is promoted on the target.
    target
        Where it is published.
    progress
        Called with the name of each step.
    drift
        What measures drift, for checks of it.
    **asked
        `start`, `end`, `lookback`, `full`, `chunk`: see `fsnb.publish.asked.part`.

    Raises
    ------
    PublishError
        The target has no such view, or not of this definition, or it is a database view, which needs no telling.
    GateFailed
        A check of the view stops it. Nothing was written.
    AmbiguousTies
        Rows that are due have ties that nothing declared can tell apart.
    """
    name, started = view if isinstance(view, str) else view.name, moments.utc_now()
    step = progress or publishing.silent
    wanted = part(f"feature view {name!r}", started, **asked)
    who = f"feature view {name!r}: target {target.name!r}"
    step("connect")
    with target.session() as con, sql.engine_errors_as(PublishError, who, "Nothing was written."):
        schema = target.schema_on(con)
        known = ledger.known(con, schema, name)
        version = _published(view, known, who)
        found = FeatureView.from_doc(version.definition) if isinstance(view, str) else view
        if found.fingerprint != version.fingerprint:
            raise PublishError(
                f"{who}: this fsnb reads the definition of v{version.number} as another than it was published with. "
                "Publish it again."
            )
        there = tables_on(found, target, con)
        run = Run.of(wanted, started, promote=False, of_version=version.number)
        gates = Gates.of(found, target, con, started, drift=drift)
        before = gates.before(there)
        step("write")
        how: dict[str, Any] = {"guard": publishing.ties_guard(who), "gates": gates}
        written = publishing.write(found, con, there, schema, run, wanted, step, **how)
    said = joined(found, before, [each.reports for each in written])
    return replace(_said(name, target, run, written), checks=said)


def _published(view: FeatureView | str, known: Known, who: str) -> Version:
    """The version to go on with: the promoted one where it is that, else the latest of this definition."""
    if not known.versions:
        raise PublishError(f"{who} has no such view. Publish it first: store.publish(view, to=...).")
    promoted = known.version(known.promoted)
    if isinstance(view, str):
        if promoted is None:
            raise PublishError(f"{who} has promoted no version of it. Promote one: store.promote(view, to, version).")
        found: Version | None = promoted
    else:
        mine = [each for each in known.versions if each.fingerprint == view.fingerprint]
        found = promoted if promoted in mine else max(mine, key=lambda each: each.number, default=None)
    if found is None:
        versions = listed(f"v{each.number} ({each.fingerprint[:12]})" for each in known.versions)
        raise PublishError(f"{who} has it with other definitions: {versions}. Publish this one: store.publish.")
    if found.mode != "table":
        raise PublishError(f"{who} has it as a database view, which computes its values when it is read.")
    return found


def _said(name: str, target: Target, run: Run, written: Sequence[Written]) -> Materialization:
    told: Mapping[str, list[datetime]] = {
        end: [moment for each in written if (moment := getattr(each, end)) is not None] for end in ("first", "last")
    }
    return Materialization(
        view=name,
        version=written[-1].names.version,
        target=target.name,
        run_ids=tuple(each.run_id for each in written),
        intervals_due=written[0].due,
        intervals_told=sum(each.told for each in written),
        intervals_kept=written[0].kept,
        rows_appended=sum(each.appended for each in written),
        rows_withdrawn=sum(each.withdrawn for each in written),
        first=min(told["first"], default=None),
        last=max(told["last"], default=None),
        end=run.end,
        started=run.now,
        finished=moments.utc_now(),
    )
