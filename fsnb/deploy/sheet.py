"""Sheet: all that the files of one view are made from. A value; nothing is read or connected to here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from fsnb.deploy.cadence import cron
from fsnb.model import FeatureView, show_duration


@dataclass(frozen=True, slots=True)
class Sheet:
    """A feature view, and where and how often it is published.

    Attributes
    ----------
    view
        The definition.
    version
        The version that its published tables bear.
    target, schema
        The target's name, and the schema of published tables on it.
    secrets
        Environment variables that the target's URL reads.
    statements
        SQL by file name.
    refused
        What there is no SQL for, and why: a dialect, or "tables" where the view cannot be published as such.
    every
        How often, of a view that has no `refresh`.
    late
        How far back each scheduled run looks for rows that came late.
    """

    view: FeatureView
    version: int
    target: str
    schema: str
    secrets: tuple[str, ...] = ()
    statements: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    every: timedelta = timedelta(days=1)
    late: timedelta = timedelta(days=7)

    @property
    def name(self) -> str:
        return self.view.name

    @property
    def published(self) -> bool:
        """Whether there are tables to keep up to date."""
        return "tables" not in self.refused

    @property
    def cadence(self) -> timedelta:
        return self.view.refresh or self.every

    @property
    def cron(self) -> str:
        return cron(self.cadence)

    @property
    def back(self) -> str:
        """How far before its end a scheduled run starts to look."""
        return show_duration(self.cadence + self.late)
