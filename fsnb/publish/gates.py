"""Gates: a view's checks around its publication: before, on the source; after transform, on the stage; after load.

A check of severity "fail" that fails, or any check that cannot run, stops the publication with nothing written: the
last two gates stand inside the transaction. A warning is in the publication's report.

Drift is measured by a function that whoever publishes hands over, against the baseline that the target keeps. It is
asked of the rows to tell and of what the history says, since the current table has one row for each entity, however
old, and a baseline of the history none of that kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis.expr.types as ir

from fsnb import checks
from fsnb.checks import CheckReport, Compare, Judged
from fsnb.errors import GateFailed, UnknownName
from fsnb.model import Check, FeatureView
from fsnb.model.placing import distinct
from fsnb.publish import baselines, sql
from fsnb.publish.checks import table_for, tables_on, wanted
from fsnb.publish.history import KNOWN_TIME, Layout
from fsnb.publish.target import Target

DRIFT = "baseline_drift"
Drift = Callable[[Check, ir.Table, Any, Mapping[str, Any] | None], Judged]
"""Check, table, connection, the baseline's document where the target keeps one -> what became of the check."""
OF_ROWS = ("not_null", "accepted_values", "in_range", "pattern", "column_type", "references", "predicate")


@dataclass(frozen=True, slots=True, eq=False)
class Gates:
    """The checks that stand around one publication of a view.

    Attributes
    ----------
    target
        Its name, for messages.
    others
        The tables that references name.
    now
        What freshness is judged at.
    checks
        The view's, and those of this publication alone.
    schema
        Where published tables are.
    previous
        The last publication's report, for changes of row counts.
    drift
        What measures drift; without it a check of drift is an error.
    stops
        Whether a check that fails is raised; a rehearsal reports it.
    """

    view: FeatureView
    target: str
    con: Any
    others: Mapping[str, ir.Table]
    now: datetime
    checks: tuple[Check, ...]
    schema: str
    previous: CheckReport | None = None
    drift: Drift | None = None
    stops: bool = True

    @classmethod
    def of(
        cls,
        view: FeatureView,
        target: Target,
        con: Any,
        now: datetime,
        previous: CheckReport | None = None,
        *,
        more: Sequence[Check] = (),
        drift: Drift | None = None,
    ) -> Gates:
        """The gates of a view on a target; `more` are checks of this publication alone.

        Raises
        ------
        PublishError
            The target lacks a table that a check refers to.
        """
        who = f"feature view {view.name!r}"
        asked = distinct([*view.checks, *(checks.checks_of(view, more) if more else ())], who)
        others = referenced_on(target, con, checks.referenced(asked))
        return cls(view, target.name, con, others, now, asked, target.schema_on(con), previous, drift)

    def before(self, tables: Mapping[str, ir.Table]) -> tuple[CheckReport, ...]:
        """The source's rows on the target, all of them."""
        source = self.view.source.name
        return self._gate(self._on("source"), tables[source], f"source {source!r}", self.previous)

    def after_transform(self, layout: Layout) -> tuple[CheckReport, ...]:
        """The rows that are about to be told: each by itself, since they are a part of the whole."""
        stage = layout.staged
        rows = stage.mutate(available_time=stage[KNOWN_TIME]).select(self.view.result.columns)
        return self._gate(self.of_rows, rows, f"{self._who}: rows to tell")

    def after_load(
        self, table: ir.Table, rows_before: int | None = None, history: ir.Table | None = None
    ) -> tuple[CheckReport, ...]:
        """The current table, or the database view, as readers will find it; of drift the history where there is one."""
        asked = self._on("result")
        if not asked:
            return ()
        rows = table if "available_time" in table.columns else table.mutate(available_time=table["event_time"])
        rows = rows.select(self.view.result.columns)
        who = f"{self._who}: its values"
        told = None if rows_before is None else CheckReport(who, self.now, ((who, rows_before),))
        if history is None:
            return self._gate(asked, rows, who, told)
        found = self._gate([check for check in asked if check.kind != DRIFT], rows, who, told)
        of_drift = [check for check in asked if check.kind == DRIFT]
        return found + self._gate(of_drift, history.select(self.view.result.columns), f"{self._who}: its history")

    @property
    def of_rows(self) -> list[Check]:
        """The checks of the result that every row is held to by itself."""
        return [check for check in self._on("result") if _of_rows(check)]

    @property
    def compares_rows(self) -> bool:
        """Whether the rows of the current table before a run matter to a check."""
        return any(check.kind == "row_count_change" for check in self._on("result"))

    def _compare(self, check: Check, table: ir.Table) -> Judged:
        assert self.drift is not None
        if check.option("baseline") is not None:
            return self.drift(check, table, self.con, None)
        fingerprint, place = self.view.fingerprint, check.on or "result"
        kept = baselines.read(self.con, self.schema, self.view.name, fingerprint, place)
        return self.drift(check, table, self.con, kept)

    @property
    def _who(self) -> str:
        return f"feature view {self.view.name!r}"

    def _on(self, place: str) -> list[Check]:
        return [check for check in self.checks if check.on == place]

    def _gate(
        self, asked: Sequence[Check], table: ir.Table, who: str, previous: CheckReport | None = None
    ) -> tuple[CheckReport, ...]:
        """The report, where there is something to check.

        Raises
        ------
        GateFailed
            A check stops the publication; the message has counts and sample rows.
        """
        if not asked:
            return ()
        how: dict[str, Any] = {"previous": previous, "tables": self.others, "now": self.now, "con": self.con}
        report = checks.run(table, asked, who=who, compare=self._compare if self.drift else None, **how)
        if not self.stops:
            return (report,)
        refused = f"{self._who} is not published to {self.target!r}, nothing was written. {_todo(report)}"
        return (report.raise_if_failed(GateFailed, refused),)


def _todo(report: CheckReport) -> str:
    ways = {
        "failed": "Mend the rows, or change the bounds or the severity of the check.",
        "error": "Mend the check that could not run: that stops, whatever its severity.",
    }
    return " ".join(way for status, way in ways.items() if any(each.status == status for each in report.stopping))


def _of_rows(check: Check) -> bool:
    """Whether it claims something of every single row, so that it can be judged on some of them; or of drift."""
    every = dict(check.options).get("mostly", 1.0) == 1.0
    return check.kind == DRIFT or (check.kind in OF_ROWS and every and not isinstance(check.predicate, ir.Scalar))


def joined(
    view: FeatureView, before: Sequence[CheckReport], runs: Sequence[Sequence[CheckReport]]
) -> CheckReport | None:
    """The reports of a publication as one: of several transactions the last one's, and all that warn."""
    *earlier, last = [*runs] or [()]
    warned = [report for run in earlier for report in run if report.warnings]
    found = [*before, *warned, *last]
    return CheckReport.joined(f"feature view {view.name!r}", found) if found else None


def referenced_on(target: Target, con: Any, names: Sequence[str]) -> dict[str, ir.Table]:
    """The tables that references name, where the target has them.

    Raises
    ------
    PublishError
        The target has no such table.
    """
    return {name: _referenced(target, con, name) for name in names}


def _referenced(target: Target, con: Any, name: str) -> ir.Table:
    who = f"a check refers to {name!r}, {wanted(target, name)}"
    return table_for(target, con, name, who, "Load it there, or name the table:")


@contextmanager
def on_target(
    view: FeatureView, target: Target, names: Sequence[str] = (), drift: Drift | None = None
) -> Iterator[dict[str, Any]]:
    """A view where it was published: connection, sources, current table, and tables that references name; what
    compares with its baselines there, of the result the history.

    Raises
    ------
    UnknownName
        It is not published there.
    """
    with target.session(view.name) as con:
        schema = target.schema_on(con)
        there = sql.relations(con, schema)
        if view.name not in there:
            raise UnknownName.among(
                f"target {target.name!r}",
                "published view",
                view.name,
                sorted(there),
                "Publish it first: store.publish.",
            )
        result = con.table(view.name, database=schema or None)
        others = referenced_on(target, con, names)
        compare = None if drift is None else _comparing(view, con, schema, drift)
        tables = tables_on(view, target, con)
        yield {"con": con, "tables": tables, "result": result, "others": others, "compare": compare}


def _comparing(view: FeatureView, con: Any, schema: str, drift: Drift) -> Compare:
    def compare(check: Check, table: ir.Table) -> Judged:
        place = check.on or "result"
        version = baselines.version_of(view, con, schema)
        if place == "result" and version is not None:
            table = baselines.result(view, con, schema, version)[0]
        kept = baselines.read(con, schema, view.name, view.fingerprint, place)
        return drift(check, table, con, None if check.option("baseline") else kept)

    return compare
