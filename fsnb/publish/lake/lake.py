"""Lake: the tables of a folder on an engine's connection, and the transaction that publishes into them.

The publisher works on names of the connection as on a database's. Behind each of a view's tables stands a log: it is
resolved once when the view is attached, and again when a transaction begins. What a transaction writes is files that
nobody reads, rows of the books, and at its end one commit to the log of the one version that it was about.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from fsnb.errors import NotSupported, PublishError
from fsnb.publish import sql
from fsnb.publish.lake import Moved, books
from fsnb.publish.lake.engines import Engine
from fsnb.publish.lake.files import Log, Snapshot, holds_data, new_run, written
from fsnb.publish.lake.versions import OF_VERSION, current_rows, history_of, version_of
from fsnb.publish.prepared import Texts

STORED = (
    *("boolean", "signed_integer", "floating", "decimal", "string", "binary", "date", "timestamp"),
    *("array", "struct", "map"),
)
_CURRENT = Texts()  # a lake is shown anew for each session and transaction


@dataclass(slots=True)
class Table:
    """A table that is attached: its log, what that said, and what a transaction adds.

    `keys` and `latest` are of a version's history: its entity's keys, and the columns of its current rows.
    """

    log: Log
    base: Snapshot | None
    schema: pa.Schema
    keys: tuple[str, ...] = ()
    latest: tuple[str, ...] = ()
    files: list[str] = field(default_factory=list)
    replace: bool = False

    @property
    def number(self) -> int | None:
        """Of the log's entry that it stands on."""
        return None if self.base is None else self.base.number

    @property
    def changed(self) -> bool:
        return self.base is None or self.replace or bool(self.files)

    def paths(self) -> list[str]:
        """Absolute paths of the data files that are read besides the log's dataset."""
        before = () if self.base is None or self.replace or self.base.dataset is not None else self.base.files
        return [str(self.log.folder / each) for each in (*before, *self.files)]


class Lake:
    """A folder of tables, and the engine that computes over them.

    Parameters
    ----------
    root
        The folder.
    engine
        Of the connection.
    log
        The log of the table in a folder.
    """

    def __init__(self, root: Path, engine: Engine, log: Callable[[Path], Log]) -> None:
        self.root, self.engine, self._log = root, engine, log
        self.books, self.schema = engine.books, engine.schema
        self._tables: dict[str, Table] = {}
        self._views: set[str] = set()
        self._paths: dict[str, Path] = {}
        self._shown: set[str] = set()
        self._sources: set[str] = set()
        books.prepare(self.books)

    # ------------------------------------------------------------------ what is there

    def relations(self) -> set[str]:
        """Names of the tables that the lake has, of the ledger's, and of the stable names that are attached."""
        folders = self.root.iterdir() if self.root.is_dir() else ()
        there = {each.name for each in folders if each.is_dir() and self._log(each).exists()}
        current = {name.removesuffix("_history") + "_current" for name in there if OF_VERSION.fullmatch(name)}
        return there | current | self._shown | (set(books.KEPT) if current else set())

    def views(self) -> list[str]:
        """Names of the feature views that are published."""
        found = map(OF_VERSION.fullmatch, self.relations())
        return sorted({each["view"] for each in found if each})

    def open(self, views: Iterable[str]) -> None:
        """Show views to be read, with the ledger."""
        for view in views:
            self.attach(view)
        if self._views:
            self.engine.show_books(books.KEPT)

    def promoted(self, view: str) -> int | None:
        """The version that readers of a view are led to."""
        self.attach(view)
        return dict(books.promoted(self.books)).get(view)

    def attach(self, view: str) -> None:
        """Show every version of a view as it is now, and its ledger; once, until a transaction begins or ends."""
        if view in self._views:
            return
        self._views.add(view)
        for folder in self._folders(view):
            if base := self._log(folder).read():
                keys, latest = (tuple(base.doc[name]) for name in ("keys", "latest"))
                self._tables[folder.name] = Table(self._log(folder), base, base.schema, keys, latest)
                books.load(self.books, base.doc["ledger"])
                self._show(folder.name)
                self._show_current(folder.name, books.until(self.books, *version_of(folder.name)))
        for name, number in books.promoted(self.books):
            if name == view:
                self.lead(name, number)

    def _folders(self, view: str) -> list[Path]:
        """Where the histories of a view's versions are."""
        found = sorted(self.root.glob(f"{view}__v*_history"))
        return [each for each in found if OF_VERSION.fullmatch(each.name) and version_of(each.name)[0] == view]

    def schema_of(self, name: str) -> ibis.Schema:
        """The columns of an attached table, or of its current rows."""
        table = self._tables[history_of(name)]
        found = ibis.Schema.from_pyarrow(table.schema)
        return found if name in self._tables else ibis.schema({each: found[each] for each in table.latest})

    def locate(self, name: str) -> str | None:
        """Show a source's table under the name that is answered; None where there is nothing of that name or path."""
        path = self.root / Path(name).expanduser()
        shown = self._named(name, path)
        if not path.is_file() and (base := self._log(path).read()):
            source = Table(self._log(path), base, base.schema)
            self.engine.show(shown, base.schema, source.paths(), base.dataset)
            self._sources.add(shown)
            return shown
        if holds_data(path):
            self.engine.show_path(shown, str(path))
        elif not self.engine.finds(name):
            return None
        elif shown == name:
            return name
        else:
            self.engine.show_query(shown, f"SELECT * FROM {sql.quoted(self.engine.con, *name.split('.'))}")
        self._sources.add(shown)
        return shown

    def home(self, name: str) -> str:
        """The name under which a table that is not there yet will be shown."""
        return self._named(name, self.root / Path(name).expanduser())

    def _named(self, name: str, path: Path) -> str:
        """A name for a path: what stands in SQL has no room for slashes."""
        plain = re.sub(r"\W", "_", name)
        shown = plain if plain == name else f"{plain}_{hashlib.sha256(name.encode()).hexdigest()[:6]}"
        self._paths[shown] = path
        return shown

    # ------------------------------------------------------------------ a transaction

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing: one commit at the end, on what was there at the beginning.

        What it leaves stays shown, as it was committed.

        Raises
        ------
        Moved
            Another publisher has committed meanwhile.
        """
        if self._logs() != {name: table.number for name, table in self._tables.items()}:
            self.forget()
        try:
            yield
            self._commit()
        except BaseException:
            self.forget()
            raise

    def _logs(self) -> dict[str, int | None]:
        """The last entry of each log of the views that are attached, as of now."""
        return {folder.name: self._log(folder).last() for view in self._views for folder in self._folders(view)}

    def create(self, name: str, schema: ibis.Schema, *, key: tuple[str, ...] = (), replace: bool = False) -> None:
        """A table with these columns; a version's current rows are a query over its history."""
        if name.endswith("_current") and history_of(name) in self._tables:
            table = self._tables[history_of(name)]
            table.keys, table.latest = key, tuple(schema.names)
            self._show_current(name, None)
            return
        log = self._log(self._paths.get(name, self.root / name))
        base = log.read()
        if base is not None and not replace:
            raise Moved(name)
        if base is None and (log.folder.is_file() or any(log.folder.glob("*.parquet"))):
            raise PublishError(f"{log.folder} has files that fsnb did not write. Move them away, or name another table")
        self._tables[name] = Table(log, base, schema.to_pyarrow(), replace=replace)
        self._show(name)

    def stored(self, schema: ibis.Schema, who: str) -> ibis.Schema:
        """The types that these columns have once they are in a table.

        Raises
        ------
        NotSupported
            The tables have no such type.
        """
        for name, dtype in schema.items():
            if not any(getattr(dtype, f"is_{each}")() for each in STORED):
                raise NotSupported(f"{who}: {name!r} is {dtype}, which a lake's tables have no type for. Cast it.")
        return ibis.schema({name: dtype.copy(nullable=True) for name, dtype in schema.items()})

    def append(self, name: str, query: str) -> int:
        """Write a query's rows, which has the table's columns, into new files of a table; how many."""
        table, rows = self._tables[name], self.engine.con.sql(query)
        columns = ibis.Schema.from_pyarrow(table.schema)
        run = new_run(table.log.folder)
        self.engine.write(self.engine.con.compile(rows.select(*columns.names).cast(columns)), run)
        return self._added(name, run)

    def append_batches(self, name: str, batches: Iterator[pa.RecordBatch]) -> int:
        """Write Arrow rows into a new file of a table; how many."""
        table = self._tables[name]
        run = new_run(table.log.folder)
        run.mkdir(parents=True)
        with pq.ParquetWriter(run / "part-0.parquet", table.schema, compression="zstd") as file:
            for batch in batches:
                file.write_table(pa.Table.from_batches([batch]).cast(table.schema))
        return self._added(name, run)

    def _added(self, name: str, run: Path) -> int:
        table = self._tables[name]
        files, rows = written(run, table.log.folder)
        table.files += files
        self._show(name)
        return rows

    def bring_up(self, name: str, now: datetime) -> None:
        """Let current rows be those of a moment, or of a later one as of which they were already."""
        before = books.until(self.books, *version_of(history_of(name)))
        self._show_current(name, now if before is None else max(before, now))

    def lead(self, view: str, number: int) -> None:
        """Show a version's tables under the view's stable names."""
        for stable, table in ((view, "current"), (f"{view}_history", "history")):
            named = sql.quoted(self.engine.con, f"{view}__v{number}_{table}")
            self.engine.show_query(stable, f"SELECT * FROM {named}")
            self._shown.add(stable)

    def _commit(self) -> None:
        due = [(table, doc) for name, table in self._tables.items() if (doc := self._due(name, table)) is not None]
        if len(due) > 1:
            raise RuntimeError(f"a transaction is about one table, not {len(due)}: no commit is of several")
        for table, doc in due:
            table.log.commit(table.base, table.schema, table.files, doc, replace=table.replace)
            with suppress(OSError):  # what was written is there; a sweep can wait
                table.log.sweep()

    def _due(self, name: str, table: Table) -> Mapping[str, Any] | None:
        """The document to commit with a table; None where nothing about it has changed."""
        found = OF_VERSION.fullmatch(name)
        ledger = found if found and found["view"] in self._views else None
        doc = self._doc(table, ledger["view"], int(ledger["number"])) if ledger else {}
        same = table.base is not None and (ledger is None or doc == table.base.doc)
        return None if same and not table.changed else doc

    def _doc(self, table: Table, view: str, number: int) -> Mapping[str, Any]:
        ledger = books.dump(self.books, view, number)
        return {"keys": list(table.keys), "latest": list(table.latest), "ledger": ledger}

    # ------------------------------------------------------------------ showing

    def _show(self, name: str) -> None:
        table = self._tables[name]
        dataset = None if table.base is None or table.replace else table.base.dataset
        self.engine.show(name, table.schema, table.paths(), dataset)
        self._shown.add(name)

    def _show_current(self, name: str, until: datetime | None) -> None:
        history = history_of(name)
        table, current = self._tables[history], history.removesuffix("_history") + "_current"
        con, columns = self.engine.con, ibis.Schema.from_pyarrow(table.schema)

        def rows(until: Any) -> ir.Table:
            told = ibis.table(columns, name=history, database=self.schema or None)
            return current_rows(told, table.keys, table.latest, until)

        what = (con.name, history, columns, table.keys, table.latest)
        self.engine.show_query(current, _CURRENT.text(con, what, rows, until))
        self._shown.add(current)

    def forget(self) -> None:
        """Take away what was shown of views; sources stay as they were when they were looked at first."""
        self.engine.forget(self._shown)
        books.clear(self.books)
        self._tables, self._views, self._shown = {}, set(), set()

    def disconnect(self) -> None:
        """Take away what was shown, and end the engine's connection where it is not someone's own."""
        self.forget()
        self.engine.forget(self._sources)
        self.engine.disconnect()
