"""CatalogWidget: a catalog to look through where there is no sidebar. Python searches and draws; the browser asks.

Only what is shown goes over the wire: 50 rows, counts, and one document. What was put into the catalog meanwhile is
found by the next search.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import traitlets

from fsnb.catalog import Document, Lineage
from fsnb.errors import UnknownName
from fsnb.notebook import cards, catalogued, html
from fsnb.notebook.asking import Asking
from fsnb.notebook.browsing import parts
from fsnb.store import FeatureStore

HERE = Path(__file__).parent
PAGE = 50
MOST_WORDS = 500  # characters of a search
MOST_OPTIONS = 200  # owners, and tags, to choose from
EMPTY: Mapping[str, Any] = {"words": "", "kind": "", "most": PAGE, "open": 0, "seq": 0}
LINKED = ("view", "source", "training_set", "publication", "model")  # kinds that stand in a lineage


class CatalogWidget(Asking):
    """What a store's catalog holds, to search and to read; made by `FeatureStore.browse()`.

    Parameters
    ----------
    store
        The store.
    words
        A search to begin with; see `Catalog.search`.
    """

    _esm = "\n".join(path.read_text(encoding="utf-8") for path in (HERE.parent / "rows.js", HERE / "browse.js"))
    _css = html.STYLE
    asked = traitlets.Dict(dict(EMPTY)).tag(sync=True)
    head = traitlets.Unicode().tag(sync=True)
    kinds = traitlets.Unicode().tag(sync=True)
    rows = traitlets.Unicode().tag(sync=True)
    detail = traitlets.Unicode().tag(sync=True)
    found = traitlets.Int(0).tag(sync=True)
    options = traitlets.Dict().tag(sync=True)

    def __init__(self, store: FeatureStore, words: str = "") -> None:
        self._store = store
        self._listed: tuple[Document, ...] = ()
        self._shown: Document | None = None
        super().__init__()
        self.documents: tuple[Document, ...] = ()
        self.asked = _checked({**EMPTY, "words": words})
        self._answer(self.asked)
        self.observe(self._asked, "asked")

    # ------------------------------------------------------------------ from Python

    @property
    def words(self) -> str:
        """What is searched for; set it to search for something else."""
        return str(self.asked["words"])

    @words.setter
    def words(self, words: str) -> None:
        self._ask(words=words, kind="", most=PAGE)

    @property
    def document(self) -> Document | None:
        """The document that is open."""
        return self._shown

    def show(self, name: str, kind: str | None = None) -> None:
        """Open a document by its name.

        Raises
        ------
        UnknownName
            There is none.
        """
        known = [each for each in self._store.catalog.list(kind) if each.kind not in cards.ASIDE]
        mine = [each for each in known if each.name == name]
        if not mine:
            raise UnknownName.among("the catalog", kind or "document", name, [each.name for each in known])
        self._ask(open=min(mine, key=lambda each: parts.place(each.kind)).id)

    def to_html(self) -> str:
        """What is found, as a static page: no script, nothing loaded."""
        return html.card(cards.listing(self.documents[:PAGE], self._store.catalog.where))

    def _text(self) -> str:
        return f"<CatalogWidget {self._store.catalog.where}: {len(self.documents):,} found>"

    # ------------------------------------------------------------------ questions and answers

    def _checked(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return _checked(asked)

    def _answer(self, asked: Mapping[str, Any]) -> None:
        catalog = self._store.catalog
        found = catalog.search(asked["words"], limit=None)
        self.documents = tuple(each for each in found if asked["kind"] in ("", each.kind))
        opened = self._opened(asked["open"])
        with self.hold_sync():
            self._tell_all()
            self.kinds = parts.kinds(Counter(each.kind for each in found), asked["kind"])
            self.rows = parts.rows(self.documents[: asked["most"]], opened.id if opened else 0)
            self.found = len(self.documents)
            if opened != self._shown or not self.detail:
                self._shown, self.detail = opened, self._described(opened)

    def _opened(self, id: int) -> Document | None:
        """The document that is asked for, else the one that is open, else the first that was found."""
        known = {each.id: each for each in self.documents}
        if id and (self._shown is None or id != self._shown.id):
            return known.get(id) or next((each for each in self._store.catalog.list() if each.id == id), self._shown)
        return self._shown or next(iter(self.documents), None)

    def _tell_all(self) -> None:
        """Owners and tags to choose from, where something was put since."""
        documents = self._store.catalog.list() if self._newer() else self._listed
        if documents is self._listed and self.head:
            return
        self._listed = documents
        bodies = [each.body for each in documents if each.kind not in cards.ASIDE]
        owners = Counter(str(body["owner"]) for body in bodies if body.get("owner"))
        tags = Counter(str(tag) for body in bodies if isinstance(body.get("tags"), list) for tag in body["tags"])
        self.options = {"owner": _commonest(owners), "tag": _commonest(tags)}
        self.head = parts.head(self._store.catalog.where, len(bodies))

    def _newer(self) -> bool:
        last = max((each.id for each in self._listed), default=0)
        return not last or bool(self._store.catalog.since(last))

    def _described(self, document: Document | None) -> str:
        if document is None:
            return '<p class="fsnb-empty">The catalog is empty. What you define, train and publish goes into it.</p>'
        card = catalogued.of_document(self._store, document)
        ids = {(each.kind, each.name): each.id for each in self._listed}
        return parts.document(card, self._lineage(document), ids, _code(document))

    def _lineage(self, document: Document) -> Lineage | None:
        return self._store.catalog.lineage(document.name, document.kind) if document.kind in LINKED else None


def _checked(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a browser asked for, kept to what it may be."""
    numbers = {name: max(0, int(asked.get(name, EMPTY[name]))) for name in ("most", "open", "seq")}
    texts = {name: str(asked.get(name, ""))[:MOST_WORDS] for name in ("words", "kind")}
    return {**texts, **numbers}


def _commonest(tally: Counter[str]) -> Sequence[Sequence[Any]]:
    """Names and counts, by name."""
    return [[name[:100], number] for name, number in sorted(tally.most_common(MOST_OPTIONS))]


def _code(document: Document) -> str:
    """What brings it into a notebook."""
    if document.kind == "view":
        return f"{document.name} = store.view({document.name!r})"
    if document.kind == "training_set":
        return f"rows = store.load_training_set({document.body['run_id']!r})"
    return ""
