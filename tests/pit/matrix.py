"""The engine matrix: which engines the tests run on, and what a test may say of one that does not pass.

    @pytest.mark.notimpl("spark", reason="...")    we have not built it
    @pytest.mark.notyet("spark", reason="...")     Ibis or the engine may get it
    @pytest.mark.never("spark", reason="...")      the engine cannot

Each makes the test a strict expected failure on those engines: whoever mends it breaks the build, and takes the marker
away. `@pytest.mark.capability("as-of", ...)` names what a test shows; docs/engines.md is written from all of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import ibis
import pytest

KINDS = ("notimpl", "notyet", "never")
# as the tests' fixture names them; `plain SQL` is DuckDB with the strategies of engines that have no ASOF join
ENGINES = ("duckdb", "duckdb, plain SQL", "polars", "postgres", "spark", "datafusion")
EMBEDDED: dict[str, Callable[[], Any]] = {
    "duckdb": ibis.duckdb.connect,
    "duckdb, plain SQL": ibis.duckdb.connect,
    "polars": ibis.polars.connect,
    "datafusion": lambda: ibis.datafusion.connect(),  # imported when first asked for
}
SERVERS = ("postgres", "spark")  # each also the name of a marker
SLOW = {"spark": 10, "datafusion": 2}  # engine -> how many times fewer generated examples it is given


@dataclass(frozen=True, slots=True)
class Gap:
    """What an engine does not do, and why."""

    kind: str
    reason: str


def params() -> list[Any]:
    """The engines as parameters of a fixture."""
    return [pytest.param(name, marks=getattr(pytest.mark, name)) if name in SERVERS else name for name in ENGINES]


def engine_of(item: pytest.Item) -> str | None:
    """The engine that a collected test runs on; None for one that is not of the matrix."""
    callspec = getattr(item, "callspec", None)
    found = callspec.params.get("engine") if callspec else None
    return found if found in ENGINES else None


def gap(item: pytest.Item) -> Gap | None:
    """What the markers of a test say of its engine."""
    engine = engine_of(item)
    for kind in KINDS:
        for mark in item.iter_markers(kind):
            _check(item, mark)
            if engine in mark.args:
                return Gap(kind, mark.kwargs["reason"])
    return None


def _check(item: pytest.Item, mark: pytest.Mark) -> None:
    unknown = [name for name in mark.args if name not in ENGINES]
    if unknown or not mark.args or set(mark.kwargs) != {"reason"}:
        raise pytest.UsageError(
            f"{item.nodeid}: @pytest.mark.{mark.name} takes engines of {', '.join(ENGINES)}, and reason=; "
            f"got {mark.args} and {mark.kwargs}."
        )


def capabilities(item: pytest.Item) -> list[str]:
    """What a test shows its engine to do."""
    return [name for mark in item.iter_markers("capability") for name in mark.args]


def expect_gaps(items: Iterable[pytest.Item]) -> None:
    """Turn marked tests into strict expected failures."""
    for item in items:
        found = gap(item)
        if found:
            item.add_marker(pytest.mark.xfail(strict=True, reason=f"{found.kind}: {found.reason}"))
