"""The routes of the server extension, asked over HTTP of a real Jupyter server."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import ibis
import pytest

import fsnb
from fsnb.catalog import Catalog, Document
from fsnb.server import code
from fsnb.server.handlers import FAILED, AnswerHandler
from tests.server.conftest import SECRET, Answer, ask
from tests.support.lab import JupyterServer

ID = "books/.fsnb/catalog.sqlite"
ROUTES = ("overview", "search", "show", "lineage", "diff", "publications", "catalogs")
HOSTILE = ["<script>alert(1)</script>", "'; DROP TABLE fsnb_documents; --", 'a"b\nc\tд', "x" * 10_000]
Get = Callable[..., Answer]


def test_catalogs_below_the_root_are_found(get: Get) -> None:
    assert get("catalogs") == (200, {"catalogs": [{"id": ID, "where": ID, "folder": "books/.fsnb"}]})


def test_overview_holds_views_sources_and_facets(get: Get) -> None:
    status, found = get("overview", catalog=ID)
    assert status == 200
    fares = next(each for each in found["views"] if each["name"] == "fares")
    assert (fares["version"], fares["entity"], fares["owner"], fares["state"]) == (2, "rider", "ops", "unpublished")
    assert fares["features"] == ["total_1d", "mean_1d"]
    assert [each["name"] for each in found["sources"]] == ["trips"]
    assert ["money", 1] in found["tags"]
    assert found["targets"] == ["prod"]


def test_a_folder_or_the_file_itself_names_a_catalog(get: Get, server: JupyterServer) -> None:
    for given in ("books", "books/.fsnb", ID, str(server.folder / "books")):
        assert get("overview", catalog=given)[1]["catalog"] == ID
        assert ask(server, "catalogs", body={"path": given}) == (200, {"id": ID, "where": ID, "folder": "books/.fsnb"})


def test_show_tells_rules_versions_and_code(get: Get) -> None:
    _, found = get("show", catalog=ID, name="fares")
    assert found["rules"][0] == "cutoff c = the last 1h tick at or before t"
    assert [(each["version"], each["changed"]) for each in found["versions"]] == [(2, "refresh, feature"), (1, "")]
    assert found["versions"][0]["breaking"]
    assert found["computed"]["mean_1d"] == "t.fare.mean()"
    assert found["code"]["retrieval"].splitlines() == [
        "fares = store.view('fares')",
        "train = store.training_set(spine, [fares['total_1d'], fares['mean_1d']])",
        "train",
    ]


def test_the_definition_is_code_that_defines_the_same(get: Get, server: JupyterServer, tmp_path: Path) -> None:
    for version in (1, 2):
        _, found = get("show", catalog=ID, name="fares", version=version)
        names = {"store": fsnb.open(tmp_path / str(version))}
        exec(found["code"]["definition"], names)
        assert names["fares"].fingerprint.startswith(found["fingerprint"])
        assert names["fares"].owner == "ops"


def test_what_is_no_code_is_loaded() -> None:
    table = ibis.table({"k": "string", "ts": "timestamp", "x": "float64"}, name="t")
    source = fsnb.Source("t", None, event_time="ts", schema=table.schema())
    twice = table.join(table.view(), "k")
    view = fsnb.FeatureView("v", entity=fsnb.Entity("k", "k"), source=source, features={"m": twice.x.mean()})
    document = Document("view", "v", 1, "", datetime.now(UTC), "me", 1, json.dumps(view.to_doc()))
    why, loading = code.of_view(document, True, view)["definition"].splitlines()
    assert why.startswith("# feature view 'v' cannot be written as code: ")
    assert loading == "v = store.view('v')"


def test_an_earlier_version_is_shown_when_asked_for(get: Get) -> None:
    _, found = get("show", catalog=ID, name="fares", version=1)
    assert (found["version"], found["latest"]) == (1, 2)
    assert [each["name"] for each in found["features"]] == ["total_1d"]
    assert found["code"]["retrieval"].startswith("fares = store.view('fares', version=1)\n")


def test_search_forgives_a_typo_and_keeps_to_a_field(get: Get) -> None:
    assert get("search", catalog=ID, q="farse kind:view")[1]["found"] == [["view", "fares"]]
    assert get("search", catalog=ID, q="owner:ops")[1]["found"] == [["view", "fares"]]
    assert get("search", catalog=ID, q="owner:nobody")[1]["found"] == []


def test_lineage_and_diff(get: Get) -> None:
    _, found = get("lineage", catalog=ID, name="fares")
    assert [(each["kind"], each["name"], each["column"]) for each in found["nodes"]] == [
        ("view", "fares", 0),
        ("source", "trips", -1),
    ]
    assert found["edges"] == [{"from": 1, "to": 0, "note": ""}]
    _, found = get("diff", catalog=ID, old="fares")
    assert {each["what"] for each in found["changes"]} >= {"mean_1d"}


# ---------------------------------------------------------------------- who may ask, and what


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("token", ["", "wrong"])
def test_every_route_asks_who_is_there(server: JupyterServer, route: str, token: str) -> None:
    assert ask(server, f"{route}?catalog={ID}&name=fares&q=x&old=fares", token=token)[0] in (401, 403)


def test_a_post_of_another_page_is_refused(server: JupyterServer) -> None:
    """A cookie alone is not enough: the page must have read the XSRF token, which only ours can."""
    jar = CookieJar()
    with urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)).open(server.at("lab"), timeout=60):
        cookies = {each.name: str(each.value) for each in jar}
    mine = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    asked = {"path": "books"}
    assert ask(server, "catalogs", token="", headers=mine)[0] == 200
    assert ask(server, "catalogs", token="", body=asked, headers=mine)[0] == 403
    assert ask(server, "catalogs", token="", body=asked, headers=mine | {"X-XSRFToken": cookies["_xsrf"]})[0] == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(server: JupyterServer, method: str) -> None:
    headers = {"Authorization": f"token {server.token}"}
    for route in ROUTES:
        request = urllib.request.Request(f"{server.url}/fsnb/{route}", method=method, headers=headers)
        with pytest.raises(urllib.error.HTTPError, match=r"405|403"):
            urllib.request.urlopen(request, timeout=60)


@pytest.mark.parametrize("path", ["..", "../..", "/etc", "/etc/passwd", "books/../../..", "~", "books/\0", " ", ""])
def test_no_path_leads_out_of_the_root(get: Get, server: JupyterServer, path: str) -> None:
    status, found = get("overview", catalog=path)
    assert status in (400, 404)
    assert found["message"]
    assert ask(server, "catalogs", body={"path": path})[0] in (400, 404)


def test_a_link_out_of_the_root_is_not_followed(get: Get, server: JupyterServer, tmp_path: Path) -> None:
    Catalog(tmp_path / ".fsnb" / "catalog.sqlite")
    (server.folder / "out").symlink_to(tmp_path)
    status, found = get("overview", catalog="out")
    assert status == 400
    assert "is outside of the folder that this server shows" in found["message"]
    assert all("out" not in each["id"] for each in get("catalogs")[1]["catalogs"])


def test_what_is_no_catalog_is_said_and_left_as_it_is(get: Get, server: JupyterServer) -> None:
    text, empty = server.folder / "text.sqlite", server.folder / "empty.sqlite"
    text.write_text("not a database")
    empty.touch()
    for path in (text, empty):
        status, found = get("overview", catalog=path.name)
        assert (status, "is not a feature catalog" in found["message"]) == (503, True)
    assert (text.read_text(), empty.read_bytes()) == ("not a database", b"")
    assert get("overview", catalog="nowhere")[0] == 404
    assert not (server.folder / "nowhere").exists()


@pytest.mark.parametrize("name", HOSTILE, ids=["script", "sql", "newline", "10kB"])
def test_hostile_names_are_names(get: Get, name: str) -> None:
    status, found = get("show", catalog=ID, name=name)
    assert (status, "has no view" in found["message"]) == (404, True)
    assert get("search", catalog=ID, q=name)[0] == 200
    assert get("lineage", catalog=ID, name=name)[0] == 404
    assert get("diff", catalog=ID, old=name)[0] == 404


@pytest.mark.parametrize(
    ("route", "asked", "said"),
    [
        ("show", {"name": ""}, "'name' is missing"),
        ("show", {"name": "fares", "version": "1; DROP"}, "is not a number"),
        ("show", {"name": "fares", "version": "9" * 30}, "is not a number"),
        ("show", {"name": "fares", "kind": "target"}, "It is one of: view, source"),
        ("search", {"q": "x" * 30_000}, "at most 20,000"),
        ("diff", {"old": "fares@x"}, "names no version"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_sentence(get: Get, route: str, asked: dict[str, Any], said: str) -> None:
    status, found = get(route, catalog=ID, **asked)
    assert status in (400, 503)
    assert said in found["message"]


def test_what_nobody_expected_says_where_to_look_and_nothing_else() -> None:
    told: list[Any] = []

    async def finish(body: str) -> None:
        told.append(json.loads(body)["message"])

    log = SimpleNamespace(exception=lambda *_: told.append("logged"))
    here: Any = SimpleNamespace(
        set_header=Mock(), set_status=told.append, finish=finish, log=log, request=SimpleNamespace(path="/fsnb/show")
    )
    asyncio.run(AnswerHandler.answer(here, lambda: {"no": "secret"}[SECRET]))
    assert told == ["logged", 500, FAILED]


@pytest.mark.parametrize("body", [None, [], {"path": 1}, {"path": "x" * 5000}, {}])
def test_a_post_takes_a_path_and_nothing_else(server: JupyterServer, body: Any) -> None:
    assert ask(server, "catalogs", body=body if body is not None else 0)[0] == 400


def test_no_answer_holds_a_password(get: Get, server: JupyterServer) -> None:
    asked = {"name": "fares", "q": "prod", "old": "fares"}
    assert SECRET not in str([get(route, catalog=ID, **asked) for route in ROUTES])
    assert SECRET not in server.log.read_text()
