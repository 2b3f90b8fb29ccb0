"""Apache Spark in this process, small: two threads, no UI, no Hive, its files in a folder that goes away.

Spark 4.0 runs on Java 17 or 21, and starts whatever JAVA_HOME or PATH name. So a fitting one is looked for, and Spark
is told of it before it starts.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JAVAS = (17, 21)
PACKAGED = Path("/usr/lib/jvm")  # where Linux distributions put them
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "3g",
}


FOLDERS = ("spark.sql.warehouse.dir", "spark.local.dir")


class NoJava(RuntimeError):
    """There is no Java on this machine that Spark runs on."""


@contextlib.contextmanager
def spark_session() -> Iterator[SparkSession]:
    """A local Spark session, from `with` until its end."""
    with tempfile.TemporaryDirectory(prefix="fsnb-spark-") as folder:
        session = start_session(Path(folder))
        try:
            yield session
        finally:
            session.stop()


def start_session(folder: Path) -> SparkSession:
    """A local Spark session that keeps its files in a folder."""
    os.environ["JAVA_HOME"] = str(find_java())
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").appName("fsnb tests")
    for name, value in (SETTINGS | dict.fromkeys(FOLDERS, str(folder))).items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")  # a query that must fail would fill the screen
    return session


def find_java() -> Path:
    """The home of a Java that Spark runs on: JAVA_HOME's, the one on PATH, else an installed package's."""
    on_path = shutil.which("java")
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    homes += [Path(on_path).resolve().parents[1]] if on_path else []
    for home in [*homes, *sorted(PACKAGED.glob("*"))]:
        if version(home) in JAVAS:
            return home
    raise NoJava(
        f"no Java {' or '.join(map(str, JAVAS))}, which Spark needs: tools/ensure_services installs one, "
        "or says what to install"
    )


def version(home: Path) -> int | None:
    """The major version of the Java in a folder; None where there is none."""
    try:
        done = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r'version "(\d+)', done.stderr)
    return int(found[1]) if found else None
