"""Tell somebody: a Python callable, a webhook, or whatever apprise reaches.

A webhook's address often is its secret, so no error shows more of it than the host. Every alert is tried; one that
could not be delivered is an error, since a watchman that nobody hears watches nothing.
"""

from __future__ import annotations

import json
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fsnb.errors import AlertError, DefinitionError

if TYPE_CHECKING:
    from fsnb.checks.monitoring import Monitoring

SECONDS = 10.0
Alert = Callable[["Monitoring"], Any] | str


def need_alerts(alerts: Alert | Sequence[Alert]) -> tuple[Alert, ...]:
    """The alerts as a tuple, when each is one.

    Raises
    ------
    DefinitionError
        One is neither a callable nor a URL.
    """
    given = (alerts,) if isinstance(alerts, str) or callable(alerts) else tuple(alerts)
    for each in given:
        if not callable(each) and not (isinstance(each, str) and urlsplit(each).scheme):
            raise DefinitionError(
                f"alert: {type(each).__name__} is neither a function that takes what was found nor a URL such as "
                "https://hooks.example.com/... (a webhook) or mailto://..., slack://... (through apprise)."
            )
    return given


def tell(alerts: Alert | Sequence[Alert], found: Monitoring, *, seconds: float = SECONDS) -> tuple[str, ...]:
    """Tell what was found, and return whom: names of functions, schemes and hosts of URLs.

    Parameters
    ----------
    alerts
        Functions of the `Monitoring`; `http(s)://` addresses, which get it as JSON by POST; other URLs, by apprise.
    seconds
        How long to wait for a webhook.

    Raises
    ------
    AlertError
        Some could not be told, after all were tried; no secret is shown.
    """
    given = need_alerts(alerts)
    failures = [failure for each in given if (failure := _attempt(each, found, seconds))]
    if failures:
        raise AlertError(f"{found.subject} is {found.status}, but {'; '.join(failures)}. What was found:\n{found}")
    return tuple(map(_name, given))


def _attempt(alert: Alert, found: Monitoring, seconds: float) -> str:
    """Why somebody was not told; empty where it worked."""
    try:
        _deliver(alert, found, seconds)
    except Exception as error:  # noqa: BLE001  a user's function may raise anything; it is told in an AlertError
        return _why(alert, error)
    return ""


def _why(alert: Alert, error: Exception) -> str:
    if isinstance(error, AlertError):
        return str(error)
    if callable(alert):
        return f"{_name(alert)} failed with {type(error).__name__}{_where(error)}"
    if isinstance(error, urllib.error.HTTPError):
        return f"{_name(alert)} answered {error.code}"
    reason = getattr(error, "reason", None) or type(error).__name__
    return f"{_name(alert)} could not be reached ({str(reason).replace(alert, '***')})"


def _where(error: Exception) -> str:
    """The line of the user's function, below `_attempt` and `_deliver`; what it says may hold a secret."""
    own = traceback.extract_tb(error.__traceback__)[2:3]
    return f" in line {own[0].lineno}" if own else ""


def _deliver(alert: Alert, found: Monitoring, seconds: float) -> None:
    if callable(alert):
        alert(found)
    elif urlsplit(alert).scheme in ("http", "https"):
        _post(alert, found, seconds)
    else:
        _apprise(alert, found)


def _post(url: str, found: Monitoring, seconds: float) -> None:
    body = json.dumps({"text": str(found)} | found.to_doc()).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", "User-Agent": "fsnb"})
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=seconds) as answer:
        answer.read()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An address that leads elsewhere has not taken the message: urllib would follow it with an empty GET."""

    def redirect_request(self, *args: Any) -> None:
        return None


def _apprise(url: str, found: Monitoring) -> None:
    try:
        import apprise
    except ImportError:
        scheme = urlsplit(url).scheme
        raise AlertError(f"{scheme}:// needs apprise, which is missing: pip install 'fsnb[alerts]'") from None
    sender = apprise.Apprise()
    if not sender.add(url):
        raise AlertError(f"apprise does not take the address {urlsplit(url).scheme}://...")
    if not sender.notify(title=f"fsnb: {found.subject} is {found.status}", body=str(found)):
        raise AlertError(f"apprise could not deliver to {urlsplit(url).scheme}://...")


def _name(alert: Alert) -> str:
    if callable(alert):
        return getattr(alert, "__name__", type(alert).__name__)
    parts = urlsplit(alert)
    return f"{parts.scheme}://{parts.hostname}" if parts.scheme in ("http", "https") else f"{parts.scheme}://..."
