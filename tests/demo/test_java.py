from __future__ import annotations

from pathlib import Path

import pytest

from fsnb.demo import spark
from fsnb.errors import NotSupported


def java(home: Path, says: str) -> Path:
    """A folder that looks like an installed Java of some version."""
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    (home / "bin" / "java").chmod(0o755)
    return home


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(spark.shutil, "which", lambda name: None)
    monkeypatch.setattr(spark, "PACKAGED", tmp_path / "packages")


def test_java_that_spark_does_not_run_on_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(java(tmp_path / "eight", 'openjdk version "1.8.0_402"')))
    java(tmp_path / "packages" / "java-25", 'openjdk version "25.0.1" 2025-10-21')
    fits = java(tmp_path / "packages" / "java-21", 'openjdk version "21.0.4" 2024-07-16')
    assert spark.find_java() == fits


def test_java_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java(tmp_path / "packages" / "java-21", 'openjdk version "21.0.4"')
    home = java(tmp_path / "mine", 'openjdk version "17.0.15" 2025-04-15')
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert spark.find_java() == home


def test_no_fitting_java_says_what_to_do(tmp_path: Path) -> None:
    java(tmp_path / "packages" / "java-25", 'openjdk version "25.0.1"')
    with pytest.raises(NotSupported, match=r"no Java 17 or 21\. Install your system's package"):
        spark.find_java()
