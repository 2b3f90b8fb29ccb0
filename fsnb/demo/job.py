"""What `fsnb demo` does, step by step, on the store's API alone. It draws nothing: who runs it is told of each step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from fsnb.demo import flights, leaks, views
from fsnb.demo.leaks import Score
from fsnb.demo.serving import features_served, values_apart
from fsnb.demo.spark import local_session
from fsnb.model import Spine
from fsnb.publish import Publication, Target
from fsnb.store import FeatureStore
from fsnb.training import LoggedTrainingSet, TrainingSet, Verification

TARGET = "prod"
RAW = "fsnb_demo"  # the sources' schema on the target: the demo's own, so that loading again replaces nobody's table
END = datetime(2014, 1, 1, 5)  # midnight in New York: the last question is asked at 21:59

Tell = Callable[..., None]
Step = Callable[[str], AbstractContextManager[Tell]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out, and where it is.

    `served` says how many feature values of the tested flights were read back from the target, and how many of them are
    not those of the training set.
    """

    store: FeatureStore
    target: Target
    train: TrainingSet
    late_share: Any
    scores: tuple[Score, ...]
    served: tuple[int, int]
    logged: LoggedTrainingSet
    verification: Verification
    loaded: tuple[tuple[str, int], ...]
    publications: tuple[Publication, ...]

    @property
    def kept(self) -> bool:
        """Whether the promise was kept: the same rows again from MLflow, from the sources and from production."""
        return self.verification.same and not self.served[1]


def run(home: Path, engine: str, target: str | None, step: Step) -> Outcome:
    """The whole way.

    Parameters
    ----------
    home
        The store's folder; the demo's tables are cached in it.
    engine
        "duckdb" or "polars": what computes locally.
    target
        URL of the production database; an embedded one in `home` by default.
    step
        `with step("name") as tell:` around each step; `tell` takes what store methods report as progress.

    Raises
    ------
    FsnbError
        An extra is missing, the target cannot be reached, ...
    """
    store = FeatureStore(home, engine)
    with step("reach the target"):
        prod = _target(store, target)
    with step("read the flights"):
        tables = flights.tables(home / "demo")
    with step("define sources and views"):
        given = views.sources(store, tables)
        defined = views.views(given)
    with step("training set"):
        spine = Spine(tables.questions, at="asked_at", label="late")
        train = store.training_set(spine, defined)
        rows = train.to_polars()
    with step("train"):
        model = leaks.fit(rows, [*flights.KNOWN_AHEAD, *train.features])
        baseline = leaks.auc(leaks.fit(rows, flights.KNOWN_AHEAD), rows)
    with step("leak 1: joined by event time"):
        by_event_time = _by_event_time(train, rows)
    with step("leak 2: own row in a group mean"):
        by_group_means = _by_group_means(store, train, rows, tables)
    with step("log in MLflow"):
        logged = train.log(model)
    with step("load back and rebuild"):
        verification = store.load_training_set(logged.run_id).verify()
    with step("load the sources on the target") as tell:
        loaded = [(source.name, store.load(source, to=TARGET, replace=True, progress=tell)) for source in given]
    published = []
    for view in defined:
        with step(f"publish {view.name}") as tell:
            published.append(store.publish(view, to=TARGET, end=END, progress=tell))
    with step("read the features back from the target"):
        asked = rows.filter(flights.TESTED)
        served = features_served(asked.select(train.plan.spine.columns), defined, published, prod, store.engine)
    return Outcome(
        store=store,
        target=prod,
        train=train,
        late_share=rows["late"].mean(),
        scores=(
            Score("known ahead alone, no feature view", baseline, baseline),
            Score("point-in-time, with availability", leaks.auc(model, rows), leaks.auc(model, served)),
            by_event_time,
            by_group_means,
        ),
        served=(served.height * len(train.features), values_apart(asked, served, train.features)),
        logged=logged,
        verification=verification,
        loaded=tuple(loaded),
        publications=tuple(published),
    )


def _target(store: FeatureStore, url: str | None) -> Target:
    """The target, once it has answered: nobody waits for a minute to learn of a wrong password.

    A Spark that starts by itself would be set up for a cluster, with 200 tasks for a handful of rows.
    """
    if url and url.startswith("spark:"):
        local_session("fsnb demo")
    sources = {name: f"{RAW}.{name}" for name in ("departures", "landings", "weather")}
    target = store.target(TARGET, url or f"duckdb://{store.path / 'prod.duckdb'}", sources=sources)
    with target.session():
        return target


def _by_event_time(train: TrainingSet, rows: pl.DataFrame) -> Score:
    leaky = leaks.joined_by_event_time(train)
    model = leaks.fit(leaky, [*flights.KNOWN_AHEAD, *train.features])
    return Score("joined by event time, availability ignored", leaks.auc(model, leaky), leaks.auc(model, rows))


def _by_group_means(store: FeatureStore, train: TrainingSet, rows: pl.DataFrame, tables: flights.Tables) -> Score:
    leaky = leaks.group_means_with_own_row(rows)
    served = leaks.group_means_known_then(rows, tables, store.engine)
    model = leaks.fit(leaky, [*flights.KNOWN_AHEAD, *train.features, *leaks.GROUPS])
    return Score("group means that include the own row", leaks.auc(model, leaky), leaks.auc(model, served))
