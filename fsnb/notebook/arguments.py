"""What each magic takes. One parser each: it splits the line, writes the help, and tells completion the options."""

from __future__ import annotations

from collections.abc import Mapping

from fsnb.notebook.options import CHECK, DRIFT, PIT, PREVIEW, PUBLISH, TRAIN
from fsnb.notebook.options_defining import ENTITY, FEATURE_TEST, FEATURE_VIEW, ON_SPINE, SOURCE
from fsnb.notebook.options_keeping import keeping
from fsnb.notebook.parsing import Parser
from fsnb.notebook.parsing import defines as _defines


def _fs() -> dict[str, Parser]:
    opened = Parser(
        "%fs open",
        "Open a feature store and make it the notebook's current one. %config FsnbMagics has other defaults.",
        python="store = fsnb.open(path, engine=...)",
        example="%fs open .fsnb --engine polars",
    )
    opened.add_argument("path", nargs="?", metavar="PATH", help="its folder (default: .fsnb)")
    opened.add_argument("--engine", metavar="ENGINE", help="what computes locally: duckdb (default) or polars")
    opened.add_argument("--catalog", metavar="URL", help="postgresql://user@host/db, or a file (default: in PATH)")
    _defines(opened, "store", "the store")

    status = Parser(
        "%fs status",
        "The current store: where it is, its engine, what it knows, its targets, where it logs.",
        python="store",
        example="%fs status",
    )

    listed = Parser(
        "%fs list",
        "A table of what the catalog holds, the latest version of each name.",
        python="store.catalog.list(kind)",
        example="%fs list view",
    )
    listed.add_argument("kind", nargs="?", metavar="KIND", help="only these, e.g. source, view, target")
    _defines(listed, None, "the documents")

    show = Parser(
        "%fs show",
        "Describe a view, source, target, training set or publication of the catalog, in words.",
        python="store.view(name, version), store.catalog.history(kind, name), view.code()",
        example="%fs show plane_delays --version 2",
    )
    show.add_argument("document", metavar="NAME", help="its name; KIND/NAME where several kinds share it")
    show.add_argument("--version", type=int, metavar="N", help="an earlier version (default: the latest)")
    show.add_argument("--code", action="store_true", help="put the Python that defines a view into a new cell")
    _defines(show, None, "what is shown: the feature view, source, target or document")
    told = {"search": _search(), "catalog": _catalog(), "diff": _diff(), "lineage": _lineage()}
    return {"open": opened, "status": status, "list": listed, "show": show, **told}


def _search() -> Parser:
    search = Parser(
        "%fs search",
        "Find what the catalog has by words in its names, tags, owners, features, entities, sources, columns and\n"
        "descriptions, the best first. A word may have typos; owner:ops keeps it to a field.",
        python="store.catalog.search('owner:ops tag:delay mean')",
        example="%fs search owner:ops tag:delay kind:view mean",
    )
    search.add_argument(
        "words",
        nargs="+",
        metavar="WORD",
        help="words, and name: tag: owner: feature: entity: source: column: description: kind: before one",
    )
    search.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many (default: 20)")
    _defines(search, None, "the documents")
    return search


def _catalog() -> Parser:
    catalog = Parser(
        "%fs catalog",
        "Look through the catalog: a widget with a search box, what was found, and one document with its lineage.",
        python="store.browse('owner:ops delay')",
        example="%fs catalog owner:ops",
    )
    catalog.add_argument("words", nargs="*", metavar="WORD", help="a search to begin with; as for %%fs search")
    _defines(catalog, None, "the widget")
    return catalog


def _diff() -> Parser:
    diff = Parser(
        "%fs diff",
        "What changed between two definitions of a view or a source, and what of it breaks its readers.",
        python="store.catalog.diff('plane_delays@1', 'plane_delays')",
        example="%fs diff plane_delays@1 plane_delays",
    )
    diff.add_argument("old", metavar="OLD", help="a name, name@2 for a version, or a variable of one")
    diff.add_argument(
        "new", nargs="?", metavar="NEW", help="another (default: OLD against the version before it, or the catalog's)"
    )
    _defines(diff, None, "the diff")
    return diff


def _lineage() -> Parser:
    lineage = Parser(
        "%fs lineage",
        "What something was made from, and what was made from it: source, view, training set, model, publication.",
        python="store.catalog.lineage('plane_delays')",
        example="%fs lineage plane_delays",
    )
    lineage.add_argument("made", metavar="NAME", help="of any of these; of a model its URI")
    lineage.add_argument("--kind", metavar="KIND", help="where several kinds have the name")
    _defines(lineage, None, "the lineage")
    return lineage


def _first_line(parser: Parser) -> str:
    return (parser.description or "").partition("\n")[0]


FS = _fs() | keeping()
MAGICS: Mapping[str, Parser] = {
    "entity": ENTITY,
    "source": SOURCE,
    "feature_view": FEATURE_VIEW,
    "on_spine": ON_SPINE,
    "feature_test": FEATURE_TEST,
    "train": TRAIN,
    "preview": PREVIEW,
    "pit": PIT,
    "drift": DRIFT,
    "check": CHECK,
    "publish": PUBLISH,
}

FS_HELP = "\n".join(
    [
        "%fs COMMAND [...]: the feature store of this notebook.",
        "",
        *(f"  %fs {name:<12}{_first_line(parser)}" for name, parser in FS.items()),
        "",
        "`%fs` alone is `%fs status`. Each takes --help.",
    ]
)
HELPS = {"fs": FS_HELP} | {name: parser.format_help() for name, parser in MAGICS.items()}
