"""Cards of what the catalog tells: what changed, what was made from what, how values are distributed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from fsnb.catalog import Diff, Distribution, Edge, Lineage, Node, Profile
from fsnb.model import show_duration
from fsnb.notebook.card import Bad, Bars, Card, Cell, Code, Good, Number, Table

HEIGHTS = "▁▂▃▄▅▆▇█"
MINUTE = timedelta(minutes=1)
MOST = 50  # steps of a lineage


def diff(value: Diff) -> Card:
    """Every change, breaking ones first."""
    verdict: Cell = Bad(value.verdict) if value.breaking else Good(value.verdict)
    rows = tuple(
        (
            change.kind,
            Code(change.what),
            "" if change.old is None else change.old,
            "" if change.new is None else change.new,
            Bad("breaking") if change.breaking else Good("compatible"),
        )
        for change in value.changes
    )
    table = Table("", ("what", "of", "was", "is", ""), rows)
    return Card("diff", f"{value.old} → {value.new}", facts=(("verdict", verdict),), tables=(table,) if rows else ())


# ---------------------------------------------------------------------- lineage


def lineage(value: Lineage) -> Card:
    """Both directions, a step in a row, a step further on one place to the right."""
    up = _steps(value.roots, value.ups, lambda edge: edge.downstream, lambda edge: edge.upstream)
    down = _steps(value.roots, value.downs, lambda edge: edge.upstream, lambda edge: edge.downstream)
    title = value.roots[0].name if value.roots else ""
    facts = tuple((_kind(root), root.detail) for root in value.roots if root.detail)
    tables = (*_table("made from", list(up)), *_table("used by", list(down)))
    about = "" if tables else "Nothing in the catalog says what it was made from, or what was made from it."
    return Card(f"lineage of {_kind(value.roots[0])}", title, about, facts[:MOST], tables=tables)


def _table(title: str, rows: list[tuple[Cell, ...]]) -> tuple[Table, ...]:
    if len(rows) > MOST:
        rows = [*rows[:MOST], (f"and {len(rows) - MOST} more", "", "", "")]
    heads = ("what", "name", "which", "definition")
    told = [n for n in range(len(heads)) if any(row[n] for row in rows)]
    shown = tuple(tuple(row[n] for n in told) for row in rows)
    return (Table(title, tuple(heads[n] for n in told), shown),) if rows else ()


def _steps(
    roots: Sequence[Node], edges: Sequence[Edge], near: Callable[[Edge], Node], far: Callable[[Edge], Node]
) -> Iterator[tuple[Cell, ...]]:
    """Depth first; what two paths lead to stands where it was met first."""
    steps: dict[Node, list[Edge]] = {}
    for edge in edges:
        steps.setdefault(near(edge), []).append(edge)
    seen = set(roots)
    waiting = [(edge, 0) for root in reversed(roots) for edge in reversed(steps.get(root, ()))]
    while waiting:
        edge, depth = waiting.pop()
        node = far(edge)
        if node in seen:
            continue
        seen.add(node)
        yield f"{'↳ ' * depth}{_kind(node)}", Code(node.name), node.detail, edge.note
        waiting.extend((following, depth + 1) for following in reversed(steps.get(node, ())))


def _kind(node: Node) -> str:
    return node.kind.replace("_", " ")


# ---------------------------------------------------------------------- distributions


def profile(value: Profile) -> Card:
    """A row for each feature."""
    facts: tuple[tuple[str, Cell], ...] = (("table", value.of), ("rows", f"{value.rows:,}"), *_freshness(value))
    return Card("profile", value.view, facts=facts, tables=(distributions(value, ""),))


def distributions(value: Profile, title: str) -> Table:
    """The features of a profile as a table."""
    heads = ("feature", "NULL", "distinct", "least", "mean", "greatest", "distribution")
    return Table(title, heads, tuple(_distribution(each) for each in value.features))


def _freshness(value: Profile) -> Iterator[tuple[str, Cell]]:
    if value.newest is not None and value.age is not None:
        yield "newest", f"{value.newest:%Y-%m-%d %H:%M:%S} UTC, {_age(value.age)} when this was computed"
    yield "computed", f"{value.taken:%Y-%m-%d %H:%M} UTC"


def _age(age: timedelta) -> str:
    if age < timedelta(0):
        return "in the future"
    return f"{age.days:,} days old" if age.days > 1 else f"{show_duration(age - age % MINUTE)} old"


def _distribution(value: Distribution) -> tuple[Cell, ...]:
    return (
        Code(value.name),
        Number(f"{value.null_rate:.1%}"),
        Number("" if value.distinct is None else f"{value.distinct:,}"),
        Number(value.least or ""),
        Number("" if value.mean is None else f"{value.mean:.4g}"),
        Number(value.greatest or ""),
        Bars(bars(value.counts)),
    )


def bars(counts: Sequence[int]) -> str:
    """A character for each bin, `▁` for few to `█` for the fullest, a space for none."""
    top = max(counts, default=0)
    return "".join(HEIGHTS[max(0, round(count / top * len(HEIGHTS)) - 1)] if count else " " for count in counts)
