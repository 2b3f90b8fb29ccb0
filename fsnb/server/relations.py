"""Lineage as a graph, and the difference of two definitions, as JSON."""

from __future__ import annotations

from typing import Any

from fsnb.catalog import Catalog, Edge, Node

Answer = dict[str, Any]
MOST = 60  # nodes of a graph that a person can read


def lineage(catalog: Catalog, name: str, kind: str | None) -> Answer:
    """Nodes by column (0 is what was asked for, less is what it was made from), and the steps between them."""
    found = catalog.lineage(name, kind)
    columns = dict.fromkeys(found.roots, 0)
    for edge in found.ups:
        columns.setdefault(edge.upstream, columns.get(edge.downstream, 0) - 1)
    for edge in found.downs:
        columns.setdefault(edge.downstream, columns.get(edge.upstream, 0) + 1)
    shown = dict(sorted(columns.items(), key=lambda pair: abs(pair[1]))[:MOST])
    places = {node: number for number, node in enumerate(shown)}
    edges = [each for each in (*found.ups, *found.downs) if each.upstream in places and each.downstream in places]
    return {
        "nodes": [_node(node, column) for node, column in shown.items()],
        "edges": [_edge(edge, places) for edge in edges],
        "left_out": len(columns) - len(shown),
    }


def diff(catalog: Catalog, old: str, new: str | None) -> Answer:
    """What changed between two definitions, breaking changes first."""
    made = catalog.diff(old, new)
    changes = [change.to_doc() for change in made.changes]
    return {"old": made.old, "new": made.new, "verdict": made.verdict, "changes": changes}


def _node(node: Node, column: int) -> Answer:
    return {"kind": node.kind, "name": node.name, "detail": node.detail, "column": column}


def _edge(edge: Edge, places: dict[Node, int]) -> Answer:
    return {"from": places[edge.upstream], "to": places[edge.downstream], "note": edge.note}
