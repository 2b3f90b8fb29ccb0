"""What each magic takes. One parser each: it splits the line, writes the help, and tells completion the options.

A wrong argument raises our UsageError: IPython's own prints a line and lets the cell pass.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from keyword import iskeyword
from typing import NoReturn

from fsnb.errors import UnknownName, UsageError

HELP = ("-h", "--help")


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of leaving the process."""

    def __init__(self, prog: str, about: str, *, python: str, example: str) -> None:
        super().__init__(
            prog=prog,
            description=about,
            epilog=f"In Python: {python}\nExample:   {example}",
            add_help=False,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}.\n{' '.join(self.format_usage().split())}")

    @property
    def options(self) -> tuple[str, ...]:
        """The options as one types them, the long form of each."""
        return tuple(action.option_strings[-1] for action in self._actions if action.option_strings)

    def parse(self, line: str) -> argparse.Namespace | None:
        """The arguments of a line; None when it asked for help, which is then printed."""
        try:
            words = shlex.split(line)
        except ValueError as error:
            self.error(f"{str(error).lower()} in {line!r}")
        if any(word in HELP for word in words):
            print(self.format_help())
            return None
        self.usage = self.usage or self.format_usage().removeprefix("usage: ").strip().replace("%", "%%")
        found, unknown = self.parse_known_intermixed_args(words)  # which formats the usage a second time
        for word in unknown:
            if word.startswith("-"):
                raise UnknownName.among(self.prog, "option", word.partition("=")[0], self.options)
            self.error(f"{word!r} is one argument too many")
        return found


def quoted(word: str) -> str:
    """A word of a search as it was typed, before the line was split: `owner:data platform` in quotes again."""
    field, colon, value = word.partition(":")
    return f'{field}{colon}"{value}"' if " " in value else word


def variable(text: str) -> str:
    """The name of a variable to define."""
    if not text.isidentifier() or iskeyword(text):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be a variable")
    return text


def _defines(parser: Parser, default: str | None, what: str) -> None:
    said = f"variable to define: {what}" + (f" (default: {default})" if default else "")
    parser.add_argument("-o", "--out", metavar="NAME", type=variable, default=default, help=said)


def _fs() -> Mapping[str, Parser]:
    opened = Parser(
        "%fs open",
        "Open a feature store and make it the notebook's current one.",
        python="store = fsnb.open(path, engine=...)",
        example="%fs open .fsnb --engine polars",
    )
    opened.add_argument("path", nargs="?", default=".fsnb", metavar="PATH", help="its folder (default: .fsnb)")
    opened.add_argument("--engine", default="duckdb", help="what computes locally: duckdb (default) or polars")
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
        python="store.view(name, version), store.catalog.history(kind, name)",
        example="%fs show plane_delays --version 2",
    )
    show.add_argument("document", metavar="NAME", help="its name; KIND/NAME where several kinds share it")
    show.add_argument("--version", type=int, metavar="N", help="an earlier version (default: the latest)")
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


def _feature_view() -> Parser:
    parser = Parser(
        "%%feature_view",
        "Define a feature view and put it into the catalog. The cell's body is Python that sees `t`, the source's\n"
        "table, `_` and `ibis`, and your variables; its last expression is the mapping name -> Ibis value, and a\n"
        "docstring at its top is the description. Names that the body assigns stay in the body.",
        python="@fsnb.feature_view(entity=..., source=..., ...) on a function of t; store.register(view)",
        example="%%feature_view plane_delays --entity plane --source flights --windows 1d,7d --lag 15m\n"
        '           """How late this aircraft has been running."""\n'
        '           {"legs": t.count(), "mean_delay": t.arr_delay.mean()}',
    )
    parser.add_argument("name", metavar="NAME", help="the view's name, and the variable's unless -o names another")
    parser.add_argument("--entity", required=True, metavar="ENTITY", help="whose features: a variable, or its name")
    parser.add_argument("--source", required=True, metavar="SOURCE", help="of which rows: a variable, or its name")
    parser.add_argument("--windows", default="", metavar="1d,7d", help="lengths, for aggregates")
    parser.add_argument("--lag", default="0s", metavar="15m", help="how long before the asking time they stop")
    parser.add_argument("--ttl", metavar="2h", help="as-of: an older match gives NULL")
    parser.add_argument("--refresh", metavar="1h", help="the cadence of a batch")
    parser.add_argument("--closed", default="right", metavar="right", help="right, left, both or neither")
    parser.add_argument("--skip-nulls", action="store_true", help="as-of: the latest value that is not NULL")
    parser.add_argument("--owner", default="", metavar="WHO", help="who answers for it")
    parser.add_argument("--tag", action="append", default=[], metavar="TAG", help="for search; may be repeated")
    _defines(parser, None, "the feature view")
    return parser


def _train() -> Parser:
    parser = Parser(
        "%train",
        "Fill a spine with the feature values known at each row's time. Lazy: nothing runs until it is read.",
        python="train = store.training_set(spine, [view['feature'], ...], engine=...)",
        example="%train spine plane_delays.mean_delay_7d origin_load -o train",
    )
    parser.add_argument("spine", metavar="SPINE", help="variable of the fsnb.Spine")
    parser.add_argument(
        "features",
        nargs="+",
        metavar="FEATURE",
        help="view.feature, view[feature], a whole view, or a variable that holds features",
    )
    parser.add_argument("--engine", metavar="ENGINE", help="duckdb or polars, instead of the store's")
    parser.add_argument("--strategy", metavar="NAME", help="join, tiles, ..., instead of what counted pairs choose")
    _defines(parser, "train", "the training set")
    return parser


def _pit() -> Parser:
    parser = Parser(
        "%pit",
        "Show what one training row saw, and what it was denied and why.",
        python="train.why(row, feature), train.preview(row)",
        example="%pit train 17 mean_delay_7d",
    )
    parser.add_argument("train", metavar="TRAIN", help="variable of the training set")
    parser.add_argument("row", type=int, metavar="ROW", help="the spine's row, counted from 0")
    parser.add_argument("feature", nargs="?", metavar="FEATURE", help="one feature (default: every one)")
    _defines(parser, None, "what is shown")
    return parser


def _publish() -> Parser:
    parser = Parser(
        "%publish",
        "Prove a feature view, then write its history and current tables to a target in one transaction.",
        python="publication = store.publish(view, to='prod')",
        example="%publish plane_delays --to prod",
    )
    parser.add_argument("view", metavar="VIEW", help="variable of the view, or its name in the catalog")
    parser.add_argument("--to", required=True, metavar="TARGET", help="name of the target")
    _defines(parser, "publication", "the publication")
    return parser


def _check() -> Parser:
    parser = Parser(
        "%check",
        "Hold a feature view, a source or a table against checks: a view against its own, others against --with.\n"
        "With --suggest: propose checks that its rows pass today, with reasons, as code in a new cell.",
        python="report = store.check(view, checks), store.suggest_checks(source)",
        example="%check flights --suggest",
    )
    parser.add_argument("checked", metavar="NAME", help="a view or a source, or a variable of one, a table or a frame")
    parser.add_argument("--suggest", action="store_true", help="propose checks, and put their code in a new cell")
    parser.add_argument("--with", dest="checks", metavar="CHECKS", help="variable of a list of checks")
    parser.add_argument("--to", metavar="TARGET", help="a view where it was published, instead of here")
    _defines(parser, None, "the report, or the suggestions")
    return parser


FS = _fs()
FEATURE_VIEW, TRAIN, PIT, PUBLISH = _feature_view(), _train(), _pit(), _publish()
CHECK = _check()

FS_HELP = "\n".join(
    [
        "%fs COMMAND [...]: the feature store of this notebook.",
        "",
        *(f"  %fs {name:<8}{parser.description}" for name, parser in FS.items()),
        "",
        "`%fs` alone is `%fs status`. Each takes --help.",
    ]
)
HELPS = {
    "fs": FS_HELP,
    "feature_view": FEATURE_VIEW.format_help(),
    "train": TRAIN.format_help(),
    "pit": PIT.format_help(),
    "publish": PUBLISH.format_help(),
    "check": CHECK.format_help(),
}
