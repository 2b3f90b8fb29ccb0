"""What an online store keeps of each type: KINDS. Every value comes back as it went in."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import ibis.expr.datatypes as dt
import numpy as np
import pyarrow as pa

from fsnb.errors import NotSupported

EPOCH, DAY_ONE = datetime(1970, 1, 1), date(1970, 1, 1).toordinal()
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a type is kept.

    `code` is its place in a row (struct's letter), `arrow` the type it is cast to, `integers` that of the same bits as
    numbers; `made` turns the number into the value of Python, `taken` a value of Python into the number.
    """

    name: str
    code: str
    arrow: pa.DataType
    taken: Callable[[Any], Any]
    made: Callable[[Any], Any] | None = None
    integers: pa.DataType | None = None

    @property
    def of_bytes(self) -> bool:
        """Whether values are of any length."""
        return self.code == "I"


def micros(value: datetime) -> int:
    """A time as microseconds since 1970; naive is UTC."""
    if not isinstance(value, datetime):
        raise TypeError
    naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return (naive - EPOCH) // MICROSECOND


def moment(us: int) -> datetime:
    """Microseconds since 1970 as a naive time, UTC."""
    return EPOCH + us * MICROSECOND


def _days(value: date) -> int:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise TypeError
    return value.toordinal() - DAY_ONE


def _date(days: int) -> date:
    return date.fromordinal(days + DAY_ONE)


def _clock(value: time) -> int:
    if not isinstance(value, time):
        raise TypeError
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond


def _time(us: int) -> time:
    return (EPOCH + us * MICROSECOND).time()


def _integer(value: Any) -> int:
    if type(value) is int:
        return value
    if isinstance(value, (bool, np.bool_)):
        raise TypeError
    return operator.index(value)


def _float(value: Any) -> float:
    if isinstance(value, (bool, np.bool_, str)):
        raise TypeError
    return float(value) + 0.0  # -0.0 is 0.0


def _boolean(value: Any) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError
    return bool(value)


def _bytes(value: Any) -> bytes:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError
    return bytes(value)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("boolean", "?", pa.bool_(), _boolean),
        Kind("integer", "q", pa.int64(), _integer),
        Kind("unsigned", "Q", pa.uint64(), _integer),
        Kind("float", "d", pa.float64(), _float),
        Kind("timestamp", "q", pa.timestamp("us"), micros, moment, pa.int64()),
        Kind("date", "i", pa.date32(), _days, _date, pa.int32()),
        Kind("time", "q", pa.time64("us"), _clock, _time, pa.int64()),
        Kind("text", "I", pa.large_string(), lambda text: text.encode(), bytes.decode, pa.large_binary()),
        Kind("bytes", "I", pa.large_binary(), _bytes, None, pa.large_binary()),
    )
}


def kind_of(dtype: dt.DataType, who: str) -> str:
    """The kind that a column of this type is kept as.

    Raises
    ------
    NotSupported
        Arrays, maps, structs, intervals and the like: an online store has no place for them.
    """
    for test, kind in (
        (dtype.is_boolean(), "boolean"),
        (dtype.is_unsigned_integer(), "unsigned"),
        (dtype.is_integer(), "integer"),
        (dtype.is_floating() or dtype.is_decimal(), "float"),
        (dtype.is_timestamp(), "timestamp"),
        (dtype.is_date(), "date"),
        (dtype.is_time(), "time"),
        (dtype.is_string(), "text"),
        (dtype.is_binary(), "bytes"),
    ):
        if test:
            return kind
    raise NotSupported(f"{who} is {dtype}, which an online store does not keep. It keeps {', '.join(KINDS)}. Cast it.")
