"""Cards of what was published, or would be: publications with their certificate, rehearsals, promotions, syncs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fsnb.catalog import Document
from fsnb.model import show_duration
from fsnb.notebook import wording
from fsnb.notebook.card import Bad, Card, Cell, Code, Good, Number, Table
from fsnb.online import Consistency, Synced
from fsnb.publish import Certificate, Materialization, Promotion, Publication, Rehearsal

MOST = 12  # changes, users, intervals


def certificate(value: Certificate) -> Card:
    facts: dict[str, Cell] = {
        "verdict": wording.verdict(
            value.ok, f"agree on {value.rows:,} rows", f"DISAGREE; {value.rows:,} rows were compared"
        ),
        "sides": tuple(f"{name}: {engine}" for name, engine in value.sides),
        "oracle": "" if value.oracle == "used" else value.oracle,
        "sampled": ", ".join(f"{count} {stratum}" for stratum, count in value.strata),
        "ibis": value.ibis,
        "fingerprint": Code(value.fingerprint[:12]),
    }
    columns = tuple(
        (
            Code(column.name),
            Code(" | ".join(dict.fromkeys(column.types))),
            Number(f"{column.mismatches:,}"),
            Number(f"{column.null_mismatches:,}"),
            Number(f"{column.max_abs:.3g}"),
            Number(f"{column.max_rel:.3g}"),
            wording.verdict(column.ok, "agrees", "differs"),
        )
        for column in value.columns
    )
    heads = ("feature", "type", "differ", "NULL on one side", "greatest difference", "relative", "")
    return Card(
        "certificate",
        value.view,
        facts=wording.said(facts),
        tables=(Table("features", heads, columns), *_differences(value)),
    )


def publication(value: Publication) -> Card:
    tables = dict(value.tables)
    proof = certificate(value.certificate)
    facts: dict[str, Cell] = {
        "published": f"v{value.version} on {value.target}",
        "history": (Code(tables["history"]), f"{wording.count('row', value.rows_appended)} appended")
        if value.mode == "table"
        else "",
        "intervals": f"{value.intervals_told:,} told, {value.intervals_kept:,} up to date"
        if value.mode == "table"
        else "",
        "current": (Code(tables["current"]), wording.count("entity", value.rows_current))
        if value.mode == "table"
        else (Code(tables["current"]), "computed when it is read"),
        "always the latest": tuple(Code(name) for role, name in value.tables if role.startswith("latest")),
        "no longer in the sources": f"{value.rows_withdrawn:,} told rows, which stay" if value.rows_withdrawn else "",
        "up to": f"{value.end:%Y-%m-%d %H:%M:%S} UTC",
        "took": f"{(value.finished - value.started).total_seconds():.1f} s",
        "certificate": dict(proof.facts)["verdict"],
        "checks": _checks(value),
    }
    rest = tuple(fact for fact in proof.facts if fact[0] != "verdict")
    return Card("publication", value.view, facts=wording.said(facts) + rest, tables=proof.tables)


def _checks(value: Publication) -> Cell:
    if value.checks is None:
        return ""
    warned = tuple(Bad(f"{each.check.name} ({each.table}): {each.reason}") for each in value.checks.warnings)
    passed = sum(each.status == "passed" for each in value.checks.results)
    return (*warned, Good(f"{passed} of {len(value.checks.results)} passed"))


def publications(history: Sequence[Document]) -> Table:
    """Every publication of a view, newest first."""
    found = [Publication.from_doc(document.body) for document in history]
    rows = tuple(
        (
            f"v{each.version}",
            each.target,
            f"{each.finished:%Y-%m-%d %H:%M} UTC",
            Number(f"{each.rows_appended:,}"),
            Number(f"{each.rows_current:,}"),
            wording.verdict(each.certificate.ok, f"agrees on {each.certificate.rows:,} rows", "disagrees"),
        )
        for each in found
    )
    heads = ("version", "target", "when", "rows appended", "entities", "certificate")
    return Table("publications", heads, rows)


def _differences(value: Certificate) -> tuple[Table, ...]:
    rows = tuple((Code(each.column), _pairs(each.asked), _pairs(each.values)) for each in value.differences)
    return (Table("the first that differ", ("feature", "asked", "answers"), rows),) if rows else ()


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in pairs)


# ---------------------------------------------------------------------- what would be, and what else was done


def rehearsal(value: Rehearsal) -> Card:
    """A dry run."""
    due = value.intervals
    span = f", {due[0][0]:%Y-%m-%d %H:%M} to {due[-1][1]:%Y-%m-%d %H:%M} UTC" if due else ""
    facts: dict[str, Cell] = {
        "would be": f"v{value.version} on {value.target}; "
        + ("not there yet" if value.promoted is None else f"readers have v{value.promoted}"),
        "written": "nothing: this is a dry run",
        "verdict": Bad("refused without breaking=True: readers would notice") if value.breaking else "",
        "used by": _some(value.users) if value.changes else "",
        "intervals": f"{len(due):,} due{span}; {value.kept:,} up to date",
        "to read": f"{value.rows_scanned:,} source rows",
        "to compare": f"{value.rows_staged:,} rows with the history, the most that could be appended",
        "each refresh": f"every {show_duration(value.cadence)}: about {value.rows_per_refresh:,} source rows, "
        f"{value.rows_per_day:,} a day",
        "the target's estimate": "" if value.cost is None else f"{value.cost:,.0f} of its units of cost",
    }
    rows = tuple(
        (
            change.kind,
            Code(change.what),
            change.old or "",
            change.new or "",
            Bad("breaking") if change.breaking else Good("compatible"),
        )
        for change in value.changes
    )
    tables = (Table("changes", ("what", "of", "was", "would be", ""), rows),) if rows else ()
    notes = (("the target's plan", value.explain),) if value.explain else ()
    return Card("dry run", value.view, facts=wording.said(facts), tables=tables, notes=notes)


def _some(names: Sequence[str]) -> Cell:
    more = (f"and {len(names) - MOST:,} more",) if len(names) > MOST else ()
    return (*names[:MOST], *more) or "nobody in the catalog"


def materialization(value: Materialization) -> Card:
    span = f", {value.first:%Y-%m-%d %H:%M} to {value.last:%Y-%m-%d %H:%M} UTC" if value.first and value.last else ""
    facts: dict[str, Cell] = {
        "told": f"v{value.version} on {value.target}",
        "intervals": f"{value.intervals_told:,} of {value.intervals_due:,} due{span}; "
        f"{value.intervals_kept:,} up to date",
        "history": f"{wording.count('row', value.rows_appended)} appended",
        "no longer in the sources": f"{value.rows_withdrawn:,} told rows, which stay" if value.rows_withdrawn else "",
        "up to": wording.moment(value.end),
        "took": f"{(value.finished - value.started).total_seconds():.1f} s",
    }
    return Card("materialization", value.view, facts=wording.said(facts))


def promotion(value: Promotion) -> Card:
    facts: dict[str, Cell] = {
        "readers have": f"v{value.version} on {value.target}",
        "before": "nothing" if value.before is None else f"v{value.before}",
        "since": wording.moment(value.promoted),
        "fingerprint": Code(value.fingerprint[:12]),
    }
    return Card("promotion", value.view, facts=wording.said(facts))


def synced(value: Synced) -> Card:
    facts: dict[str, Cell] = {
        "readers get": f"v{value.version} from {value.online}",
        "pushed": f"{wording.count('row', value.rows)} of {wording.count('run', value.runs)}"
        if value.runs
        else "nothing was due",
        "available later": f"{value.pending:,} of them" if value.pending else "",
        "as of": wording.moment(value.at),
    }
    return Card("sync", value.view, facts=wording.said(facts))


def consistency(value: Consistency) -> Card:
    facts: dict[str, Cell] = {
        "verdict": wording.verdict(value.ok, "history, current table and online store agree", "NOT consistent"),
        "online": value.online,
        "version": f"v{value.promoted} is promoted, {'none' if value.served is None else f'v{value.served}'} is served",
        "entities": tuple(f"{name}: {count:,}" for name, count in value.entities),
        "not pushed yet": wording.count("run", value.runs_due) if value.runs_due else "",
        "apart": tuple(f"{name}: {count:,}" for name, count in value.apart if count),
        "as of": wording.moment(value.at),
    }
    rows = tuple((each.where, str(each)) for each in value.differences[:MOST])
    tables = (Table("the first that differ", ("where", "what"), rows),) if rows else ()
    return Card("consistency", value.view, facts=wording.said(facts), tables=tables)
