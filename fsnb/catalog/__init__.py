"""The catalog: an append-only store of JSON documents that notebooks, servers and CI jobs share."""

from __future__ import annotations

from fsnb.catalog.documents import Catalog, Document

__all__ = ["Catalog", "Document"]
