"""Publish to production: targets, certificates, and history and current tables written in one transaction."""

from fsnb.publish.certificate import Certificate
from fsnb.publish.certifying import certify
from fsnb.publish.gates import on_target
from fsnb.publish.lake.opening import read_lake
from fsnb.publish.loading import load
from fsnb.publish.promoting import Promotion, promote, rollback
from fsnb.publish.publication import Publication
from fsnb.publish.publishing import publish
from fsnb.publish.rehearsal import Rehearsal, rehearse
from fsnb.publish.scheduled import Materialization, bring_up_to_date
from fsnb.publish.target import Target
from fsnb.publish.written import place, statements, version_of

__all__ = [
    "Certificate",
    "Materialization",
    "Promotion",
    "Publication",
    "Rehearsal",
    "Target",
    "bring_up_to_date",
    "certify",
    "load",
    "on_target",
    "place",
    "promote",
    "publish",
    "read_lake",
    "rehearse",
    "rollback",
    "statements",
    "version_of",
]
