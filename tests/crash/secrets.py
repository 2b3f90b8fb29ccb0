"""A notebook that does all that passes a password, well and badly; then a search of everything that was written.

The password is in the kernel's environment, once as it is and once within a whole URL: no cell says it. The notebook
logs at the lowest level, shows errors with the local variables of every frame, and logs a training set.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import psycopg
from nbclient import NotebookClient

from fsnb.catalog import Catalog
from fsnb.server.answers import ANSWERS

CELLS = (
    """
import logging, os, traceback
logging.basicConfig(filename="log.txt", level=logging.DEBUG, force=True)
%load_ext fsnb
%xmode Verbose
import fsnb, polars as pl
from datetime import datetime as dt
from ibis import _

store = fsnb.open()
url = os.environ["CANARY_URL"]
""",
    """
trips = pl.DataFrame({"courier": ["a", "b"], "started": [dt(2024, 1, 1, 8), dt(2024, 1, 1, 9)], "fare": [1.5, 0.0]})
source = store.source("trips", trips, event_time="started")
courier = fsnb.Entity("courier", "courier")
latest = fsnb.FeatureView("latest", entity=courier, source=source, features={"fare": _.fare})
elsewhere = store.source("elsewhere", trips, event_time="started")
nowhere = fsnb.FeatureView("nowhere", entity=courier, source=elsewhere, features={"fare": _.fare})
wrong = fsnb.FeatureView("wrong", entity=courier, source=source, features={"per": 1 / _.fare})
""",
    """
store.target("written", url)
store.target("filled", "postgresql://${CANARY_USER}:${CANARY_PASSWORD}@127.0.0.1:${CANARY_PORT}/${CANARY_DATABASE}")
store.target("closed", url.replace(":" + os.environ["CANARY_PORT"] + "/", ":1/"))
store.target("missing", url + "_missing")
store.target("refused", url.replace(os.environ["CANARY_USER"] + ":", "nobody:"))
[repr(store.target(name)) for name in ("written", "filled", "closed", "missing", "refused")]
""",
    "store.load(source, to='written')",
    "store.publish(latest, to='written', dry_run=True)",
    "%publish latest --to written",
    """
store.target("lake", "delta://" + os.path.abspath("lake"))
store.load(source, to="lake")
store.publish(latest, to="lake")
""",
    "store.publish(latest, to='filled')",
    "%fs list",
    "%fs show latest",
    """
asked = pl.DataFrame({"courier": ["a", "b"], "at": [dt(2024, 1, 2), dt(2024, 1, 2)], "late": [0, 1]})
train = store.training_set(fsnb.Spine(asked, at="at", label="late"), latest)
train.log()
""",
    """
def attempt(view, to, **options):
    try:
        store.publish(view, to=to, **options)
    except fsnb.errors.FsnbError as error:
        print("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))
    else:
        raise AssertionError(f"{view.name} to {to} should have failed")

for view, to in [(latest, "closed"), (latest, "missing"), (latest, "refused"), (nowhere, "filled"), (wrong, "written")]:
    attempt(view, to)
""",
    """
import psycopg

def cut(step):
    if step == "write":
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()")

attempt(latest, "filled", progress=cut)
""",
    "%publish latest --to closed",
    "store.publish(wrong, to='filled')",
)
FAILING = CELLS[-2:]
NO_CALLS = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}


def run_notebook(folder: Path, url: str) -> Path:
    """Run the notebook in a folder, with the password in its kernel's environment; the notebook with its outputs."""
    place = urlsplit(url)
    told = {"URL": url, "USER": place.username, "PASSWORD": place.password, "PORT": place.port}
    told |= {"DATABASE": place.path.lstrip("/")}
    environment = os.environ | NO_CALLS | {f"CANARY_{name}": str(value) for name, value in told.items()}
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in CELLS]
    for cell in notebook.cells[-len(FAILING) :]:
        cell.metadata["tags"] = ["raises-exception"]
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute(
        env=environment
    )
    outcome = folder / "outcome.ipynb"
    nbformat.write(notebook, outcome)
    return outcome


def answered(folder: Path) -> Iterator[tuple[str, str]]:
    """Route and text of what JupyterLab's server answers the sidebar from the notebook's catalog."""
    asked = {"name": "latest", "q": "latest", "old": "latest", "new": "nowhere"}
    catalog = Catalog(folder / ".fsnb" / "catalog.sqlite")
    for route, answer in ANSWERS.items():
        yield f"server: {route}", str(answer(catalog, asked))


def written(folder: Path, url: str, server_log: Path) -> Iterator[tuple[str, str]]:
    """Name and text of everything that was written: files, tables of the database, the server's log."""
    for path in (*folder.rglob("*"), server_log):
        if path.is_file():
            read = gzip.decompress if path.suffix == ".gz" else bytes
            yield str(path), read(path.read_bytes()).decode("utf-8", errors="replace")
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for (name,) in tables:
            yield name, str(connection.execute(f"SELECT * FROM {name}").fetchall())
