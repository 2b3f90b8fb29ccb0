"""Lineage: what a document was made from and what was made from it, read from the documents.

    source -> view -> training set -> model
                  `-> publication -> ...

Nothing is written for it: a view names its sources, a log its views and its model, a publication its view, each by the
fingerprint of the definition that it used. A document of any other kind joins in by `upstream` in its body:
`[{"kind": "publication", "name": "plane_delays", "detail": "v1 on prod"}]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fsnb import shells
from fsnb.catalog.rows import Document

if TYPE_CHECKING:
    import polars as pl

MOST = 12  # neighbours of a node in the text; all of them are in the value
Direction = Mapping["Node", tuple["Edge", ...]]


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A source, view, training set, model or publication.

    `detail` tells those of one name apart: the run of a training set, the version and target of a publication.
    """

    kind: str
    name: str
    detail: str = ""

    def __str__(self) -> str:
        said = f"{self.kind.replace('_', ' ')} {self.name}"
        return f"{said} ({self.detail})" if self.detail else said


@dataclass(frozen=True, slots=True)
class Edge:
    """`downstream` was made from `upstream`; `note` says of which definition, where that is known."""

    upstream: Node
    downstream: Node
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What something was made from, and what was made from it, over any number of steps.

    Attributes
    ----------
    roots
        What was asked for: one node, or one for each run of a training set and each target of a publication.
    ups, downs
        The steps towards sources, and towards models and publications; nearest first.
    """

    roots: tuple[Node, ...]
    ups: tuple[Edge, ...]
    downs: tuple[Edge, ...]

    @property
    def upstream(self) -> tuple[Node, ...]:
        """Everything that it was made from, nearest first."""
        return tuple(dict.fromkeys(edge.upstream for edge in self.ups))

    @property
    def downstream(self) -> tuple[Node, ...]:
        """Everything that was made from it, nearest first."""
        return tuple(dict.fromkeys(edge.downstream for edge in self.downs))

    def to_polars(self) -> pl.DataFrame:
        """A row for each step: kind, name and detail of both ends, and the note."""
        import polars as pl

        ends = ("kind", "name", "detail")
        columns = [*(f"upstream_{end}" for end in ends), *(f"downstream_{end}" for end in ends), "note"]
        rows = [(*_ends(edge.upstream), *_ends(edge.downstream), edge.note) for edge in (*self.ups, *self.downs)]
        return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")

    def __str__(self) -> str:
        """A tree: what it was made from, itself, what was made from it."""
        up = _gathered((edge.downstream, edge) for edge in self.ups)
        down = _gathered((edge.upstream, edge) for edge in self.downs)
        return "\n".join(line for root in self.roots for line in _tree(root, up, down))

    def _repr_html_(self) -> str:
        return shells.html(self)


def edges(documents: Iterable[Document]) -> tuple[Edge, ...]:
    """Every step that these documents tell of."""
    return tuple(dict.fromkeys(edge for document in documents for edge in edges_of(document)))


def named(edges: Iterable[Edge]) -> set[tuple[str, str]]:
    """Kind and name of every node, those too that have no document of their own."""
    return {(node.kind, node.name) for edge in edges for node in (edge.upstream, edge.downstream)}


def lineage(edges: Sequence[Edge], kind: str, name: str) -> Lineage:
    """What leads to, and from, everything of this kind and name."""
    up = _gathered((edge.downstream, edge) for edge in edges)
    down = _gathered((edge.upstream, edge) for edge in edges)
    mine = {node for node in (*up, *down) if (node.kind, node.name) == (kind, name)}
    roots = tuple(sorted(mine)) or (Node(kind, name),)
    return Lineage(roots, _walked(roots, up, _upper), _walked(roots, down, _lower))


def fingerprints(views: Iterable[Document]) -> Mapping[str, Mapping[str, int]]:
    """`{view: {fingerprint: version}}` of all versions of views, given the oldest first; the latest stands last."""
    found: dict[str, dict[str, int]] = {}
    for document in views:
        known = found.setdefault(document.name, {})
        mine = document.body["fingerprint"]
        known.pop(mine, None)
        known[mine] = document.version
    return found


def of_versions(found: Lineage, versions: Mapping[str, Mapping[str, int]]) -> Lineage:
    """The same lineage with versions for fingerprints: `{view: {fingerprint: version}}`, the latest last."""

    def said(edge: Edge) -> Edge:
        return replace(edge, note=_version(edge.note, versions.get(edge.upstream.name, {}))) if edge.note else edge

    return replace(found, ups=tuple(map(said, found.ups)), downs=tuple(map(said, found.downs)))


def _version(fingerprint: str, versions: Mapping[str, int]) -> str:
    """`of v1; now v3`, or `of v3`: document versions, where those with another owner alone mean the same."""
    if fingerprint not in versions:
        return f"of a definition that the catalog does not have, {fingerprint[:12]}"
    latest = list(versions)[-1]
    return f"of v{versions[fingerprint]}" + ("" if fingerprint == latest else f"; now v{versions[latest]}")


def edges_of(document: Document) -> Iterator[Edge]:
    """The steps that one document tells of."""
    told = MADE_FROM.get(document.kind)
    return _said_itself(document) if told is None else told(document.name, document.body)


# ---------------------------------------------------------------------- what each kind says


def _view(name: str, body: Mapping[str, Any]) -> Iterator[Edge]:
    for source in body.get("sources", ()):
        yield Edge(Node("source", source), Node("view", name))


def _training_set(name: str, body: Mapping[str, Any]) -> Iterator[Edge]:
    other = "" if body.get("context", "training") == "training" else f", {body['context']}"
    mine = Node("training_set", name, f"run {body['run_id']}{other}")
    for view, fingerprint in body.get("views", {}).items():
        yield Edge(Node("view", view), mine, fingerprint)
    if body.get("model_uri"):
        yield Edge(mine, Node("model", body["model_uri"]))


def _publication(name: str, body: Mapping[str, Any]) -> Iterator[Edge]:
    mine = Node("publication", name, f"v{body['version']} on {body['target']}")
    yield Edge(Node("view", name), mine, body["fingerprint"])


def _online(name: str, body: Mapping[str, Any]) -> Iterator[Edge]:
    yield Edge(Node("view", name), Node("online", name, f"{body['to']}, from {body['target']}"))


def _said_itself(document: Document) -> Iterator[Edge]:
    said = document.body.get("upstream")
    for up in said if isinstance(said, list) else ():
        yield Edge(Node(up["kind"], up["name"], up.get("detail", "")), Node(document.kind, document.name))


MADE_FROM: Mapping[str, Callable[[str, Mapping[str, Any]], Iterator[Edge]]] = {
    "view": _view,
    "training_set": _training_set,
    "publication": _publication,
    "online": _online,
}
DEFINED = ("source", "view", "target")  # kinds that people name; what is made of a view may bear its name
# kinds that tell of no step: others tell it of them
APART = ("source", "target", "model", "profile", "failed_publication")

# ---------------------------------------------------------------------- walking, and saying it


def _gathered(pairs: Iterable[tuple[Node, Edge]]) -> Direction:
    found: dict[Node, dict[Edge, None]] = {}
    for node, edge in pairs:
        found.setdefault(node, {})[edge] = None
    return {node: tuple(edges) for node, edges in found.items()}


def _walked(roots: tuple[Node, ...], steps: Direction, end: Callable[[Edge], Node]) -> tuple[Edge, ...]:
    """Every step that can be taken from the roots, breadth first."""
    found: dict[Edge, None] = {}
    waiting, seen = list(roots), set(roots)
    for node in waiting:  # which grows
        for edge in steps.get(node, ()):
            found[edge] = None
            if end(edge) not in seen:
                seen.add(end(edge))
                waiting.append(end(edge))
    return tuple(found)


def _tree(root: Node, up: Direction, down: Direction) -> Iterator[str]:
    yield str(root)
    for title, steps, end in (("made from", up, _upper), ("used by", down, _lower)):
        if root in steps:
            yield f"  {title}"
            yield from _branch(root, steps, end, "    ", frozenset({root}))


def _branch(
    node: Node, steps: Direction, end: Callable[[Edge], Node], indent: str, above: frozenset[Node]
) -> Iterator[str]:
    edges = steps.get(node, ())
    for edge in edges[:MOST]:
        following = end(edge)
        yield f"{indent}{following}{f', {edge.note}' if edge.note else ''}"
        if following not in above:
            yield from _branch(following, steps, end, f"{indent}  ", above | {following})
    if len(edges) > MOST:
        yield f"{indent}and {len(edges) - MOST} more"


def _upper(edge: Edge) -> Node:
    return edge.upstream


def _lower(edge: Edge) -> Node:
    return edge.downstream


def _ends(node: Node) -> tuple[str, str, str]:
    return node.kind, node.name, node.detail
