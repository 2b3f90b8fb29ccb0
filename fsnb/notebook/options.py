"""What the magics take that train, look, watch and publish."""

from __future__ import annotations

from fsnb.notebook.parsing import Parser, defines

FEATURES = "view.feature, view[feature], a whole view, or a variable that holds features"
TARGET = "name of the target (default: %%config FsnbMagics.target)"


def published_part(parser: Parser) -> None:
    """The options that say which part of a history is wanted."""
    parser.add_argument("--start", metavar="TIME", help="only what may change after it: 2013-01-31T06:00, or 7d before")
    parser.add_argument("--end", metavar="TIME", help="up to it; now by default")
    parser.add_argument("--lookback", metavar="2d", help="so long before the end everything is told again")
    parser.add_argument("--full", action="store_true", help="tell all of it again")
    parser.add_argument("--chunk", type=int, metavar="N", help="so many intervals in one transaction (default: all)")


def _train() -> Parser:
    parser = Parser(
        "%train",
        "Fill a spine with the feature values known at each row's time. Lazy: nothing runs until it is read.",
        python="train = store.training_set(spine, [view['feature'], ...], engine=..., strategy=...)",
        example="%train spine plane_delays.mean_delay_7d origin_load -o train",
    )
    parser.add_argument("spine", metavar="SPINE", help="variable of the fsnb.Spine")
    parser.add_argument("features", nargs="+", metavar="FEATURE", help=FEATURES)
    parser.add_argument("--engine", metavar="ENGINE", help="duckdb or polars, instead of the store's")
    parser.add_argument("--strategy", metavar="NAME", help="join, tiles, ..., instead of what counted pairs choose")
    most = "refuse a join that would meet more pairs of a row and an event"
    parser.add_argument("--max-pairs", type=int, metavar="N", help=most)
    defines(parser, "train", "the training set")
    return parser


def _preview() -> Parser:
    parser = Parser(
        "%preview",
        "Look at training rows: each feature's value, its timeline, what it was denied and why. Of a training set, or\n"
        "of a spine and features before there is one.",
        python="train.preview(row), train.preview(rows=[...])",
        example="%preview train --row 17",
    )
    parser.add_argument("what", metavar="TRAIN", help="variable of a training set, or of a spine")
    parser.add_argument("features", nargs="*", metavar="FEATURE", help=f"of a spine: {FEATURES}")
    parser.add_argument("--row", type=int, default=0, metavar="N", help="the row to begin with, from 0 (default: 0)")
    parser.add_argument("--rows", metavar="3,17,40", help="only these rows")
    defines(parser, None, "what is shown")
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
    defines(parser, None, "what is shown")
    return parser


def _drift() -> Parser:
    parser = Parser(
        "%drift",
        "Show how current data differs from what a model was trained on, column by column.",
        python="report = store.drift(reference, current, columns=[...], bins=10)",
        example="%drift late_model current_rows --columns legs_1d,mean_delay_7d",
    )
    parser.add_argument(
        "reference",
        metavar="REFERENCE",
        help="a logged training set's name, a run id or a model's URI; a path; a variable of a training set or frame",
    )
    parser.add_argument("current", metavar="CURRENT", help="a variable, a path, or a table of the engine")
    parser.add_argument("--columns", metavar="A,B", help="only these (default: all that both have)")
    parser.add_argument("--bins", type=int, default=10, metavar="N", help="bins of each column (default: 10)")
    defines(parser, None, "the report")
    return parser


def _check() -> Parser:
    parser = Parser(
        "%check",
        "Hold a feature view, a source or a table against checks: a view against its own, others against --with.\n"
        "With --suggest: propose checks that its rows pass today, with reasons, as code in a new cell.",
        python="report = store.check(view, checks, to=..., at=...), store.suggest_checks(source)",
        example="%check flights --suggest",
    )
    parser.add_argument("checked", metavar="NAME", help="a view or a source, or a variable of one, a table or a frame")
    parser.add_argument("--suggest", action="store_true", help="propose checks, and put their code in a new cell")
    parser.add_argument(
        "--with", dest="checks", metavar="CHECKS", help="variable of a list of checks, or of a pandera schema"
    )
    parser.add_argument("--to", metavar="TARGET", help="a view where it was published, instead of here")
    parser.add_argument("--at", metavar="TIME", help="when a view's values are asked, UTC (default: when all is seen)")
    parser.add_argument("--previous", metavar="REPORT", help="variable of the report that row counts compare with")
    defines(parser, None, "the report, or the suggestions")
    return parser


def _publish() -> Parser:
    parser = Parser(
        "%publish",
        "Prove a feature view, then write its history and current tables to a target in one transaction.",
        python="publication = store.publish(view, to='prod', promote=True, breaking=False, dry_run=False, ...)",
        example="%publish plane_delays --to prod --start 7d",
    )
    parser.add_argument("view", metavar="VIEW", help="variable of the view, or its name in the catalog")
    parser.add_argument("--to", metavar="TARGET", help=TARGET)
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be done and what it costs; write nothing"
    )
    parser.add_argument("--no-promote", action="store_true", help="stage a new version beside the promoted one")
    parser.add_argument(
        "--breaking", action="store_true", help="allow what readers of the promoted version would notice"
    )
    parser.add_argument("--mode", default="table", metavar="MODE", help="table (default), or view: computed when read")
    parser.add_argument("--certify", default="auto", metavar="HOW", help="auto (default), or always: a new certificate")
    published_part(parser)
    parser.add_argument("--interval", metavar="1d", help="the length of an interval; stays as published first")
    defines(parser, "publication", "the publication")
    return parser


TRAIN, PREVIEW, PIT, DRIFT, CHECK, PUBLISH = _train(), _preview(), _pit(), _drift(), _check(), _publish()
