"""Profiling: the one place that counts columns, on the engine that holds them; used by quality, checks and the catalog.

profile(data)                    -> Baseline: what later data is compared with
columns_of(reading(data, who))   -> Columns, without sorting what has many values
distributions(con, table, ...)   -> the catalog's Profile: a few figures and 20 bars for each feature

`Column` is what is known of a column, `counting` counts, and COUNTERS there says how each engine does.
"""

from fsnb.profiling.baseline import Baseline
from fsnb.profiling.column import Column
from fsnb.profiling.counting import Counting, reading
from fsnb.profiling.distributions import distributions
from fsnb.profiling.making import columns_of, profile

__all__ = ["Baseline", "Column", "Counting", "columns_of", "distributions", "profile", "reading"]
