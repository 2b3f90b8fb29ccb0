"""value -> Card, one function per type; CARDS is the table of who has one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ibis.expr.format import pretty
from ibis.expr.operations import UnboundTable

from fsnb.catalog import Catalog, Diff, Document, Lineage, Profile
from fsnb.catalog.difference import diff
from fsnb.checks import CheckReport, Monitoring, Suggestions
from fsnb.errors import FsnbError
from fsnb.model import Entity, Feature, FeatureView, LagProfile, Source, Spine, Window, show_duration
from fsnb.model.lag import show_lag
from fsnb.model.spelled import formula
from fsnb.notebook import cataloguing, checking, publishing, watching, wording
from fsnb.notebook.card import Bad, Card, Cell, Code, Number, Short, Table, Timeline
from fsnb.online import Consistency, Synced
from fsnb.pit import EnginePlan, JoinPlan
from fsnb.publish import Certificate, Materialization, Promotion, Publication, Rehearsal, Target
from fsnb.quality import Baseline, DriftOverTime, FoundSlices, PerformanceEstimate, RobustnessReport, SliceReport
from fsnb.store import FeatureStore
from fsnb.training import LoggedTrainingSet, TrainingSet

DAYS = 5  # of a lag profile
COMPARED = 10  # versions of a definition, each with the one before it
ASIDE = ("failed_publication", "profile")  # kinds that describe another document: listed when asked for
KINDS = {"window": "windowed aggregates", "asof": "as-of: the latest row", "static": "static: one row per key"}


def of(value: Any) -> Card:
    """The card of a value whose type is in CARDS."""
    return CARDS[type(value)](value)


# ---------------------------------------------------------------------- nouns


def entity(value: Entity) -> Card:
    several = "; together they identify one" if len(value.keys) > 1 else ""
    facts: dict[str, Cell] = {"keys": tuple(map(Code, value.keys)), "join": f"each as a column of its own{several}"}
    return Card("entity", value.name, facts=wording.said(facts))


def feature(value: Feature) -> Card:
    """One feature, with the rules of its view."""
    whole = view(value.view)
    own = next(output for output in value.view.outputs if output.name == value.name)
    facts: dict[str, Cell] = {
        "of": f"feature view {value.view.name}",
        "column": Code(value.column) if value.alias else "",
        "type": Code(value.view.schema[value.name]),
        "computed as": Code(formula(own.value)),
    }
    kept = tuple(fact for fact in whole.facts if fact[0] in ("entity", "source", "rules of time", "owner"))
    return Card("feature", value.name, whole.about, (*wording.said(facts), *kept), whole.timeline)


def spine(value: Spine) -> Card:
    roles = {value.at: "asked at"} | dict.fromkeys(value.label, "label")
    roles |= {column: f"key {key}" for key, column in value.keys}
    facts: dict[str, Cell] = {
        "asked at": Code(value.at),
        "label": ", ".join(value.label),
        "data": value.data
        if isinstance(value.data, str)
        else f"a {type(value.data).__module__.partition('.')[0]} {type(value.data).__name__}",
    }
    rows = tuple((Code(name), Code(dtype), roles.get(name, "")) for name, dtype in value.schema.items())
    columns = Table("columns", ("column", "type", "role"), rows)
    return Card("spine", f"asked at {value.at}", facts=wording.said(facts), tables=(columns,))


def view(value: FeatureView) -> Card:
    facts: dict[str, Cell] = {
        "entity": f"{value.entity.name} ({', '.join(value.entity.keys)})",
        "source": ", ".join(value.sources),
        "kind": KINDS[value.kind],
        "rules of time": tuple(value.rules().split("; ")),
        "instead of NULL": tuple(f"{name}: {fill!r}" for name, fill in value.fill),
        "checks": tuple(f"{check.name} ({check.on}, {check.severity})" for check in value.checks),
        "owner": value.owner,
        "tags": ", ".join(value.tags),
        "fingerprint": Code(value.fingerprint[:12]),
    }
    prepared = not isinstance(value.relation.op(), UnboundTable)
    return Card(
        "feature view",
        value.name,
        value.description,
        wording.said(facts),
        _timeline(value),
        (_features(value),),
        (("the table its features stand on", pretty(value.relation.op())),) if prepared else (),
    )


def _features(value: FeatureView) -> Table:
    bases: dict[str, list[Any]] = {}
    for output in value.outputs:
        bases.setdefault(output.base, []).append(output)
    rows = tuple(
        (
            tuple(Code(output.name) for output in outputs),
            Code(value.schema[outputs[0].name]),
            Code(formula(outputs[0].value)),
        )
        for outputs in bases.values()
    )
    return Table("features", ("feature", "type", "computed as"), rows)


def _timeline(value: FeatureView) -> Timeline | None:
    if value.kind == "static":
        return None
    spans = tuple(_span(window) for window in value.used_windows if window)
    last = ("all that is seen" if value.kind == "window" else "the latest row", value.ttl, timedelta(0))
    return Timeline(value.lag, value.refresh, value.closed, spans or (last,))


def _span(window: Window) -> tuple[str, timedelta, timedelta]:
    return window.label.replace("_offset_", ", offset "), window.offset + window.size, window.offset


def source(value: Source) -> Card:
    roles = {value.event_time: "event time", value.available: "available"} | dict.fromkeys(value.tie_break, "tie-break")
    facts: dict[str, Cell] = {
        "event time": value.event_time or "none: a static table, one row per key",
        "available": value.available or ("" if value.event_time is None else "not declared: known as it happens"),
        "ties by": ", ".join(value.tie_break),
        "data": value.location or f"a {type(value.data).__module__.partition('.')[0]} {type(value.data).__name__}",
        "fingerprint": Code(value.fingerprint[:12]),
    }
    rows = tuple((Code(name), Code(dtype), roles.get(name, "")) for name, dtype in value.schema.items())
    columns = Table("columns", ("column", "type", "role"), rows)
    return Card("source", value.name, value.description, wording.said(facts), tables=(columns,))


def lag(value: LagProfile) -> Card:
    """The distribution, and the days on which rows were latest."""
    facts: dict[str, Cell] = {
        "lag": f"{value.available} - {value.event_time}, {wording.count('row', value.rows)}",
        "proposed": Code(f"lag={show_duration(value.proposed)!r}") if value.proposed is not None else "",
        "never known": f"{value.never:,} ({value.never_share:.2%})" if value.never else "",
        "known before they happen": f"{value.negative:,} ({value.negative_share:.2%})" if value.negative else "",
        "without event time": f"{value.timeless:,}" if value.timeless else "",
    }
    names = [name for name, _ in value.quantiles]
    whole = Table("lag of all rows", tuple(names), (tuple(_lag(length) for _, length in value.quantiles),))
    latest = value.days.drop_nulls("p99").sort("p99", "day", descending=[True, False]).head(DAYS)
    days = tuple(
        (
            f"{day['day']}",
            *(Number(f"{day[n]:,}") for n in ("rows", "never")),
            *(Number(show_lag(day[n])) for n in names),
        )
        for day in latest.to_dicts()
    )
    tables = (whole, Table("days of the greatest p99", ("day", "rows", "never known", *names), days)) if names else ()
    return Card("lag of source", value.source, value.sentence, wording.said(facts), tables=tables)


def _lag(length: timedelta) -> Number:
    return Number(show_lag(length))


def plan(value: JoinPlan) -> Card:
    spine = value.spine
    facts: dict[str, Cell] = {
        "spine": f"{len(spine.columns)} columns, t = {spine.at}",
        "label": ", ".join(spine.label),
        "rows": "one out per spine row, spine columns first",
        "fingerprint": Code(value.fingerprint[:12]),
    }
    views = tuple(
        (
            part.view.name,
            tuple(_key(value, key) for key in part.view.entity.keys),
            part.view.source.name,
            tuple(part.view.rules().split("; ")),
        )
        for part in value.views
    )
    columns = tuple(
        (
            part.view.name,
            tuple(Code(_column(feature)) for feature in part.features if part.view.schema[feature.name] == dtype),
            Code(dtype),
        )
        for part in value.views
        for dtype in dict.fromkeys(part.view.schema[feature.name] for feature in part.features)
    )
    return Card(
        "join plan",
        f"{wording.count('feature', len(value.features))} from {wording.count('view', len(value.views))}",
        facts=wording.said(facts),
        tables=(
            Table("views", ("view", "joins on", "reads", "rules of time"), views),
            Table("features", ("view", "columns", "type"), columns),
        ),
    )


def _column(feature: Feature) -> str:
    return feature.column if feature.column == feature.name else f"{feature.column} = {feature.name}"


def _key(value: JoinPlan, key: str) -> str:
    column = value.spine.key_column(key)
    return key if column == key else f"{key} = spine {column}"


def catalog(value: Catalog) -> Card:
    documents = [each for each in value.list() if each.kind not in ASIDE]
    return listing(documents, value.where) if documents else Card("catalog", "empty", value.where)


def store(value: FeatureStore) -> Card:
    documents = value.catalog.list()
    counts = {kind: sum(document.kind == kind for document in documents) for kind in _kinds(documents)}
    facts: dict[str, Cell] = {
        "engine": value.engine.name,
        "catalog": value.catalog.where,
        "holds": ", ".join(wording.count(kind, number) for kind, number in counts.items()) or "nothing yet",
        "targets": ", ".join(document.name for document in documents if document.kind == "target") or "none yet",
        "MLflow": f"yours where one is set, else {value.tracking_uri}",
    }
    shown = [document for document in documents if document.kind not in ASIDE]
    tables = listing(shown, "").tables if shown else ()
    return Card("feature store", str(value.path), facts=wording.said(facts), tables=tables)


def training_set(value: TrainingSet) -> Card:
    """The plan, and what fills it; nothing is run."""
    planned = plan(value.plan)
    facts = (*planned.facts, ("engine", value.con.name))
    return replace(planned, kind="training set", facts=facts)


def logged(value: LoggedTrainingSet) -> Card:
    """What a run logged."""
    said = value.manifest
    facts: dict[str, Cell] = {
        "rows": f"{value.rows.num_rows:,}, {wording.count('column', value.rows.num_columns)}",
        "run": Code(value.run_id),
        "model": Code(value.model_uri or ""),
        "tracking": value.tracking_uri,
        "digest": Code(value.digest[:12]),
        "fingerprint": Code(value.fingerprint[:12]),
    }
    rows = tuple((Code(field.name), Code(str(field.type))) for field in value.rows.schema)
    table = Table("columns", ("column", "type"), rows)
    return Card("logged training set", str(said["name"]), facts=wording.said(facts), tables=(table,))


def target(value: Target) -> Card:
    doc = value.to_doc()
    facts: dict[str, Cell] = {
        "url": doc["url"],
        "schema": value.schema or "",
        "sources": tuple(f"{source} is {table}" for source, table in value.sources),
    }
    return Card("target", value.name, facts=wording.said(facts))


# ---------------------------------------------------------------------- documents


def listing(documents: Sequence[Document], where: str) -> Card:
    """Documents as a table."""
    rows = tuple(map(_listed, sorted(documents, key=lambda document: (document.kind, document.name))))
    return Card("catalog", wording.count("document", len(documents)), where, tables=(Table("", LISTED, rows),))


def found(documents: Sequence[Document], words: str) -> Card:
    """Documents that a search found, the best first, with what people say of them."""
    rows = tuple(
        (each.kind, Code(each.name), gist(each), str(each.body.get("owner") or ""), _cell(each.body.get("tags") or ""))
        for each in documents
    )
    tables = (Table("", ("kind", "name", "what", "owner", "tags"), rows),) if rows else ()
    return Card("search", words or "all", wording.count("document", len(documents)) + " found", tables=tables)


def _listed(document: Document) -> tuple[Cell, ...]:
    version = f"v{document.version}"
    return document.kind, document.name, version, gist(document), _since(document), _identity(document)


LISTED = ("kind", "name", "version", "what", "since", "fingerprint")


def document(value: Document) -> Card:
    """What a document says, whatever its kind."""
    facts: dict[str, Cell] = {name.replace("_", " "): _cell(item) for name, item in value.body.items()}
    return Card(value.kind.replace("_", " "), value.name, facts=wording.said(facts))


def _cell(item: Any) -> Cell:
    if isinstance(item, dict):
        return tuple(f"{name}: {_cell(each)}" for name, each in item.items())
    if isinstance(item, list):
        return ", ".join(str(_cell(each)) for each in item)
    return "" if item is None else str(item)


def versions(history: Sequence[Document]) -> Table:
    """Every version of a name, newest first, with what each changed."""
    told = history[: COMPARED + 1]
    changed = dict(zip(told, map(_changed, told[1:], told), strict=False))
    rows = tuple((f"v{each.version}", _since(each), _identity(each), changed.get(each, "")) for each in history)
    return Table("versions", ("version", "since", "fingerprint", "changed"), rows)


def _changed(before: Document, after: Document) -> Cell:
    """What kinds of change, where definitions of this kind have a diff and both can be read."""
    try:
        made = diff(before, after)
    except FsnbError:
        return ""
    words = ", ".join(dict.fromkeys(change.kind for change in made.changes))
    return Bad(f"{words} (breaking)") if made.breaking else words


def _identity(document: Document) -> Code:
    """Of what is defined, where the document says it; else of the document."""
    return Code(str(document.body.get("fingerprint") or document.fingerprint)[:12])


def gist(document: Document) -> str:
    body = document.body
    if document.kind == "publication":
        return f"on {body['target']}, {wording.count('entity', body['rows_current'])}"
    if document.kind == "profile":
        return str(body["of"])
    if document.kind in ("training_set", "model"):
        return f"{wording.count('row', body['rows'])}, {wording.count('feature', len(body['features']))}"
    said = str(body.get("description") or body.get("url") or body.get("location") or "")
    return said.partition("\n")[0]


def when(document: Document) -> str:
    return f"{document.created_at:%Y-%m-%d %H:%M} UTC by {document.created_by}"


def _since(document: Document) -> Cell:
    return Short(f"{document.created_at:%Y-%m-%d %H:%M} UTC"), f"by {document.created_by}"


def _kinds(documents: Iterable[Document]) -> list[str]:
    return sorted({document.kind for document in documents})


CARDS: Mapping[type, Callable[[Any], Card]] = {
    Baseline: watching.baseline,
    Catalog: catalog,
    Certificate: publishing.certificate,
    CheckReport: checking.report,
    Consistency: publishing.consistency,
    Diff: cataloguing.diff,
    Document: document,
    DriftOverTime: watching.over_time,
    EnginePlan: plan,
    Entity: entity,
    Feature: feature,
    FeatureStore: store,
    FeatureView: view,
    FoundSlices: watching.found_slices,
    JoinPlan: plan,
    LagProfile: lag,
    Lineage: cataloguing.lineage,
    LoggedTrainingSet: logged,
    Materialization: publishing.materialization,
    Monitoring: checking.monitoring,
    PerformanceEstimate: watching.estimate,
    Profile: cataloguing.profile,
    Promotion: publishing.promotion,
    Publication: publishing.publication,
    Rehearsal: publishing.rehearsal,
    RobustnessReport: watching.robustness,
    SliceReport: watching.slices,
    Source: source,
    Spine: spine,
    Suggestions: checking.suggestions,
    Synced: publishing.synced,
    Target: target,
    TrainingSet: training_set,
}
