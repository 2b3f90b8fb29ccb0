"""Jupyter-native feature engineering: define, see, train, prove and publish features without leaving the notebook.

Start with `store = fsnb.open()`; in a notebook, `%load_ext fsnb`.
"""

from __future__ import annotations

from fsnb.errors import FsnbError
from fsnb.model import Entity, Feature, FeatureView, Source, Spine, Window, feature_view

__version__ = "0.1.0"

__all__ = ["Entity", "Feature", "FeatureView", "FsnbError", "Source", "Spine", "Window", "feature_view"]
