"""What the commands of `%fs` take that keep a store: its targets, sources there, versions, words, online stores."""

from __future__ import annotations

from fsnb.notebook.options import TARGET, published_part
from fsnb.notebook.parsing import Parser, defines

VIEW = "variable of the view, or its name in the catalog"


def keeping() -> dict[str, Parser]:
    """The parsers, by command."""
    made = (_target, _load, _materialize, _promote, _rollback, _sync, _describe, _profile)
    return {parser.prog.removeprefix("%fs "): parser for parser in (make() for make in made)}


def _target() -> Parser:
    parser = Parser(
        "%fs target",
        "Name a production database, or show one that was named.",
        python="store.target('prod', url, schema=..., sources={...})",
        example="%fs target prod 'postgresql://me:${PGPASSWORD}@db:5432/shop' --map flights=raw.flights",
    )
    parser.add_argument("name", metavar="NAME", help="its name")
    parser.add_argument(
        "url",
        nargs="?",
        metavar="URL",
        help="postgresql://..., a path ending in .duckdb, delta:///folder, spark:///folder",
    )
    parser.add_argument("--schema", metavar="SCHEMA", help="where published tables go")
    mapped = "where it keeps a source; may be repeated"
    parser.add_argument("--map", action="append", default=[], metavar="SOURCE=TABLE", help=mapped)
    defines(parser, None, "the target")
    return parser


def _load() -> Parser:
    parser = Parser(
        "%fs load",
        "Copy a source's rows to a target that does not have them.",
        python="store.load(source, to='prod', replace=False)",
        example="%fs load flights --to prod",
    )
    parser.add_argument("source", metavar="SOURCE", help="a variable, or its name")
    parser.add_argument("--to", metavar="TARGET", help=TARGET)
    parser.add_argument("--replace", action="store_true", help="in place of a table that is there")
    defines(parser, None, "how many rows")
    return parser


def _materialize() -> Parser:
    parser = Parser(
        "%fs materialize",
        "Write what is due of a view that is published, with no new proof: what a scheduler calls.",
        python="store.materialize(view, to='prod', start=..., end=...)",
        example="%fs materialize plane_delays --to prod --start 7d",
    )
    parser.add_argument("view", metavar="VIEW", help=VIEW)
    parser.add_argument("--to", metavar="TARGET", help=TARGET)
    published_part(parser)
    defines(parser, None, "what was written")
    return parser


def _promote() -> Parser:
    parser = Parser(
        "%fs promote",
        "Lead readers of a view to a version that was published beside the promoted one.",
        python="store.promote(view, to='prod', version=2, breaking=False)",
        example="%fs promote plane_delays 2 --to prod",
    )
    parser.add_argument("view", metavar="VIEW", help=VIEW)
    parser.add_argument("number", type=int, metavar="VERSION", help="its number")
    parser.add_argument("--to", metavar="TARGET", help=TARGET)
    parser.add_argument("--breaking", action="store_true", help="allow what readers would notice")
    defines(parser, None, "the promotion")
    return parser


def _rollback() -> Parser:
    parser = Parser(
        "%fs rollback",
        "Lead readers of a view back to a version that was promoted before. Nothing is deleted.",
        python="store.rollback(view, to='prod', version=None)",
        example="%fs rollback plane_delays --to prod",
    )
    parser.add_argument("view", metavar="VIEW", help=VIEW)
    parser.add_argument("number", type=int, nargs="?", metavar="VERSION", help="its number (default: the one before)")
    parser.add_argument("--to", metavar="TARGET", help=TARGET)
    defines(parser, None, "the promotion")
    return parser


def _sync() -> Parser:
    parser = Parser(
        "%fs sync",
        "Push what was published of a view, and not pushed yet, into an online store.",
        python="store.sync_online(view, to='sqlite', target=None)",
        example="%fs sync plane_delays --online redis://localhost:6379",
    )
    parser.add_argument("view", metavar="VIEW", help=VIEW)
    parser.add_argument("--online", default="sqlite", metavar="URL", help="sqlite (default), redis://, postgresql://")
    parser.add_argument("--to", metavar="TARGET", help="where it is published (default: where it was published last)")
    defines(parser, None, "what was pushed")
    return parser


def _describe() -> Parser:
    parser = Parser(
        "%fs describe",
        "Say who owns a view, what it is, how it is tagged; what it computes stays.",
        python="store.describe(view, owner=..., tags=[...], description=...)",
        example="%fs describe plane_delays --owner ops --tag delay --tag daily",
    )
    parser.add_argument("view", metavar="VIEW", help=VIEW)
    parser.add_argument("--owner", metavar="WHO", help="who answers for it")
    parser.add_argument("--tag", action="append", metavar="TAG", help="instead of its tags; may be repeated")
    parser.add_argument("--description", metavar="TEXT", help="what it is")
    defines(parser, None, "the view")
    return parser


def _profile() -> Parser:
    parser = Parser(
        "%fs profile",
        "How the values of a view's features are distributed, over every entity; kept in the catalog.",
        python="store.profile(view, at=None)",
        example="%fs profile plane_delays",
    )
    parser.add_argument("view", metavar="VIEW", help=VIEW)
    parser.add_argument("--at", metavar="TIME", help="when they are asked, UTC (default: when all is seen)")
    defines(parser, None, "the profile")
    return parser
