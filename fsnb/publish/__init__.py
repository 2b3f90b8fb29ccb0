"""Publish to production: targets, certificates, and history and current tables written in one transaction."""

from fsnb.publish.baselines import check_when, in_window, keep
from fsnb.publish.certificate import Certificate
from fsnb.publish.certifying import certify
from fsnb.publish.failing import failures_noted
from fsnb.publish.gates import Drift, on_target
from fsnb.publish.lake.opening import read_lake
from fsnb.publish.loading import load
from fsnb.publish.promoting import Promotion, promote, rollback
from fsnb.publish.proving import prove
from fsnb.publish.publication import Publication
from fsnb.publish.publishing import last_published, publish
from fsnb.publish.rehearsal import Rehearsal, rehearse
from fsnb.publish.scheduled import Materialization, bring_up_to_date
from fsnb.publish.sql import engine_errors_as
from fsnb.publish.target import Target
from fsnb.publish.written import place, statements, version_of

__all__ = [
    "Certificate",
    "Drift",
    "Materialization",
    "Promotion",
    "Publication",
    "Rehearsal",
    "Target",
    "bring_up_to_date",
    "certify",
    "check_when",
    "engine_errors_as",
    "failures_noted",
    "in_window",
    "keep",
    "last_published",
    "load",
    "on_target",
    "place",
    "promote",
    "prove",
    "publish",
    "read_lake",
    "rehearse",
    "rollback",
    "statements",
    "version_of",
]
