"""Publishes and pushes a view of many entities, in a process that can be killed; a run's values are its number."""

from __future__ import annotations

from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import ibis

from fsnb.online import Outbox, Series, open_online, sync

ENTITIES = 5_000
START, NOW = datetime(2024, 1, 1), datetime(2025, 1, 1)
FEATURES = tuple((f"f{i}", "integer") for i in range(5))


def series(version: int) -> Series:
    nothing = (None,) * len(FEATURES)
    return Series("v", version, "f", (("k", "integer"),), FEATURES, nothing, 0, None, None, "right")


def publish(target: Path, run: int) -> None:
    """Write what a run of publishing writes."""
    con = ibis.duckdb.connect(target)
    if run == 1:
        columns = ", ".join(f"{name} BIGINT" for name, _ in FEATURES)
        columns = f"(k BIGINT, event_time TIMESTAMP, available_time TIMESTAMP, {columns}, fsnb_run_id VARCHAR)"
        con.raw_sql(f"CREATE TABLE v__v1_history {columns}")
        con.raw_sql("CREATE TABLE v__v1_current AS FROM v__v1_history LIMIT 0")
        con.raw_sql("CREATE VIEW v AS SELECT * FROM v__v1_current")
        con.raw_sql("CREATE TABLE fsnb_runs (run_id VARCHAR, view_name VARCHAR, version INTEGER, started TIMESTAMP)")
    when = f"TIMESTAMP '{START + timedelta(hours=run)}'"
    values = ", ".join([str(run)] * len(FEATURES))
    con.raw_sql("BEGIN")
    con.raw_sql(f"INSERT INTO v__v1_history SELECT range, {when}, {when}, {values}, 'run {run}' FROM range({ENTITIES})")
    con.raw_sql("DELETE FROM v__v1_current")
    con.raw_sql(f"INSERT INTO v__v1_current FROM v__v1_history WHERE fsnb_run_id = 'run {run}'")
    con.raw_sql(f"INSERT INTO fsnb_runs VALUES ('run {run}', 'v', 1, {when})")
    con.raw_sql("COMMIT")
    con.disconnect()


def push(target: Path, url: str, home: Path, connected: Connection) -> None:
    """Push what is due; tells `connected` when it begins."""
    con = ibis.duckdb.connect(target)
    database = open_online(url, home)
    database.all_series()
    connected.send("begin")
    sync(Outbox(con, "main", "v"), database, series, now=NOW)
