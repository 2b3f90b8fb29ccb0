"""While an engine computes for us: how far it is can be asked, and Ctrl-C ends what it does, not only our waiting.

What each engine does by itself (`docs/progress.md` has the table, the tests hold it):

- DuckDB's Python client raises on Ctrl-C, as KeyboardInterrupt or as RuntimeError, while its query goes on: the next
  statement on the connection, a ROLLBACK too, waits until that ends, for hours if need be. `interrupt()` ends it.
- psycopg cancels the statement on the server, waits for that, and raises KeyboardInterrupt. Where Ctrl-C meets it
  between two looks at the socket it forgets to wait: the connection then refuses every statement, a ROLLBACK too.
- Spark's own handler of SIGINT cancels jobs, but a kernel puts another in its place; then `toArrow` waits until its
  job has ended, minutes if need be, before it lets KeyboardInterrupt out.
- Polars looks for Ctrl-C between parts of a query and raises; a part that is under way (a sort, a join) ends first.
"""

from __future__ import annotations

import signal
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

import duckdb

from fsnb.progress import Meter, metered

SECONDS_TO_CANCEL = 5.0
SECONDS_BETWEEN_CANCELS = 0.5


@contextmanager
def working(con: Any) -> Iterator[None]:
    """Around anything that an engine may take long for.

    On Ctrl-C what the engine does is ended and KeyboardInterrupt raised; the connection can be used afterwards. An
    open transaction is left to whoever opened it.
    """
    with metered(meter(con)), MARKS.get(con.name, _unmarked)(con) as mark:
        try:
            yield
        except BaseException as error:
            wrapped = isinstance(error.__cause__, KeyboardInterrupt)
            if isinstance(error, Exception) and not wrapped:
                raise
            stop(con, mark)
            if wrapped:
                raise KeyboardInterrupt from None
            raise


def stop(con: Any, mark: Any = None) -> None:
    """End what a connection does, if anything; its next statement does not wait for it."""
    if con.name in STOPS:
        STOPS[con.name](con, mark)


@contextmanager
def all_or_nothing(con: Any) -> Iterator[None]:
    """Around a table that Ibis writes: on DuckDB it makes an empty one first, which an error or Ctrl-C would leave."""
    if con.name != "duckdb":
        yield
        return
    con.raw_sql("BEGIN TRANSACTION")
    try:
        yield
        con.raw_sql("COMMIT")
    except BaseException:
        stop(con)  # ROLLBACK would wait for a query that goes on
        with suppress(duckdb.Error):  # an error may have ended it already
            con.raw_sql("ROLLBACK")
        raise


def meter(con: Any) -> Meter | None:
    """How far a connection's present query is, where the engine says so."""
    of = METERS.get(con.name)
    return None if of is None else lambda: of(con)


# ---------------------------------------------------------------------- DuckDB


def _duckdb_share(con: Any) -> float | None:
    try:
        percent = con.con.query_progress()
    except duckdb.Error:  # closed meanwhile
        return None
    return None if percent < 0 else percent / 100


def _stop_duckdb(con: Any, mark: Any) -> None:
    con.con.interrupt()


# ---------------------------------------------------------------------- PostgreSQL


@contextmanager
def _transaction_before(con: Any) -> Iterator[bool]:
    """Whether somebody had opened a transaction, who will end it."""
    from psycopg.pq import TransactionStatus

    yield con.con.info.transaction_status != TransactionStatus.IDLE


def _stop_postgres(con: Any, opened_before: bool | None) -> None:
    from psycopg.pq import ExecStatus, TransactionStatus

    copying, wire = (ExecStatus.COPY_OUT, ExecStatus.COPY_IN, ExecStatus.COPY_BOTH), con.con.pgconn
    if con.con.closed:
        return
    if con.con.info.transaction_status == TransactionStatus.ACTIVE:
        con.con.cancel_safe(timeout=SECONDS_TO_CANCEL)
        while result := wire.get_result():
            if result.status in copying:  # libpq would say so for ever
                con.con.close()
                return
    if opened_before is False and con.con.info.transaction_status != TransactionStatus.IDLE:
        wire.exec_(b"ROLLBACK")  # the one who opened it could not


# ---------------------------------------------------------------------- Spark


@contextmanager
def _tagged(con: Any) -> Iterator[str]:
    """The jobs of this block bear a tag of their own: other work of the session is left alone.

    A tag of the context and not of the session, which knows its own tags in the one thread that set them.
    """
    from py4j.protocol import Py4JError

    tag, context = f"fsnb-{uuid.uuid4().hex}", con._session.sparkContext
    context.addJobTag(tag)
    try:
        with _cancelling_on_interrupt(lambda: context.cancelJobsWithTag(tag)):
            yield tag
    finally:
        with suppress(ConnectionError, Py4JError):  # where Java has ended, and the tag with it
            context.removeJobTag(tag)


@contextmanager
def _cancelling_on_interrupt(cancel: Callable[[], Any]) -> Iterator[None]:
    """Ctrl-C cancels at once, from a thread of its own: this one waits for the JVM.

    Again and again until the block is left: what was being planned when Ctrl-C came starts its jobs afterwards. That a
    job was cancelled is then no error of its own.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before in (None, signal.SIG_IGN):
        yield
        return
    pressed, over = threading.Event(), threading.Event()

    def keep_cancelling() -> None:
        while not over.is_set():
            cancel()
            over.wait(SECONDS_BETWEEN_CANCELS)

    def interrupted(*_: Any) -> None:
        pressed.set()
        threading.Thread(target=keep_cancelling, name="fsnb-cancel", daemon=True).start()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    except Exception:
        if pressed.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        over.set()
        signal.signal(signal.SIGINT, before)


def _stop_spark(con: Any, mark: Any) -> None:
    context = con._session.sparkContext
    context.cancelJobsWithTag(mark) if mark else context.cancelAllJobs()


def _spark_share(con: Any) -> float | None:
    """Of the tasks of the stages that run now."""
    tracker = con._session.sparkContext.statusTracker()
    stages = [found for number in tracker.getActiveStageIds() if (found := tracker.getStageInfo(number))]
    tasks = sum(stage.numTasks for stage in stages)
    return sum(stage.numCompletedTasks for stage in stages) / tasks if tasks else None


def _unmarked(con: Any) -> AbstractContextManager[Any]:
    return nullcontext()


STOPS: Mapping[str, Callable[[Any, Any], None]] = {
    "duckdb": _stop_duckdb,
    "postgres": _stop_postgres,
    "pyspark": _stop_spark,
}
METERS: Mapping[str, Callable[[Any], float | None]] = {"duckdb": _duckdb_share, "pyspark": _spark_share}
MARKS: Mapping[str, Callable[[Any], AbstractContextManager[Any]]] = {
    "postgres": _transaction_before,
    "pyspark": _tagged,
}
