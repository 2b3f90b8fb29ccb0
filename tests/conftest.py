"""Fixtures and settings for every test.

Hypothesis profiles: `ci` (the default) draws the same few examples in each run; `deep` (make test-deep) draws
many new ones; `quick` shows a failure without shrinking it. HYPOTHESIS_PROFILE names another.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.support.deep import DEEP
from tests.support.missing import skipped_without

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.support.postgres import PostgresServer
    from tests.support.redis import RedisServer

# Before anything imports mlflow: tests call nobody, and log only where they say.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"
for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID"):
    os.environ.pop(name, None)

# Before anything loads OpenMP: threads that wait by spinning take the processor from the tests beside them, and a fit
# of scikit-learn on busy cores is charged ten times what it computes.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Before anything starts a Java: compiled once and not twice, what lives for minutes takes two thirds of the time.
os.environ.setdefault("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")

COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no defect
settings.register_profile("ci", COMMON, derandomize=True, max_examples=32)
settings.register_profile("quick", COMMON, derandomize=True, max_examples=25, phases=[Phase.explicit, Phase.generate])
settings.register_profile("deep", COMMON, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


# What is imported and collected stays to the end: to look through it again and again takes a tenth of a run.
gc.set_threshold(20_000, 20, 20)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for this run. Where there is none the test is skipped; in CI it fails."""
    from fsnb.errors import NotSupported
    from tests.support.postgres import PostgresServer

    with contextlib.ExitStack() as stack:
        with skipped_without(NotSupported):
            server = stack.enter_context(PostgresServer())
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The server's database `fsnb`, shared by the tests of this run."""
    return postgres_server.url


@pytest.fixture
def postgres_db_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database of this test's own, empty."""
    with postgres_server.fresh_database() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis server for this run. Where there is none the test is skipped; in CI it fails."""
    from tests.support.redis import NoRedis, RedisServer

    with contextlib.ExitStack() as stack:
        with skipped_without(NoRedis):
            server = stack.enter_context(RedisServer())
        yield server


@pytest.fixture
def redis_db_url(redis_server: RedisServer) -> Iterator[str]:
    """A database of this test's own, empty."""
    with redis_server.fresh_database() as url:
        yield url


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Spark for this run. Without a Java for it the test is skipped; in CI it fails.

    It interprets its plans: to compile one takes longer than to run it on a few rows. The year of flights (tests/pit)
    and `make test-deep` run compiled plans, and so do notebooks and demos, whose sessions are their own.
    """
    from fsnb.demo.spark import find_java
    from fsnb.errors import NotSupported
    from tests.support.spark import COMPILED, INTERPRETED, spark_session

    with skipped_without(NotSupported):
        find_java()
    with spark_session(COMPILED if DEEP else INTERPRETED) as session:
        yield session
