"""FeatureStore: wires the engine, the catalog, the tracking store and the targets; each method a few lines.

A store is a folder and a connection. What it knows beyond this process is in the catalog, which is SQLite in WAL mode,
so that a notebook, a JupyterLab server and a CI job share it. Data never goes into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import ibis

from fsnb import checks as checking
from fsnb import pit, publish, training
from fsnb.catalog import Catalog, Document
from fsnb.checks import Check, CheckReport, Monitoring, Suggestions
from fsnb.errors import DefinitionError, UnknownName, listed
from fsnb.identity import fingerprint
from fsnb.model import Feature, FeatureView, LagProfile, Source, Spine
from fsnb.model.data import is_path, is_table_name
from fsnb.publish import Materialization, Promotion, Publication, Rehearsal, Target
from fsnb.training import LoggedTrainingSet, TrainingSet

if TYPE_CHECKING:
    import ibis.expr.types as ir

MONITORING = "monitoring"
ENGINES: Mapping[str, Callable[[], Any]] = {"duckdb": ibis.duckdb.connect, "polars": ibis.polars.connect}


class FeatureStore:
    """Sources, feature views, training sets and publications of one project.

    Made by `fsnb.open()`. Attributes: `path` (the folder), `engine` (the Ibis connection that computes locally),
    `catalog` (documents of everything defined, trained and published).
    """

    def __init__(self, path: str | Path, engine: Any) -> None:
        self.path = Path(path).expanduser().absolute()
        self.engine = _connection(engine)
        self.path.mkdir(parents=True, exist_ok=True)
        self.catalog = Catalog(self.path / "catalog.sqlite")
        self._sources: dict[str, Source] = {}
        self._views: dict[str, FeatureView] = {}
        self._targets: dict[str, Target] = {}
        self._read: dict[tuple[int, str], tuple[Source, ir.Table]] = {}

    def __repr__(self) -> str:
        known = f"sources {listed(self._sources)}; views {listed(self._views)}"
        return f"<FeatureStore {self.path}: {self.engine.name}; {known}>"

    @property
    def tracking_uri(self) -> str:
        """Where training sets are logged unless MLflow has a tracking URI of the user's."""
        return f"sqlite:///{self.path / 'mlflow.db'}"

    # ------------------------------------------------------------------ define

    def source(
        self,
        name: str,
        data: Any,
        *,
        event_time: str | None,
        available: str | None = None,
        tie_break: str | Sequence[str] = (),
        description: str = "",
    ) -> Source:
        """Name a table of events or states, and its clocks; see `fsnb.Source`.

        `data` may also be the name of a table on the store's engine.
        """
        schema = pit.table_named(self.engine, data, f"source {name!r}").schema() if is_table_name(data) else None
        source = Source(
            name,
            data,
            event_time=event_time,
            available=available,
            tie_break=tie_break,
            description=description,
            schema=schema,
        )
        self._sources[name] = source
        self._record("source", name, source.to_doc())
        return source

    def register(self, view: FeatureView) -> FeatureView:
        """Put a feature view into the catalog; a changed definition becomes its next version.

        Training and publishing do this too.
        """
        if not isinstance(view, FeatureView):
            raise DefinitionError(f"register() takes a feature view, not a {type(view).__name__}.")
        self._views[view.name] = view
        self._sources.setdefault(view.source.name, view.source)
        self._record("view", view.name, view.to_doc())
        return view

    def view(self, name: str, version: int | None = None) -> FeatureView:
        """A feature view of this session, or else of the catalog, loaded without executing code.

        Raises
        ------
        UnknownName
            No such view; the message names the nearest.
        """
        if version is None and name in self._views:
            return self._views[name]
        return FeatureView.from_doc(self.catalog.get("view", name, version).body, self._sources)

    @property
    def views(self) -> tuple[str, ...]:
        """Names of all feature views in the catalog."""
        return tuple(document.name for document in self.catalog.list("view"))

    def profile_lag(self, source: Source | str, *, covers: float = 0.99) -> LagProfile:
        """How late a source's rows become known, and the lag that covers most of them; see `Source.profile_lag`."""
        found = self._source(source) if isinstance(source, str) else source
        return found.profile_lag(covers=covers, con=self.engine)

    # ------------------------------------------------------------------ train

    def training_set(
        self,
        spine: Spine,
        features: Sequence[Feature | FeatureView] | Feature | FeatureView,
        *,
        engine: Any = None,
        strategy: str | Mapping[str, str] | None = None,
        max_pairs: int | None = None,
    ) -> TrainingSet:
        """Fill a spine with the feature values known at each row's time.

        Parameters
        ----------
        spine
            The rows to fill.
        features
            `[view["name"], ...]`, whole views, or both.
        engine
            "duckdb", "polars" or an Ibis connection, instead of the store's.
        strategy
            "asof", "union", "join", "cumulative" or "tiles", for every view that it can compute, or `{view: strategy}`;
            by default the cheapest. All give the same values; `train.plan.explain()` says which was taken and why.
        max_pairs
            A join that would meet more pairs of a spine row and an event is refused; by default 5 billion, on Polars,
            which holds them in memory, 200 million.

        Returns
        -------
        TrainingSet
            One row per spine row (duplicates kept), in spine order when collected; spine columns first. Lazy: nothing
            runs until the result is read.

        Raises
        ------
        UnknownName, TypeMismatch, DefinitionError, NotSupported
        PlanTooLarge
            When it is read: a join would meet more pairs than `max_pairs`.
        """
        con = self.engine if engine is None else _connection(engine)
        plan = pit.plan(spine, features)
        for part in plan.views:
            self.register(part.view)
        sources = self._sources_of(plan)
        tables = {name: self._table(source, con) for name, source in sources.items()}
        table = pit.read_spine(con, spine)
        return TrainingSet(
            pit.on(plan, con, tables, table, strategy=strategy, max_pairs=max_pairs),
            con,
            tables,
            table,
            tracking_uri=self.tracking_uri,
            catalog=self.catalog,
            sources=sources,
        )

    def load_training_set(self, run_id_or_model_uri: str) -> LoggedTrainingSet:
        """The training set that a run or a model was trained on: the very rows, from its snapshot.

        `.verify()` says whether a rebuild from the sources still gives them.

        Raises
        ------
        TrainingSetError
            No such run or model, none logged there, or a snapshot that is not what was logged.
        """
        return training.load_training_set(
            run_id_or_model_uri, tracking_uri=self.tracking_uri, con=self.engine, resolve=self._known_source
        )

    # ------------------------------------------------------------------ publish

    def target(
        self, name: str, url: str | None = None, *, schema: str | None = None, sources: Mapping[str, str] | None = None
    ) -> Target:
        """Name a production database, or get one that was named.

        Parameters
        ----------
        name
            "prod", say.
        url
            `postgresql://user:${PGPASSWORD}@host:5432/db` or `duckdb:///path/to/file.duckdb`. `${NAME}` is read from
            the environment when connecting; a password written out is used in this session and never stored.
        schema
            Where published tables go.
        sources
            `{source: table on the target}`; the same name by default.
        """
        if url is None:
            return self._target(name)
        target = Target(name, url, schema=schema, sources=sources or {})
        self._targets[name] = target
        self._record("target", name, target.to_doc())
        return target

    def _target(self, name: str) -> Target:
        if name in self._targets:
            return self._targets[name]
        known = {document.name: document for document in self.catalog.list("target")}
        if name not in known:
            raise UnknownName.among("the store", "target", name, known, "Name one: store.target('prod', url).")
        return Target.from_doc(known[name].body)

    def load(
        self, source: Source | str, to: str, *, replace: bool = False, progress: Callable[..., None] | None = None
    ) -> int:
        """Copy a source's rows to a target that does not have them; returns how many.

        Raises
        ------
        PublishError
            The table is there already, unless `replace=True`.
        """
        found = self._source(source) if isinstance(source, str) else source
        return publish.load(found, self._target(to), replace=replace, local=self.engine, progress=progress)

    @overload
    def publish(
        self, view: FeatureView | str, to: str, *, dry_run: Literal[False] = False, **asked: Any
    ) -> Publication: ...

    @overload
    def publish(self, view: FeatureView | str, to: str, *, dry_run: Literal[True], **asked: Any) -> Rehearsal: ...

    def publish(
        self,
        view: FeatureView | str,
        to: str,
        *,
        mode: str = "table",
        promote: bool = True,
        breaking: bool = False,
        certify: str = "auto",
        dry_run: bool = False,
        progress: Callable[..., None] | None = None,
        **asked: Any,
    ) -> Publication | Rehearsal:
        """Publish a feature view: prove it, then write what is due of its history and current tables.

        Parameters
        ----------
        view
            The view, or its name in the catalog.
        to
            The target's name.
        mode
            "table", or "view": a database view, computed when it is read, with no history.
        promote
            Lead the stable views to this version; False stages a new version beside the promoted one.
        breaking
            Allow changes that readers of the promoted version would notice.
        certify
            "auto" reuses a certificate of the same definition, target and engine versions; "always" makes a new one.
        dry_run
            Say what would be done and what it would cost, and write nothing.
        progress
            Called with the name of each step.
        **asked
            Which part of the history is looked at: `start`, `end` (now by default; naive is UTC), `lookback="2d"` (told
            again in any case), `full=True` (all of it), `chunk=30` (intervals in one transaction), `interval="1d"` (the
            length of an interval; stays as published first).

        Returns
        -------
        Publication
            What was written where, with its certificate; with `dry_run` a `Rehearsal`.

        Raises
        ------
        CertificateMismatch
            Two engines, or an engine and the oracle, disagree; the first differing rows are shown. Nothing was written.
        BreakingChange
            Readers of the promoted version would notice; lists what changes and who uses the view. Nothing was written.
        AmbiguousTies, PublishError, TargetError
            Nothing was written.
        """
        found = self.register(self.view(view) if isinstance(view, str) else view)
        target = self._target(to)
        if dry_run:
            return publish.rehearse(found, target, mode=mode, catalog=self.catalog, promote=promote, **asked)
        tables = {name: self._table(self._source_of(name, found), self.engine) for name in found.sources}
        how: dict[str, Any] = {"mode": mode, "promote": promote, "breaking": breaking, "certify": certify}
        how |= {"local": self.engine, "tables": tables, "catalog": self.catalog, "progress": progress}
        return publish.publish(found, target, **how, **asked)

    def materialize(
        self, view: FeatureView | str, to: str, *, progress: Callable[..., None] | None = None, **asked: Any
    ) -> Materialization:
        """Tell what is due of a view that is published, without a new certificate: what a scheduler calls.

        Parameters
        ----------
        view
            A view whose definition is published, or a name: then the definition that is promoted on the target.
        to
            The target's name.
        **asked
            `start`, `end`, `lookback`, `full`, `chunk`, as in `publish`.

        Raises
        ------
        PublishError
            It is not published there. Nothing was written.
        """
        return publish.bring_up_to_date(view, self._target(to), progress=progress, **asked)

    def promote(self, view: FeatureView | str, to: str, version: int, *, breaking: bool = False) -> Promotion:
        """Lead readers of a view to a version that was published beside the promoted one.

        Raises
        ------
        UnknownName
            There is no such version.
        BreakingChange
            Readers would notice; `breaking=True` allows it.
        """
        return publish.promote(_name(view), self._target(to), version, catalog=self.catalog, breaking=breaking)

    def rollback(self, view: FeatureView | str, to: str, version: int | None = None) -> Promotion:
        """Lead readers of a view back to a version that was promoted before; by default the one before the present.

        Raises
        ------
        PublishError
            There is none. Nothing was changed.
        """
        return publish.rollback(_name(view), self._target(to), version, catalog=self.catalog)

    # ------------------------------------------------------------------ check

    def check(
        self,
        what: FeatureView | Source | str | Any,
        checks: Sequence[Check] | None = None,
        *,
        to: str | None = None,
        at: datetime | None = None,
        previous: CheckReport | None = None,
    ) -> CheckReport:
        """Hold a view, a source or a table against checks; see `fsnb.checks`.

        Parameters
        ----------
        what
            A feature view or a source, or the name of one; a path, a frame or an Ibis table.
        checks
            In place of a view's own; needed for all else.
        to
            A target's name: the view's sources and published current table there, instead of the local ones.
        at
            When a view's values are asked, naive UTC; by default as soon as the newest row of its source is seen.
        previous
            The report that `row_count_change` compares with.

        Returns
        -------
        CheckReport
            `.ok`, `.to_polars()`, `.raise_if_failed()`; rows that fail raise nothing by themselves.
        """
        found = self._subject(what)
        if isinstance(found, FeatureView):
            with self._place(found, to, checks) as place:
                return checking.check_view(found, **place, checks=checks, at=at, previous=previous)
        if to is not None:
            raise DefinitionError("check(to=...) is for feature views, which are what targets have.")
        who, table = self._readable(found)
        others = self._others(checking.referenced(checks or ()))
        return checking.check_table(table, checks, who, previous, tables=others, con=self.engine)

    def suggest_checks(self, what: FeatureView | Source | str | Any) -> Suggestions:
        """Propose checks that a source or a table passes today, with margins and reasons; of a view, for its source."""
        found = self._subject(what)
        who, table = self._readable(found.source if isinstance(found, FeatureView) else found)
        return checking.suggest(table, who=who, con=self.engine)

    def monitor(
        self,
        view: FeatureView | str,
        window: str,
        *,
        to: str | None = None,
        at: datetime | None = None,
        checks: Sequence[Check] | None = None,
        alert: checking.Alert | Sequence[checking.Alert] = (),
        retrain: Callable[[Monitoring], Any] | None = None,
        looks: Sequence[Callable[[], Sequence[checking.Verdict]]] = (),
    ) -> Monitoring:
        """Check the last `window` ("1d") of a view, tell somebody and start a training where it is called for.

        Rows of the source (and, with `to`, of the published current table) with an event time in `(at - window, at]`
        count; without `to` the result is what the view gives at `at` for the entities of these rows. Row counts are
        compared with the last monitoring of the view, which the catalog keeps.

        Parameters
        ----------
        to, checks
            As in `check`.
        at
            The window's end, naive UTC; now by default.
        alert
            Functions of the `Monitoring`, webhooks ("https://..."), or apprise's URLs (extra `fsnb[alerts]`); told on
            "alert" and "error".
        retrain
            A function of the `Monitoring`, called on "alert".
        looks
            Functions that answer further verdicts.

        Raises
        ------
        AlertError
            Somebody could not be told. All else was done.
        """
        found = self.register(self.view(view) if isinstance(view, str) else view)
        hooks: dict[str, Any] = {"alert": alert, "retrain": retrain, "looks": looks}
        known = [document for document in self.catalog.list(MONITORING) if document.name == found.name]
        previous = CheckReport.from_doc(known[0].body["report"]) if known else None
        with self._place(found, to, checks) as place:
            return checking.monitor_view(
                found, window, **place, at=at, checks=checks, previous=previous, **hooks, keep=self._keep(found)
            )

    # ------------------------------------------------------------------ wiring

    def _keep(self, view: FeatureView) -> Callable[[Monitoring], Document]:
        return lambda found: self._record(MONITORING, view.name, found.to_doc())

    def _subject(self, what: Any) -> Any:
        """A view or a source by its name; anything else is itself."""
        if not isinstance(what, str) or is_path(what):
            return what
        return self.view(what) if what in (*self._views, *self.views) else self._known_source(what) or what

    def _readable(self, found: Any) -> tuple[str, ir.Table]:
        """What something is called, and its rows on the engine as fsnb reads them."""
        if isinstance(found, Source):
            return f"source {found.name!r}", self._table(found, self.engine)
        return "the table", pit.attach(self.engine, found, "the table")

    @contextmanager
    def _place(self, view: FeatureView, to: str | None, checks: Sequence[Check] | None) -> Iterator[dict[str, Any]]:
        """The connection, the sources, the published result and referenced tables: here, or on a target."""
        named = checking.referenced(checking.checks_of(view, checks))
        if to is None:
            tables = {name: self._table(self._source_of(name, view), self.engine) for name in view.sources}
            yield {"con": self.engine, "tables": tables, "others": self._others(named)}
            return
        with publish.on_target(view, self._target(to), named) as place:
            yield place

    def _others(self, names: Sequence[str]) -> dict[str, ir.Table]:
        """Sources, or tables of the engine, by their names."""
        found = {name: self._known_source(name) for name in names}
        return {
            name: self._table(source, self.engine) if source else pit.table_named(self.engine, name, "references")
            for name, source in found.items()
        }

    def _source(self, name: str) -> Source:
        found = self._known_source(name)
        if found is None:
            known = {*self._sources, *(document.name for document in self.catalog.list("source"))}
            raise UnknownName.among(
                "the store", "source", name, known, "Name it: store.source(name, data, event_time=...)."
            )
        return found

    def _known_source(self, name: str) -> Source | None:
        """A source of this session, or else of the catalog."""
        if name not in self._sources:
            bodies = [document.body for document in self.catalog.list("source") if document.name == name]
            return Source.from_doc(bodies[0]) if bodies else None
        return self._sources[name]

    def _source_of(self, name: str, view: FeatureView) -> Source:
        return view.source if name == view.source.name else self._source(name)

    def _sources_of(self, plan: pit.JoinPlan) -> dict[str, Source]:
        found: dict[str, Source] = {}
        for part in plan.views:
            for name in part.view.sources:
                source = self._source_of(name, part.view)
                if found.setdefault(name, source) != source:
                    raise DefinitionError(
                        f"two different sources are named {name!r}, one of them in {part.view.name!r}. Rename one."
                    )
        return found

    def _table(self, source: Source, con: Any) -> ir.Table:
        """The source on a connection, attached once."""
        key = (id(con), source.name)
        kept = self._read.get(key)
        if kept is None or kept[0] is not source:
            kept = (source, pit.read_source(con, source))
            self._read[key] = kept
        return kept[1]

    def _record(self, kind: str, name: str, body: Mapping[str, Any]) -> Document:
        return self.catalog.put(kind, name, body, fingerprint=fingerprint(dict(body)))


def open(path: str | Path = ".fsnb", *, engine: Any = "duckdb") -> FeatureStore:
    """Open the feature store in a folder, creating it if missing.

    Parameters
    ----------
    path
        The folder: catalog, MLflow's database unless you have your own, the embedded target.
    engine
        What computes locally: "duckdb", "polars" or an Ibis connection.

    Raises
    ------
    UnknownName
        There is no engine of that name.
    NotSupported
        The engine cannot keep the rules of time; the message says why, and which engines can.
    """
    return FeatureStore(path, engine)


def _name(view: FeatureView | str) -> str:
    return view if isinstance(view, str) else view.name


def _connection(engine: Any) -> Any:
    if not isinstance(engine, str):
        if isinstance(engine, ibis.backends.BaseBackend):
            pit.check_engine(engine.name, "engine")
            return engine
        raise DefinitionError(f"engine is a {type(engine).__name__}; give 'duckdb', 'polars' or an Ibis connection.")
    pit.check_engine(engine, "engine")
    if engine not in ENGINES:
        raise UnknownName.among("fsnb", "engine", engine, ENGINES, "Or give an Ibis connection.")
    return ENGINES[engine]()
