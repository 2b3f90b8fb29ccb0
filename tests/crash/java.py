"""A Java that outlives the publishers that are killed on it: a new Spark in it starts in a second, not in a minute.

A publisher that dies leaves its Spark behind, which may still write files; the next one stops it and starts its own. A
publication of few rows costs Java little but what it compiles: so it compiles less here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fsnb.demo.spark import SETTINGS, find_java
from fsnb.publish.sql import is_lost
from tests.support.spark import INTERPRETED

SPARING = {
    **INTERPRETED,
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.driver.memory": "1g",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
}


class NotStarted(Exception):
    """Java ended before a publisher had its Spark, and fsnb was asked for anything."""


@contextmanager
def started() -> Iterator[None]:
    """Tell of Java's end in here by NotStarted."""
    try:
        yield
    except Exception as error:
        if not is_lost(error):
            raise
        raise NotStarted(str(error)) from error


class Java:
    """A Java for publishers on a Spark target: started when the first needs it, and again when it was killed.

    Of a pickled one a publisher has what leads there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: Any = None
        self._leads: tuple[int, str] | None = None

    def __getstate__(self) -> dict[str, Any]:
        self.start()
        return {"_leads": self._leads}

    def start(self) -> int:
        """Its process id; where none runs, of a new one."""
        if self._process is None or self._process.poll() is not None:
            self._launch()
        return self._process.pid

    def _launch(self) -> None:
        from pyspark import SparkConf
        from pyspark.java_gateway import launch_gateway

        os.environ["JAVA_HOME"] = str(find_java())
        settings = SETTINGS | SPARING | {"spark.local.dir": str(self._folder)}
        gateway = launch_gateway(SparkConf(loadDefaults=False).setAll(list(settings.items())))
        self._process = gateway.proc
        self._leads = gateway.java_parameters.port, gateway.java_parameters.auth_token
        gateway.close()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def use(self) -> None:
        """In a publisher: let Spark start here, once what the last publisher left is stopped."""
        from pyspark import SparkContext

        assert self._leads is not None
        port, secret = self._leads
        os.environ |= {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": secret}
        SparkContext._ensure_initialized()
        companion = SparkContext._jvm.java.lang.Class.forName("org.apache.spark.SparkContext$")
        left = companion.getField("MODULE$").get(None).getActive()
        if left.isDefined():
            left.get().stop()
