"""The manifest of a training set: everything that says what its rows are, as JSON, and the files that go with it.

    fsnb/manifest.json         definitions, fingerprints, sources and where they lay, digest, engine, versions
    fsnb/training_set.parquet  the rows
    fsnb/query.sql             the query
    fsnb/schema.json           each column's type and part
    fsnb/plan.txt              the plan in words
    fsnb/baseline.json         statistics that later data is compared with (see fsnb.training.description)

FORMAT is the manifest's number: a later fsnb reads earlier ones, an earlier one refuses later ones.
"""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from fsnb.errors import NotSupported, TrainingSetError
from fsnb.training import digest

if TYPE_CHECKING:
    from fsnb.model import Source
    from fsnb.training.training_set import TrainingSet

FORMAT = 1
MANIFEST, SNAPSHOT, QUERY, SCHEMA, PLAN = (
    "manifest.json",
    "training_set.parquet",
    "query.sql",
    "schema.json",
    "plan.txt",
)
LIBRARIES = ("fsnb", "ibis-framework", "duckdb", "polars", "pyarrow", "mlflow")


def folder(context: str) -> str:
    """Where in a run's artifacts the files lie; other contexts than training have a folder of their own."""
    return "fsnb" if context == "training" else f"fsnb/{context}"


def tag(context: str, what: str) -> str:
    """The name of a run's tag: fsnb.digest; fsnb.validation.digest."""
    return f"fsnb.{what}" if context == "training" else f"fsnb.{context}.{what}"


def sources(train: TrainingSet) -> dict[str, Source]:
    """The definitions of the tables that a set reads, by name."""
    return dict(train.sources) | {part.view.source.name: part.view.source for part in train.plan.views}


def manifest(train: TrainingSet, name: str, context: str) -> dict[str, Any]:
    """What the rows are, as JSON. Holds no rows, and no connection's address."""
    known = sources(train)
    return {
        "format": FORMAT,
        "name": name,
        "context": context,
        "fingerprint": train.fingerprint,
        "digest": train.digest,
        "digest_format": digest.FORMAT,
        "rows": train.to_arrow().num_rows,
        "columns": list(train.columns),
        "plan": train.plan.to_doc(),
        "sources": {name: known[name].to_doc() for name in train.plan.sources if name in known},
        "engine": train.con.name,
        "libraries": {name: _version(name) for name in LIBRARIES},
        "python": platform.python_version(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def schema(train: TrainingSet) -> list[dict[str, str]]:
    """Each column's name, type and part: spine, label, or feature of a view."""
    parts = {column: {"part": "label" if column in train.labels else "spine"} for column in train.plan.spine.columns}
    parts |= {f.column: {"part": "feature", "view": f.view.name, "feature": f.name} for f in train.plan.features}
    return [{"name": field.name, "type": str(field.type)} | parts[field.name] for field in train.to_arrow().schema]


def write(train: TrainingSet, described: dict[str, Any], into: Path) -> None:
    """The files of a training set."""
    pq.write_table(train.to_arrow(), into / SNAPSHOT, compression="zstd")
    (into / MANIFEST).write_text(_json(described), encoding="utf-8")
    (into / SCHEMA).write_text(_json(schema(train)), encoding="utf-8")
    (into / PLAN).write_text(f"{train.plan}\n", encoding="utf-8")
    (into / QUERY).write_text(_query(train), encoding="utf-8")


def _query(train: TrainingSet) -> str:
    """The query, or why this engine's dialect has none: the rows are logged all the same."""
    try:
        return train.sql()
    except NotSupported as error:
        return f"-- {error}\n"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def read(file: Path) -> dict[str, Any]:
    """A manifest, if this fsnb can read it."""
    described: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if described["format"] > FORMAT:
        raise TrainingSetError(
            f"{file.name} has format {described['format']}, written by fsnb {described['libraries']['fsnb']}; "
            f"this fsnb reads up to {FORMAT}. Upgrade fsnb."
        )
    return described


def read_rows(file: Path) -> pa.Table:
    return pq.read_table(file)
