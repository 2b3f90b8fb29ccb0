"""Which strategy computes what, by how many pairs of a spine row and an event a join would meet; counted first.

The count is one group-by of the events and one of the asks on the entity's keys. Times are taken as spread evenly
between the first and the last event, so pairs within a window are an estimate; no result depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis.expr.types as ir

from fsnb.errors import PlanTooLarge, listed
from fsnb.pit import lowering_polars, strategies
from fsnb.pit.engines import collect
from fsnb.pit.events import EVENT, hull, key_names
from fsnb.pit.lowering import events
from fsnb.pit.planning import ViewPlan
from fsnb.pit.primitives import Primitive
from fsnb.pit.read import new_name

CHEAP_PAIRS = 3
"""A join that meets up to this many pairs for each event and spine row is the fastest: the others sort first."""
SMALL = 1_000_000
"""Pairs that no strategy is quicker than: a join of so many ends before another has sorted. So many events, too."""
MAX_PAIRS, MAX_PAIRS_SQL = {"polars": 200_000_000}, 5_000_000_000
"""Polars holds all pairs in memory; the others stream them, at about 30 ns each."""
COUNTED = ("asks", "events", "pairs", "first", "last")
MERGING = "count, sum, mean, min, max, std, var, nunique"


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a view's strategies would have to go through.

    `asks`: distinct keys and cutoffs of the spine; `events`: events of their keys; `all_pairs`: pairs of equal keys;
    `reach`: microseconds from the first to the last of these events.
    """

    asks: int
    events: int
    all_pairs: int
    reach: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Estimate:
        """What the row of `counting` says."""
        counted = {name: int(row[name] or 0) for name in COUNTED}
        return cls(counted["asks"], counted["events"], counted["pairs"], counted["last"] - counted["first"])

    def pairs(self, width: int | None) -> int:
        """Pairs that a join banded by `width` microseconds meets: of an ask's band the neighbour's half too."""
        if width is None or self.reach <= 0:
            return self.all_pairs
        return round(self.all_pairs * min(1.0, 2 * width / self.reach))


@dataclass(frozen=True, slots=True)
class Step:
    """One strategy, and the primitives that it computes; none where the view has no aggregates."""

    shape: str
    strategy: str
    primitives: tuple[Primitive, ...] = ()
    pairs: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """How one view is computed."""

    steps: tuple[Step, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(step.strategy for step in self.steps)


def estimate(part: ViewPlan, con: Any, relation: ir.Table, asks: ir.Table) -> Estimate:
    """Count what equal keys bring together; `asks` are the distinct keys and cutoffs."""
    return Estimate.of(collect(con, counting(part, con, relation, asks)).to_pylist()[0])


def counting(part: ViewPlan, con: Any, relation: ir.Table, asks: ir.Table) -> ir.Table:
    """The query of an estimate: one row with the columns COUNTED."""
    part, keys = replace(part, orders=()), key_names(part)
    rows = events(part, con, relation) if con.name != "polars" else _registered(part, con, relation, asks)
    mine = asks.group_by(keys).aggregate(_fsnb_asks=asks.count())
    theirs = rows.group_by(keys).aggregate(
        _fsnb_events=rows.count(), _fsnb_first=rows[EVENT].min(), _fsnb_last=rows[EVENT].max()
    )
    both = mine.inner_join(theirs, keys)
    pairs = both["_fsnb_asks"].cast("float64") * both["_fsnb_events"].cast("float64")
    return both.aggregate(
        asks=both["_fsnb_asks"].sum(),
        events=both["_fsnb_events"].sum(),
        pairs=pairs.sum(),
        first=both["_fsnb_first"].min(),
        last=both["_fsnb_last"].max(),
    )


def _registered(part: ViewPlan, con: Any, relation: ir.Table, asks: ir.Table) -> ir.Table:
    return con.create_table(new_name("rows"), lowering_polars.events(part, con, relation, con.compile(asks)))


def choose(
    part: ViewPlan, engine: str, counted: Estimate | None, strategy: str | None = None, max_pairs: int | None = None
) -> Choice:
    """The steps that compute a view on an engine.

    Parameters
    ----------
    part
        The view.
    engine
        The name of the Ibis backend.
    counted
        What `estimate` counted; without it the first strategy of the engine's table is taken.
    strategy
        One to use wherever it computes the view, or a part of it.
    max_pairs
        A join of more pairs is refused; None: the engine's own limit.

    Raises
    ------
    PlanTooLarge
        A join would meet more pairs than that.
    """
    if part.primitives:
        chosen = {
            p: (strategies.shape(part, p), _strategy_for(p, part, engine, counted, strategy)) for p in part.primitives
        }
        parts = {way: tuple(p for p in chosen if chosen[p] == way) for way in dict.fromkeys(chosen.values())}
    else:
        parts = {(part.view.kind, _lookup(part, engine, counted, strategy)): ()}
    steps = tuple(_step(*way, primitives, part, counted) for way, primitives in parts.items())
    for step in steps:
        _check_size(step, part, engine, max_pairs)
    return Choice(steps)


def _lookup(part: ViewPlan, engine: str, counted: Estimate | None, strategy: str | None) -> str:
    there = list(strategies.available(engine, part.view.kind))
    if strategy in there:
        return str(strategy)
    few = counted is not None and _cheap(counted, counted.all_pairs) and "asof" not in there and "join" in there
    return "join" if few else there[0]


def _strategy_for(
    primitive: Primitive, part: ViewPlan, engine: str, counted: Estimate | None, strategy: str | None
) -> str:
    order = ["cumulative", "tiles", "join"]
    if primitive.window is not None:
        # in memory all windows share one sort of the events, so all follow the widest
        local = engine in strategies.ENGINES
        width = _width(part, [p for p in part.primitives if p.window is not None] if local else [primitive])
        if counted is None or _cheap(counted, counted.pairs(width)):
            order = ["join"]
        elif local:
            order = ["tiles", "join"]
    there = strategies.available(engine, strategies.shape(part, primitive))
    able = [name for name in (strategy, *order) if name in there and name is not None]
    return next(name for name in able if strategies.computes(engine, name, part, primitive))


def _cheap(counted: Estimate, pairs: int) -> bool:
    return pairs <= max(SMALL, CHEAP_PAIRS * (counted.events + counted.asks))


def _width(part: ViewPlan, primitives: Sequence[Primitive]) -> int | None:
    span = hull(replace(part, primitives=tuple(primitives)))
    return None if span.hi is None else span.hi - span.lo


def _step(shape: str, name: str, primitives: tuple[Primitive, ...], part: ViewPlan, counted: Estimate | None) -> Step:
    if counted is None or name != "join":
        return Step(shape, name, primitives)
    return Step(shape, name, primitives, counted.pairs(_width(part, primitives) if primitives else None))


def _check_size(step: Step, part: ViewPlan, engine: str, max_pairs: int | None) -> None:
    most = max_pairs or MAX_PAIRS.get(engine, MAX_PAIRS_SQL)
    if step.pairs is None or step.pairs <= most:
        return
    functions = listed(dict.fromkeys(p.function for p in step.primitives)) or "the latest row"
    raise PlanTooLarge(
        f"feature view {part.view.name!r}: {functions} by join would meet about {step.pairs:,} pairs of a spine row "
        f"and an event; the limit on {engine} is {most:,}. Take shorter windows, fewer spine rows, or aggregates that "
        f"merge ({MERGING}); or allow more: max_pairs={step.pairs:,}."
    )


# ---------------------------------------------------------------------- in words


def explained(part: ViewPlan, choice: Choice, counted: Estimate | None) -> list[str]:
    """Lines that say what was counted and what was chosen."""
    lines, joined = [], None
    if counted is not None:
        joined = counted.pairs(_width(part, part.primitives) if part.primitives else None)
        each = joined / max(counted.asks + counted.events, 1)
        lines.append(
            f"  {counted.asks:,} asks and {counted.events:,} events of their keys: "
            f"a join would meet about {joined:,} pairs, {each:,.1f} for each of them"
        )
    for step in choice.steps:
        of = f" for {_words(step)}" if len(choice.steps) > 1 else ""
        lines.append(f"  {step.strategy}{of}: {strategies.WORDS[step.strategy]}")
    return lines


def _words(step: Step) -> str:
    return listed(dict.fromkeys(f"{p.function} {p.window.label}" if p.window else p.function for p in step.primitives))
