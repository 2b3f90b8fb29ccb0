"""Every error that fsnb raises on purpose.

    FsnbError
    |-- DefinitionError      (ValueError)           a noun that cannot be: mixed features, bad duration, duplicate names
    |   `-- TypeMismatch     (TypeError)            a column of the wrong type: event time as text, as date
    |-- UnknownName          (LookupError)          a column, feature, view, source, target, ... that is not there
    |-- NotSupported         (NotImplementedError)  an engine or a stored definition cannot do that
    |   `-- NoStableIdentity                        UDFs, memtables, now(), random(): nothing to fingerprint
    |-- PlanTooLarge                                a join would meet more pairs than the limit
    |-- UsageError           (ValueError)           a magic called with what it does not take
    |-- AmbiguousTies                               equal clocks and tie-break, different values
    |-- CatalogError
    |-- OnlineStoreError     (ConnectionError)      unreachable, nothing synced yet, asked for a time that is gone
    |-- CheckFailed                                 rows are not what a check says, or it could not run
    |-- AlertError                                  somebody could not be told
    |-- TrainingSetError                            no training set logged there, snapshot altered
    `-- PublishError
        |-- CertificateMismatch                     two engines, or an engine and the oracle, disagree
        |-- BreakingChange                          refused without breaking=True
        |-- GateFailed       (CheckFailed)          a view's checks stopped its publication
        `-- TargetError      (ConnectionError)      unreachable, wrong password, no such schema

A message says who, what, what there is, what to do; it never holds a password. In a notebook such an
error is the user's to mend: it shows as its name and message, without our frames, and still fails the cell.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class FsnbError(Exception):
    """Base of all errors that fsnb raises on purpose."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def _render_traceback_(self) -> list[str]:
        """Two lines in IPython instead of a traceback: what, and where when a note says it."""
        return [f"{type(self).__name__}: {self}", *getattr(self, "__notes__", ())]


class DefinitionError(FsnbError, ValueError):
    """A definition that contradicts itself or its source."""


class TypeMismatch(DefinitionError, TypeError):
    """A column or value has a type that cannot serve its purpose."""


class UnknownName(FsnbError, LookupError):
    """Something was named that is not there."""

    @classmethod
    def among(cls, owner: str, what: str, name: str, options: Iterable[str], todo: str = "") -> UnknownName:
        """`owner has no what 'name'. Did you mean ...? It has: ...`"""
        options = [str(o) for o in options]
        todo = f" {todo}" if todo else ""
        return cls(f"{owner} has no {what} {name!r}.{hint(name, options)} It has: {listed(options)}.{todo}")


class NotSupported(FsnbError, NotImplementedError):
    """What was asked cannot be done here; the message says where it can."""


class NoStableIdentity(NotSupported):
    """An expression holds something that has no stable identity."""


class PlanTooLarge(FsnbError):
    """Only a join computes it, and it would meet more pairs than the limit."""


class UsageError(FsnbError, ValueError):
    """A magic was called with arguments that it does not take."""


class AmbiguousTies(FsnbError, ValueError):
    """Rows with equal clocks and tie-break carry different values."""


class CatalogError(FsnbError):
    """The catalog cannot be read or written."""


class OnlineStoreError(FsnbError, ConnectionError):
    """An online store cannot be reached, or does not have what was asked for."""


class CheckFailed(FsnbError):
    """Rows are not what a check says they are, or a check could not run."""


class AlertError(FsnbError):
    """An alert could not be delivered."""


class TrainingSetError(FsnbError):
    """A logged training set cannot be found or is not what was logged."""


class PublishError(FsnbError):
    """A publication was refused or failed; nothing of it is visible."""


class CertificateMismatch(PublishError):
    """Two engines, or an engine and the oracle, disagree."""


class BreakingChange(PublishError):
    """A new version would change what users of the view read."""


class GateFailed(PublishError, CheckFailed):
    """A view's checks stopped its publication; nothing was written."""


class TargetError(PublishError, ConnectionError):
    """A target cannot be reached or used."""


def hint(name: str, options: Iterable[str]) -> str:
    """` Did you mean 'fare'?`, or nothing when no option is near."""
    near = difflib.get_close_matches(name, list(options), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


def counted(number: int, one: str, many: str = "") -> str:
    """`1 row`, `1,024 rows`, `0 entities`; `many` where it is more than an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names for a message: the first ones, and how many more."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "nothing") + more
