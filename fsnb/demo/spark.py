"""Apache Spark in this process, small: two threads, no UI, no Hive, its files in a folder that goes away.

Spark 4.0 runs on Java 17 or 21, and starts whatever JAVA_HOME or PATH name. So a fitting one is looked for, and Spark
is told of it before it starts.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fsnb.errors import NotSupported

JAVAS = (17, 21)
LOG = Path(__file__).with_name("log4j2.properties")
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
    "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={LOG.as_uri()}",
}


def local_session(
    name: str = "fsnb", folder: str | Path | None = None, settings: Mapping[str, str] | None = None
) -> Any:
    """Spark on this machine, for a notebook, a demo or a test; `.stop()` ends it. Its tables go with the process.

    Its files are kept in `folder`, or in one that goes with the process too. `settings` are Spark's own, e.g.
    {"spark.driver.memory": "8g"}, and go before ours.

    Raises
    ------
    NotSupported
        There is no Java 17 or 21, or the extra `spark` is missing; the message says what to install.
    """
    os.environ["JAVA_HOME"] = str(find_java())
    os.environ["PYSPARK_PYTHON"] = sys.executable
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise NotSupported("pyspark is not installed. Install the extra: pip install 'fsnb[spark]'.") from None
    own = None if folder else tempfile.TemporaryDirectory(prefix="fsnb-spark-", ignore_cleanup_errors=True)
    there = str(folder or (own and own.name))
    builder = SparkSession.builder.master("local[2]").appName(name)
    places = {"spark.sql.warehouse.dir": there, "spark.local.dir": there}
    for setting, value in (SETTINGS | places | dict(settings or {})).items():
        builder = builder.config(setting, value)
    session = builder.getOrCreate()
    if own:
        weakref.finalize(session, own.cleanup)
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
    raise NotSupported(
        f"Spark cannot be started: there is no Java {' or '.join(map(str, JAVAS))}. "
        "Install your system's package 'openjdk-17-jre-headless'."
    )


def version(home: Path) -> int | None:
    """The major version of the Java in a folder; None where there is none."""
    try:
        done = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r'version "(\d+)', done.stderr)
    return int(found[1]) if found else None
