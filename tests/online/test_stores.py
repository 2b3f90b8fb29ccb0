"""What every online store must do, whoever pushes what in which order: newer wins, nothing early, whole switches."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsnb.errors import OnlineStoreError
from fsnb.online import Database, Reader, Series, open_online
from fsnb.online.database import Batch, Row

Told = tuple[bytes, int, int, bytes]  # key, event, available, value
NAMES = itertools.count()
ONE_DATABASE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
FAR = 2**62


def series(view: str = "v", version: int = 1, features: tuple[tuple[str, str], ...] = (("x", "text"),)) -> Series:
    keys, nothing = (("k", "text"),), (None,) * len(features)
    return Series(view, version, "f", keys, features, nothing, lag=0, refresh=None, ttl=None, closed="right")


def value_of(event: int, available: int) -> bytes:
    return f"{event} {available}".encode()


def push(
    database: Database, mine: Series, rows: Sequence[Told], now: int, runs: Sequence[str] = (), serve: bool = True
) -> None:
    """As a pusher does: of each key the latest that is available by now, and all that will be later."""
    latest: dict[bytes, Told] = {}
    for row in rows:
        if row[2] <= now and (row[0] not in latest or row[1:3] > latest[row[0]][1:3]):
            latest[row[0]] = row
    with database.push(mine, now) as open_push:
        for part, pending in ((list(latest.values()), False), ([row for row in rows if row[2] > now], True)):
            if part:
                keys, events, availables, values = zip(*part, strict=True)
                open_push.write(Batch(keys, events, availables, values, pending))
        open_push.finish(runs, serve)


def best(rows: Sequence[Row] | None, at: int) -> dict[bytes, tuple[int, int, bytes]]:
    found: dict[bytes, tuple[int, int, bytes]] = {}
    for key, event, available, pending, value in rows or ():
        if not pending or available <= at:
            found[key] = max(found.get(key, (-FAR, 0, b"")), (event, available, value))
    return found


TIMES = st.integers(-3, 6).map(lambda hours: hours * 3_600_000_000 - 1)
KEYS = (b"1", b"", "é".encode())


def told(key: bytes, event: int, available: int) -> Told:
    available = max(event, available)
    return key, event, available, value_of(event, available)


ROWS = st.lists(st.builds(told, st.sampled_from(KEYS), TIMES, TIMES), max_size=6)


@ONE_DATABASE
@given(st.lists(st.tuples(ROWS, TIMES), min_size=1, max_size=5), st.data())
def test_pushed_in_any_order_and_again_it_holds_what_a_reader_should_find(
    database: Database, pushes: list[tuple[list[Told], int]], data: Any
) -> None:
    mine = series(f"v{next(NAMES)}")
    again = data.draw(st.lists(st.sampled_from(pushes), max_size=2))
    for rows, now in [*pushes, *again]:
        push(database, mine, rows, now)
    rows_told = [row for rows, _ in pushes for row in rows]
    last = max(now for _, now in pushes)
    served = database.served(mine.view)
    assert served == mine
    for at in (last, last + 3_600_000_000, FAR):
        want: dict[bytes, tuple[int, int, bytes]] = {}
        for key, event, available, value in rows_told:
            if available <= at:
                want[key] = max(want.get(key, (-FAR, 0, b"")), (event, available, value))
        assert best(database.read(served, [*KEYS, b"nobody"]), at) == want
        assert best([row for some in database.scan(served) for row in some], at) == want
    assert database.synced(served) == last


@pytest.mark.parametrize("count", [1, 499, 1500])
def test_many_keys_in_one_read(database: Database, count: int) -> None:
    rows = [(f"é|{i}".encode(), i, i, value_of(i, i)) for i in range(1500)]
    push(database, series(), rows, FAR)
    served = database.served("v")
    asked = [row[0] for row in rows[:count]]
    assert best(database.read(served, asked), FAR) == {key: (e, a, value) for key, e, a, value in rows[:count]}


def test_newer_wins_for_each_row_of_a_long_push(database: Database) -> None:
    """More rows than a store writes in one go: of three one is older than what is there, one is newer."""
    keys, mine = [f"é|{i}".encode() for i in range(250)], series()
    push(database, mine, [(key, 1, 1, value_of(1, 1)) for key in keys], FAR)
    push(database, mine, [(key, i % 3, i, value_of(i % 3, i)) for i, key in enumerate(keys)], FAR)
    found = best(database.read(mine, keys), FAR)
    for i, key in enumerate(keys):
        event, available = max((1, 1), (i % 3, i))
        assert found[key] == (event, available, value_of(event, available))


def test_long_push_of_rows_that_are_not_available_yet_waits_in_its_own_series(database: Database) -> None:
    keys, other, mine = [f"é|{i}".encode() for i in range(250)], series("other"), series()
    push(database, other, [(key, 1, 1, value_of(1, 1)) for key in keys], 5)
    push(database, mine, [(key, 2, 9, value_of(2, 9)) for key in keys], 5)
    assert best(database.read(mine, keys), 8) == {}
    assert best(database.read(mine, keys), 9) == {key: (2, 9, value_of(2, 9)) for key in keys}
    assert best(database.read(other, keys), FAR) == {key: (1, 1, value_of(1, 1)) for key in keys}


def test_another_version_is_served_once_it_is_finished_and_the_old_one_can_come_back(database: Database) -> None:
    one, two = series(version=1), series(version=2, features=(("x", "text"), ("y", "text")))
    push(database, one, [(b"a", 1, 1, b"one")], 5)
    with database.push(two, 5) as under_way:
        under_way.write(Batch([b"a"], [2], [2], [b"two"], False))
        assert best(database.read(one, [b"a"]), 9) == {b"a": (1, 1, b"one")}
        under_way.finish(["r2"], True)
    assert database.read(one, [b"a"]) is None
    assert database.served("v") == two
    assert best(database.read(two, [b"a"]), 9) == {b"a": (2, 2, b"two")}
    assert database.all_series("v") == (one, two) == database.all_series()
    push(database, one, [], 6)
    assert database.served("v") == one
    assert best(database.read(one, [b"a"]), 9) == {b"a": (1, 1, b"one")}
    database.forget(two)
    assert database.all_series() == (one,)


def test_a_version_that_is_not_promoted_is_kept_and_not_served(database: Database) -> None:
    push(database, series(), [(b"a", 1, 1, b"x")], 5, serve=False)
    assert database.served("v") is None
    assert database.all_series() == (series(),)


def test_an_empty_store_knows_nothing(database: Database) -> None:
    assert database.served("v") is None
    assert database.all_series() == ()
    assert database.pushed(series(), ["r"]) == set()


def test_a_push_that_fails_notes_no_run_and_serves_nothing(database: Database) -> None:
    push(database, series(), [(b"a", 1, 1, b"old")], 5, ["r1"])
    with contextlib.suppress(RuntimeError), database.push(series(), 6) as open_push:
        open_push.write(Batch([b"b"], [2], [2], [b"new"], False))
        raise RuntimeError("the lights went out")
    assert database.pushed(series(), ["r1", "r2"]) == {"r1"}
    push(database, series(), [(b"b", 2, 2, b"new")], 6, ["r2"])
    assert database.pushed(series(), ["r1", "r2"]) == {"r1", "r2"}
    assert best(database.read(database.served("v"), [b"a", b"b"]), 9) == {b"a": (1, 1, b"old"), b"b": (2, 2, b"new")}


def test_several_pushers_at_once_end_where_one_would(store_url: str, tmp_path: Path) -> None:
    """Eight threads, each with an online store of its own, in different orders of the same keys."""
    barrier = threading.Barrier(8)

    def pusher(number: int) -> None:
        mine = open_online(store_url, tmp_path)
        barrier.wait()
        for step in range(3):
            event = (number * 7 + step) % 24
            keys = [f"{i}".encode() for i in range(50)]
            keys = keys[::-1] if number % 2 else keys
            push(
                mine, series(), [(key, event, event, value_of(event, event)) for key in keys], 100, [f"{number} {step}"]
            )
        mine.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(pusher, range(8)))
    found = open_online(store_url, tmp_path)
    last = max((number * 7 + step) % 24 for number in range(8) for step in range(3))
    rows = best([row for some in found.scan(found.served("v")) for row in some], 100)
    assert rows == {f"{i}".encode(): (last, last, value_of(last, last)) for i in range(50)}
    assert len(found.pushed(series(), [f"{n} {s}" for n in range(8) for s in range(3)])) == 24
    found.close()


def test_readers_never_see_half_a_switch(store_url: str, tmp_path: Path) -> None:
    """A version's features are its number: while versions change, no answer mixes them or misses the entity."""
    writer = open_online(store_url, tmp_path)
    versions = [series(version=n, features=(("x", "integer"), ("y", "integer"))) for n in (1, 2)]

    def serve(mine: Series) -> None:
        push(writer, mine, [(b"a", 1, 1, _packed(mine))], 5)

    serve(versions[0])
    done, answers = threading.Event(), []

    def read() -> None:
        mine = open_online(store_url, tmp_path)
        reader = Reader(lambda view: mine, "v")
        while not done.is_set():
            answers.append(reader({"k": "a"}))
        mine.close()

    with ThreadPoolExecutor(2) as pool:
        reading = [pool.submit(read) for _ in range(2)]
        for turn in range(40):
            serve(versions[turn % 2])
        done.set()
        for each in reading:
            each.result()
    assert len(answers) > 40
    for answer in answers:
        version = answer.views[0].version
        assert (answer.status, answer[0]) == (("present",), {"x": version, "y": version})
    writer.close()


def _packed(mine: Series) -> bytes:
    return mine.value_packing.pack([pa.array([mine.version]), pa.array([mine.version])])[0]


def test_rows_that_were_lost_are_missed_not_taken_for_missing_entities(database: Database) -> None:
    push(database, series(), [(b"a", 1, 1, b"\x00\x01\x00\x00\x00x")], 5)
    reader = Reader(lambda view: database, "v")
    assert reader({"k": "a"}).status == ("present",)
    database.forget(series())
    with pytest.raises((OnlineStoreError, LookupError), match="sync_online"):
        reader({"k": "a"})
