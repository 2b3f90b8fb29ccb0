"""The nouns: Entity, Source, FeatureView, Window, Spine. Values that know what they mean and nothing of engines."""

from fsnb.model.changes import Change, changes, source_changes
from fsnb.model.checking import Check
from fsnb.model.checks import check
from fsnb.model.definition import Output
from fsnb.model.durations import micros, parse_duration, show_duration
from fsnb.model.entity import Entity, Window
from fsnb.model.lag import LagProfile
from fsnb.model.over import leaves, over
from fsnb.model.slice import Slice
from fsnb.model.source import Source
from fsnb.model.spine import Spine
from fsnb.model.view import Feature, FeatureView, feature_view

__all__ = [
    "Change",
    "Check",
    "Entity",
    "Feature",
    "FeatureView",
    "LagProfile",
    "Output",
    "Slice",
    "Source",
    "Spine",
    "Window",
    "changes",
    "check",
    "feature_view",
    "leaves",
    "micros",
    "over",
    "parse_duration",
    "show_duration",
    "source_changes",
]
