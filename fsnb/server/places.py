"""Which catalogs the server reads: those below its root, and those that its configuration names.

A client names a catalog by an id and never by a URL: a path relative to the root, or `@name` of the configuration. So
nothing that a page asks for leads out of the root, makes the server connect somewhere, or holds a password. Opening is
reading: a file that is no catalog of this release's schema is refused before anything could create or upgrade one.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from fsnb.catalog import Catalog
from fsnb.catalog.database import MIGRATIONS
from fsnb.errors import CatalogError, UnknownName, UsageError
from fsnb.urls import Unset, with_variables

FILE, FOLDER = "catalog.sqlite", ".fsnb"
DEEP, MOST_FOLDERS = 5, 5000  # how far below the root is looked for catalogs
SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "mlruns", "mlartifacts"})
SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Place:
    """A catalog by its id: `where` says which, with no password; `folder` is the store's, relative to the root."""

    id: str
    where: str
    folder: str = ""


@dataclass
class Places:
    """The catalogs below a folder and those that are named; each is opened once.

    Parameters
    ----------
    root
        What the server shows of the disk.
    named
        `{name: path or URL}`; `${VARIABLE}` in a URL is read from the server's environment.
    """

    root: Path
    named: Mapping[str, str] = field(default_factory=dict)
    _opened: dict[tuple[str, int], Catalog] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.root = self.root.resolve()

    def known(self) -> list[Place]:
        """Those of the configuration, then those below the root, the nearest first."""
        configured = [Place(f"@{name}", f"{name} (named by the server)") for name in self.named]
        found = sorted(_below(self.root), key=lambda path: (len(path.parts), path))
        return [*configured, *(self._place(path) for path in found)]

    def find(self, given: str) -> Place:
        """The place of an id, or of what a person types: a catalog's file, or a folder with a store.

        Raises
        ------
        UnknownName
            No such name, or no catalog there.
        UsageError
            The path leads out of the root.
        CatalogError
            What is there is no catalog, or one of another release.
        """
        if given.startswith("@"):
            if given[1:] not in self.named:
                raise UnknownName.among("the server", "catalog", given, [f"@{name}" for name in self.named])
            return Place(given, f"{given[1:]} (named by the server)")
        return self._place(self._file(given))

    def open(self, id: str) -> Catalog:
        """The catalog of an id; raises as `find` does."""
        place = self.find(id)
        if id.startswith("@"):
            return self._named_one(id)
        path = self.root / place.id
        key = (str(path), path.stat().st_ino)  # a file that was made anew is another catalog
        if key not in self._opened:
            _check(path)
            self._opened[key] = Catalog(path)
        return self._opened[key]

    def _named_one(self, id: str) -> Catalog:
        given = self.named[id[1:]]
        if "://" not in given:
            _check(Path(given).expanduser())
        if (id, 0) not in self._opened:
            try:
                self._opened[id, 0] = Catalog(with_variables(given) if "://" in given else Path(given).expanduser())
            except Unset as missing:
                raise CatalogError(
                    f"catalog {id}: its URL needs the environment variable {missing}, which is not set. "
                    "Set it where Jupyter starts."
                ) from None
        return self._opened[id, 0]

    def _place(self, path: Path) -> Place:
        inner = path.relative_to(self.root)
        return Place(inner.as_posix(), inner.as_posix(), inner.parent.as_posix())

    def _file(self, given: str) -> Path:
        """The catalog that a path means, links followed, inside of the root."""
        if not given.strip() or "\0" in given:
            raise UsageError("a catalog has a path, such as notebooks/.fsnb. This one has none.")
        asked = self.root / given
        for path in (asked / FOLDER / FILE, asked / FILE, asked):
            try:
                real, there = path.resolve(), path.is_file()
            except OSError:  # a name too long, a loop of links
                continue
            if not real.is_relative_to(self.root):
                raise UsageError(
                    f"{given!r} is outside of the folder that this server shows. Name a path inside of it, or have "
                    "the server's configuration name the catalog: c.FsnbServer.catalogs = {'team': '/path'}."
                )
            if there:
                return real
        raise UnknownName(
            f"there is no catalog at {given!r}. Name a store's folder, such as notebooks/.fsnb; "
            "fsnb.open() in a notebook makes one."
        )


def _below(root: Path) -> Iterator[Path]:
    """Every store's catalog below a folder; links are not followed."""
    for seen, (folder, inner, files) in enumerate(os.walk(root)):
        here = Path(folder)
        if here.name == FOLDER and FILE in files and not (here / FILE).is_symlink():
            yield here / FILE
        deep = len(here.relative_to(root).parts) >= DEEP or seen > MOST_FOLDERS
        inner[:] = [] if deep else [name for name in inner if _looked_into(name)]


def _looked_into(name: str) -> bool:
    return name == FOLDER or not (name.startswith(".") or name in SKIPPED)


def _check(path: Path) -> None:
    """Refuse what is not a catalog of this release; nothing is written."""
    try:
        with path.open("rb") as file:
            is_sqlite = file.read(len(SQLITE)) == SQLITE
    except OSError as error:
        raise CatalogError(f"catalog {path.name}: it cannot be read ({error.strerror}).") from None
    version = _schema_version(path) if is_sqlite else None
    if version is None:
        raise CatalogError(f"{path.name} is not a feature catalog. Name a store's folder, such as notebooks/.fsnb.")
    if version < len(MIGRATIONS):
        raise CatalogError(
            f"catalog {path.name}: it is of an earlier fsnb, and the sidebar writes nothing. "
            "Open it once in a notebook: fsnb.open() brings it up to date."
        )


def _schema_version(path: Path) -> int | None:
    con = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
    try:
        (version,) = con.execute("SELECT max(version) FROM fsnb_schema_version").fetchone()
    except sqlite3.Error:
        return None
    finally:
        con.close()
    return int(version or 0)
