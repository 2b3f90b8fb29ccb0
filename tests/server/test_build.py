"""The sidebar's build is of its sources, and an installation brings it along."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path

from tools.labextension_stamp import EXTENSION, stamp

ROOT = Path(__file__).parents[2]
BUILT = EXTENSION / "built"


def test_build_is_of_the_sources() -> None:
    assert (BUILT / "sources.sha256").read_text().strip() == stamp(), "the sidebar has changed: make labextension"


def test_stamp_sees_every_source(tmp_path: Path) -> None:
    kept = shutil.ignore_patterns("node_modules", "built", "lib")
    copy = shutil.copytree(EXTENSION, tmp_path / "copy", ignore=kept)
    before = stamp(copy)
    assert before == stamp()
    for name in ("src/index.ts", "src/panel.tsx", "style/index.css", "yarn.lock", "package.json"):
        (copy / name).write_text((copy / name).read_text() + "\n")
        assert stamp(copy) != before
        before = stamp(copy)


def test_what_is_installed_is_there_and_loads_from_nowhere() -> None:
    shared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert all((ROOT / source).exists() for source in shared["shared-data"])
    entry = json.loads((BUILT / "package.json").read_text())["jupyterlab"]["_build"]["load"]
    assert (BUILT / entry).is_file()
    texts = [path.read_text() for path in BUILT.rglob("*") if path.is_file()]
    urls = {url for text in texts for url in re.findall(r"https?://[\w./-]+", text)}
    assert urls <= {"http://www.w3.org/2000/svg", "https://events.jupyter.org/fsnb/catalog_changed/v1"}


def test_lock_names_no_registry() -> None:
    assert not re.search(r"https?://", (EXTENSION / "yarn.lock").read_text())
