"""Quality: baselines of training sets, drift, slices, and performance without labels. Counts, and no drift library."""

from fsnb.checks import suggest as suggest_checks
from fsnb.profiling import Baseline, Column, profile
from fsnb.quality.drifting import drift
from fsnb.quality.estimating import PerformanceEstimate, cbpe, reweighted
from fsnb.quality.finding import FoundSlices, find_slices
from fsnb.quality.over_time import DriftOverTime, drift_by_slice, drift_over_time
from fsnb.quality.report import DriftReport
from fsnb.quality.scored import Scored, scored_looks
from fsnb.quality.slicing import SliceReport, slices
from fsnb.quality.stressing import Perturbation, RobustnessReport, nulled, robustness, shifted, stale
from fsnb.quality.violations import Violation
from fsnb.quality.watching import drift_of, drift_verdicts, estimate_verdicts, judge

__all__ = [
    "Baseline",
    "Column",
    "DriftOverTime",
    "DriftReport",
    "FoundSlices",
    "PerformanceEstimate",
    "Perturbation",
    "RobustnessReport",
    "Scored",
    "SliceReport",
    "Violation",
    "cbpe",
    "drift",
    "drift_by_slice",
    "drift_of",
    "drift_over_time",
    "drift_verdicts",
    "estimate_verdicts",
    "find_slices",
    "judge",
    "nulled",
    "profile",
    "reweighted",
    "robustness",
    "scored_looks",
    "shifted",
    "slices",
    "stale",
    "suggest_checks",
]
