"""What the benchmark of online stores publishes: a key and ten features of many entities, in a DuckDB file."""

from __future__ import annotations

COLUMNS = tuple(f"f{i}" for i in range(10))
INTEGERS = COLUMNS[8:]


def publish(con: object, rows: int, run: int) -> None:
    """What a run of publishing writes to a DuckDB connection: of each entity a row, an hour after the run before."""
    typed = ", ".join(f"{name} {'BIGINT' if name in INTEGERS else 'DOUBLE'}" for name in COLUMNS)
    when = f"TIMESTAMP '2025-01-01' + INTERVAL {run} HOUR"
    drawn = ", ".join("(random() * 99)::BIGINT" if name in INTEGERS else "random()" for name in COLUMNS)
    table = f"(k BIGINT, event_time TIMESTAMP, available_time TIMESTAMP, {typed}, fsnb_run_id VARCHAR)"
    for statement in (
        f"CREATE TABLE IF NOT EXISTS v__v1_history {table}",
        f"CREATE OR REPLACE TABLE v__v1_current {table}",
        "CREATE OR REPLACE VIEW v AS SELECT * FROM v__v1_current",
        "CREATE TABLE IF NOT EXISTS fsnb_runs (run_id VARCHAR, view_name VARCHAR, version INTEGER, started TIMESTAMP)",
        f"INSERT INTO v__v1_current SELECT range, {when}, {when}, {drawn}, 'run {run}' FROM range({rows})",
        "INSERT INTO v__v1_history FROM v__v1_current",
        f"INSERT INTO fsnb_runs VALUES ('run {run}', 'v', 1, {when})",
    ):
        con.execute(statement)  # type: ignore[attr-defined]
