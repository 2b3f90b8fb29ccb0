"""Online stores beside what one writes by hand, and beside Feast: `python -m tests.benchmarks.online`.

Prints medians and ratios; asserts no time. Reads are of one entity with ten features, drawn at random, by turns: some
of ours, some by hand. A push is the whole of it: read the published rows from a DuckDB file, write them, newer wins.
Feast runs in the environment that `make bench-peers` makes, on the same rows, right after.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis

import fsnb
from fsnb.online import Outbox, Series, open_online, sync
from fsnb.online.connecting import connect
from tests.benchmarks.online_data import COLUMNS, INTEGERS, publish
from tests.benchmarks.online_plain import PLAIN
from tests.benchmarks.process import QUIET, ROOT
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer

NOW = datetime(2025, 6, 1)
FEAST = ROOT / ".venv-bench" / "feast" / "bin" / "python"
TURNS = 10


def series(version: int) -> Series:
    kinds = tuple((name, "integer" if name in INTEGERS else "float") for name in COLUMNS)
    return Series("v", version, "f", (("k", "integer"),), kinds, (None,) * 10, 0, None, None, "right")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--reads", type=int, default=20_000)
    parser.add_argument("--feast-rows", type=int, default=20_000, help="Feast takes a minute for 100,000")
    parser.add_argument("--stores", nargs="*", default=list(PLAIN))
    asked = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fsnb_bench_")))
        urls = {"sqlite": f"sqlite://{folder / 'online.sqlite'}"}
        if "postgresql" in asked.stores:
            urls["postgresql"] = stack.enter_context(PostgresServer()).url
        if "redis" in asked.stores:
            urls["redis"] = stack.enter_context(RedisServer()).url
        for name in asked.stores:
            push_and_read(name, urls[name], folder / name, asked)
        for name in set(asked.stores) - {"postgresql"}:
            beside_feast(name, urls[name], asked)


def push_and_read(name: str, url: str, folder: Path, asked: argparse.Namespace) -> None:
    folder.mkdir()
    _warm(folder)
    con = ibis.duckdb.connect(folder / "prod.duckdb")
    plain, database = PLAIN[name](folder, url), open_online(url, folder)
    for run, what in ((1, "first push"), (2, "all rows anew")):
        publish(con.con, asked.rows, run)
        by_hand = _seconds(lambda: plain.push(con.con))
        ours = _seconds(lambda: sync(Outbox(con, "main", "v"), database, series, now=NOW))
        told = f"ours {ours:6.2f} s, by hand {by_hand:6.2f} s, {ours / by_hand:.2f} x"
        print(f"{name:10} {what:14} {asked.rows:>9,} rows: {told}", flush=True)
    con.disconnect()
    store = fsnb.open(folder / "store")
    get = lambda k: store.get_features("v", {"k": k}, online=url)  # noqa: E731
    assert tuple(get(7)[0].values()) == tuple(plain.read(7))
    mine, theirs = by_turns([get, plain.read], asked.rows, asked.reads)
    print(f"{name:10} read, ours      {_shown(mine)}")
    print(f"{name:10} read, by hand   {_shown(theirs)}  ratio of p50 {_p(mine, 50) / _p(theirs, 50):.2f}")
    if name == "sqlite":
        many = [[{"k": k} for k in random.Random(1).sample(range(asked.rows), 100)] for _ in range(50)]
        taken = [_seconds(lambda keys=keys: store.get_features("v", keys, online=url)) for keys in many]  # type: ignore[misc]
        print(f"{name:10} read, 100 entities at once: p50 {statistics.median(taken) * 1e6:.0f} us")


def _warm(folder: Path) -> None:
    """Import what a first push imports, so that no push is timed with it."""
    con = ibis.duckdb.connect()
    publish(con.con, 10, 1)
    sync(Outbox(con, "main", "v"), open_online(f"sqlite://{folder / 'warm.sqlite'}", folder), series, now=NOW)
    con.disconnect()


def beside_feast(name: str, url: str, asked: argparse.Namespace) -> None:
    if not FEAST.exists():
        print(f"{name:10} Feast: no environment at {FEAST.relative_to(ROOT)}; make bench-peers makes it")
        return
    kind: dict[str, Any] = {"type": name}
    if name == "redis":
        place = connect(url).get_connection_kwargs()
        kind["connection_string"] = f"{place['host']}:{place['port']},db=1,password={place['password']}"
    given = json.dumps({"store": kind, "rows": asked.feast_rows, "reads": 3000})
    command = [str(FEAST), "-m", "tests.benchmarks.peers.with_feast_online", given]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=QUIET | {"PYTHONPATH": str(ROOT)})
    if done.returncode:
        print(f"{name:10} Feast failed: {done.stderr.strip().splitlines()[-1]}")
        return
    theirs = json.loads(done.stdout.strip().splitlines()[-1])
    store = fsnb.open(Path(tempfile.mkdtemp(prefix="fsnb_bench_")))
    (mine,) = by_turns([lambda k: store.get_features("v", {"k": k}, online=url)], asked.feast_rows, 3000)
    told = f"ours {_p(mine, 50):.1f} us, {_p(theirs, 50) / _p(mine, 50):.1f} x faster"
    print(f"{name:10} read, Feast     {_shown(theirs)}  {told}", flush=True)


def by_turns(sides: Sequence[Callable[[int], Any]], rows: int, reads: int) -> list[list[int]]:
    """Nanoseconds of each read of each side; the first turn is not counted."""
    draw, taken = random.Random(0), [[] for _ in sides]
    for turn in range(TURNS + 1):
        for side, found in zip(sides, taken, strict=True):
            for _ in range(reads // TURNS):
                k = draw.randrange(rows)
                began = time.perf_counter_ns()
                side(k)
                if turn:
                    found.append(time.perf_counter_ns() - began)
    return taken


def _seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _p(taken: Sequence[int], percent: int) -> float:
    """A percentile in microseconds."""
    return sorted(taken)[len(taken) * percent // 100] / 1000


def _shown(taken: Sequence[int]) -> str:
    return f"p50 {_p(taken, 50):7.1f} us  p99 {_p(taken, 99):7.1f} us"


if __name__ == "__main__":
    main()
