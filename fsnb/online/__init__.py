"""Online stores: what is published, pushed to where one entity's features are read in microseconds."""

from fsnb.online.answer import OnlineFeatures, ViewAnswer
from fsnb.online.checking import Consistency, Difference, check
from fsnb.online.database import Database
from fsnb.online.opening import EMBEDDED, open_online, recorded
from fsnb.online.outbox import Outbox
from fsnb.online.pushing import Synced, sync
from fsnb.online.reading import Reader
from fsnb.online.series import Series

__all__ = [
    "EMBEDDED",
    "Consistency",
    "Database",
    "Difference",
    "OnlineFeatures",
    "Outbox",
    "Reader",
    "Series",
    "Synced",
    "ViewAnswer",
    "check",
    "open_online",
    "recorded",
    "sync",
]
