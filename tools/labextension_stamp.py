"""Print a hash of the sidebar's sources: what the build is stamped with, for a build elsewhere has other bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

EXTENSION = Path(__file__).parents[1] / "extensions" / "fsnb-lab"
SOURCES = ("src/**/*.ts", "src/**/*.tsx", "style/**/*.css", "package.json", "tsconfig.json", "yarn.lock")


def stamp(extension: Path = EXTENSION) -> str:
    """SHA-256 over the names and texts of the sources, whatever the line ends."""
    found = sorted(path for pattern in SOURCES for path in extension.glob(pattern))
    whole = hashlib.sha256()
    for path in found:
        text = path.read_text(encoding="utf-8")
        whole.update(f"{path.relative_to(extension).as_posix()}\0{text}\0".encode())
    return whole.hexdigest()


if __name__ == "__main__":
    print(stamp())
