"""Ctrl-C: the engine stops, the cell gets KeyboardInterrupt, and the connection answers its next statement."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fsnb.pit.working import _cancelling_on_interrupt

ROOT = Path(__file__).parents[2]
BEGIN = '''
import os, signal, sys, threading, time
import ibis, polars as pl
from fsnb.pit import all_or_nothing, collect, working
from fsnb.publish import sql

def burns(seconds):
    """True once this process has computed so long since now."""
    start = time.process_time()
    return lambda: time.process_time() - start > seconds

def interrupted(work, busy):
    def press():
        while not busy():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=press, daemon=True).start()
    try:
        work()
    except KeyboardInterrupt:
        return
    raise SystemExit("not interrupted")
'''
DUCKDB = (
    BEGIN
    + """
con = ibis.duckdb.connect()
endless = "select x * y % 1000 k, count(*) n from (select a.range x, b.range y from range(9000000) a, range(9000000) b)"
endless = con.sql(endless + " group by 1")

def in_transaction():
    with working(con), sql.transaction(con):
        sql.run(con, "create table half as select 1 a")
        sql.run(con, f"create temporary table rest as {con.compile(endless)}")

def create():
    with working(con), all_or_nothing(con):
        con.create_table("saved", endless)

for work in (lambda: collect(con, endless), in_transaction, create):
    interrupted(work, burns(0.4))
    assert collect(con, con.sql("select 42 a")).to_pylist() == [{"a": 42}]
    assert con.list_tables() == [], con.list_tables()
with sql.transaction(con):
    sql.run(con, "create table whole as select 1 a")
assert con.list_tables() == ["whole"]
"""
)
POLARS = (
    BEGIN
    + """
con = ibis.polars.connect()
frame = pl.DataFrame({"k": pl.int_range(1_500_000, eager=True).shuffle(seed=1)}).lazy()
for number in range(12):
    frame = frame.sort("k").with_columns((pl.col("k").rank() * 7919 % 1000003).alias("k"))
con.create_table("long", frame)
interrupted(lambda: collect(con, con.table("long")), burns(0.5))
con.create_table("small", pl.DataFrame({"a": [42]}))
assert collect(con, con.table("small")).to_pylist() == [{"a": 42}]
"""
)
POSTGRES = (
    BEGIN
    + """
import psycopg
url = os.environ["FSNB_TEST_URL"]
con = ibis.connect(url)
ACTIVE = "select count(*) from pg_stat_activity where state = 'active' and datname = current_database() and pid <> "
other = psycopg.connect(url, autocommit=True)

def active():
    # any statement: Ibis reads through a cursor, whose FETCH does not name what it reads
    return other.execute(ACTIVE + "pg_backend_pid()").fetchone()[0] > 0

# on the processor alone: what fills the disk may take seconds to end
endless = con.sql("select sum(a # b) n from generate_series(1, 100000) a, generate_series(1, 100000) b")

def in_transaction():
    with working(con), sql.transaction(con):
        sql.run(con, "create table half as select 1 a")
        sql.run(con, f"create temporary table rest as {con.compile(endless)}")

for work in (lambda: collect(con, endless), in_transaction):
    interrupted(work, active)
    assert not active()
    assert collect(con, con.sql("select 42 a")).to_pylist() == [{"a": 42}]
    assert con.list_tables() == []
"""
)


def ran(code: str, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code + "\nprint('done', flush=True)\nos._exit(0)"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        timeout=300,
        check=False,
    )
    assert done.stdout == "done\n", done.stdout + done.stderr


def test_duckdb_stops_rolls_back_and_goes_on() -> None:
    ran(DUCKDB)


def test_duckdb_alone_goes_on_with_the_query_while_the_next_statement_waits() -> None:
    """The bug of its Python client that `working` is for; when this fails, `_stop_duckdb` may go."""
    code = (
        DUCKDB.partition("def in_transaction")[0]
        + """
busy = burns(0.4)
try:
    interrupted(lambda: con.con.execute("create table q as " + con.compile(endless)), busy)
except RuntimeError as error:
    assert isinstance(error.__cause__, KeyboardInterrupt), error
again = burns(0.4)
waiting = threading.Thread(target=lambda: con.con.execute("select 42"), daemon=True)
waiting.start()
while not again() and waiting.is_alive():
    time.sleep(0.05)
assert again() or not waiting.is_alive()
"""
    )
    ran(code)


def test_polars_stops_between_parts_of_a_query() -> None:
    ran(POLARS)


@pytest.mark.postgres
def test_spark_is_told_to_cancel_while_its_client_waits_for_it() -> None:
    calls, twice, before = [], threading.Event(), signal.getsignal(signal.SIGINT)

    def cancel() -> None:
        calls.append(threading.current_thread().name)
        if len(calls) > 1:  # again, for what was being planned
            twice.set()

    def waiting_for_its_job() -> None:
        with _cancelling_on_interrupt(cancel):
            try:
                os.kill(os.getpid(), signal.SIGINT)
                twice.wait(60)
            finally:
                assert twice.wait(60)
                raise RuntimeError("the job was cancelled")

    with pytest.raises(KeyboardInterrupt):
        waiting_for_its_job()
    assert set(calls) == {"fsnb-cancel"}
    assert signal.getsignal(signal.SIGINT) is before


def test_postgres_stops_on_the_server_rolls_back_and_goes_on(postgres_db_url: str) -> None:
    ran(POSTGRES, FSNB_TEST_URL=postgres_db_url)
