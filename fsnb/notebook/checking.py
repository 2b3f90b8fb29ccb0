"""Cards of checks: reports, proposals, monitorings."""

from __future__ import annotations

from collections.abc import Iterable

from fsnb.checks import CheckReport, Monitoring, Suggestions
from fsnb.checks.report import Result, shown, summary
from fsnb.notebook import wording
from fsnb.notebook.card import Bad, Card, Cell, Code, Good, Soft, Table

LOOKS = {
    "ok": Good("passed"),
    "FAIL": Bad("failed"),
    "ERROR": Bad("could not run"),
    "warn": Soft("warning"),
    "info": "i noted",
    "skip": "- skipped",
}
STATUSES = {"ok": Good("ok"), "alert": Bad("alert"), "error": Bad("error"), "warn": Soft("warn")}
SAMPLES = 5  # checks whose failing rows are shown


def report(value: CheckReport) -> Card:
    """Every check, those that stop first; of those that fail, sample rows."""
    verdict = Good("nothing stops") if value.ok else Bad(f"{len(value.stopping)} would stop a publication")
    facts: dict[str, Cell] = {
        "verdict": verdict if value.results else "no checks",
        "checks": summary(value) if value.results else "",
        "rows": tuple(f"{name}: {'not counted' if rows is None else f'{rows:,}'}" for name, rows in value.tables),
        "at": wording.moment(value.at),
    }
    ordered = sorted(value.results, key=lambda each: (not each.stops, each.mark != "warn"))
    rows = tuple(map(_result, ordered))
    heads = ("", "check", "of", "severity", "what was found")
    tables = (Table("", heads, rows), *_samples(ordered)) if rows else ()
    return Card("checks", value.who, facts=wording.said(facts), tables=tables)


def _result(each: Result) -> tuple[Cell, ...]:
    return LOOKS[each.mark], each.check.name, each.table, each.check.severity, each.reason


def _samples(results: Iterable[Result]) -> Iterable[Table]:
    for each in [each for each in results if each.sample][:SAMPLES]:
        columns = tuple(name for name, _ in each.sample[0])
        rows = tuple(tuple(shown(cell) for _, cell in row) for row in each.sample)
        yield Table(f"{each.check.name}: sample rows", columns, rows)


def suggestions(value: Suggestions) -> Card:
    """Each proposal with its rule and reason, and the code."""
    rows = tuple((Code(each.code), each.rule, each.reason) for each in value.suggestions)
    facts: dict[str, Cell] = {
        "proposed": wording.count("check", len(rows)),
        "from": wording.count("row", value.rows),
        "left out": value.left_out,
    }
    tables = (Table("", ("check", "rule", "because"), rows),) if rows else ()
    notes = (("as code", value.code()),) if rows else ()
    return Card("proposed checks", value.who, facts=wording.said(facts), tables=tables, notes=notes)


def monitoring(value: Monitoring) -> Card:
    facts: dict[str, Cell] = {
        "status": STATUSES.get(value.status, value.status),
        "window": f"{value.window} before {wording.moment(value.at)}",
        "told": value.told,
    }
    rows = tuple((STATUSES.get(each.status, each.status), each.by, each.name, each.reason) for each in value.verdicts)
    tables = (Table("verdicts", ("", "by", "of", "why"), rows),) if rows else ()
    samples = tuple(_samples(value.report.results)) if value.report else ()
    return Card("monitoring", value.subject, facts=wording.said(facts), tables=(*tables, *samples))
