"""Progress: what is told, what is shown, and when nothing is."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rich.console import Console

from fsnb import progress, terminal
from fsnb.notebook.progress import Shown
from fsnb.progress import Task, Ticking, metered, shown_by, silent, task


def test_nobody_looks_and_nothing_is_kept() -> None:
    with shown_by(None), task("work") as step:
        step("one")
    with task("work", print) as step:
        assert step is print


def test_steps_shares_and_failure_are_told() -> None:
    seen: list[Task] = []

    @contextmanager
    def show(made: Task) -> Iterator[None]:
        seen.append(made)
        yield

    with shown_by(show):
        with task("outer") as step:
            step("read")
            with task("inner") as inner:
                assert inner is silent
                with metered(lambda: 0.25):
                    assert seen[0].share == 0.25
            step(30, 100, "load")
            assert (seen[0].step, seen[0].share) == ("load", 0.3)
        with pytest.raises(KeyboardInterrupt), task("stopped"):
            raise KeyboardInterrupt
    assert [(made.title, made.failed) for made in seen] == [("outer", False), ("stopped", True)]
    assert seen[0].lasted(0) is not None


def test_quick_work_is_never_drawn_and_slow_work_until_its_end() -> None:
    drawn: list[tuple[str, bool | None]] = []
    twice = threading.Event()

    def draw(made: Task) -> None:
        drawn.append((made.step, made.failed))
        if len(drawn) > 1:
            twice.set()

    with shown_by(lambda made: Ticking(made, lambda: draw(made), delay=600)), task("quick") as step:
        step("one")
    assert drawn == []
    with shown_by(lambda made: Ticking(made, lambda: draw(made), delay=0.01, every=0.01)), task("slow") as step:
        step("one")
        assert twice.wait(timeout=60)
    assert drawn[-1] == ("one", False)


def test_a_share_that_ends_between_two_looks_is_no_error() -> None:
    shares = iter([0.5, *[None] * 9])
    made = Task("work")
    made._meters.append(lambda: next(shares))
    assert repr(Shown(made)) == "work: 50% …"


def test_work_of_other_threads_is_not_shown() -> None:
    found: list[object] = []

    def work() -> None:
        with task("aside") as step:
            found.append(step)

    with shown_by(lambda made: Ticking(made, lambda: None)):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found == [silent]


def test_terminal_shows_title_step_and_share_and_leaves_nothing() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    drawn = threading.Event()

    def share() -> float:
        drawn.set()
        return 0.42

    with shown_by(terminal.shower(console, delay=0.01)), task("publish [rides]") as step, metered(share):
        step("certify")
        assert drawn.wait(timeout=60)
    said = out.getvalue()
    assert "publish [rides]: certify" in said
    assert "42%" in said
    assert said.endswith("\x1b[2K")


def test_terminal_shows_nothing_when_piped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    before = list(progress._shower)
    assert not terminal.show_progress()
    with terminal.showing_progress():
        assert progress._shower == before
