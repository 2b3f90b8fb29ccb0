"""Publish to production: targets, certificates, and history and current tables written in one transaction."""

from fsnb.publish.certificate import Certificate
from fsnb.publish.certifying import certify
from fsnb.publish.loading import load
from fsnb.publish.promoting import Promotion, promote, rollback
from fsnb.publish.publication import Publication
from fsnb.publish.publishing import publish
from fsnb.publish.target import Target
from fsnb.publish.written import place, statements, version_of

__all__ = [
    "Certificate",
    "Promotion",
    "Publication",
    "Target",
    "certify",
    "load",
    "place",
    "promote",
    "publish",
    "rollback",
    "statements",
    "version_of",
]
