"""Verdicts, and who is told: functions, a real webhook on this machine, apprise."""

from __future__ import annotations

import json
import sys
import threading
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

import fsnb
from fsnb import checks as c
from fsnb.checks import CheckReport, Monitoring, Result, Verdict, alerts, tell, verdicts_of, watch
from fsnb.errors import AlertError, CatalogError, DefinitionError
from tests.checks.rows import NOON

SECRET = "t0ken-c4nary"


@dataclass
class Hook:
    """A webhook that keeps what it was sent."""

    url: str
    answers: int = 200
    bodies: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if kept.answers:
                self.send_response(kept.answers)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
            else:
                done.wait(5)  # answers nothing until the test is over

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    done = threading.Event()
    server = HTTPServer(("127.0.0.1", 0), Handler)
    kept = Hook(f"http://127.0.0.1:{server.server_port}/{SECRET}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kept
    done.set()
    server.shutdown()
    server.server_close()
    thread.join()


def found(*statuses: str, report: CheckReport | None = None) -> Monitoring:
    verdicts = tuple(Verdict("check", f"c{i}", status, "because") for i, status in enumerate(statuses))
    return Monitoring("feature view 'v'", NOON, "1d", verdicts, report)


def test_a_verdict_for_each_check_by_its_severity() -> None:
    def result(check: fsnb.Check, status: str) -> Result:
        return Result(check, "t", status, "why")

    report = CheckReport(
        "t",
        NOON,
        (("t", 1),),
        (
            result(c.not_null("a"), "passed"),
            result(c.not_null("b"), "failed"),
            result(c.not_null("c", severity="warn"), "failed"),
            result(c.not_null("d", severity="info"), "failed"),
            result(c.not_null("e", severity="info"), "error"),
            result(c.row_count_change(), "skipped"),
        ),
    )
    assert [each.status for each in verdicts_of(report)] == ["ok", "alert", "warn", "info", "error", "skipped"]


@pytest.mark.parametrize(
    ("statuses", "status"),
    [((), "ok"), (("ok", "skipped"), "skipped"), (("warn", "ok"), "warn"), (("error", "alert"), "error")],
)
def test_the_worst_verdict_is_the_status(statuses: tuple[str, ...], status: str) -> None:
    assert found(*statuses).status == status
    assert found(*statuses).ok == (status not in ("alert", "error"))


@pytest.mark.parametrize(
    ("statuses", "told", "trained"),
    [
        (("ok", "warn", "info", "skipped"), 0, 0),
        (("ok", "alert"), 1, 1),
        (("error",), 1, 0),
        (("error", "alert"), 1, 1),
    ],
)
def test_alerts_and_retraining_are_called_where_they_should(statuses: tuple[str, ...], told: int, trained: int) -> None:
    calls: dict[str, list[Monitoring]] = {"alert": [], "retrain": [], "keep": []}
    seen = watch(
        found(*statuses), alert=calls["alert"].append, retrain=calls["retrain"].append, keep=calls["keep"].append
    )
    assert [len(each) for each in calls.values()] == [told, trained, 1]
    assert seen.told == ("append",) * told
    assert calls["keep"] == [seen]


def test_further_looks_count_and_one_that_fails_is_an_error() -> None:
    def drift() -> list[Verdict]:
        return [Verdict("drift", "x", "alert", "psi 0.3")]

    def broken() -> list[Verdict]:
        raise CatalogError("no baseline there")

    assert [(v.by, v.status) for v in watch(found("ok"), looks=[drift]).verdicts] == [
        ("check", "ok"),
        ("drift", "alert"),
    ]
    seen = watch(found("ok"), looks=[broken])
    assert (seen.verdicts[-1].by, seen.status) == ("broken", "error")
    assert seen.verdicts[-1].reason == "no baseline there"


def test_webhook_gets_the_verdicts_as_json(hook: Hook) -> None:
    seen = watch(found("warn", "alert"), alert=hook.url)
    assert seen.told == ("http://127.0.0.1",)
    (body,) = hook.bodies
    assert (body["subject"], body["status"], body["window"], body["at"]) == (
        "feature view 'v'",
        "alert",
        "1d",
        NOON.isoformat(),
    )
    assert [verdict["status"] for verdict in body["verdicts"]] == ["warn", "alert"]
    assert "because" in body["text"]


@pytest.mark.parametrize(
    ("answers", "said"), [(500, "answered 500"), (302, "answered 302"), (0, "could not be reached")]
)
def test_webhook_that_does_not_take_it_is_an_error_without_its_secret(hook: Hook, answers: int, said: str) -> None:
    hook.answers = answers
    with pytest.raises(AlertError) as caught:
        tell(hook.url, found("alert"), seconds=0.3)
    assert f"http://127.0.0.1 {said}" in str(caught.value)
    assert "because" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_all_are_told_though_one_cannot_be_and_the_training_starts() -> None:
    told: list[Any] = []

    def broken(seen: Monitoring) -> None:
        raise RuntimeError(SECRET)

    with pytest.raises(AlertError) as caught:
        watch(
            found("alert"),
            alert=[broken, f"http://127.0.0.1:1/{SECRET}", told.append],
            retrain=told.append,
            keep=told.append,
        )
    assert len(told) == 3
    line = broken.__code__.co_firstlineno + 1
    assert f"broken failed with RuntimeError in line {line}; http://127.0.0.1 could not be" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("alert", [(), "http://127.0.0.1:1"])
def test_a_training_that_fails_comes_after_all_else_and_says_who_was_told(alert: str) -> None:
    kept: list[Monitoring] = []

    def train(seen: Monitoring) -> None:
        raise ValueError("no GPU")

    with pytest.raises(ValueError, match="no GPU") as caught:
        watch(found("alert"), alert=alert, retrain=train, keep=kept.append)
    (note,) = caught.value.__notes__
    assert ("could not be reached" in note) == bool(alert)
    assert "feature view 'v' is alert" in note
    assert [seen.status for seen in kept] == ["alert"]


def test_a_function_that_fails_is_not_said_to_be_unreachable() -> None:
    def notify(seen: Monitoring) -> None:
        raise ValueError(SECRET)

    with pytest.raises(AlertError, match="notify failed with ValueError in line"):
        tell(notify, found("alert"))


def test_what_is_no_alert_is_refused_before_anything_is_looked_at() -> None:
    for wrong in ("ops@example.com", 5):
        with pytest.raises(DefinitionError, match=r"neither a function .* nor a URL"):
            watch(found("ok"), alert=[wrong])  # type: ignore[list-item]


def test_apprise_is_asked_for_other_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, str]] = []

    class Apprise:
        """What fsnb uses of apprise: add() and notify() answer whether they could."""

        def add(self, url: str) -> bool:
            return url.startswith("json://")

        def notify(self, title: str, body: str) -> bool:
            sent.append((title, body))
            return len(sent) == 1

    module = types.ModuleType("apprise")
    module.Apprise = Apprise  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "apprise", module)
    assert tell(f"json://localhost/{SECRET}", found("alert")) == ("json://...",)
    assert sent[0][0] == "fsnb: feature view 'v' is alert"
    assert "because" in sent[0][1]
    with pytest.raises(AlertError, match=r"could not deliver to json://\.\.\."):
        tell(f"json://localhost/{SECRET}", found("alert"))
    with pytest.raises(AlertError, match=r"does not take the address nonsense://\.\.\.") as caught:
        tell(f"nonsense://{SECRET}", found("alert"))
    assert SECRET not in str(caught.value)


def test_missing_apprise_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(AlertError, match=r"mailto:// needs apprise.*pip install 'fsnb\[alerts\]'"):
        tell("mailto://me", found("alert"))


def test_monitoring_in_words_as_a_frame_and_as_html() -> None:
    seen = found("warn", "alert")
    assert str(seen).splitlines() == [
        "feature view 'v' at 2024-05-01 12:00:00, last 1d: alert",
        "  warn    check: c0: because",
        "  alert   check: c1: because",
    ]
    assert seen.to_polars().rows() == [("check", "c0", "warn", "because"), ("check", "c1", "alert", "because")]
    assert "✗ alert</span></td><td>check</td><td>c1</td><td>because" in seen._repr_html_()
    assert alerts.SECONDS == 10
