"""What the magics take that define: entities, sources, feature views, spines, and examples to test a view with."""

from __future__ import annotations

from fsnb.notebook.parsing import Parser, defines


def _entity() -> Parser:
    parser = Parser(
        "%entity",
        "Name what features describe, and the key columns that identify one. As a cell: an entity in each line.",
        python="plane = fsnb.Entity('plane', keys='tailnum')",
        example="%entity plane tailnum",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="the entity's name, and the variable's unless -o")
    parser.add_argument("keys", nargs="*", metavar="KEY", help="its key columns")
    defines(parser, None, "the entity")
    return parser


def _source() -> Parser:
    parser = Parser(
        "%source",
        "Name a table of events or states, and its clocks. As a cell, Python whose last expression is the data:\n"
        "a path, a frame, an Ibis table (`con` is the store's engine), or the name of one of its tables.",
        python="flights = store.source('flights', data, event_time=..., available=..., tie_break=[...])",
        example="%source flights flights.parquet --event-time dep_time --available landed_at",
    )
    parser.add_argument("name", metavar="NAME", help="the source's name, and the variable's unless -o names another")
    parser.add_argument("data", nargs="?", metavar="DATA", help="a path, a variable, or a table of the engine")
    parser.add_argument("--event-time", metavar="COLUMN", help="when a row happened")
    parser.add_argument("--static", action="store_true", help="one row per key and no clocks, instead of --event-time")
    parser.add_argument("--available", metavar="COLUMN", help="when a reader could first have known the row")
    parser.add_argument("--tie-break", default="", metavar="A,B", help="columns that order rows of equal clocks")
    parser.add_argument("--description", default="", metavar="TEXT", help="for people and search")
    defines(parser, None, "the source")
    return parser


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
    parser.add_argument("--windows", default="", metavar="1d,7d", help="for aggregates; 7d@7d is the week before")
    parser.add_argument("--lag", default="0s", metavar="15m", help="how long before the asking time they stop")
    parser.add_argument("--ttl", metavar="2h", help="as-of: an older match gives NULL")
    parser.add_argument("--refresh", metavar="1h", help="the cadence of a batch")
    parser.add_argument("--closed", default="right", metavar="right", help="right, left, both or neither")
    parser.add_argument("--skip-nulls", action="store_true", help="as-of: the latest value that is not NULL")
    fill = "in place of NULL; may be repeated"
    parser.add_argument("--fill", action="append", default=[], metavar="FEATURE=VALUE", help=fill)
    parser.add_argument("--checks", metavar="CHECKS", help="variable of a list of checks")
    parser.add_argument("--description", default="", metavar="TEXT", help="instead of a docstring")
    parser.add_argument("--owner", default="", metavar="WHO", help="who answers for it")
    parser.add_argument("--tag", action="append", default=[], metavar="TAG", help="for search; may be repeated")
    defines(parser, None, "the feature view")
    return parser


def _on_spine() -> Parser:
    parser = Parser(
        "%%on_spine",
        "Make a spine of another one. The body is Python that sees `t`, the spine's table, `_` and `ibis`, and your\n"
        "variables; its last expression is the table: rows filtered, labels and columns added. It is read at once,\n"
        "in the order of the spine.",
        python="spine = fsnb.Spine(table, at=..., label=..., keys=...)",
        example="%%on_spine asked --label late -o train_rows\n"
        "           t.filter(t.asked_at < ibis.timestamp('2013-10-01')).mutate(late=t.arr_delay > 15)",
    )
    parser.add_argument("spine", metavar="SPINE", help="variable of the fsnb.Spine")
    parser.add_argument("--label", metavar="A,B", help="label columns (default: those of SPINE that are still there)")
    defines(parser, "spine", "the new spine")
    return parser


def _feature_test() -> Parser:
    parser = Parser(
        "%%feature_test",
        "Hold a feature view to an example: given rows, rows that ask, values to expect, each a table in the cell.\n"
        "It runs on DuckDB, on Polars and in the oracle, and fails with what each row got and why.",
        python="fsnb.testing.check_features(view, given=..., spine=..., expected=...)",
        example="%%feature_test plane_delays\n"
        "           given\n"
        "           tailnum | dep_time         | landed_at        | arr_delay\n"
        "           N1      | 2024-01-05 08:00 | 2024-01-05 10:00 | 20\n"
        "           expect\n"
        "           tailnum | at               | legs_1d | mean_delay_1d\n"
        "           N1      | 2024-01-05 09:00 | 0       | NULL\n"
        "           N1      | 2024-01-05 11:00 | 1       | 20",
    )
    parser.add_argument("view", metavar="VIEW", help="variable of the view, or its name in the catalog")
    parser.add_argument("--at", default="at", metavar="COLUMN", help="the expected table's asking time (default: at)")
    parser.add_argument(
        "--tolerance", type=float, default=1e-9, metavar="X", help="of floats, relative (default: 1e-9)"
    )
    engines = "which to hold to it (default: duckdb,polars,oracle)"
    parser.add_argument("--engines", default="", metavar="A,B", help=engines)
    defines(parser, None, "the outcome")
    return parser


ENTITY, SOURCE, FEATURE_VIEW = _entity(), _source(), _feature_view()
ON_SPINE, FEATURE_TEST = _on_spine(), _feature_test()
