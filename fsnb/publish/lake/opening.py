"""The connection of a lake: from the target's URL, or from a folder that someone wants to read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import ibis

from fsnb.errors import PublishError, TargetError
from fsnb.pit.engines import check_session
from fsnb.publish.lake.delta import DeltaLog
from fsnb.publish.lake.engines import OnDuckDB, OnSpark
from fsnb.publish.lake.lake import Lake
from fsnb.publish.lake.manifests import Manifests

SCHEMES = ("delta", "spark")
PATTERNS = "*?[]{}"


def check_folder(path: str, who: str) -> None:
    """Refuse a folder that an engine would take for a pattern, or that is on an object store.

    Raises
    ------
    TargetError
    """
    if "://" in path:
        raise TargetError(
            f"{who}: {path!r} is on an object store, which has no step that only one of two publishers can make. "
            "Give a folder of a local or mounted filesystem."
        )
    if found := [each for each in PATTERNS if each in path]:
        raise TargetError(f"{who}: its folder has {found[0]!r} in its name, which is read as a pattern. Rename it.")


def open_delta(folder: str) -> Any:
    """DuckDB in memory, over the Delta tables of a folder. Needs `deltalake`."""
    import deltalake  # noqa: F401  said now, not in the middle

    con = ibis.duckdb.connect()
    con.fsnb_lake = Lake(Path(folder), OnDuckDB(con), DeltaLog)
    return con


def open_spark(folder: str) -> Any:
    """The Spark session of this process, or a new one, over the tables of a folder. Needs pyspark and Java."""
    import pyspark.errors

    try:
        con = ibis.pyspark.connect()
    except pyspark.errors.PySparkException as error:
        raise OSError(f"Spark does not start: {error}") from error
    check_session(con, "the Spark session")
    con.fsnb_lake = Lake(Path(folder), OnSpark(con), Manifests)
    return con


def read_lake(folder: str | os.PathLike[str], *views: str, session: Any = None) -> Any:
    """The published tables of a lake, on a connection to read them with: no target, no store, no lock.

    The logs are resolved once: the connection sees each view as one run left it, for as long as it is used, and what
    other publishers write meanwhile not at all.

    Parameters
    ----------
    folder
        The lake's: of Delta tables, or of those that the Spark target writes. Both are read by DuckDB.
    *views
        Which feature views; none: all that are there.
    session
        A SparkSession to register the tables on, as temporary views, instead (the Spark target's tables alone).

    Returns
    -------
    An Ibis connection
        With the tables `<view>` and `<view>_history` of the promoted version, `<view>__v<N>_current` and
        `<view>__v<N>_history` of every version, and the ledger's: `fsnb_runs`, `fsnb_intervals`, `fsnb_versions`,
        `fsnb_promotions`.

    Raises
    ------
    PublishError
        There is no such view, or no lake.
    """
    root = Path(folder).expanduser().absolute()
    con = ibis.duckdb.connect() if session is None else ibis.pyspark.connect(session)
    is_delta = session is None and any(root.glob("*/_delta_log"))
    engine = OnDuckDB(con) if session is None else OnSpark(con)
    lake = con.fsnb_lake = Lake(root, engine, DeltaLog if is_delta else Manifests)
    there = lake.views()
    for view in views or there:
        if view not in there:
            raise PublishError(f"{root} has no published view {view!r}. It has: {', '.join(there) or 'none'}.")
    lake.open(views or there)
    return con
