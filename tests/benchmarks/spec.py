"""What every side computes."""

COLUMNS = ("x0", "x1", "x2", "x3", "n")
TTL = "7d"
WINDOWS = {"1h": "1 HOUR", "1d": "1 DAY", "7d": "7 DAY", "30d": "30 DAY"}
