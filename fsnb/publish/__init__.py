"""Publish to production: targets, certificates, and history and current tables written in one transaction."""

from fsnb.publish.certificate import Certificate
from fsnb.publish.certifying import certify
from fsnb.publish.gates import on_target
from fsnb.publish.loading import load
from fsnb.publish.publication import Publication, publish
from fsnb.publish.target import Target

__all__ = ["Certificate", "Publication", "Target", "certify", "load", "on_target", "publish"]
