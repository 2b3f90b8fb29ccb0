"""The Jupyter server extension: what a feature catalog holds as JSON, for the sidebar. No kernel is needed.

extension.py   what Jupyter loads: settings, routes, the watch that tells of changes
handlers.py    parse, call, answer; authenticated, each of them
places.py      which catalogs may be read (docs/adr/0016)
answers.py     route -> answer, from a catalog to JSON; these and all below know nothing of Jupyter
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from fsnb.server.extension import FsnbServer

    return [{"module": "fsnb.server", "app": FsnbServer}]
