"""FeatureStore: wires the engine, the catalog, the tracking store and the targets; each method a few lines.

A store is a folder and a connection. What it knows beyond this process is in the catalog, which is SQLite in WAL mode,
so that a notebook, a JupyterLab server and a CI job share it. Data never goes into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import ibis

from fsnb import checks as checking
from fsnb import deploy, pit, publish, quality, serve, shells, training
from fsnb.catalog import Catalog, Document, Profile, record
from fsnb.checks import Check, CheckReport, Monitoring, Suggestions
from fsnb.errors import CatalogError, DefinitionError, PublishError, UnknownName, hint, listed
from fsnb.identity import fingerprint
from fsnb.identity.values import short
from fsnb.model import Feature, FeatureView, LagProfile, Source, Spine, parse_duration
from fsnb.model.data import is_path, is_table_name
from fsnb.model.durations import show_duration
from fsnb.model.entity import view_and_feature
from fsnb.model.moments import utc_now
from fsnb.model.placing import of_checks
from fsnb.online import EMBEDDED, Consistency, OnlineFeatures, Synced
from fsnb.pit import working
from fsnb.profiling import Baseline, distributions
from fsnb.profiling.kinds import Kind
from fsnb.progress import silent, task
from fsnb.publish import Certificate, Materialization, Promotion, Publication, Rehearsal, Target
from fsnb.quality import DriftReport, Scored
from fsnb.quality.naming import called, heading
from fsnb.training import LoggedTrainingSet, TrainingSet

if TYPE_CHECKING:
    import ibis.expr.types as ir

MONITORING = "monitoring"
ENGINES: Mapping[str, Callable[[], Any]] = {"duckdb": ibis.duckdb.connect, "polars": ibis.polars.connect}
WORDS = ("description", "owner", "tags")  # of a view, for people: no part of what it computes


class FeatureStore:
    """Sources, feature views, training sets and publications of one project.

    Made by `fsnb.open()`. Attributes: `path` (the folder), `engine` (the Ibis connection that computes locally),
    `catalog` (documents of everything defined, trained and published).
    """

    def __init__(self, path: str | Path, engine: Any, catalog: str | Path | None = None) -> None:
        self.engine = _connection(engine)
        self.path = _folder(path)
        self._sources: dict[str, Source] = {}
        self._views: dict[str, FeatureView] = {}
        self.catalog = Catalog(self.path / "catalog.sqlite" if catalog is None else catalog)
        self._targets: dict[str, Target] = {}
        self._recorded_targets: dict[Target, Target] = {}
        self._read: dict[tuple[int, str], tuple[Source, ir.Table]] = {}
        self._serving = serve.Serving(self.catalog, self.path, lambda target, view: self._target(target).session(view))

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
        self._sources.setdefault(view.source.name, view.source)
        known = self._known("view", view.name)
        self._views[view.name] = described = _with_words(view, known)
        body = described.to_doc()
        if known is None or known.fingerprint != fingerprint(body):
            self._record("view", view.name, body)
        return view

    def describe(
        self,
        view: FeatureView | str,
        *,
        description: str | None = None,
        owner: str | None = None,
        tags: str | Sequence[str] | None = None,
    ) -> FeatureView:
        """Say who owns a feature view, what it is, how it is tagged; what it computes stays, and so its fingerprint.

        The catalog records it as the view's next version. Words that are not given stay; "" and () take them away. A
        definition that is silent about one keeps what was said here when it is registered again.

        Raises
        ------
        UnknownName
            No such view.
        """
        name = view if isinstance(view, str) else self.register(view).name
        latest = self.catalog.get("view", name)
        kept = self.view(name).described(**{word: latest.body[word] for word in WORDS})
        self._views[name] = other = kept.described(description=description, owner=owner, tags=tags)
        self._record("view", name, other.to_doc(), expected=latest.version)
        return other

    def profile(self, view: FeatureView | str, *, at: datetime | str | None = None) -> Profile:
        """How the values of a view's features are distributed, over every entity that its sources know.

        Stored in the catalog, and shown by `%fs show`; logging a training set and publishing store one too.

        Parameters
        ----------
        view
            The view, or its name.
        at
            The time to ask at, UTC; by default the earliest one by which everything in the sources has been seen.

        Returns
        -------
        Profile
            Per feature the share of NULL, distinct values, least, greatest, mean, and the counts of 20 bins.
        """
        found = self.register(self.view(view) if isinstance(view, str) else view)
        with task(f"profile {found.name}"), working(self.engine):
            spine, moment, newest = training.every_entity(found, self.engine, self._tables_of(found), at)
            rows = self.training_set(spine, found).to_arrow()
        of, columns = f"every entity at {moment:%Y-%m-%d %H:%M:%S} UTC", {name: name for name in found.features}
        made = training.profile_rows(rows, found, columns, of=of, newest=newest)
        record(self.catalog, made)
        return made

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

    def browse(self, words: str = "") -> Any:
        """Look through the catalog in a notebook: search, owners and tags, one document with its lineage.

        Parameters
        ----------
        words
            A search to begin with, such as "owner:ops delay"; see `store.catalog.search`.

        Returns
        -------
        fsnb.notebook.browsing.widget.CatalogWidget
            `.words`, `.documents` (what was found), `.document` (the open one), `.show(name)`, `.to_html()`.
        """
        return shells.widget("catalog", self, words)

    @property
    def views(self) -> tuple[str, ...]:
        """Names of all feature views in the catalog."""
        return tuple(document.name for document in self.catalog.list("view"))

    def own_events(self, view: FeatureView | str, rows: int = 200) -> Spine:
        """A spine of a view's own events, to look at its features with: the keys and times of its newest rows.

        Equal rows stand once; those with a NULL key or time are left out. A static view's are asked about now.

        Parameters
        ----------
        rows
            At most so many.
        """
        found = self.view(view) if isinstance(view, str) else view
        return training.own_events(found, self.engine, self._tables_of(found), rows)

    def profile_lag(self, source: Source | str, *, covers: float = 0.99) -> LagProfile:
        """How late a source's rows become known, and the lag that covers most of them; see `Source.profile_lag`."""
        found = self._source(source) if isinstance(source, str) else source
        with task(f"how late {found.name} is"), working(self.engine):
            return found.profile_lag(covers=covers, con=self.engine)

    # ------------------------------------------------------------------ train

    def training_set(
        self,
        spine: Spine,
        features: Sequence[Feature | FeatureView | str] | Feature | FeatureView | str,
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
            `[view["name"], ...]`, whole views, or both; or their names ("rides", "rides.count_1d"), for `store.view`.
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
        plan = pit.plan(spine, list(self._asked(features)))
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
            describe=_baseline,
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

    # ------------------------------------------------------------------ watch

    def baseline(self, reference: str) -> Baseline:
        """The statistics that a training set was logged with, to compare later data with.

        Parameters
        ----------
        reference
            The name of a logged training set (its latest log), a run id, or a model's URI.

        Raises
        ------
        TrainingSetError
            No such run or model, or no baseline was logged there.
        """
        names = {document.name: document for document in self.catalog.list("baseline")}
        run = self._logged(reference)
        context = names[reference].body["context"] if reference in names else "training"
        return Baseline.from_doc(training.load_baseline(run, tracking_uri=self.tracking_uri, context=context))

    def drift(
        self,
        reference: Any,
        current: Any,
        *,
        columns: Sequence[str] | None = None,
        bins: int = 10,
        kinds: Mapping[str, Kind] | None = None,
        at: str | None = None,
    ) -> DriftReport:
        """How current data differs from what a model was trained on, column by column; see `fsnb.quality.drift`.

        Parameters
        ----------
        reference
            The name of a logged training set, a run id or a model's URI, whose stored baseline is taken; or a
            training set, a baseline, a path, a frame, an Ibis table.
        current
            A training set, a path, a frame, an Ibis table (which is counted where it lies), or the name of a table on
            the store's engine.
        at
            The current data's column of times, for drift over time; of a training set the time it asks at.

        Returns
        -------
        DriftReport
            `.widget()` to look at it.
        """
        stored = isinstance(reference, str) and not is_path(reference)
        at = at or (current.plan.spine.at if isinstance(current, TrainingSet) else None)
        with task("drift") as step, working(self.engine):
            step("the reference")
            before = self.baseline(reference) if stored else _rows(reference)
            step("the current rows")
            now = self.engine.table(current) if is_table_name(current) else _rows(current)
            step("compare")
            name = heading(_called(before if stored else reference) or _called(reference), _called(current))
            return quality.drift(before, now, columns=columns, bins=bins, kinds=kinds, name=name, at=at)

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
            `postgresql://user:${PGPASSWORD}@host:5432/db`, `duckdb:///path/to/file.duckdb`, or a lake's folder:
            `delta:///path` (Delta tables), `spark:///path` (parquet, Spark). `${NAME}` is read from the environment
            when connecting; a password written out is used in this session and never stored.
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
        known = self._known("target", name)
        if known is None:
            there = [each.name for each in self.catalog.list("target")]
            raise UnknownName.among("the store", "target", name, there, "Name one: store.target('prod', url).")
        found = Target.from_doc(known.body)
        return self._recorded_targets.setdefault(found, found)  # the same keeps its connections

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
        with task(f"load {found.name} to {to}", progress) as step, working(self.engine):
            seen = None if step is silent else step  # rows are counted first for who looks
            return publish.load(found, self._target(to), replace=replace, local=self.engine, progress=seen)

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
        checks: Sequence[Check] = (),
        baseline: str = "auto",
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
        checks
            Checks of this publication alone, beside the view's own: `[fsnb.checks.baseline_drift(severity="fail")]`.
        baseline
            The statistics that later rows are held against, kept on the target: "auto" makes them where there are none
            of this definition, of at most the newest 200,000 rows of the history; "always" anew; "never" none.
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
        publish.check_when(baseline, found)
        if dry_run:
            with task(f"plan {found.name} on {to}"):
                gated: dict[str, Any] = {"catalog": self.catalog, "checks": checks, "drift": self._drift}
                return publish.rehearse(found, target, mode=mode, promote=promote, **gated, **asked)
        tables = self._tables_of(found)
        how: dict[str, Any] = {"mode": mode, "promote": promote, "breaking": breaking, "certify": certify}
        how |= {"local": self.engine, "tables": tables, "catalog": self.catalog, "checks": checks, "drift": self._drift}
        with task(f"publish {found.name} to {to}", progress) as step, working(self.engine), target.held() as held:
            with publish.failures_noted(self.catalog, found, held):
                published = publish.publish(found, held, **how, progress=step, **asked)
            self._profile_published(found, held, published)
            publish.keep(found, held, _described, published.finished, when=baseline)
        return published

    def certify(self, view: FeatureView | str, to: str) -> Certificate:
        """Prove that the local engine, a target and the oracle agree on a feature view; nothing is written.

        Parameters
        ----------
        view
            The view, or its name in the catalog.
        to
            The target's name; its sources must be there.

        Returns
        -------
        Certificate
            `.ok`; `publish` makes one of its own.

        Raises
        ------
        AmbiguousTies, PublishError, TargetError, CertificateMismatch
        """
        found = self.view(view) if isinstance(view, str) else view
        return publish.prove(found, self._target(to), local=self.engine, tables=self._tables_of(found))

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
        with task(f"materialize {_name(view)} on {to}", progress) as step:
            return publish.bring_up_to_date(view, self._target(to), progress=step, drift=self._drift, **asked)

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

    # ------------------------------------------------------------------ build

    def build(
        self,
        views: Sequence[FeatureView | str] | None = None,
        *,
        to: str | None = None,
        out: str | Path = "build",
        check: bool = False,
        every: str | timedelta = "1d",
        late: str | timedelta = "7d",
        dialects: Sequence[str] | None = None,
    ) -> deploy.Built:
        """Write what runs feature views in production: SQL per dialect, tables, checks, a manifest, schedule files.

        Two builds of the same definitions are equal byte for byte. Nothing is run and nothing connected to.

        Parameters
        ----------
        views
            Views or their names; all of the catalog by default, and then what was built of others is taken away.
        to
            The target; the only one, where there is one.
        out
            The folder; each view has one of its own in it.
        check
            Write nothing: `.ok` of the outcome says whether the folder is as the definitions say.
        every
            How often a view with no `refresh` is brought up to date.
        late
            How far back each scheduled run looks for rows that came late.
        dialects
            In which the retrieval of features is written; all by default.

        Raises
        ------
        UnknownName, DefinitionError, FsnbError
        """
        target = self._only_target() if to is None else self._target(to)
        found = [self.view(v) if isinstance(v, str) else v for v in (self.views if views is None else views)]
        often = {"every": parse_duration(every, "every"), "late": parse_duration(late, "late")}
        sheets = [self._sheet(view, target, dialects, **often) for view in found]
        return deploy.write(sheets, out, whole=views is None, check=check)

    def _sheet(
        self, view: FeatureView, target: Target, dialects: Sequence[str] | None, **often: timedelta
    ) -> deploy.Sheet:
        version, (schema, secrets) = publish.version_of(view, target, self.catalog), publish.place(target)
        queries, refused = training.retrievals(view, dialects)
        tables, why = publish.statements(view, target, version)
        texts = {f"sql/{dialect}.retrieval.sql": text for dialect, text in queries.items()} | tables
        refused |= {"tables": why} if why else {}
        return deploy.Sheet(view, version, target.name, schema, secrets, texts, refused, **often)

    def _only_target(self) -> Target:
        known = sorted({*self._targets, *(document.name for document in self.catalog.list("target"))})
        if len(known) != 1:
            raise DefinitionError(
                f"which target? The store has {listed(known)}. Say it: to='prod'; name one: store.target('prod', url)."
            )
        return self._target(known[0])

    # ------------------------------------------------------------------ serve

    def sync_online(
        self,
        view: FeatureView | str,
        to: str = EMBEDDED,
        *,
        target: str | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> Synced:
        """Push what was published of a view, and not pushed yet, into an online store.

        Readers of the view get the version that the target promotes, from the moment when all of it is there. Doing it
        again, twice at once, or after a crash in between does no harm.

        Parameters
        ----------
        view
            The view, or its name.
        to
            "sqlite" (the file `online.sqlite` in the store's folder), `sqlite:///path`, `redis://...` or
            `postgresql://...`; `${NAME}` in it is read from the environment. `get_features` reads there from now on.
        target
            Where it was published; by default where it was published last.
        progress
            Called with what is being done.

        Raises
        ------
        OnlineStoreError, TargetError, UnknownName
            What was not noted as pushed is pushed the next time.
        """
        with task(f"sync {_name(view)}", progress) as step:
            return self._serving.sync(_name(view), to, target=target, progress=step)

    def get_features(
        self, features: Any, keys: Any, *, at: datetime | str | None = None, online: str | None = None
    ) -> OnlineFeatures:
        """The features of entities as an online store has them: what a training row asked at `at` would hold.

        Parameters
        ----------
        features
            Views or features, or their names ("rides", "rides.count_1d"), one or a list.
        keys
            `{"rider": "a"}`, a list of such, a frame with the key columns, or for one key column a value or values.
        at
            The time asked for, not before the last sync; now by default. Naive is UTC.
        online
            Which store; by default where the first view was last synced to.

        Returns
        -------
        OnlineFeatures
            One row for each entity asked for, in that order: values, and of each view status ("present", "missing",
            "expired"), event time and version. Missing and expired ones have 0 for counts, `fill`, else None.

        Raises
        ------
        UnknownName
            The store has no such view or feature, or a key column was not given.
        TypeMismatch
            A key is not of its column's type.
        OnlineStoreError
            The store cannot be reached, or `at` is before the last sync.
        """
        return self._serving.get(features, keys, at=at, store=online)

    def check_online(self, view: FeatureView | str, online: str | None = None) -> Consistency:
        """Compare the history as of now, the current table and the online store of a view, row by row.

        `.ok` says whether all agree and nothing is due; `.differences` lists where they do not.
        """
        with task(f"compare {_name(view)} with its online store"):
            return self._serving.check(_name(view), store=online)

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
            In place of a view's own; needed for all else. One or several; a pandera schema is the checks that it says.
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
        with task(f"check {getattr(found, 'name', 'the table')}"), working(self.engine):
            if isinstance(found, FeatureView):
                with self._place(found, to, checks) as place:
                    return checking.check_view(found, **place, checks=checks, at=at, previous=previous)
            if to is not None:
                raise DefinitionError("check(to=...) is for feature views, which are what targets have.")
            who, table = self._readable(found)
            checks = None if checks is None else of_checks(checks, who)
            others = self._others(checking.referenced(checks or ()))
            how: dict[str, Any] = {"tables": others, "con": self.engine, "compare": self._compare}
            return checking.check_table(table, checks, who, previous, **how)

    def suggest_checks(self, what: FeatureView | Source | str | Any) -> Suggestions:
        """Propose checks that a source or a table passes today, with margins and reasons; of a view, for its source."""
        found = self._subject(what)
        with task("look for checks that hold"), working(self.engine):
            who, table = self._readable(found.source if isinstance(found, FeatureView) else found)
            return checking.suggest(table, who=who, con=self.engine)

    def monitor(
        self,
        what: FeatureView | str,
        window: str | timedelta,
        *,
        to: str | None = None,
        at: datetime | None = None,
        checks: Sequence[Check] | None = None,
        baseline: str | None = None,
        scored: Scored | None = None,
        alert: checking.Alert | Sequence[checking.Alert] = (),
        retrain: Callable[[Monitoring], Any] | None = None,
        looks: Sequence[checking.Look] = (),
    ) -> Monitoring:
        """Look at the last `window` ("1d") of a view or a model, tell somebody and start a training where that is due.

        Of a view: its checks, and the drift of its features. Rows of the source (and, with `to`, of the published
        current table) with an event time in `(at - window, at]` count; without `to` the result is what the view gives
        at `at` for the entities of these rows. Row counts are compared with the last monitoring of the view, which the
        catalog keeps. Drift is of the rows that the published history has of the window, on `to` or where the view was
        published last, against the baseline that was kept there; of a view that was never published there is none.

        Of a model: drift of its predictions, then what performance to expect without labels (CBPE), then drift of its
        features, against the training set that it was logged with.

        Parameters
        ----------
        what
            A feature view or its name; or the name of a logged training set, a run id or a model's URI.
        to, checks
            As in `check`; of a view.
        at
            The window's end, naive UTC; now by default.
        baseline
            Of a view: the training set (name, run id, model's URI) to compare with, in place of what was published.
            Compared is then what the view gives at `at` for the entities of the window.
        scored
            Of a model: the rows that it was asked about; see `fsnb.quality.Scored`.
        alert
            Functions of the `Monitoring`, webhooks ("https://..."), or apprise's URLs (extra `fsnb[alerts]`); told on
            "alert" and "error".
        retrain
            A function of the `Monitoring`, called on "alert".
        looks
            Functions that answer further verdicts.

        Returns
        -------
        Monitoring
            A verdict for each check, column, metric and violation. What could not be looked at is an error.

        Raises
        ------
        AlertError
            Somebody could not be told. All else was done.
        DefinitionError
            There is nothing to look at.
        """
        at = at or utc_now()
        hooks: dict[str, Any] = {"alert": alert, "retrain": retrain}
        found = self.view(what) if isinstance(what, str) and what in (*self._views, *self.views) else what
        if not isinstance(found, FeatureView):
            return self._monitor_model(found, parse_duration(window, "window"), at, scored, looks, hooks)
        found = self.register(found)
        known = [document for document in self.catalog.list(MONITORING) if document.name == found.name]
        report = known[0].body["report"] if known else None
        previous = CheckReport.from_doc(report) if report else None
        with task(f"monitor {found.name}"), working(self.engine), self._place(found, to, checks) as place:
            hooks["looks"] = (*self._drift_looks(found, window, at, to, baseline, place), *looks)
            hooks |= {"checks": checks, "previous": previous, "keep": self._keep(found.name)}
            return checking.monitor_view(found, window, **place, at=at, **hooks)

    def _drift_looks(
        self,
        view: FeatureView,
        window: str | timedelta,
        at: datetime,
        to: str | None,
        baseline: str | None,
        place: Mapping[str, Any],
    ) -> tuple[checking.Look, ...]:
        """Drift of a view's features in a window, against a training set, or against what was published last."""
        length = parse_duration(window, "window")
        last = None if to else publish.last_published(self.catalog, view)
        target = to or (last.target if last else None)

        def drift_of_values() -> checking.Looked:
            table = checking.values_at(view, place["con"], place["tables"], at, length)
            return quality.drift_of(self.baseline(str(baseline)), table, view.features, place["con"])

        def drift_of_history() -> checking.Looked:
            with publish.in_window(view, self._target(str(target)), at, length) as (con, table, kept):
                return quality.drift_of(Baseline.from_doc(kept), table, view.features, con)

        if baseline is not None:
            return (drift_of_values,)
        return (drift_of_history,) if target else ()

    def _monitor_model(
        self,
        reference: Any,
        window: timedelta,
        at: datetime,
        scored: Scored | None,
        looks: Sequence[checking.Look],
        hooks: Mapping[str, Any],
    ) -> Monitoring:
        if scored is None:
            raise self._nothing_to_monitor(reference)
        logged = self.load_training_set(self._logged(reference))
        if isinstance(scored.rows, Spine):
            rows: Any = self.training_set(scored.rows, logged.asked(self._sources)).to_arrow()
            scored = replace(scored, at=scored.rows.at)
        else:
            rows = self.engine.table(scored.rows) if is_table_name(scored.rows) else scored.rows
        base = self.baseline(reference)
        own = quality.scored_looks(scored, rows, base, logged.features, at, window, self.engine)
        name = logged.manifest["name"]
        found = Monitoring(f"model of training set {name!r}", at, show_duration(window), ())
        return checking.watch(found, looks=(*own, *looks), keep=self._keep(name), **hooks)

    def _nothing_to_monitor(self, given: Any) -> DefinitionError:
        found = self._subject(given)
        if isinstance(found, Source):
            of_it = [name for name in self.views if self.view(name).source.name == found.name]
            there = f"there is {listed(of_it)}" if of_it else "there is none yet"
            return DefinitionError(
                f"monitor: {found.name!r} is a source. Monitor a feature view of it ({there}), or hold its rows "
                f"against checks: store.check({found.name!r}, checks)."
            )
        near = hint(given, self.views) if isinstance(given, str) else ""
        return DefinitionError(
            f"monitor: {short(repr(given), 80)} is no feature view.{near} There is: {listed(self.views)}. Of a model, "
            "say what it was asked: scored=fsnb.quality.Scored(rows, at='asked_at', prediction='score')."
        )

    def _logged(self, reference: str) -> str:
        """The run of a training set's name; anything else is itself."""
        names = {document.name: document.body["run_id"] for document in self.catalog.list("baseline")}
        return names.get(reference, reference)

    # ------------------------------------------------------------------ wiring

    def _drift(self, check: Check, table: ir.Table, con: Any, kept: Mapping[str, Any] | None) -> checking.Judged:
        """A check of drift, against the training set that it names, else what was kept when the view was published."""
        name = check.option("baseline")
        found = self.baseline(name) if name is not None else Baseline.from_doc(kept) if kept else None
        return quality.judge(check, table, con, found, later=name is None)

    def _compare(self, check: Check, table: ir.Table) -> checking.Judged:
        """The same on the store's engine, where nothing is published."""
        return self._drift(check, table, self.engine, None)

    def _keep(self, name: str) -> Callable[[Monitoring], Document]:
        return lambda found: self._record(MONITORING, name, found.to_doc())

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
        named = checking.referenced(checking.checks_of(view, checks)) if view.checks or checks is not None else ()
        if to is None:
            tables = {name: self._table(self._source_of(name, view), self.engine) for name in view.sources}
            yield {"con": self.engine, "tables": tables, "others": self._others(named), "compare": self._compare}
            return
        with publish.on_target(view, self._target(to), named, self._drift) as place:
            yield place

    def _others(self, names: Sequence[str]) -> dict[str, ir.Table]:
        """Sources, or tables of the engine, by their names."""
        found = {name: self._known_source(name) for name in names}
        return {
            name: self._table(source, self.engine) if source else pit.table_named(self.engine, name, "references")
            for name, source in found.items()
        }

    def _asked(self, features: Any) -> Iterator[Any]:
        """Views and features; a name is that of either."""
        for each in [features] if isinstance(features, (str, Feature, FeatureView)) else features:
            if isinstance(each, str):
                name, feature = view_and_feature(each)
                yield self.view(name)[feature] if feature else self.view(name)
            else:
                yield each

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

    def _record(self, kind: str, name: str, body: Mapping[str, Any], expected: int | None = None) -> Document:
        return self.catalog.put(kind, name, body, fingerprint=fingerprint(dict(body)), expected=expected)

    def _known(self, kind: str, name: str) -> Document | None:
        try:
            return self.catalog.get(kind, name)
        except UnknownName:
            return None

    def _tables_of(self, view: FeatureView) -> dict[str, ir.Table]:
        return {name: self._table(self._source_of(name, view), self.engine) for name in view.sources}

    def _profile_published(self, view: FeatureView, target: Target, published: Publication) -> None:
        """Of the current table, where the publication wrote to it."""
        if not (published.rows_appended or published.rows_upserted):
            return
        schema, _, name = dict(published.tables)["current"].rpartition(".")
        said = {"view": view.name, "of": f"current table on {published.target}", "fingerprint": view.fingerprint}
        features = {feature: feature for feature in view.features}
        who = f"feature view {view.name!r}: target {published.target!r}"
        try:
            with publish.engine_errors_as(PublishError, who), target.session(view.name) as con:
                table = con.table(name, database=schema or None)
                record(self.catalog, distributions(con, table, features, newest="event_time", **said))
        except Exception as error:
            error.add_note(f"{view.name!r} is published; only its profile is not in the catalog.")
            raise

    def _repr_html_(self) -> str:
        return shells.html(self)


def _with_words(view: FeatureView, known: Document | None) -> FeatureView:
    """The view, with what the catalog says of it where its definition is silent."""
    if known is None:
        return view
    said = known.body
    return view.described(**{word: getattr(view, word) or said.get(word) for word in WORDS})


def _baseline(train: TrainingSet, name: str) -> Baseline:
    """The statistics of a training set; it stands here since training knows nothing of quality."""
    return quality.profile(train.to_arrow(), event_time=train.plan.spine.at, labels=train.labels, name=name)


def _described(con: Any, table: ir.Table, clock: str | None) -> Mapping[str, Any]:
    """The statistics of what was published."""
    return quality.profile(table, event_time=clock, name="what was published", con=con).to_doc()


def _rows(data: Any) -> Any:
    return data.to_arrow() if isinstance(data, (TrainingSet, LoggedTrainingSet)) else data


def _called(data: Any) -> str:
    """What people call one side of a comparison."""
    return f"training set {data.run_id[:8]}" if isinstance(data, LoggedTrainingSet) else called(data)


def open(path: str | Path = ".fsnb", *, engine: Any = "duckdb", catalog: str | Path | None = None) -> FeatureStore:
    """Open the feature store in a folder, creating it if missing.

    Parameters
    ----------
    path
        The folder: catalog, MLflow's database unless you have your own, the embedded target.
    engine
        What computes locally: "duckdb", "polars" or an Ibis connection.
    catalog
        Another catalog than the folder's own: a SQLite file, or `postgresql://user@host/database`, which then holds
        everything that is defined, trained and published. A URL with no password leaves it to PGPASSWORD or
        `~/.pgpass`.

    Raises
    ------
    CatalogError
        The catalog cannot be reached, or is from a newer fsnb.
    UnknownName
        There is no engine of that name.
    NotSupported
        The engine cannot keep the rules of time; the message says why, and which engines can.
    """
    return FeatureStore(path, engine, catalog)


def _name(view: FeatureView | str) -> str:
    return view if isinstance(view, str) else view.name


def _folder(path: str | Path) -> Path:
    """A store's folder, made where it is missing."""
    found = Path(path).expanduser().absolute()
    try:
        found.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = f"cannot make the store's folder {found}: {error.strerror}. Name another: fsnb.open('.fsnb')."
        raise CatalogError(said) from error
    return found


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
