"""Which version readers are led to: promotion of a staged version, and the way back; one transaction on the target."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from fsnb import shells
from fsnb.catalog import Catalog
from fsnb.errors import PublishError, UnknownName
from fsnb.identity import fingerprint
from fsnb.model import FeatureView, moments
from fsnb.publish import ledger, sql
from fsnb.publish.guardrail import compared, need_compatible
from fsnb.publish.lake import Moved
from fsnb.publish.ledger import Known
from fsnb.publish.live import point_live
from fsnb.publish.pointing import point_views
from fsnb.publish.runs import Names
from fsnb.publish.target import Target

KIND = "promotion"


@dataclass(frozen=True, slots=True)
class Promotion:
    """Readers of a view were led from one version to another. `before` is None for the first one."""

    view: str
    target: str
    version: int
    before: int | None
    fingerprint: str
    promoted: datetime

    def __str__(self) -> str:
        from_ = "" if self.before is None else f", it was v{self.before}"
        return f"{self.view} on {self.target} is v{self.version}{from_}."

    def to_doc(self) -> dict[str, Any]:
        """The promotion as JSON; `from_doc` reads it back."""
        upstream = [{"kind": "publication", "name": self.view, "detail": f"v{self.version} on {self.target}"}]
        return asdict(self) | {"promoted": self.promoted.isoformat(), "upstream": upstream}

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Promotion:
        known = {name: doc[name] for name in cls.__dataclass_fields__}
        return cls(**known | {"promoted": datetime.fromisoformat(doc["promoted"])})

    def _repr_html_(self) -> str:
        return shells.html(self)


def promote(
    view: str,
    target: Target,
    version: int,
    *,
    catalog: Catalog | None = None,
    breaking: bool = False,
) -> Promotion:
    """Lead the stable views to a version that is published already.

    Raises
    ------
    UnknownName
        The target has no such version.
    BreakingChange
        Readers of the present one would notice; `breaking=True` allows it.
    PublishError
        Not all of the version is written yet, or the target refuses it. Nothing was changed.
    """
    with target.session() as con, sql.engine_errors_as(PublishError, _who(view, target), "Nothing was changed."):
        schema = target.schema_on(con)
        there = ledger.known(con, schema, view)
        found = there.version(version)
        if found is None:
            versions = [str(each.number) for each in there.versions]
            raise UnknownName.among(f"{view!r} on target {target.name!r}", "version", str(version), versions)
        if not breaking and there.promoted is not None:
            definition = FeatureView.from_doc(found.definition)
            promoted = there.version(there.promoted)
            need_compatible(definition, promoted, compared(definition, promoted), catalog, repr(target.name))
        return _lead(view, target, con, version, there, catalog)


def rollback(view: str, target: Target, version: int | None = None, *, catalog: Catalog | None = None) -> Promotion:
    """Lead the stable views back: to a version, or to the one that was promoted before the present one.

    Nothing is deleted: the history of the version that readers leave stays, and can be promoted again.

    Raises
    ------
    PublishError
        No other version was ever promoted.
    """
    with target.session() as con, sql.engine_errors_as(PublishError, _who(view, target), "Nothing was changed."):
        schema = target.schema_on(con)
        there = ledger.known(con, schema, view)
        past = ledger.promotions(con, schema, view) if there.versions else []
        before = next((each for each in past if each != there.promoted), None) if version is None else version
        if before is None or there.version(before) is None or before not in past:
            shown = ", ".join(f"v{each}" for each in sorted(set(past) - {there.promoted})) or "none"
            raise PublishError(
                f"{_who(view, target)}: there is no version to go back to"
                f"{f' that is v{version}' if version else ''}. Promoted before were: {shown}. "
                "To lead readers to one that never was: promote."
            )
        return _lead(view, target, con, before, there, catalog)


def _who(view: str, target: Target) -> str:
    return f"feature view {view!r}: target {target.name!r}"


@contextmanager
def _unmoved(view: str, target: Target) -> Iterator[None]:
    try:
        yield
    except Moved:
        raise PublishError(f"{_who(view, target)}: its versions have changed meanwhile. Look again.") from None


def _lead(view: str, target: Target, con: Any, version: int, there: Known, catalog: Catalog | None) -> Promotion:
    found, schema, now = there.version(version), target.schema_on(con), moments.utc_now()
    assert found is not None
    with _unmoved(view, target), sql.transaction(con):
        sql.lock(con, f"fsnb view {schema}.{view}")
        if ledger.known(con, schema, view) != there:
            raise PublishError(f"{_who(view, target)}: its versions have changed meanwhile. Look again.")
        names = Names(schema, view, version)
        if there.promoted != version:
            (point_live if found.mode == "view" else point_views)(con, names)
            ledger.promote(con, schema, view, version, uuid.uuid4().hex, now)
    promotion = Promotion(view, target.name, version, there.promoted, found.fingerprint, now)
    if catalog is not None and there.promoted != version:
        catalog.put(KIND, view, promotion.to_doc(), fingerprint=fingerprint({"promotion": uuid.uuid4().hex}))
    return promotion
