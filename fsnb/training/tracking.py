"""Whose MLflow: the user's own where one is set, else the one that the feature store keeps.

MLflow's tracking URI is a global of the process (and an environment variable). It is set here for the length of a log
and taken back; reading never sets it. Errors that MLflow words around a URL lose the password in it.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fsnb.errors import TrainingSetError

EXPERIMENT = "fsnb"


@contextmanager
def tracked(fallback: str | None) -> Iterator[str]:
    """MLflow on the tracking URI that the user has set or logs to right now, else on `fallback`; yields the URI."""
    import mlflow

    if fallback is None or mlflow.is_tracking_uri_set() or mlflow.active_run():
        _reach(mlflow.get_tracking_uri())
        yield mlflow.get_tracking_uri()
        return
    mlflow.set_tracking_uri(fallback)
    try:
        yield fallback
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]  # its way to say: not set


def _reach(uri: str) -> None:
    """Ask a server once, before a log waits minutes for it."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    if not uri.startswith("http"):
        return
    try:
        with quiet(retries=1):
            MlflowClient(tracking_uri=uri).search_experiments(max_results=1)
    except MlflowException as error:
        raise TrainingSetError(
            f"MLflow at {masked(uri)} cannot be reached, so nothing was logged: {told(error, uri)} "
            "Start it, or name another: mlflow.set_tracking_uri(...)."
        ) from None  # its own words may hold the password


@contextmanager
def run(fallback: str | None, name: str) -> Iterator[str]:
    """The active run, or one of our own that ends with the block; yields its id.

    On the feature store's own MLflow a run belongs to the experiment `fsnb`, whose artifacts lie beside its database.
    """
    import mlflow

    active = mlflow.active_run()
    if active is not None:
        yield active.info.run_id
        return
    own = fallback is not None and mlflow.get_tracking_uri() == fallback
    with mlflow.start_run(experiment_id=_experiment(fallback) if own and fallback else None, run_name=name) as started:
        yield started.info.run_id


def _experiment(uri: str) -> str:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is not None:
        return found.experiment_id
    path = sqlite_path(uri)
    beside = (path.parent / "mlartifacts").absolute().as_uri() if path else None
    return client.create_experiment(EXPERIMENT, artifact_location=beside)


def places(fallback: str | None) -> list[str]:
    """Where a run may be: the user's tracking URI where one is set, the store's, MLflow's own default."""
    import mlflow

    current = mlflow.get_tracking_uri()
    users = mlflow.is_tracking_uri_set() or fallback is None
    return list(dict.fromkeys([current, fallback] if users and fallback else [fallback or current, current]))


def sqlite_path(uri: str) -> Path | None:
    """The file of a SQLite URI."""
    return Path(unquote(uri.removeprefix("sqlite:///"))) if uri.startswith("sqlite:///") else None


def masked(words: str, uri: str = "") -> str:
    """A text with no password: of any URL in it, or of `uri` wherever it stands."""
    password = urlsplit(uri).password if "://" in uri else None
    words = words.replace(password, "***") if password else words
    return re.sub(r"://[^/@\s]*:[^/@\s]*@", "://***@", words)


def told(error: Exception, uri: str) -> str:
    """What MLflow says went wrong, on one line, with no password."""
    said = masked(str(error).splitlines()[0], uri)
    return f"{said[:200].rstrip('. ')}."


@contextmanager
def quiet(*, retries: int | None = None) -> Iterator[None]:
    """Without MLflow's migrations, hints and progress bars; what fails still raises.

    `retries` bounds how often a server is asked again, where the user has not said it: MLflow's own 7 are 4 minutes.
    """
    import mlflow  # noqa: F401  importing it sets the levels that are changed here

    settings = {"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
    if retries is not None:
        settings["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = str(retries)
    unset = [name for name in settings if name not in os.environ]
    os.environ.update({name: settings[name] for name in unset})
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"mlflow(\.|$)")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        for name in unset:
            os.environ.pop(name, None)
