"""Point-in-time engine: plan (what may meet what), lower (to one Ibis table), judge (why a value was chosen)."""

from fsnb.pit.engines import check_engine, collect
from fsnb.pit.execution import EnginePlan, lower, on
from fsnb.pit.keeping import steps_kept
from fsnb.pit.outcomes import Considered, Judgement, columns_read, considered, considered_by
from fsnb.pit.planning import JoinPlan, ViewPlan, plan
from fsnb.pit.read import ROW, attach, normalise, read_source, read_spine, table_named
from fsnb.pit.working import all_or_nothing, stop, working

__all__ = [
    "ROW",
    "Considered",
    "EnginePlan",
    "JoinPlan",
    "Judgement",
    "ViewPlan",
    "all_or_nothing",
    "attach",
    "check_engine",
    "collect",
    "columns_read",
    "considered",
    "considered_by",
    "lower",
    "normalise",
    "on",
    "plan",
    "read_source",
    "read_spine",
    "steps_kept",
    "stop",
    "table_named",
    "working",
]
