"""Several processes, threads and forks on one catalog: nothing is lost, nothing is late."""

from __future__ import annotations

import multiprocessing
import os
import time
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import pairwise
from typing import Any

import pytest

from fsnb.catalog import Catalog
from fsnb.catalog.database import open_database
from fsnb.errors import CatalogError, UnknownName

SPAWN = multiprocessing.get_context("spawn")
SECONDS = 120


def open_and_put(place: str, writer: str, many: int, start: Any) -> None:
    start.wait(SECONDS)
    catalog = Catalog(place, created_by=writer)
    for n in range(many):
        catalog.put("view", "shared", {"n": n}, fingerprint=f"{writer}{n}")
        time.sleep(0.002)  # else one may write all of its own while the other waits for the lock


def answer(place: str, pipe: Any) -> None:
    """Say what `shared` is now, as often as one is asked."""
    catalog = Catalog(place)
    while pipe.recv():
        pipe.send([(document.name, document.version) for document in catalog.list()])


def test_two_processes_write_the_same_name_and_no_version_is_lost(place):
    start = SPAWN.Barrier(2)  # both find no catalog yet: each makes it, or waits for the other
    writers = [SPAWN.Process(target=open_and_put, args=(place, name, 100, start), daemon=True) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(SECONDS)
    assert [writer.exitcode for writer in writers] == [0, 0]
    history = Catalog(place).history("view", "shared")
    assert [document.version for document in history] == list(range(200, 0, -1))
    for name in "ab":
        assert [d.body["n"] for d in reversed(history) if d.created_by == name] == list(range(100))
    turns = sum(one.created_by != other.created_by for one, other in pairwise(history))
    assert turns > 1, "one wrote after the other: this run has shown nothing"


WRITERS, VERSIONS, SHARED = 8, 40, 5
FORKED = multiprocessing.get_context("forkserver")  # eight processes, one import
FORKED.set_forkserver_preload(["fsnb.catalog"])


def put_many(place: str, writer: int, start: Any) -> None:
    """Half of the versions to names that all write, with what was last seen; half to names of its own."""
    catalog = Catalog(place, created_by=f"w{writer}")
    start.wait(SECONDS)
    for n in range(VERSIONS):
        name = f"shared{n % SHARED}" if n % 2 else f"own{writer}"
        while True:  # as who is refused does: look again, then put
            try:
                seen = catalog.history("view", name)[0].version if n % 4 == 3 else None
                catalog.put("view", name, {"n": n}, fingerprint=f"{writer}-{n}", expected=seen)
                break
            except UnknownName:
                catalog.put("view", name, {"n": -1}, fingerprint="first")
            except CatalogError as error:
                if "you saw version" not in str(error):
                    raise


def test_eight_processes_write_at_once_and_no_version_is_lost_or_there_twice(place):
    Catalog(place)
    start = FORKED.Barrier(WRITERS)
    writers = [FORKED.Process(target=put_many, args=(place, n, start), daemon=True) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(SECONDS)
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    documents = Catalog(place).since(0)
    mine = [document for document in documents if document.body["n"] >= 0]
    assert {(d.created_by, d.body["n"]) for d in mine} == {
        (f"w{w}", n) for w in range(WRITERS) for n in range(VERSIONS)
    }
    assert len(mine) == WRITERS * VERSIONS
    by_name: dict[str, list[int]] = {}
    for document in documents:
        by_name.setdefault(document.name, []).append(document.version)
    assert all(versions == list(range(1, len(versions) + 1)) for versions in by_name.values())
    assert [document.id for document in documents] == sorted({document.id for document in documents})


def test_a_later_id_is_never_seen_before_an_earlier_one(place):
    """Ids are drawn before a commit: a poller that saw the later one first would never ask for the earlier one."""
    catalog, writer = Catalog(place), open_database(place)
    with ThreadPoolExecutor(1) as thread:
        with writer.connection() as con:
            writer.lock(con)
            con.exec_driver_sql(
                "INSERT INTO fsnb_documents"
                " (key, kind, name, version, fingerprint, created_at, created_by, search_text, body)"
                " VALUES ('k', 'view', 'earlier', 1, 'f', '2024-01-01T00:00:00+00:00', 'me', '', '{}')"
            )
            later = thread.submit(catalog.put, "view", "later", {}, fingerprint="f")
            assert wait([later], timeout=0.5).not_done, "it did not wait for its turn"
            assert catalog.since(0) == ()
        later.result(SECONDS)
    assert [document.name for document in catalog.since(0)] == ["earlier", "later"]


def test_a_reader_in_another_process_sees_a_commit_at_once(place):
    catalog = Catalog(place)
    pipe, theirs = SPAWN.Pipe()
    reader = SPAWN.Process(target=answer, args=(place, theirs), daemon=True)
    reader.start()

    def ask() -> list[tuple[str, int]]:
        pipe.send(True)
        assert pipe.poll(SECONDS)
        return pipe.recv()

    assert ask() == []
    catalog.put("view", "rides", {}, fingerprint="f1")
    assert ask() == [("rides", 1)]
    catalog.put("view", "rides", {}, fingerprint="f2")
    assert ask() == [("rides", 2)]
    pipe.send(False)
    reader.join(SECONDS)
    assert reader.exitcode == 0


def test_of_two_who_expect_the_same_version_one_is_refused(place):
    catalog = Catalog(place)

    def attempt(n: int) -> str:
        try:
            return f"version {catalog.put('view', 'rides', {}, fingerprint=f'f{n}', expected=0).version}"
        except CatalogError:
            return "refused"

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(attempt, range(4))) == ["refused"] * 3 + ["version 1"]


def test_threads_share_a_catalog(catalog):
    with ThreadPoolExecutor(4) as threads:
        versions = threads.map(lambda n: catalog.put("view", "rides", {}, fingerprint=f"f{n}").version, range(40))
        assert sorted(versions) == list(range(1, 41))


def test_threads_that_put_the_same_thing_write_it_once(catalog):
    with ThreadPoolExecutor(4) as threads:
        put = list(threads.map(lambda _: catalog.put("view", "rides", {}, fingerprint="f"), range(12)))
    assert {document.id for document in put} == {catalog.get("view", "rides").id}
    assert len(catalog.since(0)) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_catalog_opened_before_a_fork_serves_parent_and_child(catalog):
    catalog.put("view", "rides", {}, fingerprint="f0")
    child = os.fork()
    if child == 0:  # nothing of pytest's may run in here
        failed = 1
        try:
            for n in range(20):
                catalog.put("view", "rides", {}, fingerprint=f"child{n}")
            failed = 0
        finally:
            os._exit(failed)
    for n in range(20):
        catalog.put("view", "rides", {}, fingerprint=f"parent{n}")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [document.version for document in catalog.history("view", "rides")] == list(range(41, 0, -1))
