"""What the magics do that define: entities, sources, feature views, spines; and the test of a view by an example."""

from __future__ import annotations

import ast
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

import ibis
import ibis.expr.types as ir

import fsnb
from fsnb import pit
from fsnb.errors import DefinitionError, UsageError
from fsnb.model import Entity, FeatureView, Source, Spine, Window
from fsnb.model.data import is_path
from fsnb.notebook.body import Body, compiled
from fsnb.notebook.examples import sections
from fsnb.notebook.session import Session
from fsnb.testing import FeatureTest, check_features
from fsnb.testing.running import ENGINES

CHECKS = "[fsnb.checks.not_null('column')]"


def entity(session: Session, asked: Namespace, cell: str | None) -> Entity:
    """An entity by its line, or one for each line of the cell; the last one is the value."""
    lines = [[asked.name, *asked.keys]] if asked.name else []
    lines += [line.split() for line in (cell or "").splitlines() if line.strip() and not line.strip().startswith("#")]
    if not lines:
        raise UsageError("%entity: name one and its key columns: %entity plane tailnum.")
    made = [Entity(name, keys) for name, *keys in lines]
    for each in made:
        session.bind(asked.out if asked.out and len(made) == 1 else each.name, each)
    return made[-1]


def source(session: Session, asked: Namespace, cell: str | None, first_line: str) -> Source:
    """A source by the data that its line names or its body comes to."""
    if bool(asked.event_time) == asked.static:
        raise UsageError("%source: say when a row happened, --event-time COLUMN, or that it is --static.")
    if (asked.data is None) == (cell is None):
        raise UsageError("%source: name the data in the line, or write the cell's body with %%source; not both.")
    store, who = session.store, f"source {asked.name!r}"
    if cell is None:
        data, description = _named(session, asked.data), ""
    else:
        body = compiled(who, first_line, cell, session.shell, DATA)
        data, description = _run(session, body, con=store.engine), body.description
    made = store.source(
        asked.name,
        data,
        event_time=asked.event_time,
        available=asked.available,
        tie_break=_parts(asked.tie_break),
        description=asked.description or description,
    )
    session.bind(asked.out or asked.name, made)
    return made


DATA = "a path, a frame, an Ibis table or a table's name: pl.read_csv('flights.csv')"


def _named(session: Session, name: str) -> Any:
    """A variable's value, unless the word is a path; else the word itself, which the engine has as a table."""
    return name if is_path(name) or name not in session.names else session.names[name]


def feature_view(session: Session, asked: Namespace, cell: str, line: str) -> FeatureView:
    """A feature view of the mapping that the body comes to."""
    store = session.store
    body = compiled(f"feature view {asked.name!r}", f"%%feature_view {line}", cell, session.shell)
    checks = session.variable(asked.checks, list, CHECKS) if asked.checks else ()
    try:
        view = FeatureView(
            asked.name,
            entity=session.entity(asked.entity),
            source=session.source(asked.source),
            features=lambda t: body.run(_scope(session, t=t)),
            windows=[_window(text) for text in _parts(asked.windows)],
            lag=asked.lag,
            ttl=asked.ttl,
            refresh=asked.refresh,
            closed=asked.closed,
            skip_nulls=asked.skip_nulls,
            fill=dict(_fill(asked.fill)),
            description=asked.description or body.description,
            owner=asked.owner,
            tags=asked.tag,
            checks=checks,
        )
    except Exception as error:
        body.explain(error, session.shell)
        raise
    session.bind(asked.out or asked.name, store.register(view))
    return view


def on_spine(session: Session, asked: Namespace, cell: str, line: str) -> Spine:
    """A spine of the table that the body makes of another spine's, read in that one's order."""
    spine = session.variable(asked.spine, Spine, "fsnb.Spine(frame, at='asked_at')")
    con = session.store.engine
    body = compiled(f"spine {asked.out!r}", f"%%on_spine {line}", cell, session.shell, "a table: t.filter(...)")
    table = _run(session, body, t=pit.read_spine(con, spine))
    if not isinstance(table, ir.Table):
        raise DefinitionError(f"spine {asked.out!r}: the body comes to a {type(table).__name__}, not to an Ibis table.")
    ordered = pit.ROW in table.columns
    rows = pit.collect(con, table.order_by(pit.ROW).drop(pit.ROW) if ordered else table)
    labels = _parts(asked.label) if asked.label else [name for name in spine.label if name in rows.column_names]
    return session.bind_if(asked.out, Spine(rows, at=spine.at, label=labels, keys=dict(spine.keys)))


def feature_test(session: Session, asked: Namespace, cell: str) -> FeatureTest:
    """The outcome of the cell's example; one that differs fails the cell."""
    view = session.view(asked.view)
    given, spine, expected = sections(cell, view)
    engines = _parts(asked.engines) or ENGINES
    how: dict[str, Any] = {"at": asked.at, "tolerance": asked.tolerance, "engines": engines}
    found = session.bind_if(asked.out, check_features(view, given=given, spine=spine, expected=expected, **how))
    found.raise_if_failed()
    return found


# ---------------------------------------------------------------------- words of a line


def _run(session: Session, body: Body, **seen: Any) -> Any:
    try:
        return body.run(_scope(session, **seen))
    except Exception as error:
        body.explain(error, session.shell)
        raise


def _scope(session: Session, **seen: Any) -> dict[str, Any]:
    """What a body sees: the user's variables, and ours over them."""
    return {**session.names, "_": ibis._, "ibis": ibis, "fsnb": fsnb, **seen}


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _window(text: str) -> str | Window:
    """`7d`, or `7d@1d`: one that ends a day before the cutoff."""
    size, at, offset = text.partition("@")
    return Window(size, offset) if at else text


def _fill(words: list[str]) -> Iterator[tuple[str, Any]]:
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise UsageError(f"%%feature_view: --fill {word!r}: write FEATURE=VALUE, as in --fill mean_delay_7d=0.")
        try:
            yield name, ast.literal_eval(text)
        except (SyntaxError, ValueError):
            yield name, text
