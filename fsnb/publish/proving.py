"""A certificate by itself, before anybody decides to publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir

from fsnb.errors import PublishError
from fsnb.model import FeatureView
from fsnb.publish import sql
from fsnb.publish.certificate import Certificate
from fsnb.publish.certifying import certify
from fsnb.publish.checks import check_definition, check_ties, tables_on
from fsnb.publish.target import Target


def prove(view: FeatureView, target: Target, *, local: Any, tables: Mapping[str, ir.Table]) -> Certificate:
    """Hold the local engine, the target and the oracle against each other, and write nothing.

    Raises
    ------
    AmbiguousTies, PublishError, TargetError, CertificateMismatch
        As publishing would. Answers that differ raise nothing here: `.ok` says so.
    """
    who = f"feature view {view.name!r}: target {target.name!r}"
    check_definition(view, needs_refresh=False)
    with target.session() as con, sql.engine_errors_as(PublishError, who, "Nothing was written."):
        there = tables_on(view, target, con)
        check_ties(view, con, there, who)
        return certify(view, local, tables, con, there)
