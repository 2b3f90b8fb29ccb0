"""The files of views, on disk: what they should be, what differs, and writing them.

A view has a folder of its own with a manifest of what was written there. So some views can be built and others left,
and a file that nobody would write any more is known as ours and taken away; any other file stays.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ibis

from fsnb.deploy.dbt import package
from fsnb.deploy.schedules import schedules
from fsnb.deploy.sheet import Sheet
from fsnb.errors import FsnbError, listed
from fsnb.model import show_duration

MANIFEST = "manifest.json"
FORMAT = 1
MOST_SHOWN = 20
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not as the definitions say.

    Attributes
    ----------
    file
        Its path below the folder of the build.
    what
        "missing"; "changed", whether the definition was or the file; "left over": of a view or a file that is no more.
    """

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.file} is {self.what}"


@dataclass(frozen=True, slots=True)
class Built:
    """The outcome of a build.

    Attributes
    ----------
    folder
        Where the files are.
    views
        Names of the views.
    files
        How many files these views have.
    differences
        What was not as the definitions say: put right where the build wrote, still so where it only checked.
    wrote
        Whether it wrote.
    """

    folder: str
    views: tuple[str, ...]
    files: int
    differences: tuple[Difference, ...]
    wrote: bool

    @property
    def ok(self) -> bool:
        """Whether the folder holds now what the definitions say."""
        return self.wrote or not self.differences

    def __str__(self) -> str:
        head = f"{self.folder}: {self.files} files of {listed(self.views)}"
        if not self.differences:
            return f"{head}, all as the definitions say."
        told = [each for each in self.differences if not (self.wrote and each.what == MISSING)]
        new = len(self.differences) - len(told)
        said = [f"{new:,} new"] if new else []
        said += [f"{len(told):,} {'put right' if self.wrote else 'NOT as the definitions say'}"] if told else []
        be = "was" if self.wrote else "is"
        shown = [f"  {each.file} {be} {each.what}" for each in told[:MOST_SHOWN]]
        more = [f"  and {len(told) - len(shown):,} more"] if len(told) > len(shown) else []
        return "\n".join([f"{head}; {', '.join(said)}.", *shown, *more])

    def to_doc(self) -> dict[str, Any]:
        """The outcome as JSON."""
        return asdict(self) | {"views": list(self.views), "differences": [asdict(each) for each in self.differences]}


def write(sheets: Sequence[Sheet], folder: str | os.PathLike[str], *, whole: bool, check: bool = False) -> Built:
    """Write the files of some views, or only say what differs.

    Two builds of one set of definitions are equal byte for byte: nothing depends on the time, the machine or the data.

    Parameters
    ----------
    sheets
        The views.
    folder
        Where; each view has a folder of its name in it.
    whole
        These are all views there are: folders that a build wrote for others are left over.
    check
        Write nothing.

    Raises
    ------
    FsnbError
        The folder cannot be read or written.
    """
    root = Path(folder)
    try:
        wanted = {sheet.name: files(sheet) for sheet in sheets}
        found = [difference for name in wanted for difference in _differences(root, name, wanted[name])]
        gone = [name for name in _built(root) if name not in wanted] if whole else []
        found += [difference for name in gone for difference in _differences(root, name, {})]
        if not check:
            _put_right(root, wanted, found)
    except OSError as error:
        raise FsnbError(f"build in {str(root)!r}: {error.strerror} ({error.filename}). Name another folder.") from error
    return Built(str(folder), tuple(wanted), sum(map(len, wanted.values())), tuple(found), not check)


def files(sheet: Sheet) -> dict[str, str]:
    """The files of a view by name, the manifest last."""
    found = {"definition.json": _json(_definition(sheet)), **sheet.statements}
    if sheet.view.checks:
        found["checks/definition.json"] = _json([check.to_doc() for check in sheet.view.checks])
    if sheet.published:
        found |= schedules(sheet) | package(sheet)
    return {**dict(sorted(found.items())), MANIFEST: _json(manifest(sheet, found))}


def _definition(sheet: Sheet) -> dict[str, Any]:
    """The view's document. Where its source lies is a matter of the machine, and so no part of it."""
    doc = sheet.view.to_doc()
    return doc | {"source": doc["source"] | {"location": None}}


def manifest(sheet: Sheet, written: Mapping[str, str]) -> dict[str, Any]:
    """What was built from what: fingerprints, versions, and the digest of each file."""
    view = sheet.view
    return {
        "format": FORMAT,
        "made_with": {"fsnb": version("fsnb"), "ibis": ibis.__version__},
        "view": view.name,
        "fingerprint": view.fingerprint,
        "version": sheet.version,
        "source": {"name": view.source.name, "fingerprint": view.source.fingerprint, "reads": list(view.sources)},
        "target": {"name": sheet.target, "schema": sheet.schema, "secrets": list(sheet.secrets)},
        "cadence": {"every": show_duration(sheet.cadence), "cron": sheet.cron, "looks_back": sheet.back},
        "refused": dict(sheet.refused),
        "files": {name: _digest(text) for name, text in sorted(written.items())},
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


# ---------------------------------------------------------------------- on disk


def _differences(root: Path, view: str, wanted: Mapping[str, str]) -> list[Difference]:
    found = []
    for name, text in wanted.items():
        have = _read(root / view / name)
        if have != text.encode():
            found.append(Difference(f"{view}/{name}", MISSING if have is None else "changed"))
    return found + [Difference(f"{view}/{name}", "left over") for name in _ours(root, view) if name not in wanted]


def _built(root: Path) -> list[str]:
    """Folders in which a build has written."""
    return sorted(path.parent.name for path in root.glob(f"*/{MANIFEST}") if _ours(root, path.parent.name))


def _ours(root: Path, view: str) -> list[str]:
    """The files that a build has written for a view and that are still there, by the manifest that it left."""
    text = _read(root / view / MANIFEST)
    try:
        doc = json.loads(text or b"{}")
        names = [*doc["files"], MANIFEST] if doc["view"] == view and "made_with" in doc else []
    except (ValueError, KeyError, TypeError):
        return []
    home = (root / view).resolve()
    return [name for name in names if (path := root / view / name).is_file() and path.resolve().is_relative_to(home)]


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _put_right(root: Path, wanted: Mapping[str, Mapping[str, str]], found: Sequence[Difference]) -> None:
    """Each file in one step, a view's manifest after its other files: what it says is there, is there."""
    for difference in sorted(found, key=lambda each: (each.what != "left over", each.file.endswith(MANIFEST))):
        view, _, name = difference.file.partition("/")
        path = root / difference.file
        if difference.what == "left over":
            _remove(path, root)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.fsnb")
        beside.write_bytes(wanted[view][name].encode())
        if path.suffix == ".sh":
            beside.chmod(0o755)
        os.replace(beside, path)


def _remove(path: Path, root: Path) -> None:
    """A file of ours, and the folders that are empty without it."""
    path.unlink()
    for folder in path.parents:
        if folder == root or any(folder.iterdir()):
            return
        folder.rmdir()
