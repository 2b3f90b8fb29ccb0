"""Reports and suggestions as static HTML: a table, every value escaped, no script; words as well as colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fsnb.checks.report import CheckReport, Result
    from fsnb.checks.suggesting import Suggestions

STYLE = """
.fsnb-checks{font:13px/1.5 var(--jp-ui-font-family,system-ui,sans-serif);overflow-x:auto}
.fsnb-checks table{border-collapse:collapse;margin:6px 0}
.fsnb-checks th,.fsnb-checks td{text-align:left;vertical-align:top;padding:3px 16px 3px 0;border:0;background:none;
border-bottom:1px solid color-mix(in srgb,currentColor 14%,transparent);max-width:60ch;overflow-wrap:anywhere;
white-space:normal}
.fsnb-checks th{font-weight:400;opacity:.7;font-size:12px}
.fsnb-checks .good{color:color-mix(in srgb,#2da44e 78%,currentColor)}
.fsnb-checks .bad{color:color-mix(in srgb,#e5534b 78%,currentColor);font-weight:600}
.fsnb-checks .soft{color:color-mix(in srgb,#bf8700 85%,currentColor);font-weight:600}
.fsnb-checks summary{cursor:pointer;opacity:.75;font-size:12px}
.fsnb-checks code{font:12px/1.5 var(--jp-code-font-family,ui-monospace,monospace);background:none;color:inherit}
""".replace("\n", "")
LOOKS = {
    "ok": ("good", "✓ passed"),
    "FAIL": ("bad", "✗ failed"),
    "ERROR": ("bad", "✗ could not run"),
    "warn": ("soft", "! warning"),
    "info": ("", "i noted"),
    "skip": ("", "- skipped"),
}


def of_report(report: CheckReport) -> str:
    """The report as one element that stands by itself."""
    heading, *_ = str(report).splitlines()
    rows = (_row(result) for result in report.results)
    table = _table(("", "check", "of", "severity", "what was found"), rows) if report.results else ""
    return _section(heading, table)


def of_suggestions(found: Suggestions) -> str:
    """Proposed checks, the rule behind each, and the code."""
    heading, *_ = str(found).splitlines()
    rows = ((f"<code>{escape(each.code)}</code>", escape(each.rule), escape(each.reason)) for each in found.suggestions)
    left = "".join(f"<p>{escape(each)}</p>" for each in found.left_out)
    code = f"<details><summary>as code</summary><pre>{escape(found.code())}</pre></details>"
    return _section(heading, _table(("check", "rule", "because"), rows) + left + code)


def _section(heading: str, body: str) -> str:
    label = escape(heading)
    return f'<style>{STYLE}</style><section class="fsnb-checks" aria-label="{label}"><p>{label}</p>{body}</section>'


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(result: Result) -> tuple[str, ...]:
    look, word = LOOKS[result.mark]
    said = escape(result.reason) + _sample(result)
    check = result.check
    return f'<span class="{look}">{word}</span>', escape(check.name), escape(result.table), check.severity, said


def _sample(result: Result) -> str:
    from fsnb.checks.report import shown

    if not result.sample:
        return ""
    columns = [name for name, _ in result.sample[0]]
    rows = ([escape(shown(value)) for _, value in row] for row in result.sample)
    return f"<details><summary>{len(result.sample)} sample rows</summary>{_table(columns, rows)}</details>"
