"""A side's process: started, told what to do, watched over, ended. It may not take more time or memory than allowed."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
QUIET = {"DO_NOT_TRACK": "true", "FEAST_USAGE": "False", "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
START_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Limits:
    """What a call may take: seconds, and MB of memory."""

    seconds: float
    memory: int


class Ended(Exception):
    """The process is no more; the text says why.

    `seconds` and `processor`: how long the call had run, and worked, when a limit ended it.
    """

    def __init__(self, why: str, seconds: float | None = None, processor: float | None = None) -> None:
        super().__init__(why)
        self.seconds, self.processor = seconds, processor


class Process:
    """A worker (`tests.benchmarks.worker`) for one side, in its own environment; leaves things only in `folder`."""

    def __init__(self, call: str, options: dict[str, Any], peer: str | None, folder: Path) -> None:
        task = json.dumps({"call": call, "options": options})
        self._errors = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115, open for as long as the process
        self._process = subprocess.Popen(
            [python(peer), "-m", "tests.benchmarks.worker", task],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=folder,  # where DuckDB spills to
            env={**os.environ, **QUIET, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        )
        self._said = b""

    def ready(self, limits: Limits) -> dict[str, Any]:
        """What it says when all is prepared."""
        return self._heard(Limits(max(START_SECONDS, limits.seconds), limits.memory))

    def ask(self, what: str, limits: Limits) -> dict[str, Any]:
        """`run`, `digest` or `forget`; what it answers.

        Raises
        ------
        Ended
            It failed, or took more than `limits`.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(what.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Ended(self._reason()) from None
        return self._heard(limits)

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _heard(self, limits: Limits) -> dict[str, Any]:
        """The next line; memory is looked at ten times a second."""
        start, worked, out = time.monotonic(), self._processor(), self._process.stdout
        assert out is not None
        with selectors.DefaultSelector() as ready:
            ready.register(out, selectors.EVENT_READ)
            while b"\n" not in self._said:
                if ready.select(0.1):
                    more = os.read(out.fileno(), 1 << 16)
                    if not more:
                        raise Ended(self._reason())
                    self._said += more
                self._check(time.monotonic() - start, worked, limits)
        line, _, self._said = self._said.partition(b"\n")
        return json.loads(line)

    def _check(self, passed: float, worked: float, limits: Limits) -> None:
        why = None
        if passed > limits.seconds:
            why = f"stopped after {limits.seconds:g} s"
        elif self._memory() > limits.memory:
            why = f"stopped at {limits.memory:,} MB of memory, after {passed:.0f} s"
        if why and b"\n" not in self._said:
            done = self._processor() - worked
            self._process.kill()
            raise Ended(why, passed, done)

    def _processor(self) -> float:
        """Seconds that all its threads have worked."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _memory(self) -> int:
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except FileNotFoundError:
            return 0
        return next((int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmRSS:")), 0)

    def _reason(self) -> str:
        """The last line of what it wrote, which is the exception."""
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return f"failed: {lines[-1][:200]}" if lines else f"ended with {self._process.returncode}"


def python(peer: str | None) -> str:
    """The Python of a peer's environment, or this one."""
    return str(ROOT / ".venv-bench" / peer / "bin" / "python") if peer else sys.executable


def missing(peer: str | None) -> str | None:
    """Why a peer cannot run here; None where it can."""
    if peer is None or (ROOT / ".venv-bench" / peer / "ready").exists():
        return None
    log = ROOT / ".venv-bench" / f"{peer}.txt"
    lines = log.read_text().strip().splitlines() if log.exists() else []
    return f"does not install: {lines[-1].strip()[:200]}" if lines else "not installed: make bench-peers"
