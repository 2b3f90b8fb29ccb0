"""One side in a process of its own, driven by lines: `python -m tests.benchmarks.worker '{"call": "", "options": {}}'`.

`call` is "package.module:function"; the function prepares and returns what is to be timed. Then for each line on stdin
one line of JSON on stdout: `run` times a call, by the clock and by the processor (all threads), and tells the peak of
memory so far; `digest` tells what it answered and forgets it, `forget` only forgets. What the side itself prints goes
to stderr. It runs in the environments of other tools too, so it imports nothing of fsnb, and NumPy and Arrow only to
compare.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    task = json.loads(sys.argv[1])
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    side = _prepared(task)
    _tell(out, {"ready": True, "resting": peak()})
    last = None
    for line in sys.stdin:
        if line.strip() == "run":
            start, worked = time.perf_counter(), time.process_time()
            last = side()
            took = {"seconds": time.perf_counter() - start, "processor": time.process_time() - worked}
            _tell(out, {**took, "peak": peak()})
        else:
            found = _digest(last) if line.strip() == "digest" else None
            last = None
            gc.collect()
            _tell(out, {"digest": found})


def _prepared(task: dict[str, Any]) -> Callable[[], Any]:
    module, _, function = task["call"].partition(":")
    return getattr(importlib.import_module(module), function)(**task["options"])


def _digest(answer: Any) -> Any:
    if answer is None:
        return None
    from tests.benchmarks.answers import digest

    return digest(answer() if callable(answer) else answer)


def peak() -> int:
    """The most memory that this process has held, in MB.

    Not `ru_maxrss`, which also counts the process that started this one, until it became another program.
    """
    status = Path("/proc/self/status").read_text()
    (found,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(found.split()[1]) // 1024


def _tell(out: Any, what: dict[str, Any]) -> None:
    print(json.dumps(what), file=out, flush=True)


if __name__ == "__main__":
    main()
