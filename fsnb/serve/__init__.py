"""Serve published features: which online store holds which view, brought up to date, read, checked."""

from fsnb.serve.serving import Serving

__all__ = ["Serving"]
