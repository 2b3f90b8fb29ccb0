"""Whether this is `make test-deep`, which leaves nothing out to save time."""

from __future__ import annotations

import os

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
