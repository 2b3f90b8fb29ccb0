"""Diff: what changed between two definitions of the catalog, or between one of them and one at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fsnb import shells
from fsnb.catalog.rows import Document
from fsnb.errors import CatalogError
from fsnb.model import Change, FeatureView, Source, changes, source_changes

if TYPE_CHECKING:
    import polars as pl

Definition = FeatureView | Source
KINDS = ("view", "source")


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed, breaking changes first; `str()` says it, and it is false where nothing changed.

    Attributes
    ----------
    old, new
        What was compared: `plane_delays v1`.
    changes
        See `fsnb.model.Change`.
    """

    old: str
    new: str
    changes: tuple[Change, ...]

    @property
    def breaking(self) -> tuple[Change, ...]:
        """Those by which a reader could see another value or type, or miss a column."""
        return tuple(change for change in self.changes if change.breaking)

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def verdict(self) -> str:
        """One line: nothing changed, all compatible, or how many are breaking."""
        if not self.changes:
            return "nothing changed"
        many = f"{len(self.changes)} change{'s' if len(self.changes) > 1 else ''}"
        return f"{many}, {len(self.breaking)} breaking" if self.breaking else f"{many}, compatible"

    def __str__(self) -> str:
        return "\n".join([f"{self.old} -> {self.new}: {self.verdict}", *(f"  {change}" for change in self.changes)])

    def to_polars(self) -> pl.DataFrame:
        """A row for each change: kind, what, old, new, breaking."""
        import polars as pl

        columns = {"kind": pl.String, "what": pl.String, "old": pl.String, "new": pl.String, "breaking": pl.Boolean}
        return pl.DataFrame([change.to_doc() for change in self.changes], schema=columns, orient="row")

    def _repr_html_(self) -> str:
        return shells.html(self)


def diff(old: Definition | Document, new: Definition | Document) -> Diff:
    """What changed from one definition to another, both of a view or both of a source.

    Raises
    ------
    CatalogError
        One is neither a view nor a source, or they are not of one kind.
    """
    before, after = _loaded(old), _loaded(new)
    if isinstance(before, FeatureView) and isinstance(after, FeatureView):
        return Diff(_called(old), _called(new), changes(before, after))
    if isinstance(before, Source) and isinstance(after, Source):
        return Diff(_called(old), _called(new), source_changes(before, after))
    raise CatalogError(f"{_called(old)} and {_called(new)}: one is a view, the other a source. Compare two of a kind.")


def _loaded(value: Definition | Document) -> Definition:
    """The definition of a document as it was stored, on its own source; executes no code."""
    if not isinstance(value, Document):
        return value
    if value.kind not in KINDS:
        raise CatalogError(f"{value.kind} {value.name!r} has no diff. These have one: {', '.join(KINDS)}.")
    return FeatureView.from_doc(value.body) if value.kind == "view" else Source.from_doc(value.body)


def _called(value: Definition | Document) -> str:
    return f"{value.name} v{value.version}" if isinstance(value, Document) else f"{value.name} (here)"
