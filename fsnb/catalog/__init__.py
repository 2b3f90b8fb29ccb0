"""The catalog: an append-only store of JSON documents that notebooks, servers and CI jobs share."""

from __future__ import annotations

from fsnb.catalog.difference import Diff
from fsnb.catalog.documents import Catalog
from fsnb.catalog.graph import Edge, Lineage, Node
from fsnb.catalog.profile import Distribution, Profile, record
from fsnb.catalog.rows import Document

__all__ = [
    "Catalog",
    "Diff",
    "Distribution",
    "Document",
    "Edge",
    "Lineage",
    "Node",
    "Profile",
    "record",
]
