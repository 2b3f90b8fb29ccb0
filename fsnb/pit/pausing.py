"""A pause of Python's search for reference cycles, around work that builds many small objects and keeps most of them.

Ibis' expressions and SQLGlot's trees are tens of thousands of such objects, and each search goes through all that the
process holds, its libraries too: a quarter of the time that it takes to plan and compile 50 features.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cycles_kept() -> Iterator[None]:
    """No search for cycles inside; afterwards as before. Where another thread began first, it is the one that ends."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()
