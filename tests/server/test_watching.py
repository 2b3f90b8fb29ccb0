"""Changes of a catalog: seen whoever made them, and told to every page that listens."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tornado.httpclient import HTTPRequest
from tornado.ioloop import IOLoop
from tornado.websocket import websocket_connect

from fsnb.catalog import Catalog
from fsnb.errors import UnknownName
from fsnb.server.places import Places
from fsnb.server.watching import MOST_WATCHED, PAUSE, Lookout, Watch
from tests.server.conftest import Answer
from tests.support.lab import JupyterServer

ID = "books/.fsnb/catalog.sqlite"
PUT = "import sys; from fsnb.catalog import Catalog; Catalog(sys.argv[1]).put('view', sys.argv[2], {}, fingerprint='1')"


def watched(root: Path) -> tuple[Watch, Catalog]:
    catalog = Catalog(root / ".fsnb" / "catalog.sqlite")
    watch = Watch(Places(root).open)
    watch.add(".fsnb/catalog.sqlite", catalog.revision)
    return watch, catalog


def test_a_revision_grows_with_every_document(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    assert catalog.revision == 0
    put = catalog.put("view", "a", {}, fingerprint="1")
    assert catalog.revision == put.id > 0
    catalog.put("view", "a", {}, fingerprint="1")
    assert catalog.revision == put.id


def test_what_was_put_is_told_once(tmp_path: Path) -> None:
    watch, catalog = watched(tmp_path)
    assert watch.news() == []
    catalog.put("view", "rides", {}, fingerprint="1")
    (event,) = watch.news()
    assert event["documents"] == [{"kind": "view", "name": "rides", "version": 1}]
    assert watch.news() == []


def test_asking_again_loses_nothing_that_was_not_told(tmp_path: Path) -> None:
    watch, catalog = watched(tmp_path)
    catalog.put("view", "rides", {}, fingerprint="1")
    watch.add(".fsnb/catalog.sqlite", catalog.revision)
    assert len(watch.news()) == 1


def test_a_catalog_that_is_gone_is_told_and_left_and_not_made_anew(tmp_path: Path) -> None:
    watch, _ = watched(tmp_path)
    for file in (tmp_path / ".fsnb").iterdir():
        file.unlink()
    assert [event["revision"] for event in watch.news()] == [0]
    assert watch.news() == []
    assert not list((tmp_path / ".fsnb").iterdir())


def test_a_catalog_that_was_made_anew_is_another(tmp_path: Path) -> None:
    places, path = Places(tmp_path), tmp_path / ".fsnb" / "catalog.sqlite"
    Catalog(path).put("view", "old", {}, fingerprint="1")
    assert [each.name for each in places.open(".fsnb").search("old")] == ["old"]
    path.rename(tmp_path / "kept")  # its inode stays in use
    for file in path.parent.iterdir():
        file.unlink()
    Catalog(path).put("view", "new", {}, fingerprint="1")
    assert [each.name for each in places.open(".fsnb").search("")] == ["new"]


def test_not_more_are_watched_than_a_person_looks_at(tmp_path: Path) -> None:
    def opened(id: str) -> Catalog:
        raise UnknownName(id)

    watch = Watch(opened)
    for number in range(3 * MOST_WATCHED):
        watch.add(str(number), 0)
    assert len(watch.news()) == MOST_WATCHED


def test_named_catalogs_may_lie_anywhere_and_their_urls_are_not_shown(tmp_path: Path) -> None:
    Catalog(tmp_path / "team.sqlite").put("view", "rides", {}, fingerprint="1")
    (tmp_path / "root").mkdir()
    url = "postgresql://ops:${FSNB_NOT_SET}@127.0.0.1:1/db"
    places = Places(tmp_path / "root", {"team": str(tmp_path / "team.sqlite"), "far": url})
    assert places.open("@team").get("view", "rides")
    assert [(each.id, each.where) for each in places.known()] == [
        ("@team", "team (named by the server)"),
        ("@far", "far (named by the server)"),
    ]
    with pytest.raises(UnknownName, match="Did you mean '@team'"):
        places.open("@teams")
    with pytest.raises(Exception, match="FSNB_NOT_SET, which is not set") as raised:
        places.open("@far")
    assert "ops:" not in str(raised.value)


def test_a_new_catalog_is_told_once_it_can_be_read(tmp_path: Path) -> None:
    places, now = Places(tmp_path), [0.0]
    lookout = Lookout(lambda: [place.id for place in places.known()], places.open, lambda: now[0])
    assert lookout.news() == []  # nobody has asked
    lookout.begin([])
    file = tmp_path / "books" / ".fsnb" / "catalog.sqlite"
    file.parent.mkdir(parents=True)
    file.touch()
    assert lookout.news() == []
    file.unlink()
    Catalog(file).put("view", "fares", {}, fingerprint="1")
    assert lookout.news() == []  # it has just looked
    now[0] += PAUSE
    assert lookout.news() == [{"catalog": "books/.fsnb/catalog.sqlite", "revision": 1, "documents": []}]
    now[0] += PAUSE
    assert lookout.news() == []
    lookout.begin([])  # a second page
    now[0] += PAUSE
    assert lookout.news() == []


def test_a_long_look_is_not_taken_often(tmp_path: Path) -> None:
    now, looks = [0.0], []

    def known() -> list[str]:
        looks.append(now[0])
        now[0] += 3.0
        return []

    lookout = Lookout(known, Places(tmp_path).open, lambda: now[0])
    lookout.begin([])
    for _ in range(200):
        lookout.news()
        now[0] += 1.0
    assert len(looks) == 4


def test_an_event_tells_of_a_document_that_another_process_put(
    server: JupyterServer, get: Callable[..., Answer]
) -> None:
    assert get("overview", catalog=ID)[0] == 200

    async def heard() -> dict[str, object]:
        url = f"{server.url.replace('http', 'ws')}/api/events/subscribe"
        socket = await websocket_connect(HTTPRequest(url, headers={"Authorization": f"token {server.token}"}))
        path = str(server.folder / ID)
        process = subprocess.Popen([sys.executable, "-c", PUT, path, "from_elsewhere"])
        while True:
            message = await socket.read_message()
            assert message is not None
            event = json.loads(message)
            if event["schema_id"].endswith("fsnb/catalog_changed/v1"):
                process.wait()
                return event

    event = IOLoop(make_current=False).run_sync(heard, timeout=120)
    assert event["catalog"] == ID
    assert event["documents"] == [{"kind": "view", "name": "from_elsewhere", "version": 1}]
