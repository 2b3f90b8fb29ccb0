"""Values whose every free text is hostile, for pages that must show it as text."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import ibis
import polars as pl
import pyarrow as pa

import fsnb
from fsnb.checks import CheckReport, Monitoring, Suggestions
from fsnb.checks.monitoring import Verdict
from fsnb.checks.report import Result
from fsnb.checks.suggesting import Suggestion
from fsnb.model import Change, Check
from fsnb.online import Consistency, Synced
from fsnb.online.checking import Difference
from fsnb.publish import Materialization, Promotion, Rehearsal
from fsnb.quality import DriftOverTime, DriftReport, FoundSlices, PerformanceEstimate, RobustnessReport, SliceReport
from fsnb.quality import drift as compare
from fsnb.quality import profile as baseline_of
from fsnb.quality.comparing import Compared
from fsnb.quality.estimating import Estimated
from fsnb.quality.finding import FoundSlice
from fsnb.quality.scoring import METRICS
from fsnb.quality.slicing import SliceRow
from fsnb.quality.stressing import RobustnessRow
from fsnb.training import LoggedTrainingSet

EVIL = "<script>alert('1')</script><img src=x onerror=\"alert(1)\">&amp;\"'"
NOW = datetime(2013, 1, 2, 3, 4, 5)
DAY = timedelta(days=1)


def drift_report(rows: int = 200) -> DriftReport:
    """A number and a text that drift, a time, a constant; names and values that are hostile."""
    before = pl.DataFrame(
        {
            EVIL: [float(n % 50) for n in range(rows)],
            "text": [EVIL if n % 2 else "plain" for n in range(rows)],
            "at": [NOW + timedelta(hours=n) for n in range(rows)],
            "same": [1.0] * rows,
        }
    )
    after = before.with_columns(pl.col(EVIL) + 20, pl.lit(f"new {EVIL}").alias("text"), pl.col("at") + 30 * DAY)
    return compare(before, after.with_columns(pl.lit(1).alias(f"extra {EVIL}")), name=EVIL)


def check_report() -> CheckReport:
    check = Check("predicate", EVIL, (EVIL,), severity="fail")
    soft = Check("predicate", "soft", (EVIL,), severity="warn")
    sample = (((EVIL, EVIL), ("n", 1)),)
    results = (Result(soft, EVIL, "failed", EVIL, 1, 10), Result(check, EVIL, "failed", EVIL, 2, 10, sample))
    return CheckReport(EVIL, NOW, ((EVIL, 10), ("other", None)), results)


def others(view: fsnb.FeatureView, spine: fsnb.Spine, catalog: Any) -> dict[str, Any]:
    """One value of each type that a page of its own or a card is made of, and that no fixture has."""
    report = check_report()
    drifted = Compared(EVIL, "numeric", 10, 10, psi=1.0, psi_floor95=0.1, verdict="alert", reason=EVIL)
    found = fsnb.Slice(EVIL, ibis._.n > 0)
    rows = pa.table({EVIL: [1, 2]})
    interval = (NOW, NOW + DAY)
    return {
        "entity": fsnb.Entity("plane", ("tailnum", EVIL)),
        "feature": view[view.features[0]].named("alias"),
        "spine": spine,
        "catalog": catalog,
        "drift": drift_report(),
        "baseline": baseline_of(pl.DataFrame({EVIL: [1.0, 2.0], "text": [EVIL, "b"], "at": [NOW, NOW]}), name=EVIL),
        "over time": DriftOverTime(((NOW, drifted),), "start"),
        "slices": SliceReport((SliceRow(EVIL, 10, 0.5, None, {}),), "label_rate", pl.DataFrame()),
        "found": FoundSlices((FoundSlice(found, (EVIL,), 10, 0.5, 1.0, 0.5, 0.4, 0.01, 0.02),), 7),
        "robust": RobustnessReport((RobustnessRow(EVIL, EVIL, 200, dict.fromkeys(METRICS)),)),
        "estimate": PerformanceEstimate(EVIL, (Estimated(EVIL, 0.7, 0.6, 0.8, None, None),), 10, 9.0, 3),
        "checks": report,
        "proposed": Suggestions(EVIL, 10, (Suggestion(Check("unique", EVIL, (EVIL,)), EVIL, EVIL),), (EVIL,)),
        "monitoring": Monitoring(EVIL, NOW, "1d", (Verdict(EVIL, EVIL, "warn", EVIL),), report, (EVIL,)),
        "logged": LoggedTrainingSet(EVIL, EVIL, {"name": EVIL, "fingerprint": "f" * 64, "digest": "d" * 64}, rows),
        "promotion": Promotion(EVIL, EVIL, 2, 1, "f" * 64, NOW),
        "materialization": Materialization(EVIL, 1, EVIL, ("r",), 3, 2, 1, 10, 1, NOW, NOW + DAY, NOW, NOW, NOW),
        "rehearsal": Rehearsal(
            EVIL, EVIL, 2, 1, (Change("owner", EVIL, EVIL, None, True),), (EVIL,) * 20, (interval,), 3, 10, 10, EVIL,
            1.5, DAY, 10,
        ),
        "synced": Synced(EVIL, 1, EVIL, 2, 10, 1, NOW),
        "consistency": Consistency(
            EVIL, EVIL, 2, 1, NOW, ((EVIL, 3),), 1, ((EVIL, 1),), (Difference("online", {EVIL: EVIL}, None, None),)
        ),
    }  # fmt: skip
