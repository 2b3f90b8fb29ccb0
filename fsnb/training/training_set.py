"""TrainingSet: a plan on an engine. An ordinary Ibis table until someone asks for its rows.

The rows are collected once and kept: what a model was fitted on is then what is logged, to the last bit, even where an
engine would sum floats in another order the second time. A set too large to hold is written by the engine (`.save()`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import polars as pl
import pyarrow as pa

from fsnb import shells
from fsnb.errors import DefinitionError, UnknownName
from fsnb.model import Feature, Source
from fsnb.pit import ROW, JoinPlan, all_or_nothing, collect, lower, steps_kept, working
from fsnb.progress import task
from fsnb.training.digest import digest
from fsnb.training.frames import as_pandas
from fsnb.training.preview import Preview
from fsnb.training.query import query
from fsnb.training.why import Why, explain

if TYPE_CHECKING:
    import pandas as pd

    from fsnb.catalog import Catalog
    from fsnb.training.audit import Audit
    from fsnb.training.audit_meter import Effect
    from fsnb.training.description import Describe
    from fsnb.training.loading import LoggedTrainingSet


@dataclass(frozen=True, eq=False, repr=False)
class TrainingSet:
    """A spine filled with the feature values known at each row's time.

    One row per spine row, duplicates kept, spine columns first. Lazy: nothing runs until rows are read. In spine order
    when read, where the spine has an order (a file, a frame); a spine that is a table of the engine has none, so its
    rows come sorted by the spine's columns, NULL first.

    Parameters
    ----------
    plan
        What to compute.
    con
        The Ibis connection that holds the tables.
    tables
        Every source of `plan.sources`, as `fsnb.pit.read_source` gives it.
    spine
        The spine, as `fsnb.pit.read_spine` gives it.
    tracking_uri
        Where to log when the user has set no MLflow tracking URI.
    catalog
        Where a log is noted, if anywhere.
    sources
        Definitions of the tables that views join beside their own source, by name; a log says where they are.
    describe
        Makes the statistics that a log keeps beside the rows, for later data to be compared with; see `Description`.
    """

    plan: JoinPlan
    con: Any
    tables: Mapping[str, ir.Table]
    spine: ir.Table
    tracking_uri: str | None = None
    catalog: Catalog | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)
    describe: Describe | None = None

    # ------------------------------------------------------------------ what it is

    @property
    def columns(self) -> tuple[str, ...]:
        return self.plan.columns

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(feature.column for feature in self.plan.features)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.plan.spine.label

    @property
    def fingerprint(self) -> str:
        """Identity of what is computed; not of the data."""
        return self.plan.fingerprint

    @cached_property
    def digest(self) -> str:
        """Identity of the rows as collected: 64 hexadecimal digits, the same from every engine for equal rows."""
        return digest(self.to_arrow())

    @cached_property
    def _count(self) -> int:
        return int(self.spine.count().to_pyarrow().as_py())

    def __len__(self) -> int:
        """Rows of the spine, which are the rows of the set."""
        return self._count

    def __repr__(self) -> str:
        spine, features = len(self.plan.spine.columns), len(self.features)
        return f"<TrainingSet {self.fingerprint[:12]}: {spine} spine columns, {features} features, on {self.con.name}>"

    # ------------------------------------------------------------------ the rows

    @cached_property
    def _lowered(self) -> ir.Table:
        with steps_kept():
            return lower(self.plan, self.con, self.tables, self.spine)

    @property
    def table(self) -> ir.Table:
        """The set as an ordinary, lazy Ibis table, in no promised order."""
        return self._lowered.drop(ROW) if ROW in self._lowered.columns else self._lowered

    @cached_property
    def _rows(self) -> pa.Table:
        with task(self._titled("fill")) as step, working(self.con):
            step("choose how")
            lowered = self._lowered
            step("read the rows")
            return self._in_order(lowered)

    def _titled(self, what: str) -> str:
        return f"{what} training set {self.fingerprint[:12]}"

    def _in_order(self, table: ir.Table) -> pa.Table:
        """Rows of the set or of its spine, in spine order, in the types that the definitions give."""
        if ROW in table.columns:
            rows = collect(self.con, table.order_by(ROW)).drop_columns([ROW])
        else:
            rows = collect(self.con, table)
            keys = [name for name in self.plan.spine.columns if not pa.types.is_nested(rows.schema.field(name).type)]
            rows = rows.take(pl.DataFrame(rows.select(keys)).select(pl.arg_sort_by(keys)).to_series().to_arrow())
        return rows.cast(pa.schema([self._schema.field(name) for name in rows.column_names]))

    @cached_property
    def _schema(self) -> pa.Schema:
        features = {feature.column: feature.view.schema[feature.name] for feature in self.plan.features}
        return ibis.schema({**self.plan.spine.schema, **features}).to_pyarrow()

    def to_arrow(self) -> pa.Table:
        """The rows, collected on the first call."""
        return self._rows

    def to_polars(self) -> pl.DataFrame:
        """The rows; NULL is null, and integers with NULLs stay integers."""
        return pl.DataFrame(self._rows)

    def to_pandas(self) -> pd.DataFrame:
        """The rows for scikit-learn and friends: plain NumPy types where they can say everything.

        Floats are float64 with NaN for NULL; integers and booleans without NULLs are plain, with NULLs they are pandas'
        nullable Int64 and boolean, so that no integer turns into a float.
        """
        return as_pandas(self._rows)

    def sql(self, dialect: str | None = None, *, strategy: str | Mapping[str, str] | None = None) -> str:
        """The query, on tables named as the sources and on `spine`, all as fsnb reads them.

        In the engine's dialect, or in the one that is asked for; DuckDB's for the Polars engine, which runs no SQL.
        The text that an SQL engine itself is sent is `ibis.to_sql(train.table)`. Nothing is counted here: where another
        strategy than the first of its kind is wanted, name it (see `store.training_set`).
        """
        own = "duckdb" if self.con.name == "polars" else self.con.name
        return query(self.plan, self.tables, dialect or own, strategy)

    def save(self, name: str, *, overwrite: bool = False) -> ir.Table:
        """Let the engine write the set as a table of that name; returns the table. No row passes through Python."""
        if not overwrite and name in self.con.list_tables():
            raise DefinitionError(f"{self.con.name} has a table {name!r} already. Name another, or overwrite=True.")
        with task(self._titled("save")) as step, working(self.con):
            step("choose how")
            table = self.table
            step(f"write {name}")
            with all_or_nothing(self.con):
                return self.con.create_table(name, table, overwrite=overwrite)

    # ------------------------------------------------------------------ why

    def why(self, row: int, feature: str | Feature) -> Why:
        """The rows that were considered for one value, each with its outcome, and the value that the join gives.

        Parameters
        ----------
        row
            The row's number in spine order, from 0; negative counts from the end.
        feature
            A column of the set, or a feature.
        """
        with task(f"why row {row} has its {feature}"), working(self.con):
            return explain(self, row, [self._feature(feature)])[0]

    def preview(self, row: int = 0, *, rows: Sequence[int] | None = None) -> Preview:
        """Training rows to look at: each feature's value and timeline, what was refused and why, what would leak.

        In a notebook the result shows as a widget, with sliders for lag, window and ttl; elsewhere as text or HTML.

        Parameters
        ----------
        row
            The row to begin with, in spine order, from 0; negative counts from the end.
        rows
            Only these rows, beginning with the first of them.

        Raises
        ------
        UnknownName
            The set has no such row.
        """
        return Preview(self, row, rows=rows)

    def spine_row(self, row: int) -> tuple[int, pa.Table]:
        """A row's number, counted from 0, and that row of the spine."""
        number = operator.index(row)
        if not -len(self) <= number < len(self):
            raise UnknownName(f"the training set has no row {number}. It has {len(self):,}, numbered from 0.")
        number %= len(self)
        return number, self.spine_rows([number])

    def spine_rows(self, numbers: Sequence[int]) -> pa.Table:
        """Rows of the spine by their numbers, in spine order; the features are not computed."""
        if ROW in self.spine.columns:
            return self._in_order(self.spine.filter(self.spine[ROW].isin(list(numbers))))
        return self._in_order(self.spine).take(pa.array(sorted(numbers), type=pa.int64()))

    def spine_columns(self, names: Sequence[str]) -> pa.Table:
        """Columns of every row of the spine, in spine order."""
        if ROW in self.spine.columns:
            return self._in_order(self.spine.select(*names, ROW))
        return self._in_order(self.spine).select(list(names))

    def _feature(self, wanted: str | Feature) -> Feature:
        if isinstance(wanted, Feature):
            same = [f for f in self.plan.features if (f.view, f.name) == (wanted.view, wanted.name)]
            found = next((f for f in same if f.column == wanted.column), same[0] if same else None)
        else:
            found = next((f for f in self.plan.features if f.column == wanted), None)
        if found is None:
            raise UnknownName.among("the training set", "feature", str(wanted), self.features)
        return found

    # ------------------------------------------------------------------ leaks

    def audit(
        self,
        *,
        cutoffs: int = 6,
        rows: int = 250,
        compared: int | None = 50_000,
        auc: float = 0.98,
        correlation: float = 0.99,
        least: int = 50,
        seed: int = 0,
        progress: Callable[[str], None] | None = None,
    ) -> Audit:
        """Try to catch the set at leaking: a proof by experiment, a meter of careless joins, a look at the label.

        The proof hides every source row that was not visible at a cutoff (first deleted, then overwritten with other
        values), computes the features again by the same plan on the same engine, and shows each value that changes. It
        sees into a view's own expression too: a window written by hand, a total joined back, a second source. Sources
        that a view joins are hidden by their own clocks.

        Cost: per view `2 * cutoffs + 1` runs of the plan on few rows, then about six on `compared` rows.

        Parameters
        ----------
        cutoffs
            Cutoffs to hide at, per view, spread over the rows in order of time.
        rows
            Rows checked at each cutoff: those of that cutoff, then the ones just before it.
        compared
            Rows of the meter and of the label checks, drawn at random; None: all.
        auc, correlation
            From here on a single column is said to decide the label.
        least
            With fewer rows in the rarer class a column is not judged.
        seed
            The same seed draws the same rows.
        progress
            Called with the name of each step.

        Returns
        -------
        Audit
            `.passed`, `.verdict`, and every finding; `.to_polars()` has them as frames.
        """
        from fsnb.training.audit import audit

        with task(self._titled("audit"), progress) as step, working(self.con):
            return audit(
                self,
                cutoffs=cutoffs,
                rows=rows,
                compared=compared,
                auc=auc,
                correlation=correlation,
                least=least,
                seed=seed,
                progress=step,
            )

    def lag_effect(
        self,
        lag: str | timedelta,
        *,
        source: str | None = None,
        instead_of_available: bool = False,
        rows: int | None = None,
        seed: int = 0,
    ) -> Effect:
        """How many rows, and which values, another lag would change.

        Parameters
        ----------
        lag
            The lag of every view, in place of its own.
        source
            Only for the views of the source of that name.
        instead_of_available
            Let the lag stand in for the sources' available time: joined by event time, `lag` before the asking time. So
            one sees what is lost where production has no such column; `source.profile_lag()` proposes a lag.
        rows, seed
            Compare so many rows, drawn at random; all by default.

        Returns
        -------
        Effect
            Rows that differ, per feature too, with examples; with a label, what each feature alone tells of it.

        Raises
        ------
        UnknownName
            No view is of that source.
        """
        from fsnb.training.audit_meter import lag_effect

        return lag_effect(self, lag, source=source, instead_of_available=instead_of_available, rows=rows, seed=seed)

    # ------------------------------------------------------------------ MLflow

    def log(self, model: Any = None, *, name: str | None = None, context: str = "training") -> LoggedTrainingSet:
        """Log the set in MLflow, so that the same rows come back; see `fsnb.training.mlflow_log.log`."""
        from fsnb.training.mlflow_log import log

        return log(self, model, name=name, context=context)

    def _repr_html_(self) -> str:
        return shells.html(self)
