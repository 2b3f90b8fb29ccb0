"""value -> Card: what a value says about itself, once; text and HTML are both made from it, so they say the same.

CARDS is the table of who has one. A card holds plain text only: escaping is the HTML's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ibis.expr.format import pretty
from ibis.expr.operations import UnboundTable

from fsnb.catalog import Document
from fsnb.model import FeatureView, Source, Window, show_duration
from fsnb.pit import JoinPlan
from fsnb.store import FeatureStore

KINDS = {"window": "windowed aggregates", "asof": "as-of: the latest row", "static": "static: one row per key"}


class Code(str):
    """Text that one could type: a name, a type, an expression."""

    __slots__ = ()


class Good(str):
    """Text that says that something holds."""

    __slots__ = ()


class Bad(str):
    """Text that says that something does not hold."""

    __slots__ = ()


Cell = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a title."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The rules of time, to be drawn: how far the cutoff is before `t`, and the spans before the cutoff.

    A span is its label, its far end (None: for ever) and its near end, both counted back from the cutoff.
    """

    lag: timedelta
    refresh: timedelta | None
    closed: str
    spans: tuple[tuple[str, timedelta | None, timedelta], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """What there is to say about a value."""

    kind: str
    title: str
    about: str = ""
    facts: tuple[tuple[str, Cell], ...] = ()
    timeline: Timeline | None = None
    tables: tuple[Table, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return "\n".join(_printable(line) for line in _lines(self))


def of(value: Any) -> Card:
    """The card of a value whose type is in CARDS."""
    return CARDS[type(value)](value)


# ---------------------------------------------------------------------- nouns


def view(value: FeatureView) -> Card:
    facts = {
        "entity": f"{value.entity.name} ({', '.join(value.entity.keys)})",
        "source": ", ".join(value.sources),
        "kind": KINDS[value.kind],
        "rules of time": tuple(value.rules().split("; ")),
        "instead of NULL": tuple(f"{name}: {fill!r}" for name, fill in value.fill),
        "owner": value.owner,
        "tags": ", ".join(value.tags),
        "fingerprint": Code(value.fingerprint[:12]),
    }
    prepared = not isinstance(value.relation.op(), UnboundTable)
    return Card(
        "feature view",
        value.name,
        value.description,
        _said(facts),
        _timeline(value),
        (_features(value),),
        (("the table its features stand on", pretty(value.relation.op())),) if prepared else (),
    )


def _features(value: FeatureView) -> Table:
    bases: dict[str, list[Any]] = {}
    for output in value.outputs:
        bases.setdefault(output.base, []).append(output)
    rows = tuple(
        (
            tuple(Code(output.name) for output in outputs),
            Code(value.schema[outputs[0].name]),
            Code(outputs[0].value.get_name()),
        )
        for outputs in bases.values()
    )
    return Table("features", ("feature", "type", "computed as"), rows)


def _timeline(value: FeatureView) -> Timeline | None:
    if value.kind == "static":
        return None
    spans = tuple(_span(window) for window in value.windows)
    last = ("all that is seen" if value.kind == "window" else "the latest row", value.ttl, timedelta(0))
    return Timeline(value.lag, value.refresh, value.closed, spans or (last,))


def _span(window: Window) -> tuple[str, timedelta, timedelta]:
    return window.label.replace("_offset_", ", offset "), window.offset + window.size, window.offset


def source(value: Source) -> Card:
    roles = {value.event_time: "event time", value.available: "available"} | dict.fromkeys(value.tie_break, "tie-break")
    facts = {
        "event time": value.event_time or "none: a static table, one row per key",
        "available": value.available or ("" if value.event_time is None else "not declared: known as it happens"),
        "ties by": ", ".join(value.tie_break),
        "data": value.location or f"a {type(value.data).__module__.partition('.')[0]} {type(value.data).__name__}",
        "fingerprint": Code(value.fingerprint[:12]),
    }
    rows = tuple((Code(name), Code(dtype), roles.get(name, "")) for name, dtype in value.schema.items())
    return Card(
        "source", value.name, value.description, _said(facts), tables=(Table("columns", ("column", "type", "role"), rows),)
    )


def plan(value: JoinPlan) -> Card:
    spine = value.spine
    facts = {
        "spine": f"{len(spine.columns)} columns, t = {spine.at}",
        "label": ", ".join(spine.label),
        "rows": "one out per spine row, spine columns first",
        "fingerprint": Code(value.fingerprint[:12]),
    }
    views = tuple(
        (part.view.name, tuple(_key(value, key) for key in part.view.entity.keys), part.view.source.name, tuple(part.view.rules().split("; ")))
        for part in value.views
    )
    columns = tuple(
        (Code(feature.column), Code(feature.view.schema[feature.name]), repr(feature)) for feature in value.features
    )
    return Card(
        "join plan",
        f"{len(value.features)} features from {len(value.views)} views",
        facts=_said(facts),
        tables=(
            Table("views", ("view", "joins on", "reads", "rules of time"), views),
            Table("features", ("column", "type", "from"), columns),
        ),
    )


def _key(value: JoinPlan, key: str) -> str:
    column = value.spine.key_column(key)
    return key if column == key else f"{key} = spine {column}"


def store(value: FeatureStore) -> Card:
    documents = value.catalog.list()
    counts = {kind: sum(document.kind == kind for document in documents) for kind in _kinds(documents)}
    facts = {
        "engine": value.engine.name,
        "catalog": value.catalog.where,
        "holds": tuple(f"{count} {_plural(kind, count)}" for kind, count in counts.items()) or "nothing yet",
        "targets": tuple(document.name for document in documents if document.kind == "target") or "none yet",
        "MLflow": f"yours where one is set, else {value.tracking_uri}",
    }
    tables = (listing(documents, "").tables) if documents else ()
    return Card("feature store", str(value.path), facts=_said(facts), tables=tables)


def training_set(value: TrainingSet) -> Card:
    """The plan, and what fills it; nothing is run."""
    planned = plan(value.plan)
    facts = (*planned.facts, ("engine", value.con.name))
    return replace(planned, kind="training set", facts=facts)


# ---------------------------------------------------------------------- publishing


def certificate(value: Certificate) -> Card:
    facts = {
        "verdict": _verdict(value.ok, f"agree on {value.rows:,} rows", f"DISAGREE; {value.rows:,} rows were compared"),
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
            f"{column.mismatches:,}",
            f"{column.null_mismatches:,}",
            f"{column.max_abs:.3g}",
            f"{column.max_rel:.3g}",
            _verdict(column.ok, "agrees", "differs"),
        )
        for column in value.columns
    )
    heads = ("feature", "type", "differ", "NULL on one side", "greatest difference", "relative", "")
    return Card(
        "certificate", value.view, facts=_said(facts), tables=(Table("features", heads, columns), *_differences(value))
    )


def _verdict(ok: bool, good: str, bad: str) -> str:
    return Good(good) if ok else Bad(bad)


def _differences(value: Certificate) -> tuple[Table, ...]:
    rows = tuple(
        (Code(each.column), _pairs(each.asked), _pairs(each.values)) for each in value.differences
    )
    return (Table("the first that differ", ("feature", "asked", "answers"), rows),) if rows else ()


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in pairs)


# ---------------------------------------------------------------------- documents


def listing(documents: Sequence[Document], where: str) -> Card:
    """Documents as a table."""
    rows = tuple(
        (
            document.kind.replace("_", " "),
            document.name,
            f"v{document.version}",
            _gist(document),
            _when(document),
            Code(document.fingerprint[:12]),
        )
        for document in sorted(documents, key=lambda document: (document.kind, document.name))
    )
    count = f"{len(documents)} {_plural('document', len(documents))}"
    return Card("catalog", count, where, tables=(Table("", ("kind", "name", "version", "what", "since", "fingerprint"), rows),))


def _gist(document: Document) -> str:
    body = document.body
    return " ".join(str(body.get("description") or body.get("url") or body.get("location") or "").split())


def _when(document: Document) -> str:
    return f"{document.created_at:%Y-%m-%d %H:%M} UTC by {document.created_by}"


def _kinds(documents: Iterable[Document]) -> list[str]:
    return sorted({document.kind for document in documents})


def _plural(kind: str, count: int) -> str:
    return kind.replace("_", " ") + ("" if count == 1 else "s")


# ---------------------------------------------------------------------- as text


def _said(facts: Mapping[str, Cell]) -> tuple[tuple[str, Cell], ...]:
    """The facts that say something."""
    return tuple((name, cell) for name, cell in facts.items() if cell)


def _lines(card: Card) -> Iterable[str]:
    yield f"{card.kind} {card.title}"
    yield from card.about.splitlines()
    width = max((len(name) for name, _ in card.facts), default=0)
    for name, cell in card.facts:
        first, *rest = (cell,) if isinstance(cell, str) else cell
        yield f"  {name:<{width}}  {first}"
        yield from (f"  {'':<{width}}  {line}" for line in rest)
    for table in card.tables:
        yield from _columns(table)
    for title, text in card.notes:
        yield from (f"  {title}", *(f"    {line}" for line in text.splitlines()))


def _printable(text: str) -> str:
    """Without the control characters that a terminal would obey."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _columns(table: Table) -> Iterable[str]:
    if table.title:
        yield f"  {table.title}"
    rows = [table.columns, *([cell if isinstance(cell, str) else ", ".join(cell) for cell in row] for row in table.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.columns))]
    for row in rows:
        yield "    " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


CARDS: Mapping[type, Callable[[Any], Card]] = {FeatureView: view, Source: source, JoinPlan: plan, FeatureStore: store}
