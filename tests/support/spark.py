"""Apache Spark in this process, from `with` until its end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from fsnb.demo.spark import local_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

COMPILED = {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK"}  # Spark's defaults
INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}


@contextlib.contextmanager
def spark_session(settings: Mapping[str, str] = COMPILED) -> Iterator[SparkSession]:
    """A local Spark session, from `with` until its end."""
    session = local_session("fsnb tests", settings=settings)
    try:
        yield session
    finally:
        session.stop()
