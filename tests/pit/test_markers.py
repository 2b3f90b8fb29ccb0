"""The markers of the engine matrix do what they say: a marked test must fail, on the engines named and no other."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.pit import matrix


class Item:
    """As much of a collected test as the matrix asks for."""

    nodeid = "test_it[spark]"

    def __init__(self, engine: str, *marks: pytest.MarkDecorator) -> None:
        self.callspec = SimpleNamespace(params={"engine": engine})
        self.marks = [decorator.mark for decorator in marks]

    def iter_markers(self, name: str) -> Iterator[pytest.Mark]:
        return (mark for mark in self.marks if mark.name == name)

    def add_marker(self, mark: pytest.MarkDecorator) -> None:
        self.marks.append(mark.mark)


def expected_to_fail(engine: str, mark: Any) -> list[pytest.Mark]:
    item: Any = Item(engine, mark)
    matrix.expect_gaps([item])
    return list(item.iter_markers("xfail"))


@pytest.mark.parametrize("kind", matrix.KINDS)
def test_marked_engine_must_fail_and_others_must_pass(kind: str) -> None:
    mark = getattr(pytest.mark, kind)("spark", "polars", reason="a reason")
    (found,) = expected_to_fail("spark", mark)
    assert found.kwargs == {"strict": True, "reason": f"{kind}: a reason"}
    assert expected_to_fail("duckdb", mark) == []


@pytest.mark.parametrize(
    "mark",
    [
        pytest.mark.never("sparc", reason="misspelt"),
        pytest.mark.never("spark"),
        pytest.mark.never(reason="of no engine"),
    ],
)
def test_marker_without_engine_or_reason_is_refused(mark: Any) -> None:
    with pytest.raises(pytest.UsageError, match=r"test_it\[spark\]: @pytest\.mark\.never takes engines"):
        expected_to_fail("spark", mark)
