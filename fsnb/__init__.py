"""Jupyter-native feature engineering: define, see, train, prove and publish features without leaving the notebook.

Start with `store = fsnb.open()`; in a notebook, `%load_ext fsnb`.
"""

from __future__ import annotations

import importlib
import sys
import typing

from fsnb import shells
from fsnb.errors import FsnbError
from fsnb.model import Check, Entity, Feature, FeatureView, Slice, Source, Spine, Window, check, feature_view, over

if typing.TYPE_CHECKING:
    from fsnb.store import FeatureStore, open

__version__ = "0.1.0"

__all__ = [
    "Check",
    "Entity",
    "Feature",
    "FeatureStore",
    "FeatureView",
    "FsnbError",
    "Slice",
    "Source",
    "Spine",
    "Window",
    "check",
    "feature_view",
    "open",
    "over",
]


def _later(module: str, name: str) -> typing.Callable[..., typing.Any]:
    """A function of a module that is loaded when it is first called."""

    def call(*values: typing.Any, **asked: typing.Any) -> typing.Any:
        return getattr(importlib.import_module(module), name)(*values, **asked)

    return call


shells.offer(
    html=_later("fsnb.notebook.html", "of"),
    drift=_later("fsnb.notebook.drift.widget", "DriftWidget"),
    catalog=_later("fsnb.notebook.browsing.widget", "CatalogWidget"),
)


def __getattr__(name: str) -> typing.Any:
    """`open` and `FeatureStore` bring engines and catalog with them, the modules engines: loaded when asked for."""
    if name in ("checks", "publish", "quality", "testing"):
        return importlib.import_module(f"fsnb.{name}")
    if name not in ("FeatureStore", "open"):
        raise AttributeError(f"module 'fsnb' has no attribute {name!r}")
    from fsnb import store

    return getattr(store, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(ipython: object) -> None:
    """`%load_ext fsnb`."""
    from fsnb.notebook import load

    load(ipython)


def unload_ipython_extension(ipython: object) -> None:
    """`%unload_ext fsnb`."""
    from fsnb.notebook import unload

    unload(ipython)


def _preview_bundle(preview: typing.Any) -> typing.Any:
    """A preview as a widget, and as HTML and text for where there is none."""
    from fsnb.notebook.preview import bundle

    return bundle(preview)


def _show_previews() -> None:
    """In a kernel `train.preview()` shows as a widget, `%load_ext` or not; by name, so that nothing is imported yet."""
    shell: typing.Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if getattr(shell, "kernel", None) is not None:
        formatter = shell.display_formatter.mimebundle_formatter
        formatter.for_type_by_name("fsnb.training.preview", "Preview", _preview_bundle)


_show_previews()
