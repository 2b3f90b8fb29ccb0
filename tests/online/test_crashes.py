"""A pusher that is killed, at any point, leaves a store that the next push completes; readers never see harm."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import time
from pathlib import Path

import ibis
import pytest

from fsnb.online import Database, Outbox, Reader, check, open_online, sync
from tests.online import pusher

KILLS = int(os.environ.get("FSNB_KILLS", "3"))
processes = multiprocessing.get_context("forkserver")  # which has imported once what each pusher needs
processes.set_forkserver_preload(["tests.online.pusher"])


@pytest.mark.slow
def test_killed_pushers_leave_what_the_next_one_completes(store_url: str, tmp_path: Path) -> None:
    target, database = tmp_path / "prod.duckdb", open_online(store_url, tmp_path)
    draw = random.Random(store_url.partition(":")[0])
    pusher.publish(target, 1)
    began = time.monotonic()
    sync_all(target, database)
    killed, seconds = 0, time.monotonic() - began
    for run in itertools.count(2):
        if killed == KILLS:
            break
        pusher.publish(target, run)
        begun, connected = processes.Pipe(duplex=False)
        process = processes.Process(target=pusher.push, args=(target, store_url, tmp_path, connected))
        process.start()
        begun.recv()
        before = time.monotonic()
        process.join(draw.uniform(0, seconds))
        if process.is_alive():
            process.kill()
            process.join()
            killed += 1
        else:
            assert process.exitcode == 0
            seconds = time.monotonic() - before
        assert_only_whole_rows(database, run)
        sync_all(target, database)


def sync_all(target: Path, database: Database) -> None:
    """Push once more: then everything agrees."""
    con = ibis.duckdb.connect(target)
    box = Outbox(con, "main", "v")
    sync(box, database, pusher.series, now=pusher.NOW)
    told = check(box, database, pusher.series(1), now=pusher.NOW)
    con.disconnect()
    assert told.ok, str(told)


def assert_only_whole_rows(database: Database, run: int) -> None:
    """Each entity has all of one run's values; on the stores with transactions all entities have those of one run."""
    answer = Reader(lambda view: database, "v")(list(range(0, pusher.ENTITIES, 97)), at=pusher.NOW)
    assert set(answer.status) == {"present"}
    seen = {tuple(row.values()) for row in answer}
    assert all(len(set(row)) == 1 and row[0] in (run - 1, run) for row in seen)
    if not database.where.startswith("redis"):
        assert len(seen) == 1
