"""A store with every kind of view, some with names that are hostile to the languages that they are written in."""

from __future__ import annotations

from pathlib import Path

import pytest
from ibis import _

import fsnb
from fsnb.store import FeatureStore
from tests.publish.support import ROWS, latest, sums, table

EVIL = "a\"b'c`d {{ 7 * 7 }} {% raw %} ${HOME} $(id) %s \\ -- ; é # x: y"
DESCRIPTION = f'{EVIL}\n"""\n${{{{ secrets.TOKEN }}}} {{# no #}} {{% endraw %}} */'
SECRET = "hunter2-canary"


@pytest.fixture(scope="session")
def views() -> dict[str, fsnb.FeatureView]:
    """As-of, windowed, static, with no refresh, and one of hostile names."""
    source = fsnb.Source("events", table(ROWS), event_time="ts", available="known", tie_break="n")
    plain = fsnb.Source("things", table(ROWS), event_time=None)
    thing, evil = fsnb.Entity("thing", "k"), fsnb.Entity("evil", EVIL)
    made = [
        latest(source, refresh="15m", description="the latest"),
        sums(source, description="sums", owner="ops", tags=["a", "b"]),
        fsnb.FeatureView("fixed", entity=thing, source=plain, features={"x": _.x}),
        fsnb.FeatureView("asked", entity=thing, source=source, features={"rows": _.count()}, windows="1d"),
        fsnb.FeatureView(
            "größe",
            entity=evil,
            source=source,
            features=lambda t: {"x": t.mutate(**{EVIL: t.k}).x},
            description=DESCRIPTION,
            owner=EVIL,
            tags=[EVIL],
        ),
    ]
    return {view.name: view for view in made}


@pytest.fixture(scope="session")
def store(views: dict[str, fsnb.FeatureView], tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    found = fsnb.open(tmp_path_factory.mktemp("deploy") / ".fsnb")
    for view in views.values():
        found.register(view)
    found.target("prod", f"postgresql://ops:{SECRET}@${{PGHOST}}/db", schema="serving")
    return found


@pytest.fixture(scope="session")
def built(store: FeatureStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything built once; tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("built")
    store.build(out=folder)
    return folder
