"""Publish a view: check, compare, prove, write, record. Materialize one that is published: write."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import ibis
import ibis.expr.types as ir

from fsnb.catalog import Catalog
from fsnb.checks import Check, CheckReport
from fsnb.errors import CertificateMismatch, PublishError, UnknownName
from fsnb.identity import fingerprint
from fsnb.model import FeatureView, moments
from fsnb.model.changes import Change
from fsnb.publish import ledger, live, sql
from fsnb.publish.asked import Part, need_one_of, part
from fsnb.publish.certificate import Certificate
from fsnb.publish.certifying import certify, empty_values, engine_of
from fsnb.publish.checks import check_definition, check_ties, count_ties, may_tie, tables_on
from fsnb.publish.gates import Drift, Gates, joined
from fsnb.publish.guardrail import check_portable, compared, need_compatible
from fsnb.publish.history import Stretches
from fsnb.publish.inputs import Times
from fsnb.publish.lake import at_last
from fsnb.publish.ledger import Known
from fsnb.publish.materialize import materialize
from fsnb.publish.publication import KIND, Publication
from fsnb.publish.runs import Names, Run, Written, dotted
from fsnb.publish.starting import Job
from fsnb.publish.target import Target

MODES = ("table", "view")
CERTIFY = ("auto", "always")
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Proof:
    """A certificate, what a reader takes for a missing entity, and the run that proved it."""

    certificate: Certificate
    missing: tuple[tuple[str, Any], ...]
    run_id: str


def publish(
    view: FeatureView,
    target: Target,
    *,
    local: Any,
    tables: Mapping[str, ir.Table],
    catalog: Catalog | None = None,
    mode: str = "table",
    promote: bool = True,
    breaking: bool = False,
    certify: str = "auto",
    rows: int = 500,
    seed: int = 0,
    progress: Progress | None = None,
    checks: Sequence[Check] = (),
    drift: Drift | None = None,
    **asked: Any,
) -> Publication:
    """Publish a feature view: check it, compare it with what readers have, prove it, write what is due.

    Publishing again writes what is new and nothing else. A changed definition becomes the next version, in tables of
    its own; the stable views lead to it once all of it is written.

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
    mode
        "table": history and current tables. "view": a database view that computes the values as of the moment at which
        it is read, with no history; a windowed view needs no `refresh` for that.
    promote
        Lead the stable views to this version. Otherwise a new version stands beside the promoted one.
    breaking
        Allow changes that readers of the promoted version would notice.
    certify
        "auto": the catalog's certificate counts where it is of this definition, target and versions of the engines.
        "always": a new one.
    rows, seed
        Of the certificate's sample.
    progress
        Called with the name of each step.
    checks
        Checks of this publication alone, beside the view's own.
    drift
        What measures drift, for checks of it; see `fsnb.publish.gates.Drift`.
    **asked
        `start`, `end`, `lookback`, `full`, `chunk`, `interval`: see `fsnb.publish.asked.part`.

    Returns
    -------
    Publication

    Raises
    ------
    CertificateMismatch
        The local engine, the target and the oracle do not agree; the first differing rows are shown.
    AmbiguousTies
        Rows that nothing declared can tell apart have different values.
    GateFailed
        A check of the view stops it; the message has counts and sample rows.
    BreakingChange
        Readers of the promoted version would notice; says what, and who uses it.
    PublishError, TargetError, NotSupported
        In each case nothing was written; of a publication in chunks what was written before stays, and counts.
    """
    started, step = moments.utc_now(), progress or silent
    who = f"feature view {view.name!r}: target {target.name!r}"
    wanted = part(f"feature view {view.name!r}", started, **asked)
    need_one_of("certify", certify, CERTIFY, who)
    need_mode(mode, target, who)
    check_definition(view, needs_refresh=mode == "table")
    step("connect")
    with target.session() as con, sql.engine_errors_as(PublishError, who, "Nothing was written."):
        seen, found = compare(view, target, con, catalog, who, breaking=breaking or not promote)
        step("check sources")
        there = tables_on(view, target, con)
        recorded = _recorded(catalog, view.name)
        latest = _of_target(catalog, recorded, target.name)
        gates = Gates.of(view, target, con, started, latest.checks if latest else None, more=checks, drift=drift)
        before = gates.before(there)
        run = Run.of(wanted, started, promote=promote)
        proof = None if certify == "always" else _kept_proof(view, latest, local, con)
        guard = None if proof is None else ties_guard(who)
        if proof is None:
            check_ties(view, con, there, who)
            step("certify")
            proof = _prove(view, target, local, tables, con, there, rows, seed, run.id)
            recorded = _recorded(catalog, view.name)  # that took a while
        step("write")
        if mode == "view":
            publication = _as_view(view, target, con, there, run, proof, gates, before)
        else:
            last = None if recorded is None else (recorded["version"], recorded["fingerprint"])
            schema = target.schema_on(con)
            written = write(view, con, there, schema, run, wanted, step, last, seen, guard, gates)
            said = joined(view, before, [each.reports for each in written])
            publication = replace(_publication(view, target, run, written, proof), checks=said)
    publication = replace(publication, changes=tuple(map(str, found)), finished=moments.utc_now())
    if catalog is not None:
        step("record")
        catalog.put(KIND, view.name, publication.to_doc(), fingerprint=fingerprint({"run": run.id}))
    return publication


def compare(
    view: FeatureView, target: Target, con: Any, catalog: Catalog | None, who: str, *, breaking: bool
) -> tuple[Known, tuple[Change, ...]]:
    """What the target has of a view, and what would change for its readers; refuses what they would notice."""
    check_portable(view, con, who)
    seen = ledger.known(con, target.schema_on(con), view.name)
    promoted = seen.version(seen.promoted)
    found = compared(view, promoted)
    if not breaking:
        need_compatible(view, promoted, found, catalog, repr(target.name))
    return seen, found


def write(
    view: FeatureView,
    con: Any,
    tables: Mapping[str, ir.Table],
    schema: str,
    run: Run,
    wanted: Part,
    step: Progress,
    last: tuple[int, str] | None = None,
    expected: Known | None = None,
    guard: Callable[[Job, Stretches], None] | None = None,
    gates: Gates | None = None,
) -> list[Written]:
    """What is due, in one transaction or in one for each chunk of intervals."""
    written: list[Written] = []
    while not written or written[-1].due > written[-1].told:
        if wanted.chunk and written:
            done = sum(each.told for each in written)
            step(f"write: {done} of {written[0].due} intervals done")
        seen: dict[str, Any] = {"last": last, "expected": expected, "guard": guard, "gates": gates}
        found = at_last(partial(materialize, view, con, tables, schema, run, clock=moments.utc_now, **seen))
        written.append(found)
        run, expected = replace(run, id=uuid.uuid4().hex, start=_rest(run, found)), None
    return written


def _rest(run: Run, found: Written) -> datetime | None:
    """Where the next chunk begins: what is told again in any case is told once."""
    return found.last if run.full or run.lookback else run.start


# ---------------------------------------------------------------------- steps


def silent(name: str) -> None:
    return None


def need_mode(mode: str, target: Target, who: str) -> None:
    """Refuse a mode that there is none, and a database view where there is no database."""
    need_one_of("mode", mode, MODES, who)
    if mode == "view" and target.is_lake:
        raise PublishError(
            f"{who} is a folder of files, which has no database views. Publish tables (mode='table', a windowed "
            "view with a refresh), or give a target on PostgreSQL or DuckDB. Nothing was written."
        )


def ties_guard(who: str) -> Callable[[Job, Stretches], None]:
    """Looks for ties in the rows that are about to be told, and in no others."""

    def guard(job: Job, stretches: Stretches) -> None:
        def counted(times: Times | None) -> ir.Table:
            return count_ties(job.view, job.in_times(times))

        if may_tie(job.view) and job.read("ties", counted, job.times(stretches.told))[0][0]:
            check_ties(job.view, job.con, job.within(list(stretches.told)), who)

    return guard


def _prove(
    view: FeatureView,
    target: Target,
    local: Any,
    tables: Mapping[str, ir.Table],
    con: Any,
    there: Mapping[str, ir.Table],
    rows: int,
    seed: int,
    run_id: str,
) -> Proof:
    certificate = certify(view, local, tables, con, there, rows=rows, seed=seed)
    _need_agreement(certificate, target)
    return Proof(certificate, tuple(empty_values(view, con, there).items()), run_id)


def _kept_proof(view: FeatureView, last: Publication | None, local: Any, con: Any) -> Proof | None:
    """The last publication's certificate, where it is of this definition on these very engines."""
    if last is None or last.fingerprint != view.fingerprint:
        return None
    proved = last.certificate
    sides = dict(proved.sides)
    same = (sides.get("local"), sides.get("target"), proved.ibis) == (
        engine_of(local),
        engine_of(con),
        ibis.__version__,
    )
    return Proof(proved, last.when_missing, last.certified_by or last.run_id) if same and proved.ok else None


def last_publication(catalog: Catalog | None, view: str, target: str) -> Publication | None:
    """The latest publication of a view on a target that the catalog knows."""
    return _of_target(catalog, _recorded(catalog, view), target)


def last_published(catalog: Catalog, view: FeatureView) -> Publication | None:
    """The latest publication of a view, on whatever target; None where the catalog knows of none."""
    recorded = _recorded(catalog, view.name)
    return None if recorded is None else Publication.from_doc(recorded)


def _recorded(catalog: Catalog | None, view: str) -> Mapping[str, Any] | None:
    """The document of the latest publication of a view."""
    if catalog is None:
        return None
    try:
        return catalog.get(KIND, view).body
    except UnknownName:
        return None


def _of_target(catalog: Catalog | None, latest: Mapping[str, Any] | None, target: str) -> Publication | None:
    """The latest publication of the same view on a target."""
    if catalog is None or latest is None:
        return None
    if latest["target"] != target:
        bodies = (each.body for each in catalog.history(KIND, latest["view"]))
        latest = next((body for body in bodies if body["target"] == target), None)
    return None if latest is None else Publication.from_doc(latest)


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


# ---------------------------------------------------------------------- what is said of it


def _publication(view: FeatureView, target: Target, run: Run, written: Sequence[Written], proof: Proof) -> Publication:
    last = written[-1]
    latest, latest_history = (dotted(where) for where in last.names.stable)
    tables = {"history": dotted(last.names.history), "current": dotted(last.names.current)}
    return replace(
        _bare(view, target, run, last.names, proof),
        tables=tuple((tables | {"latest": latest, "latest_history": latest_history}).items()),
        rows_staged=sum(each.staged for each in written),
        rows_appended=sum(each.appended for each in written),
        rows_upserted=sum(each.upserted for each in written),
        rows_current=last.current,
        rows_withdrawn=sum(each.withdrawn for each in written),
        promoted=last.promoted,
        intervals_due=written[0].due,
        intervals_told=sum(each.told for each in written),
        intervals_kept=written[0].kept,
    )


def _as_view(
    view: FeatureView,
    target: Target,
    con: Any,
    there: Mapping[str, ir.Table],
    run: Run,
    proof: Proof,
    gates: Gates,
    before: Sequence[CheckReport],
) -> Publication:
    names, text, after = live.write_live(view, con, there, target.schema_on(con), run, gates)
    promoted = ledger.known(con, names.schema, view.name).promoted == names.version
    tables = {"current": ".".join(names.live), "latest": ".".join(next(iter(names.stable)))}
    found = _bare(view, target, run, names, proof)
    said = joined(view, before, [after])
    return replace(found, tables=tuple(tables.items()), mode="view", promoted=promoted, sql=text, checks=said)


def _bare(view: FeatureView, target: Target, run: Run, names: Names, proof: Proof) -> Publication:
    return Publication(
        view=view.name,
        version=names.version,
        fingerprint=view.fingerprint,
        target=target.name,
        tables=(),
        run_id=run.id,
        rows_staged=0,
        rows_appended=0,
        rows_upserted=0,
        rows_current=0,
        rows_withdrawn=0,
        when_missing=proof.missing,
        end=run.end,
        started=run.now,
        finished=run.now,
        certificate=proof.certificate,
        certified_by=proof.run_id,
    )
