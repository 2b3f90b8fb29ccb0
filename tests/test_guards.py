"""Promises about the project as a whole that no single module can keep."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import fsnb
from tests.support.missing import skipped_without

ROOT = Path(__file__).parent.parent

# What `import fsnb` must not load: the shells' libraries, and those that take long. (rich is not among them: ibis
# imports it. SQLAlchemy, DuckDB and Polars are what opening a store needs at once.)
HEAVY = (
    "IPython",
    "altair",
    "anywidget",
    "click",
    "datafusion",
    "ipywidgets",
    "matplotlib",
    "mlflow",
    "pandas",
    "psycopg",
    "pyspark",
    "sklearn",
    "tornado",
    "vl_convert",
)

# IPython looks these up on the package; nobody imports them.
HOOKS = {"load_ipython_extension", "unload_ipython_extension"}

REGISTRIES = (
    r"pypi\.org",
    r"pythonhosted\.org",
    r"npmjs\.(org|com)",
    r"yarnpkg\.com",
    r"anaconda\.(org|com)",
    r"deb\.debian\.org",
    r"(index-url|find-links)[= ]+\w+://",
)
CDNS = (r"jsdelivr\.net", r"unpkg\.com", r"cdnjs\.", r"esm\.sh", r"skypack\.dev", r"googleapis\.com")
FORBIDDEN = {
    "a package registry": re.compile("|".join(REGISTRIES)),
    "a content delivery network": re.compile("|".join(CDNS)),
    "a path of one machine": re.compile(r"(?<![\w.$}/-])/(?:work|root|tmp|home|Users)/\w"),
}


def test_all_is_sorted() -> None:
    assert list(fsnb.__all__) == sorted(fsnb.__all__)


def test_all_names_each_public_name_and_no_other() -> None:
    def public(name: str) -> bool:
        value = getattr(fsnb, name)
        return not (name.startswith("_") or name in HOOKS or name == "annotations" or isinstance(value, ModuleType))

    assert set(fsnb.__all__) - {"__version__"} == {name for name in dir(fsnb) if public(name)}


def test_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert fsnb.__version__ == project["version"]


def test_import_stays_light() -> None:
    code = f"import sys, fsnb; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    by_name = "fsnb.checks, fsnb.publish, fsnb.quality, fsnb.testing"  # loaded when asked for
    command = [sys.executable, "-c", f"{code}; {by_name}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == []


def test_files_name_no_registry_no_cdn_and_no_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: names {what}: {match[0]}"
        for path in project_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), 1)
        for what, pattern in FORBIDDEN.items()
        if (match := pattern.search(line))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a package registry", "pip install --index-url" + " https://example.invalid/simple"),
        ("a package registry", "https://pypi" + ".org/simple"),
        ("a content delivery network", 'src="https://unpkg' + '.com/vega"'),
        ("a path of one machine", 'open("/' + 'tmp/flights.parquet")'),
    ],
)
def test_forbidden_patterns_match_what_they_are_for(what: str, line: str) -> None:
    assert FORBIDDEN[what].search(line)


def test_every_make_target_is_in_the_help() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))
    done = subprocess.run(["make", "-s", "help"], capture_output=True, text=True, cwd=ROOT, check=True)
    assert [line for line in done.stdout.splitlines() if len(line) > 80] == []
    shown = {line.split()[1] for line in done.stdout.splitlines() if len(line.split()) > 2}
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    assert shown == targets == phony


def project_files() -> list[Path]:
    """What git tracks here, or would after `git add`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [path for name in done.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def test_what_a_machine_lacks_skips_a_test_and_fails_it_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="install it"), skipped_without(LookupError):
        raise LookupError("install it")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(LookupError, match="install it"), skipped_without(LookupError):
        raise LookupError("install it")
