"""What is measured: each work with its shapes and its sides. An explicit table; a side names the function it calls."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

Kind = Literal["ours", "hand", "part", "peer", "floor"]
SIDES, PEERS = "tests.benchmarks.sides", "tests.benchmarks.peers"
THREE = ("main", "dense", "zipf")


@dataclass(frozen=True, slots=True)
class Side:
    """One way to do a work.

    Parameters
    ----------
    name
        As the table says it.
    call
        "module:function" of what prepares it; given the paths `events` and `spine`, and `options`.
    kind
        "hand": all of the work, as one would write it; "part": some of its columns; "floor": what reading alone costs.
    peer
        The environment it runs in; this one by default.
    shape
        A shape of its own instead of the work's.
    compared
        Whether its answer must be that of the others; and `ordered`, whether in spine order.
    """

    name: str
    call: str
    kind: Kind
    options: dict[str, Any] = field(default_factory=dict)
    peer: str | None = None
    shape: str | None = None
    compared: bool = True
    ordered: bool = True


@dataclass(frozen=True, slots=True)
class Work:
    """Sides that answer one question, on some shapes.

    `against`: the side that ratios are of; None: the fastest written by hand. `alone`: one process at a time, and its
    first call is what is measured, for work too large to repeat.
    """

    name: str
    title: str
    sides: tuple[Side, ...]
    shapes: tuple[str, ...] = THREE
    against: str | None = None
    alone: bool = False


def _ours(function: str, **options: Any) -> tuple[Side, Side]:
    named = {"duckdb": "fsnb, DuckDB", "polars": "fsnb, Polars"}
    sides = [Side(name, f"{SIDES}.ours:{function}", "ours", {"engine": key, **options}) for key, name in named.items()]
    return sides[0], sides[1]


def _hand(name: str, call: str, kind: Kind = "hand", **options: Any) -> Side:
    return Side(name, f"{SIDES}.{call}", kind, options)


def _floor(name: str, call: str, **options: Any) -> Side:
    return replace(_hand(f"floor: {name}", call, "floor", **options), compared=False)


def _peer(name: str, peer: str, function: str, **options: Any) -> Side:
    return Side(name, f"{PEERS}.with_{peer}:{function}", "peer", options, peer=peer)


ASOF_SQL = _hand("ASOF SQL by hand", "sql_asof:one_clock")
PAIRS = _hand("inequality join + max SQL by hand", "sql_asof:pairs")
ASOF_POLARS = _hand("Polars join_asof by hand", "polars_asof:one_clock")
INEQUALITY = _hand("inequality join SQL by hand", "sql_windows:inequality_join")
ROLLING = _hand("Polars union + rolling by hand", "polars_windows:rolling")
TILES = _hand("tiles SQL by hand", "sql_tiles:tiles")
SCAN = _floor("scan of the columns", "sql_asof:scan")
LIMIT = "5GB"  # DuckDB takes four fifths of all memory before it spills, if it is not told otherwise
BUCKETS = _hand("inequality join SQL in buckets, written, by hand", "sql_windows:in_buckets", memory="1GB")
BUCKETS = replace(BUCKETS, ordered=False)
SAVED = Side("fsnb, DuckDB, train.save()", f"{SIDES}.ours:windows_saved", "ours", {"memory": "1GB"}, ordered=False)

ASOF = Work(
    "asof",
    "as-of, 5 columns, ttl 7d",
    (
        *_ours("asof"),
        ASOF_SQL,
        ASOF_POLARS,
        _hand("pandas merge_asof by hand", "pandas_asof:one_clock"),
        SCAN,
        _floor("scan and sort the events", "sql_asof:scan_and_sort"),
    ),
    against=ASOF_SQL.name,
)
SKEWED = tuple(
    replace(side, name=f"{side.name}, {shape}", shape=shape, compared=False)
    for shape in ("main", "zipf")
    for side in _ours("asof")
)
SKEW = Work("skew", "as-of, hot keys beside even ones", SKEWED, ("main",))
ONE_CLOCK = tuple(replace(side, name=f"{side.name}, one clock", compared=False) for side in _ours("asof"))
CLOCKS = Work(
    "clocks",
    "as-of by two clocks, 5 columns, ttl 7d",
    (
        *_ours("asof", available="available"),
        _hand("heads + ASOF SQL by hand", "sql_asof:two_clocks"),
        _hand("heads + Polars join_asof by hand", "polars_asof:two_clocks"),
        *ONE_CLOCK,
    ),
)
WINDOWS = Work(
    "windows",
    "20 windowed features",
    (
        *_ours("windows"),
        INEQUALITY,
        _hand("union + RANGE frames SQL by hand", "sql_windows:range_frames"),
        TILES,
        _hand("running sums + ASOF SQL by hand (16 of 20)", "sql_windows:running_sums", "part"),
        _hand("Polars join_where by hand", "polars_windows:join_where"),
        ROLLING,
        _hand("Polars running sums + join_asof by hand (16 of 20)", "polars_windows:running_sums", "part"),
        _floor("scan of the columns", "sql_asof:scan", columns=["x0"]),
    ),
)
NUNIQUE = Work(
    "nunique",
    "distinct values of one column over 4 windows",
    (
        *_ours("nunique"),
        _hand("count(DISTINCT) SQL by hand", "sql_windows:count_distinct"),
        _hand("bitmaps SQL by hand", "sql_windows:bitmaps"),
        _hand("bitmaps in tiles SQL by hand", "sql_tiles:bitmap_tiles"),
    ),
)
FEW_ROWS = ("twenty", "thousand", "zipf_twenty", "zipf_thousand")
PREVIEW_ASOF = Work(
    "preview_asof", "preview: few rows as-of, 5 columns", (*_ours("asof"), ASOF_SQL, PAIRS, SCAN), FEW_ROWS, SCAN.name
)
PREVIEW_WINDOWS = Work(
    "preview_windows",
    "preview: few rows, 20 windowed features",
    (*_ours("windows"), INEQUALITY, WINDOWS.sides[-1]),
    FEW_ROWS,
    SCAN.name,
)


def _grown(function: str, what: str) -> tuple[Side, ...]:
    sides = [replace(side, name=f"{side.name}, {what}", compared=False) for side in _ours(function)]
    return (*sides, *(replace(side, name=f"{side.name}, events doubled", shape="doubled") for side in sides))


GROWTH = Work(
    "growth", "events doubled, the same spine", (*_grown("asof", "as-of"), *_grown("windows", "windows")), ("main",)
)
PLAN = Side("fsnb, plan", f"{SIDES}.ours:planning", "ours", {"compiled": False}, compared=False)
COMPILE = replace(PLAN, name="fsnb, plan and compile", options={"compiled": True})
PLANNING = Work("planning", "50 features of 5 views, no data read", (PLAN, COMPILE), ("main",))

PEERS_ASOF = Work(
    "peers_asof",
    "as-of, 5 columns, ttl 7d, beside Feast",
    (
        *_ours("asof"),
        ASOF_SQL,
        _peer("Feast, DuckDB store", "feast", "asof", store="duckdb", memory="7GB"),
        _peer("Feast, dask store", "feast", "asof", store="dask"),
    ),
    ("main", "zipf"),
    "fsnb, DuckDB",
)
PEERS_WINDOWS = Work(
    "peers_windows",
    "20 windowed features, beside temporian",
    (*_ours("windows"), ROLLING, _peer("temporian", "temporian", "windows")),
    ("main", "dense"),
    "fsnb, DuckDB",
)
PEERS_FEW = Work(
    "peers_few",
    "20 windowed features of few rows, beside featuretools",
    (*_ours("windows"), INEQUALITY, _peer("featuretools", "featuretools", "windows")),
    ("few",),
    "fsnb, DuckDB",
)
HUGE_ASOF = Work(
    "huge_asof",
    f"{ASOF.title}, huge, DuckDB limited to {LIMIT}",
    (
        *_ours("asof", memory=LIMIT),
        replace(ASOF_SQL, options={"memory": LIMIT}),
        ASOF_POLARS,
    ),
    ("huge",),
    alone=True,
)
HUGE_WINDOWS = Work(
    "huge_windows",
    f"{WINDOWS.title}, huge",
    (SAVED, *_ours("windows"), INEQUALITY, ROLLING, BUCKETS),
    ("huge",),
    alone=True,
)

GROUPS: dict[str, tuple[Work, ...]] = {
    "bench": (ASOF, SKEW, CLOCKS, WINDOWS, NUNIQUE, PREVIEW_ASOF, PREVIEW_WINDOWS, GROWTH, PLANNING),
    "peers": (PEERS_ASOF, PEERS_WINDOWS, PEERS_FEW),
    "huge": (HUGE_ASOF, HUGE_WINDOWS),
}
WORKS = {work.name: work for group in GROUPS.values() for work in group}
