"""What Jupyter loads: the routes below `/fsnb/`, and a loop that tells every page when a catalog has changed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Dict, Float, Unicode

from fsnb.server.handlers import ROUTES
from fsnb.server.places import Places
from fsnb.server.watching import Lookout, Watch

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = Path(__file__).with_name("catalog_changed.yaml")
EVENT = "https://events.jupyter.org/fsnb/catalog_changed/v1"


class FsnbServer(ExtensionApp):
    """Shows feature catalogs to the sidebar. Reads them, and nothing else."""

    name = "fsnb"
    catalogs = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="""Catalogs outside of the server's root, by the name that they are shown with:
        {'team': '/srv/.fsnb/catalog.sqlite', 'prod': 'postgresql://user:${PGPASSWORD}@host/database'}.
        ${VARIABLE} is read from the server's environment.""",
    ).tag(config=True)
    every = Float(0.5, min=0.05, help="Seconds between two looks at whether a catalog has changed.").tag(config=True)

    def initialize_settings(self) -> None:
        """Where catalogs are, and the loop that watches them."""
        root = Path(str(getattr(self.serverapp, "root_dir", "") or ".")).expanduser()
        places = Places(root, dict(self.catalogs))
        watch = Watch(places.open)
        self._task: asyncio.Task[None] | None = None
        lookout = Lookout(lambda: [place.id for place in places.known()], places.open)
        self.settings.update(fsnb_places=places, fsnb_watch=watch, fsnb_lookout=lookout, fsnb_awake=self._awake)
        if EVENT not in self._events.schemas:
            self._events.register_event_schema(SCHEMA)

    def initialize_handlers(self) -> None:
        """The routes; Jupyter puts its base URL before them."""
        self.handlers.extend(ROUTES)

    @property
    def _events(self) -> Any:
        """Where Jupyter's own routes subscribe pages to events."""
        return self.serverapp.event_logger if self.serverapp else None

    def _awake(self) -> None:
        """Watch from the first request on: a server whose sidebar nobody opens does nothing."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        looks: list[Callable[[], list[dict[str, Any]]]]
        looks = [self.settings["fsnb_watch"].news, self.settings["fsnb_lookout"].news]
        while True:
            await asyncio.sleep(self.every)
            for look in looks:
                for event in await asyncio.to_thread(look):
                    self._events.emit(schema_id=EVENT, data=event)

    async def stop_extension(self) -> None:
        """End the loop."""
        if self._task is not None:
            self._task.cancel()
