"""Quality: baselines of training sets, drift, slices, and performance without labels. Counts, and no drift library."""

from fsnb.quality.baseline import Baseline, Column
from fsnb.quality.drifting import drift
from fsnb.quality.profiling import profile
from fsnb.quality.report import DriftReport
from fsnb.quality.violations import Violation

__all__ = ["Baseline", "Column", "DriftReport", "Violation", "drift", "profile"]
