"""Feature views held to small examples: rows that are given, rows that ask, values to expect.

    from fsnb.testing import assert_features

    def test_a_leg_counts_once_it_has_landed():
        assert_features(
            plane_delays,
            given=\"\"\"
                tailnum | dep_time         | landed_at        | arr_delay
                N1      | 2024-01-05 08:00 | 2024-01-05 10:00 | 20
            \"\"\",
            expected=\"\"\"
                tailnum | at               | legs_1d | mean_delay_1d
                N1      | 2024-01-05 09:00 | 0       | NULL
                N1      | 2024-01-05 11:00 | 1       | 20
            \"\"\",
        )

The same runs in a cell under `%%feature_test`. DuckDB, Polars and the oracle must all give what is expected.

    examples   text tables, literals and frames -> rows of a schema
    running    the view on each engine, and what differs
    outcome    what was expected, what came, why
"""

from fsnb.testing.outcome import FeaturesDiffer, FeatureTest, Value
from fsnb.testing.running import assert_features, check_features

__all__ = ["FeatureTest", "FeaturesDiffer", "Value", "assert_features", "check_features"]
