from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.crash.secrets import answered, run_notebook, written
from tests.support.postgres import PostgresServer

SHOWN = (
    "lost the connection",
    "connection refused",
    "password authentication failed",
    "does not exist",
    "There is none",
)
HERE = "127.0.0.1"


@pytest.mark.postgres
def test_password_is_in_nothing_that_a_notebook_writes(
    postgres_server: PostgresServer, postgres_db_url: str, tmp_path: Path
) -> None:
    canary = str(urlsplit(postgres_db_url).password)
    outcome = run_notebook(tmp_path, postgres_db_url).read_text()
    assert [text for text in (*SHOWN, "target = Target(", HERE) if text.lower() not in outcome.lower()] == []
    found = dict(written(tmp_path, postgres_db_url, postgres_server.log)) | dict(answered(tmp_path))
    assert HERE in found[str(tmp_path / ".fsnb" / "catalog.sqlite")]
    assert {"fsnb.latest__v1_history", "fsnb.fsnb_runs", "public.trips", str(tmp_path / "log.txt")} <= set(found)
    assert any("mlartifacts" in name for name in found)
    assert any("latest__v1_history/_fsnb/ledger-" in name for name in found)
    assert all("filled" in found[f"server: {route}"] for route in ("overview", "publications"))
    assert [name for name, text in found.items() if canary in text] == []
