"""Preview: training rows as a person reads them, one at a time, and what other rules of time would make of them.

It computes and says; a notebook draws it as a widget that moves `row`, `view` and the rules. Everything it shows comes
from `explain` and `try_out`, so from the join itself, and is kept, so that going back costs nothing.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fsnb.errors import UnknownName, UsageError
from fsnb.model import Feature, FeatureView
from fsnb.pit import ViewPlan
from fsnb.training import html, text
from fsnb.training.audit_sample import sample
from fsnb.training.bench import Bench, bench
from fsnb.training.ties import tied
from fsnb.training.trial import Rules, Trial, try_out
from fsnb.training.why import Why, explain

if TYPE_CHECKING:
    from fsnb.training.training_set import TrainingSet

SAMPLE, SEED, KEPT = 1_000, 0, 20
EXPLAINED: dict[str, Any] = {
    "row": pl.Int64,
    "view": pl.String,
    "feature": pl.String,
    "value": pl.String,
    "event_time": pl.Datetime("us"),
    "available": pl.Datetime("us"),
    "outcome": pl.String,
    "leaks": pl.Boolean,
    "read": pl.String,
}
FILTERS = ("all", "null", "changed", "tie")


class Preview:
    """Training rows to look at: values, timelines, what was refused and why, and what other rules of time would do.

    Made by `train.preview()`. In a notebook it shows as a widget; whatever is clicked there can be read here, and what
    is set here moves there.

    Attributes
    ----------
    train
        The training set.
    numbers
        The numbers of the rows that can be looked at: all, or those that were asked for.
    """

    def __init__(self, train: TrainingSet, row: int = 0, *, rows: Sequence[int] | None = None) -> None:
        self.train = train
        self._only = None if rows is None else tuple(self._checked(number) for number in rows)
        if self._only == ():
            raise UsageError("a preview of no rows: give at least one number, or leave rows= out.")
        self._row = None if rows is None and not len(train) else self._checked(row if rows is None else rows[0])
        self._view = train.plan.views[0].view.name
        self._rules: dict[str, Rules] = {}
        self._samples: dict[str, Bench] = {}
        self._ties: dict[str, np.ndarray] = {}
        self._kept: dict[Any, Any] = {}
        self._watching: list[Callable[[], object]] = []

    def _checked(self, row: int) -> int:
        number, total = operator.index(row), len(self.train)
        if not -total <= number < total:
            raise UnknownName(f"the training set has no row {number}. It has {total:,}, numbered from 0.")
        return number % total

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        """What was made before under this key; of rows and trials the last few that were asked for are kept."""
        self._kept[key] = self._kept.pop(key) if key in self._kept else make()
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return self._kept[key]

    def on_change(self, told: Callable[[], object]) -> None:
        """Call `told` whenever row, view or rules are set."""
        self._watching.append(told)

    def _changed(self) -> None:
        for told in self._watching:
            told()

    # ------------------------------------------------------------------ where one looks

    @property
    def row(self) -> int | None:
        """The number of the row in view, from 0; negative ones may be set, and count from the end. None of no rows."""
        return self._row

    @row.setter
    def row(self, number: int) -> None:
        self._row = self._checked(number)
        self._changed()

    @property
    def view(self) -> str:
        """The name of the feature view whose rules can be tried."""
        return self._view

    @view.setter
    def view(self, name: str) -> None:
        self._part(name)
        self._view = name
        self._changed()

    @property
    def views(self) -> tuple[str, ...]:
        return tuple(part.view.name for part in self.train.plan.views)

    def _part(self, name: str) -> ViewPlan:
        for part in self.train.plan.views:
            if part.view.name == name:
                return part
        raise UnknownName.among("the training set", "feature view", name, self.views)

    @property
    def numbers(self) -> Sequence[int]:
        return range(len(self.train)) if self._only is None else self._only

    # ------------------------------------------------------------------ what there is to see

    @property
    def whys(self) -> tuple[Why, ...]:
        """Every feature of the row in view; of each row, where several were asked for."""
        shown = self._only or (() if self._row is None else (self._row,))
        return tuple(why for number in shown for why in self._whys(number))

    def _whys(self, number: int) -> tuple[Why, ...]:
        return self._once(("whys", number), lambda: explain(self.train, number, self.train.plan.features))

    def whys_of(self, view: str) -> tuple[Why, ...]:
        """The features of one view, of the row in view, under its own rules."""
        part, number = self._part(view), self._row
        if number is None:
            return ()
        if ("whys", number) in self._kept:
            return tuple(why for why in self._whys(number) if why.view == view)
        if part.view.kind == "static":
            return self._once(("whys", number, view), lambda: explain(self.train, number, part.features))
        rules = Rules.of(part.view)
        make = partial(self._bench(part, (number,)).explained, rules.applied, number)
        return self._once(("whys", number, view), make)

    def explain(self, feature: str | Feature | None = None) -> pl.DataFrame:
        """The rows considered for the row in view, as a frame.

        Of one feature: the clocks and columns that it reads, and the outcome, in their own types. Of all (by default):
        one line per feature and row considered, with values as text, since features differ in type; a feature that met
        no row has a line without an event.

        Raises
        ------
        UnknownName
            The set has no such feature.
        """
        if feature is None:
            records = [record for why in self.whys for record in text.explained(why)]
            return pl.DataFrame(records, schema=EXPLAINED, orient="row")
        wanted = self.train._feature(feature).column
        return next(why for why in self.whys if (why.row, why.feature) == (self._row, wanted)).to_polars()

    def to_html(self) -> str:
        """Static HTML that stands alone: no script, nothing loaded from elsewhere, every value escaped."""
        return html.page(self.whys, together=True)

    def _repr_html_(self) -> str:
        return self.to_html()

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.whys)) or "The training set has no rows."

    def __repr__(self) -> str:
        return f"<Preview of row {self._row} of {len(self.train):,}: {len(self.train.features)} features>"

    # ------------------------------------------------------------------ other rules of time

    def rules(self, view: str | None = None) -> Rules:
        """The rules that are tried on a view; its own, where none are."""
        name = view or self._view
        return self._rules.get(name) or Rules.of(self._part(name).view)

    def what_if(
        self,
        *,
        view: str | None = None,
        lag: str | timedelta | None = None,
        windows: Mapping[str, str | timedelta] | None = None,
        ttl: str | timedelta | None = None,
        over: Mapping[str, str | timedelta] | None = None,
    ) -> Trial:
        """Try other rules of time on one view: on the row in view, and on a sample of the training rows.

        Nothing changes but what is shown: definitions, catalog and training set stay as they are.

        Parameters
        ----------
        view
            The view's name; by default the one in view.
        lag, windows, ttl
            In place of the view's own, not of what was tried before; `windows` by their labels: `{"7d": "3d"}`; a `ttl`
            of "none" takes it away.
        over
            The same of the windows that `fsnb.over` gives to aggregates: `{"30d": "14d"}`.

        Returns
        -------
        Trial
            The sample is `min(1,000, rows)` rows drawn with seed 0; `.to_polars()` has its changed rows and NULLs.
        """
        name = view or self._view
        found = self._part(name).view
        self._rules[name] = Rules.of(found).but(lag=lag, windows=windows, ttl=ttl, over=over)
        self._view = name
        try:
            return self.trial(name)
        except Exception:
            del self._rules[name]
            raise
        finally:
            self._changed()

    def trial(self, view: str | None = None) -> Trial:
        """What the rules that are tried do; nothing, where they are the view's own."""
        name = view or self._view
        part, rules, row = self._part(name), self.rules(name), self._row
        if row is None:
            raise UsageError("the training set has no rows to try rules on.")
        make = partial(try_out, part.view, rules, row, self._bench(part, (row,)), self.sampled(name), len(self.train))
        return self._once(("trial", name, rules, row), make)

    @cached_property
    def sample(self) -> np.ndarray:
        """The numbers of the rows that trials and filters look at: all, or 1,000 drawn at random."""
        drawn = sample(len(self.numbers), SAMPLE, SEED)
        return drawn if self._only is None else np.unique(np.array(self._only)[drawn])

    def sampled(self, view: str) -> Bench:
        """The sample, with the values of a view."""
        if view not in self._samples:
            self._samples[view] = bench(self.train, self._part(view), self.sample.tolist())
        return self._samples[view]

    def _bench(self, part: ViewPlan, numbers: tuple[int, ...]) -> Bench:
        return self._once(("bench", part.view.name, numbers), lambda: bench(self.train, part, numbers))

    # ------------------------------------------------------------------ which rows

    def matching(self, name: str, view: str | None = None) -> np.ndarray:
        """The numbers of the sampled rows that a filter keeps, of one view.

        "null": a feature is NULL; "changed": another value under the rules that are tried; "tie": the value hangs on a
        tie that nothing declared decides. "all" keeps every row that can be looked at, sampled or not.
        """
        if name not in FILTERS:
            raise UnknownName.among("a preview", "filter", name, FILTERS)
        if name == "all":
            return np.array(self.numbers, dtype="int64")
        wanted = view or self._view
        return self.sampled(wanted).numbers[self._kept_by(name, wanted)]

    def _kept_by(self, name: str, view: str) -> np.ndarray:
        found = self.sampled(view)
        if name == "null":
            columns = [found.values[column].is_null().to_numpy() for column in found.train.features]
            return np.any(columns, axis=0)
        if name == "changed":
            tried = view in self._rules and len(found.numbers)
            return self.trial(view).differs if tried else np.zeros(len(found.numbers), dtype=bool)
        if view not in self._ties:
            self._ties[view] = tied(found)
        return self._ties[view]

    @cached_property
    def entities(self) -> pl.DataFrame:
        """Keys and asking time of every row of the spine, in spine order."""
        spine = self.train.plan.spine
        keys = [spine.key_column(key) for part in self.train.plan.views for key in part.view.entity.keys]
        return pl.DataFrame(self.train.spine_columns(list(dict.fromkeys([*keys, spine.at]))))

    def find(self, words: str, among: np.ndarray | None = None) -> np.ndarray:
        """The numbers of the rows one of whose keys, as text, contains `words`; capitals do not matter."""
        rows = self.matching("all") if among is None else among
        if not words:
            return rows
        keys = [name for name in self.entities.columns if name != self.train.plan.spine.at]
        asked = self.entities[rows.tolist()].select(pl.col(keys).cast(pl.String).str.to_lowercase())
        holds = pl.any_horizontal(pl.all().str.contains(words.lower(), literal=True).fill_null(False))
        return rows[asked.select(holds).to_series().to_numpy()]

    def viewed(self, name: str) -> FeatureView:
        """The definition of a view of the set."""
        return self._part(name).view
