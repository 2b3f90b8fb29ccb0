"""Handlers: parse, call, answer. Every route asks who is there and whether they may; answers are computed in threads.

What a person can mend comes back as 400 or 404 with the sentence of its error, which holds no password; anything else
is 500 with no detail, and stands in the server's log.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from fsnb.errors import CatalogError, FsnbError, UnknownName
from fsnb.server.places import Place, Places

MOST_PATH = 4096
FAILED = "fsnb's server failed at this, which is a mistake of fsnb. The log of the Jupyter server says where."


class _Handler(APIHandler):
    auth_resource = "fsnb"

    @property
    def places(self) -> Places:
        return self.settings["fsnb_places"]

    async def answer(self, work: Callable[[], Any]) -> None:
        """What some work in a thread gives, as JSON; what goes wrong as a sentence."""
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        try:
            found = await asyncio.to_thread(work)
        except FsnbError as error:
            self.set_status(_status(error))
            found = {"message": str(error), "error": type(error).__name__}
        except Exception:
            self.log.exception("fsnb could not answer %s", self.request.path)
            self.set_status(500)
            found = {"message": FAILED, "error": "Unexpected"}
        await self.finish(json.dumps(found))


def _status(error: FsnbError) -> int:
    if isinstance(error, UnknownName):
        return 404
    return 503 if isinstance(error, CatalogError) else 400


class CatalogsHandler(_Handler):
    """GET: the catalogs that may be read. POST {"path"}: the one that a path means."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.settings["fsnb_awake"]()

        def known() -> dict[str, Any]:
            places = self.places.known()
            self.settings["fsnb_lookout"].begin(place.id for place in places)
            return {"catalogs": [_told(each) for each in places]}

        await self.answer(known)

    @web.authenticated
    @authorized
    async def post(self) -> None:
        path = self._path()

        def found() -> dict[str, str]:
            place = self.places.find(path)
            self.places.open(place.id)
            return _told(place)

        await self.answer(found)

    def _path(self) -> str:
        body = self.get_json_body()
        path = body.get("path") if isinstance(body, dict) else None
        if not isinstance(path, str) or not 0 < len(path) <= MOST_PATH:
            raise web.HTTPError(400, 'the body is {"path": "..."}, a path below the server\'s root.')
        return path


class AnswerHandler(_Handler):
    """GET ?catalog=ID&...: what a catalog says; `fsnb.server.answers` has each route's answer."""

    @web.authenticated
    @authorized
    async def get(self, route: str) -> None:
        asked = {name: self.get_query_argument(name, strip=False) for name in self.request.query_arguments}
        watch = self.settings["fsnb_watch"]
        self.settings["fsnb_awake"]()

        def work() -> Any:
            from fsnb.server.answers import ANSWERS  # with the engines of definitions: not while Jupyter starts

            id = self.places.find(asked.get("catalog", "")).id
            catalog = self.places.open(id)
            watch.add(id, catalog.revision)
            return {"catalog": id, **ANSWERS[route](catalog, asked)}

        await self.answer(work)


def _told(place: Place) -> dict[str, str]:
    return {"id": place.id, "where": place.where, "folder": place.folder}


ROUTES: list[tuple[str, type]] = [
    (r"/fsnb/catalogs", CatalogsHandler),
    (r"/fsnb/(overview|search|show|lineage|diff|publications)", AnswerHandler),
]
