"""Which engines have which aggregate: ENGINES. What an engine has not is refused before anything runs."""

from __future__ import annotations

from collections.abc import Mapping

from fsnb.errors import NotSupported, listed
from fsnb.pit.planning import ViewPlan

ENGINES: Mapping[str, tuple[str, ...]] = {"approx_nunique": ("duckdb", "polars")}
"""Functions that not every engine has, with the engines on which they are tested; all others run everywhere."""

INSTEAD = {"approx_nunique": "nunique, which is exact and runs everywhere"}


def refuse_unsupported(part: ViewPlan, engine: str) -> None:
    """Check a view's primitives against an engine.

    Raises
    ------
    NotSupported
        The engine is not known to have one of them; the message names the engines that do.
    """
    for primitive in part.primitives:
        known = ENGINES.get(primitive.function)
        if known is not None and engine not in known:
            raise NotSupported(
                f"feature view {part.view.name!r}: {engine} is not known to have {primitive.function}. "
                f"Engines that have it: {listed(known)}. Use one of them, or {INSTEAD[primitive.function]}."
            )
