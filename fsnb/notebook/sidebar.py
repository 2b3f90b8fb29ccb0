"""What the sidebar of JupyterLab asks the active notebook's kernel: it has the store, the data and the passwords.

Each function answers a value that IPython gives out as JSON; an error that a person can mend is an answer too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from os.path import realpath
from typing import Any

from IPython import get_ipython

from fsnb.errors import FsnbError, UsageError
from fsnb.notebook.session import STORE, Session
from fsnb.publish import Rehearsal
from fsnb.store import FeatureStore
from fsnb.training import TrainingSet

MOST_INTERVALS = 200


@dataclass(frozen=True)
class Answer:
    """JSON for the one who asked by `user_expressions`."""

    body: dict[str, Any]

    def _repr_json_(self) -> dict[str, Any]:
        return self.body


def answering(work: Callable[..., dict[str, Any]]) -> Callable[..., Answer]:
    """A function whose refusals are answers."""

    @wraps(work)
    def asked(*args: str) -> Answer:
        try:
            return Answer(work(*args))
        except FsnbError as error:
            return Answer({"error": type(error).__name__, "message": str(error)})

    return asked


@answering
def rehearsed(view: str, target: str, catalog: str) -> dict[str, Any]:
    """What publishing a view of the catalog would do, and the cells that do it; nothing is written."""
    name, store = _store(catalog)
    found: Rehearsal = store.publish(view, target, dry_run=True)
    told = ("version", "promoted", "kept", "rows_scanned", "rows_staged")
    call = f"{name}.publish({view!r}, to={target!r}"
    return {key: getattr(found, key) for key in told} | {
        "changes": [{"text": str(change), "breaking": change.breaking} for change in found.changes],
        "users": list(found.users),
        "intervals": [[str(start), str(end)] for start, end in _ends(found.intervals)],
        "due": len(found.intervals),
        "cell": f"publication = {call})\npublication",
        "breaking_cell": f"publication = {call}, breaking=True)\npublication",
    }


@answering
def certified(view: str, target: str, catalog: str) -> dict[str, Any]:
    """The certificate of a view of the catalog on a target, made now; nothing is published."""
    _, store = _store(catalog)
    found = store.certify(view, target)
    doc = found.to_doc()
    columns = [{"name": each.name, "differ": each.mismatches + each.null_mismatches} for each in found.columns]
    return {key: doc[key] for key in ("ok", "rows", "sides", "oracle")} | {
        "fingerprint": found.fingerprint[:12],
        "columns": columns,
    }


@answering
def preview_cell(view: str, feature: str, catalog: str) -> dict[str, Any]:
    """A cell that previews a view: of a training set of the notebook that has it, else of the view's own events."""
    name, store = _store(catalog)
    for variable, train in _session().holding(TrainingSet).items():
        if any(part.view.name == view for part in train.plan.views):
            return {"cell": f"{variable}.preview()"}
    found = store.view(view)
    asked = f"{name}.view({view!r})"
    wanted = f"[{asked}[{feature!r}]]" if feature in found.features else asked
    return {
        "cell": f"spine = {name}.own_events({view!r})  # asked about when they happened\n"
        f"train = {name}.training_set(spine, {wanted})\n"
        "train.preview()"
    }


# ---------------------------------------------------------------------- the notebook


def _store(catalog: str) -> tuple[str, FeatureStore]:
    """The variable and the store of this notebook whose catalog the sidebar shows.

    Raises
    ------
    UsageError
        The notebook has none, or one of another catalog.
    """
    stores = _session().holding(FeatureStore)
    for name, store in sorted(stores.items(), key=lambda pair: pair[0] != STORE):
        if realpath(store.catalog.where) == realpath(catalog):  # one of them may have come over a link
            return name, store
    if stores:
        have = ", ".join(f"{name} ({store.catalog.where})" for name, store in stores.items())
        raise UsageError(
            f"the sidebar shows {catalog}; this notebook has {have}. Open that one, or switch the sidebar."
        )
    raise UsageError(
        "this notebook has no feature store. Open it: the command `Insert fsnb.open() for the Catalog Shown` "
        "of the palette writes the cell."
    )


def _session() -> Session:
    return Session(get_ipython())


def _ends(intervals: tuple[Any, ...]) -> list[Any]:
    """All of them, or of very many the first and the last ones."""
    if len(intervals) <= MOST_INTERVALS:
        return list(intervals)
    return [*intervals[: MOST_INTERVALS // 2], *intervals[-MOST_INTERVALS // 2 :]]
