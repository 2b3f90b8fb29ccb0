"""Jupyter-native feature engineering: define, see, train, prove and publish features without leaving the notebook.

Start with `store = fsnb.open()`; in a notebook, `%load_ext fsnb`.
"""

from __future__ import annotations

from fsnb.errors import FsnbError
from fsnb.model import Entity, Feature, FeatureView, Source, Spine, Window, feature_view
from fsnb.store import FeatureStore, open

__version__ = "0.1.0"

__all__ = [
    "Entity",
    "Feature",
    "FeatureStore",
    "FeatureView",
    "FsnbError",
    "Source",
    "Spine",
    "Window",
    "feature_view",
    "open",
]


def load_ipython_extension(ipython: object) -> None:
    """`%load_ext fsnb`."""
    from fsnb.notebook import load

    load(ipython)


def unload_ipython_extension(ipython: object) -> None:
    """`%unload_ext fsnb`."""
    from fsnb.notebook import unload

    unload(ipython)
