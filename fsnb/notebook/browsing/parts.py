"""The pieces of the catalog's widget, as HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from fsnb.catalog import Document, Lineage, Node
from fsnb.notebook import cards, html, wording
from fsnb.notebook.card import Card
from fsnb.notebook.drift.marks import cut

MOST_CHIPS = 12  # neighbours in the lineage, on either side
MORE = ' class="fsnb-more"'  # first to go where there is little room
ORDER = ("view", "source", "training_set", "model", "publication", "online", "target")
Ids = Mapping[tuple[str, str], int]


def head(where: str, documents: int) -> str:
    """Which catalog this is."""
    return (
        '<header><span class="fsnb-kind">catalog</span> '
        f'<span class="fsnb-title">{wording.count("document", documents)}</span> '
        f'<span class="fsnb-dim fsnb-where">{escape(where)}</span></header>'
    )


def place(kind: str) -> int:
    """Where a kind stands: what people name first, then what is made of it."""
    return ORDER.index(kind) if kind in ORDER else len(ORDER)


def kinds(tally: Counter[str], chosen: str) -> str:
    """How many of each kind were found, to choose from."""
    ordered = sorted(tally, key=lambda kind: (place(kind), kind))
    told = [("", "all", sum(tally.values())), *((kind, kind.replace("_", " "), tally[kind]) for kind in ordered)]
    return "".join(
        f'<button type="button" data-kind="{escape(kind)}" aria-pressed="{str(kind == chosen).lower()}">{escape(name)} '
        f'<span class="fsnb-dim">{number:,}</span></button>'
        for kind, name, number in told
    )


def rows(documents: Sequence[Document], chosen: int) -> str:
    """What was found, the best first; each row bears its document's id."""
    if not documents:
        return '<p class="fsnb-empty">Nothing in the catalog has all of these words.</p>'
    body = "".join(_row(each, each.id == chosen, place == 0) for place, each in enumerate(documents))
    names = ("kind", "name", "what", "owner, tags")
    head = "".join(f'<th scope="col"{MORE if n == 3 else ""}>{name}</th>' for n, name in enumerate(names))
    return f'<table class="fsnb-table fsnb-list"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(each: Document, chosen: bool, first: bool) -> str:
    mine = ' class="fsnb-chosen"' if chosen else ""
    state = ' aria-current="true"' if chosen else ""
    body = each.body
    tags = body.get("tags") if isinstance(body.get("tags"), list) else []
    said = " ".join(f"#{tag}" for tag in tags or ())
    owner = str(body.get("owner") or "")
    return (
        f'<tr{mine} data-row="{each.id}"><td class="fsnb-dim">{cut(each.kind.replace("_", " "), 20)}</td>'
        f'<td><button type="button" class="fsnb-name" title="{escape(each.name[:1000])}" '
        f'tabindex="{0 if chosen or first else -1}"{state}>{cut(each.name, 80)}</button></td>'
        f'<td><span class="fsnb-gist">{cut(cards.gist(each), 120)}</span></td>'
        f'<td class="fsnb-dim fsnb-more"><span class="fsnb-tags">{cut(f"{owner} {said}", 60)}</span></td></tr>'
    )


def document(card: Card, lineage: Lineage | None, ids: Ids, code: str) -> str:
    """One document: where it stands, and its card."""
    graph = _graph(lineage, ids) if lineage else ""
    button = f'<button type="button" data-code="{escape(code)}">insert code</button>' if code else ""
    return f'{html.body(card)}{graph}<p class="fsnb-actions">{button}<output class="fsnb-said"></output></p>'


def _graph(found: Lineage, ids: Ids) -> str:
    if not found.ups and not found.downs:
        return ""
    up, down = found.upstream, found.downstream
    here = "".join(f'<span class="fsnb-chip fsnb-here">{_node(root)}</span>' for root in found.roots[:MOST_CHIPS])
    before = _chips("made from", reversed(up[:MOST_CHIPS]), len(up), ids)
    after = _chips("used by", down[:MOST_CHIPS], len(down), ids)
    sides = (before, here, after)
    arrow = '<span class="fsnb-arrow" aria-hidden="true">→</span>'
    drawn = arrow.join(f'<div class="fsnb-side">{side}</div>' for side in sides if side)
    return f'<h4>lineage</h4><nav class="fsnb-lineage" aria-label="lineage">{drawn}</nav>'


def _chips(title: str, nodes: Iterable[Node], number: int, ids: Ids) -> str:
    if not number:
        return ""
    more = f'<span class="fsnb-dim">and {number - MOST_CHIPS:,} more</span>' if number > MOST_CHIPS else ""
    return f'<span class="fsnb-dim">{title}</span>{"".join(_chip(node, ids) for node in nodes)}{more}'


def _chip(node: Node, ids: Ids) -> str:
    id = ids.get((node.kind, node.name))
    title = escape(str(node)[:500])
    if id is None:
        return f'<span class="fsnb-chip" title="{title}">{_node(node)}</span>'
    return f'<button type="button" class="fsnb-chip" data-open="{id}" title="{title}">{_node(node)}</button>'


def _node(node: Node) -> str:
    detail = f" {cut(node.detail, 24)}" if node.detail else ""
    return f'<span class="fsnb-dim">{cut(node.kind.replace("_", " "), 20)}</span> {cut(node.name, 40)}{detail}'
