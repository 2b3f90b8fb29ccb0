"""A source that the target does not have yet: copied there as Arrow, batch by batch, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.csv as pacsv

from fsnb.errors import DefinitionError, NotSupported, PublishError
from fsnb.model import Source
from fsnb.model.data import is_table_name
from fsnb.pit import normalise, read_source
from fsnb.publish import sql
from fsnb.publish.lake import at_last, lake_of
from fsnb.publish.target import Target

BATCH = "fsnb_batch"
Progress = Callable[[int, int, str], None]


def load(
    source: Source,
    target: Target,
    *,
    replace: bool = False,
    local: Any = None,
    batch_rows: int = 100_000,
    progress: Progress | None = None,
) -> int:
    """Copy a source's rows to its table on the target, in one transaction.

    The table gets the source's columns as fsnb reads them: floats and decimals as float64, NaN as NULL, times as naive
    UTC microseconds. Rows travel in batches; the file is never in memory as a whole. On PostgreSQL it gets a block
    range index of the event time, since publishing reads it in stretches of time.

    Parameters
    ----------
    source
        What to copy; its table is `target.table_of(source.name)`.
    target
        Where to. A schema in the table's name is created if missing.
    replace
        Drop the table that is there. Otherwise one is refused.
    local
        The connection that has the source's table, where the source is a table's name.
    batch_rows
        Rows per batch.
    progress
        Called after each batch with rows done, rows in all, and what is loaded.

    Returns
    -------
    int
        Rows loaded.

    Raises
    ------
    PublishError
        There is such a table already, or the target refuses the rows. Nothing was written.
    NotSupported
        The target has no type for a column.
    TargetError
        The target cannot be reached.
    """
    who = f"source {source.name!r}"
    table = _readable(source, local, who)
    total = table.count().to_pyarrow().as_py() if progress else 0
    name = target.table_of(source.name)
    with (
        target.session() as con,
        sql.engine_errors_as(PublishError, f"{who} to target {target.name!r}", "Nothing was written."),
    ):
        there = sql.locate(con, name)
        where = there or sql.home(con, name, avoid=target.schema_on(con))
        _check_types(con, source, who)

        clocks = [source.event_time] if source.event_time else []

        def copy() -> int:
            with sql.transaction(con):
                _create(con, where, source, there is not None, replace, f"{who}: target {target.name!r}")
                batches = table.to_pyarrow_batches(chunk_size=batch_rows)
                done = _write(con, where, _counted(batches, total, source, progress))
                for statement in sql.index_definitions(con, where, (), clocks):
                    sql.run(con, statement)
                sql.analyze(con, where)
                return done

        return at_last(copy)


def _counted(
    batches: Iterable[pa.RecordBatch], total: int, source: Source, progress: Progress | None
) -> Iterator[pa.RecordBatch]:
    """The batches; once one is written, how many rows that were."""
    done = 0
    for batch in batches:
        yield batch
        done += batch.num_rows
        if progress:
            progress(done, total, f"load {source.name}")


def _write(con: Any, where: tuple[str, str], batches: Iterator[pa.RecordBatch]) -> int:
    if lake := lake_of(con):
        return lake.append_batches(where[1], batches)
    done = 0
    for batch in batches:
        WRITERS[con.name](con, where, batch)
        done += batch.num_rows
    return done


def _readable(source: Source, local: Any, who: str) -> ir.Table:
    """The source on a connection that can stream it: its own where it has one, else DuckDB."""
    if isinstance(source.data, ir.Table):
        return normalise(source.data, source.schema, who)
    if is_table_name(source.data):
        if local is None:
            raise DefinitionError(
                f"{who} is the table {source.data!r} of a connection. Say which: load(..., local=con)."
            )
        return read_source(local, source)
    return read_source(ibis.duckdb.connect(), source)


def _check_types(con: Any, source: Source, who: str) -> None:
    sql.stored_schema(con, source.schema, who)
    for name, dtype in source.schema.items():
        if con.name == "postgres" and (dtype.is_nested() or dtype.is_binary() or dtype.is_interval()):
            raise NotSupported(
                f"{who}: {name!r} is {dtype}, which load does not copy to {con.name}. Leave it out or cast it."
            )


def _create(con: Any, where: tuple[str, str], source: Source, there: bool, replace: bool, who: str) -> None:
    sql.check_length(con, [*where, *source.schema.names], who)
    if there and not replace:
        raise PublishError(
            f"{who} has a table {'.'.join(filter(None, where))!r} already. To load it anew: replace=True."
        )
    if lake := lake_of(con):
        lake.create(where[1], source.schema, replace=replace)
        return
    if there:
        sql.run(con, f"DROP TABLE {sql.quoted(con, *where)}")
    sql.run(con, f"CREATE SCHEMA IF NOT EXISTS {sql.quoted(con, where[0])}")
    sql.create_table(con, where, source.schema)


def _into_duckdb(con: Any, where: tuple[str, str], batch: pa.RecordBatch) -> None:
    con.con.register(BATCH, pa.Table.from_batches([batch]))
    columns = sql.names(con, batch.schema.names)
    sql.run(con, f"INSERT INTO {sql.quoted(con, *where)} ({columns}) SELECT {columns} FROM {sql.quoted(con, BATCH)}")
    con.con.unregister(BATCH)


def _into_postgres(con: Any, where: tuple[str, str], batch: pa.RecordBatch) -> None:
    """COPY of CSV written by Arrow: every value quoted and NULL alone empty, so that '' stays apart from NULL."""
    text = pa.BufferOutputStream()
    pacsv.write_csv(batch, text, pacsv.WriteOptions(include_header=False, quoting_style="all_valid"))
    statement = f"COPY {sql.quoted(con, *where)} ({sql.names(con, batch.schema.names)}) FROM STDIN (FORMAT csv)"
    with con.con.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text.getvalue().to_pybytes())


WRITERS: dict[str, Callable[[Any, tuple[str, str], pa.RecordBatch], None]] = {
    "duckdb": _into_duckdb,
    "postgres": _into_postgres,
}
