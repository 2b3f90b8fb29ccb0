"""JoinPlan -> one Ibis table on a connection: each view by the strategies that were chosen for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from fsnb.errors import NotSupported, UnknownName, listed
from fsnb.identity import bind
from fsnb.pit import lowering_polars, places, strategies
from fsnb.pit.choosing import SMALL, Choice, Estimate, Step, choose, counting, estimate, explained
from fsnb.pit.clocks import cutoff, microseconds
from fsnb.pit.engines import check_engine, collect
from fsnb.pit.events import CUTOFF, VALUE, key_names
from fsnb.pit.lowering import events, of_asked_keys
from fsnb.pit.planning import JoinPlan, ViewPlan
from fsnb.pit.primitives import ZERO_WHEN_EMPTY, Primitive, clean
from fsnb.pit.read import ROW
from fsnb.pit.support import refuse_unsupported

if TYPE_CHECKING:
    from fsnb.pit.cost import Cost

FEW_ROWS, FEW_SHARE = 10_000, 20
"""A spine is few rows up to so many, if the source has so many times more."""


@dataclass(frozen=True, eq=False)
class EnginePlan(JoinPlan):
    """A plan on an engine, which knows what it meets there: strategies are chosen by what is counted, when needed.

    Parameters
    ----------
    con
        The Ibis connection.
    tables
        Every source of `sources`, as `fsnb.pit.read_source` gives it.
    table
        The spine, as `fsnb.pit.read_spine` gives it.
    strategy
        One for every view that it can compute, or by the view's name; None: the cheapest.
    max_pairs
        A join that would meet more pairs is refused; None: the engine's own limit.
    known
        What `counting` found of views, by their names, or None; then nothing is read, of no view.
    """

    con: Any = None
    tables: Mapping[str, ir.Table] = field(default_factory=dict)
    table: ir.Table | None = None
    strategy: str | Mapping[str, str] | None = None
    max_pairs: int | None = None
    known: Mapping[str, Estimate | None] | None = None

    @cached_property
    def choices(self) -> Mapping[str, Choice]:
        """How each view is computed, by its name; counts the events of each windowed view on the first call."""
        found = {part.view.name: self._choice(part) for part in self.views}
        asked = {self.strategy: list(found)} if isinstance(self.strategy, str) else {}
        asked |= {name: [view] for view, name in self.strategy.items()} if isinstance(self.strategy, Mapping) else {}
        for name, views in asked.items():
            if not any(name in found[view].names for view in views):
                there = sorted({n for part in self.views if part.view.name in views for n in self._available(part)})
                raise NotSupported(
                    f"strategy {name!r} computes none of {listed(views)} on {self.con.name}. There: {listed(there)}."
                )
        return found

    def _available(self, part: ViewPlan) -> Iterable[str]:
        shapes = dict.fromkeys(strategies.shape(part, p) for p in part.primitives) or [part.view.kind]
        return (name for shape in shapes for name in strategies.available(self.con.name, shape))

    def _choice(self, part: ViewPlan) -> Choice:
        wanted = self.strategy if isinstance(self.strategy, (str, type(None))) else self.strategy.get(part.view.name)
        if wanted is None and self._all_in_tiles(part) and self.asks_few(part):
            wanted = "tiles"  # one scan for their keys; a count would be another
        if wanted is None and "cells" in self._available(part) and self._asks_few_of_many(part):
            wanted = "cells"
        counted = self.counted(part) if wanted in (None, "join") else None
        return choose(part, self.con.name, counted, wanted, self.max_pairs)

    def _all_in_tiles(self, part: ViewPlan) -> bool:
        return bool(part.primitives) and all(
            p.window is not None and strategies.computes(self.con.name, "tiles", part, p) for p in part.primitives
        )

    @cached_property
    def _spine_rows(self) -> int:
        assert self.table is not None
        return _count(self.con, self.table)

    def asks_few(self, part: ViewPlan) -> bool:
        """Whether it pays to look for the asked keys first; where counting rows costs nothing to speak of."""
        reads = isinstance(self.con, ibis.BaseBackend) and self.con.name in strategies.ENGINES and self.known is None
        if part.view.source.name not in self.tables or not reads or self._spine_rows > FEW_ROWS:
            return False
        return self._spine_rows * FEW_SHARE <= self._source_rows(part)

    def _asks_few_of_many(self, part: ViewPlan) -> bool:
        return self.asks_few(part) and self._source_rows(part) > SMALL

    def _source_rows(self, part: ViewPlan) -> int:
        return _count(self.con, self.tables[part.view.source.name])

    @cached_property
    def _estimates(self) -> dict[str, Estimate]:
        return {}

    def counting(self, part: ViewPlan) -> ir.Table:
        """The query of what a view meets, as `fsnb.pit.choosing.counting` gives it."""
        relation = bind(part.view.relation, self.tables)
        return counting(part, self.con, relation, asked(self, part, relation))

    def counted(self, part: ViewPlan) -> Estimate | None:
        """What a view meets, counted once; None where no choice depends on it."""
        if not (isinstance(self.con, ibis.BaseBackend) and strategies.counts(self.con.name, part)):
            return None
        if self.known is not None:
            return self.known[part.view.name]
        if part.view.name not in self._estimates:
            assert self.table is not None
            relation = bind(part.view.relation, self.tables)
            asks = asked(self, part, relation)
            self._estimates[part.view.name] = estimate(part, self.con, relation, asks)
        return self._estimates[part.view.name]

    def cost(self) -> Cost:
        """What it would cost: rows and bytes to read, pairs to join, rows and bytes that come out, the engine's plan.

        Nothing is joined: keys and times are counted, once for each view; bytes come from files' own metadata. Of a
        view with `refresh` also what each refresh would read and write when it is published, times its cadence.

        Returns
        -------
        Cost
            Estimates. Rows and those that come out are exact; bytes as the fields of `ViewCost` say; pairs take events
            as spread evenly over time.
        """
        from fsnb.pit.costing import cost

        return cost(self)

    def explain(self) -> Explanation:
        """What each view computes, by which strategy, and the estimate behind the choice."""
        lines = [f"{str(self).splitlines()[0]} on {self.con.name}"]
        for part in self.views:
            lines += [f"{part.view.name}: {', '.join(feature.column for feature in part.features)}"]
            lines += explained(part, self.choices[part.view.name], self.counted(part))
        return Explanation("\n".join(lines))


def _count(con: Any, table: ir.Table) -> int:
    return int(collect(con, table.count().as_table())[0][0].as_py())


class Explanation(str):
    """Text that a notebook shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def on(
    plan: JoinPlan,
    con: Any,
    tables: Mapping[str, ir.Table],
    spine: ir.Table,
    *,
    strategy: str | Mapping[str, str] | None = None,
    max_pairs: int | None = None,
    known: Mapping[str, Estimate | None] | None = None,
) -> EnginePlan:
    """A plan on an engine; see EnginePlan.

    Raises
    ------
    UnknownName
        No strategy of that name, or no view.
    """
    named = [strategy] if isinstance(strategy, str) else list((strategy or {}).values())
    for name in named:
        if name not in strategies.WORDS:
            raise UnknownName.among("fsnb", "strategy", name, strategies.WORDS)
    if isinstance(strategy, Mapping):
        for name in strategy:
            if name not in (views := [part.view.name for part in plan.views]):
                raise UnknownName.among("the training set", "feature view", name, views)
    given = {each.name: getattr(plan, each.name) for each in fields(JoinPlan)}
    return EnginePlan(**given, con=con, tables=tables, table=spine, strategy=strategy, max_pairs=max_pairs, known=known)


def lower(plan: JoinPlan, con: Any, tables: Mapping[str, ir.Table], spine: ir.Table) -> ir.Table:
    """The training set of a plan as an ordinary Ibis table; lazy.

    Parameters
    ----------
    plan
        What to compute; an EnginePlan says how, any other is lowered by the first strategy of each shape.
    con
        The Ibis connection that holds `tables` and `spine`.
    tables
        Every source of `plan.sources`, read by `fsnb.pit.read_source`.
    spine
        The spine's table. A column `_fsnb_row`, where it has one, is carried through, to order by.

    Returns
    -------
    ibis.Table
        One row per spine row, in no promised order: the spine's columns, then the features.

    Raises
    ------
    NotSupported
        The engine cannot keep the rules of time, or a strategy that was asked for computes nothing.
    PlanTooLarge
        A join would meet more pairs than the limit.
    """
    check_engine(con.name, "training set")
    for part in plan.views:
        refuse_unsupported(part, con.name)
    filled = spine
    for part in plan.views:
        filled = with_view(filled, spine, part, plan, con, tables)
    kept = [ROW] if ROW in spine.columns else []
    return filled.select(*plan.spine.columns, *kept, *(feature.column for feature in plan.features))


def with_view(
    filled: ir.Table,
    spine: ir.Table,
    part: ViewPlan,
    plan: JoinPlan,
    con: Any,
    tables: Mapping[str, ir.Table],
) -> ir.Table:
    """`filled` with one view's features; its asks come from the bare spine: views do not wait for each other."""
    relation = bind(part.view.relation, tables)
    on = [*key_names(part), CUTOFF]
    cut = _asking(filled, con, part, plan, relation)
    asks = _asks(_asking(spine, con, part, plan, relation), part)
    met, steps = cut, _choice(plan, con, part).steps
    if (part.orders and con.name != "polars") or (_reads_all(steps, con) and _asks_few(plan, part)):
        relation = of_asked_keys(part, relation, asks)
    for step in steps:
        fill = strategies.available(con.name, step.shape)[step.strategy]
        met = fill(replace(part, primitives=step.primitives), con, relation, met, asks)
    if part.orders:
        met = _looked_up(part, con, relation, met, asks)
    values = {feature.column: value for feature, value in zip(part.features, _values(part, met), strict=True)}
    return met.select(*(name for name in cut.columns if name not in on), **values)


def _asks_few(plan: JoinPlan, part: ViewPlan) -> bool:
    return isinstance(plan, EnginePlan) and plan.asks_few(part)


def _reads_all(steps: Iterable[Step], con: Any) -> bool:
    """Whether a step does not look for the asked keys by itself."""
    return not all(strategies.seeks(con.name, step.shape, step.strategy) for step in steps)


def _looked_up(part: ViewPlan, con: Any, relation: ir.Table, met: ir.Table, asks: ir.Table) -> ir.Table:
    """Places in the order of the events, as the values that stand there."""
    if con.name == "polars":
        return lowering_polars.looked_up(part, con, relation, met, asks)
    return places.looked_up(part, met, events(part, con, relation))


def _choice(plan: JoinPlan, con: Any, part: ViewPlan) -> Choice:
    return plan.choices[part.view.name] if isinstance(plan, EnginePlan) else choose(part, con.name, None)


def _asks(asking: ir.Table, part: ViewPlan) -> ir.Table:
    """Distinct keys and cutoffs."""
    return asking.select(*key_names(part), CUTOFF).drop_null().distinct()


def asked(plan: EnginePlan, part: ViewPlan, relation: ir.Table) -> ir.Table:
    """The distinct keys and cutoffs of a plan's own spine, of one view."""
    assert plan.table is not None
    return _asks(_asking(plan.table, plan.con, part, plan, relation), part)


def _asking(table: ir.Table, con: Any, part: ViewPlan, plan: JoinPlan, relation: ir.Table) -> ir.Table:
    """The spine with its keys, in the source's types, and its cutoff beside it."""
    names = [(plan.spine.key_column(key), relation[key].type()) for key in part.view.entity.keys]
    keys = [table[name] if table[name].type() == dtype else table[name].cast(dtype) for name, dtype in names]
    table = table.mutate(**dict(zip(key_names(part), keys, strict=True)))
    if con.name == "polars":
        return lowering_polars.with_cutoff(table, con, part, plan.spine.at)
    return table.mutate(**{CUTOFF: cutoff(microseconds(con, table[plan.spine.at]), part.lag, part.refresh)})


def _values(part: ViewPlan, met: ir.Table) -> list[ir.Value]:
    """The features' values over what was met: arithmetic over primitives, zero counts, no NaN, `fill`."""
    if part.view.kind == "window":
        primitives = {primitive.name: primitive for primitive in part.primitives}
        found = {name: _over_primitives(value, primitives, met) for name, value in part.values}
    else:
        found = {name: met[VALUE + name] for name, _ in part.arguments}
    fill = dict(part.view.fill)
    done = {name: clean(value) for name, value in found.items()}
    done |= {name: done[name].coalesce(ibis.literal(fill[name], done[name].type())) for name in done if name in fill}
    return [done[feature.name] for feature in part.features]


def _over_primitives(value: ir.Value, primitives: Mapping[str, Primitive], met: ir.Table) -> ir.Value:
    replaced = {}
    for read in value.op().find(ops.Field, filter=ops.Value):
        column = met[VALUE + read.name]
        replaced[read] = (column.coalesce(0) if primitives[read.name].function in ZERO_WHEN_EMPTY else column).op()
    return value.op().replace(replaced).to_expr()
