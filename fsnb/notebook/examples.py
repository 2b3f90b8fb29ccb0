"""The body of `%%feature_test`: tables under `given`, `spine` and `expect`."""

from __future__ import annotations

import re
from typing import Any

from fsnb.errors import UsageError
from fsnb.model import FeatureView

HEAD = re.compile(r"(given|spine|expect(?:ed)?)(?:\s+(\w+))?\s*:?", re.IGNORECASE)


def sections(cell: str, view: FeatureView) -> tuple[dict[str, str], str | None, str]:
    """What is given of each source, the rows that ask where they stand apart, what is expected.

    Raises
    ------
    UsageError
        A table with no heading, a heading twice, or nothing that is expected.
    """
    found = _parted(cell)
    given = {name or view.source.name: text for (kind, name), text in found.items() if kind == "given"}
    expected = found.get(("expect", ""))
    if expected is None:
        raise UsageError("%%feature_test: nothing is expected. Write a line `expect`, and a table under it.")
    return given, found.get(("spine", "")), expected


def _parted(cell: str) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], Any] = {}
    lines: list[str] | None = None
    for line in cell.splitlines():
        head = HEAD.fullmatch(line.strip())
        if head:
            key = (
                head[1].lower().removesuffix("ed") if head[1].lower() == "expected" else head[1].lower(),
                head[2] or "",
            )
            if key in found:
                raise UsageError(f"%%feature_test: `{line.strip()}` stands there twice. One table for each.")
            lines = found[key] = []
        elif lines is not None:
            lines.append(line)
        elif line.strip() and not line.strip().startswith("#"):
            raise UsageError(f"%%feature_test: {line.strip()!r} stands under no heading. Begin with a line `given`.")
    return {key: "\n".join(text) for key, text in found.items()}
