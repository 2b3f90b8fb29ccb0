"""Python to insert into a notebook. Names stand in it as literals, so that a hostile one is text and no code."""

from __future__ import annotations

from keyword import iskeyword
from typing import Any

from fsnb.catalog import Document
from fsnb.errors import NotSupported
from fsnb.model import FeatureView
from fsnb.server.overview import strings

Answer = dict[str, Any]
MOST = 88  # letters of a line


def of_view(document: Document, latest: bool, view: FeatureView | None) -> Answer:
    """`definition` defines the view, or loads what cannot be written; `retrieval` fills a spine with its features.

    `view` is the one of the document, where this release reads it.
    """
    variable = _variable(document.name, "view")
    version = "" if latest else f", version={document.version}"
    loading = f"{variable} = store.view({document.name!r}{version})"
    features = [f"{variable}[{name!r}]" for name in strings(document.body.get("features"))]
    return {"definition": _definition(view, loading), "retrieval": f"{loading}\ntrain = {_call(features)}\ntrain"}


def _definition(view: FeatureView | None, loading: str) -> str:
    if view is None:
        return loading
    try:
        return view.code()
    except NotSupported as why:
        return f"# {' '.join(str(why).split())} The catalog has it.\n{loading}"


def of_source(document: Document) -> Answer:
    views = f"store.catalog.lineage({document.name!r}, 'source')"
    return {"definition": views, "retrieval": views}


def _call(features: list[str]) -> str:
    line = f"store.training_set(spine, [{', '.join(features)}])"
    if len(line) <= MOST:
        return line
    return "store.training_set(\n    spine,\n    [\n" + "".join(f"        {each},\n" for each in features) + "    ],\n)"


def _variable(name: str, otherwise: str) -> str:
    return name if name.isidentifier() and not iskeyword(name) and name.isascii() else otherwise
