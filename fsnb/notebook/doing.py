"""What the magics do that train, look, watch and publish: each a few lines over the store's method."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from fsnb.checks import CheckReport, Suggestions
from fsnb.errors import UsageError
from fsnb.model import Check, Spine
from fsnb.model.data import is_path
from fsnb.model.moments import between, read_moment
from fsnb.model.pandera_schemas import is_schema
from fsnb.notebook.progress import shower
from fsnb.notebook.session import Session
from fsnb.progress import shown_by
from fsnb.training import TrainingSet

SPINE, TRAIN = "fsnb.Spine(frame, at='asked_at')", "%train SPINE FEATURE"


def train(session: Session, asked: Namespace) -> None:
    spine = session.variable(asked.spine, Spine, SPINE)
    how = {"engine": asked.engine, "strategy": asked.strategy, "max_pairs": asked.max_pairs}
    made = session.store.training_set(spine, session.features(asked.features), **how)
    session.bind(asked.out, made)
    print(f"{asked.out}: {made!r}")


def preview(session: Session, asked: Namespace) -> Any:
    what = session.names.get(asked.what)
    if isinstance(what, Spine):
        if not asked.features:
            raise UsageError(f"%preview: which features of spine {asked.what!r}? Name some: view.feature, or a view.")
        what = session.store.training_set(what, session.features(asked.features))
    elif asked.features:
        raise UsageError(f"%preview: {asked.features[0]!r} is one argument too many: a training set has its features.")
    else:
        what = session.variable(asked.what, TrainingSet, TRAIN)
    return session.bind_if(asked.out, _previewed(what, asked.row, _numbers(asked.rows)))


def pit(session: Session, asked: Namespace) -> Any:
    made = session.variable(asked.train, TrainingSet, TRAIN)
    shown = made.why(asked.row, asked.feature) if asked.feature else _previewed(made, asked.row)
    return session.bind_if(asked.out, shown)


def _previewed(made: TrainingSet, row: int, rows: Sequence[int] | None = None) -> Any:
    """What `%preview` and `%pit` show."""
    return made.preview(row, rows=rows)


def drift(session: Session, asked: Namespace) -> Any:
    reference = asked.reference if is_path(asked.reference) else session.names.get(asked.reference, asked.reference)
    current = asked.current if is_path(asked.current) else session.names.get(asked.current, asked.current)
    columns = asked.columns.split(",") if asked.columns else None
    return session.bind_if(
        asked.out, _looked_into(session.store.drift(reference, current, columns=columns, bins=asked.bins))
    )


def _looked_into(report: Any) -> Any:
    """What `%drift` shows."""
    return report


def check(session: Session, asked: Namespace) -> CheckReport | Suggestions:
    store = session.store
    what = session.names.get(asked.checked, asked.checked)
    if asked.suggest:
        proposed = store.suggest_checks(what)
        variable = f"{asked.checked}_checks" if asked.checked.isidentifier() else "checks"
        code = f"{proposed.code(variable)}\n\n%check {asked.checked} --with {variable}"
        session.shell.set_next_input(code if "fsnb" in session.names else f"import fsnb\n\n{code}")
        return session.bind_if(asked.out, proposed)
    checks = _given_checks(session, asked.checks) if asked.checks else None
    previous = session.variable(asked.previous, CheckReport, "%check NAME -o NAME") if asked.previous else None
    found = store.check(what, checks, to=asked.to, at=moment(asked.at, "%check: --at"), previous=previous)
    return session.bind_if(asked.out, found)


def _given_checks(session: Session, name: str) -> Any:
    """A variable's checks, one or several, or a pandera schema."""
    value = session.names.get(name)
    if isinstance(value, tuple | Check) or is_schema(value):
        return value
    return session.variable(name, list, "[fsnb.checks.not_null('column')]")


def publish(session: Session, asked: Namespace) -> Any:
    target = session.target(asked.to, "%publish")
    view, store = session.view(asked.view), session.store
    wanted = part(asked, "%publish") | ({"interval": asked.interval} if asked.interval else {})
    if asked.dry_run:
        wanted.pop("chunk", None)
        made: Any = store.publish(view, target, dry_run=True, mode=asked.mode, promote=not asked.no_promote, **wanted)
    else:
        how = {"breaking": asked.breaking, "mode": asked.mode, "certify": asked.certify}
        with shown_by(shower(delay=0) if session.config.progress else None):  # its steps are worth seeing
            made = store.publish(view, target, promote=not asked.no_promote, **how, **wanted)
    session.bind(asked.out, made)
    return made


def part(asked: Namespace, magic: str) -> dict[str, Any]:
    """Which part of a history is wanted, as the store takes it; what was not said is left to it."""
    bounds = [read_moment(text, f"{magic}: {name}") if text else None for name, text in _bounds(asked)]
    said = {**between(*bounds), "lookback": asked.lookback, "full": asked.full or None, "chunk": asked.chunk}
    return {name: value for name, value in said.items() if value is not None}


def _bounds(asked: Namespace) -> list[tuple[str, str | None]]:
    return [("--start", asked.start), ("--end", asked.end)]


def moment(text: str | None, who: str) -> datetime | None:
    """A time that a line names; a length counts back from now."""
    if not text:
        return None
    found = read_moment(text, who)
    return between(None, found)["end"] if isinstance(found, timedelta) else found


def _numbers(text: str | None) -> list[int] | None:
    try:
        return [int(part) for part in text.split(",")] if text else None
    except ValueError:
        raise UsageError(f"%preview: --rows {text!r}: write numbers of rows, as in --rows 3,17,40.") from None


MAGICS: Mapping[str, Callable[[Session, Namespace], Any]] = {
    "train": train,
    "preview": preview,
    "pit": pit,
    "drift": drift,
    "check": check,
    "publish": publish,
}
