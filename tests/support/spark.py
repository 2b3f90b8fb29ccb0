"""Apache Spark in this process, from `with` until its end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fsnb.demo.spark import local_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@contextlib.contextmanager
def spark_session() -> Iterator[SparkSession]:
    """A local Spark session, from `with` until its end."""
    session = local_session("fsnb tests")
    try:
        yield session
    finally:
        session.stop()
