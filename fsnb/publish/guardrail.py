"""What stands between a new definition and the readers of the old one: what a target can run, what would change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import ibis

from fsnb.catalog import Catalog
from fsnb.errors import BreakingChange, FsnbError, NotSupported, listed
from fsnb.identity import tables_of
from fsnb.model import FeatureView
from fsnb.model.changes import Change, changes
from fsnb.pit import lower
from fsnb.publish.ledger import Version
from fsnb.publish.prepared import Kept
from fsnb.publish.sample import asking_plan

TRAINING_SET = "training_set"
_PORTABLE: Kept[bool] = Kept(256)
COMPILING = (ibis.common.exceptions.TranslationError, ibis.common.exceptions.UnsupportedOperationError)


def check_portable(view: FeatureView, con: Any, who: str) -> None:
    """Refuse an expression that the target's SQL has no words for, before anything is read.

    Raises
    ------
    NotSupported
        The message names the operation.
    """
    try:
        _PORTABLE.get((view.name, view.fingerprint, con.name), lambda: _compiled(view, con))
    except COMPILING as error:
        said = " ".join(str(error).split()).rstrip(".")
        named = re.search(r"[`'](\w+)[`']", said)
        operation = f"the operation {named[1]}" if named else "an operation of it"
        raise NotSupported(
            f"{who}: {con.name} cannot run {operation}: {said}. Write the expression without it. Nothing was written."
        ) from error


def _compiled(view: FeatureView, con: Any) -> bool:
    asked = asking_plan(view)
    tables = {table.name: table.to_expr() for table in tables_of(view.relation)}
    return bool(con.compile(lower(asked, con, tables, asked.spine.data)))


def compared(view: FeatureView, promoted: Version | None) -> tuple[Change, ...]:
    """What would change for those who read the promoted version; nothing where there is none.

    A definition that this fsnb cannot read any more counts as another meaning.
    """
    if promoted is None or promoted.fingerprint == view.fingerprint:
        return ()
    try:
        old = FeatureView.from_doc(promoted.definition)
    except (FsnbError, LookupError):
        return (Change("meaning", view.name, promoted.fingerprint[:12], view.fingerprint[:12], True),)
    return changes(old, view)


def need_compatible(
    view: FeatureView, promoted: Version | None, found: Sequence[Change], catalog: Catalog | None, where: str
) -> None:
    """Refuse a change that readers of the promoted version would notice, and say who reads it.

    Raises
    ------
    BreakingChange
        With each breaking change in words, and the training sets and models that use the view.
    """
    breaking = [change for change in found if change.breaking]
    if promoted is None or not breaking:
        return
    used = list(users(view.name, catalog)) if catalog else []
    who_reads = f"The catalog knows these users: {listed(used)}." if used else "The catalog knows no user of it."
    raise BreakingChange(
        f"feature view {view.name!r} is v{promoted.number} on {where}; readers of it would notice:\n"
        + "".join(f"  {change}\n" for change in breaking)
        + f"{who_reads} To lead readers to the new version: breaking=True. "
        "To write it beside the old one first: promote=False. Nothing was written."
    )


def users(view: str, catalog: Catalog) -> Iterator[str]:
    """Training sets and models that use a view, the latest first."""
    documents = [each for each in catalog.since(0) if each.kind == TRAINING_SET]
    for document in reversed(documents):
        body = document.body
        if view in body.get("views", {}):
            yield f"training set {document.name!r} (run {body['run_id']})"
            if body.get("model_uri"):
                yield f"model {body['model_uri']}"
