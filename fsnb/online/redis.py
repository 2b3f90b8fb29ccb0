"""An online store in Redis: one hash per version of a view, one field per entity, one round trip a read.

A version's hash also holds which runs were pushed into it and the mark that it is the one served: whatever evicts or
loses its rows loses the position with them, and the next push begins anew. Its name has a hash tag, so that all of a
view lies on one node of a cluster.

A push is many small scripts, each of which takes some rows over where they are newer, then one that notes the runs and
switches. So an entity is always whole, and never older than before; what a push that died has written it wrote rightly.

A field is one or more frames: event and available time (big-endian, shifted to be unsigned), whether the row was not
yet available when it was pushed, the length of the values, the values. More than one only while rows are pending.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from fsnb.errors import OnlineStoreError
from fsnb.online.connecting import PerThread, connect, shown
from fsnb.online.database import Batch, Row
from fsnb.online.packing import SIGN
from fsnb.online.series import Series
from fsnb.urls import one_line

FRAME = struct.Struct(">QQBI")
SERVED, SYNCED, ROW, RUN = b"!", b"t", b"k", b"r"  # fields of a hash, or what they begin with
BATCH_ROWS = 1000  # of a script: about 2 ms, during which Redis answers nobody else
AHEAD = 2  # scripts sent before the reply of the first is read: Redis works while the next rows are packed
VIEWS = "fsnb:views"

# Times are compared as two unsigned halves each: a number of Lua is exact only up to 2^53, and `<` on its strings
# depends on the server's locale.
WRITE = """
local function times(text, at) return struct.unpack('>I4I4I4I4BI4', text, at) end
local n1, n2 = struct.unpack('>I4I4', ARGV[1])

local function frames(text, found)
  local at = 1
  while at <= #text do
    local e1, e2, a1, a2, _, length = times(text, at)
    local frame = {e1, e2, a1, a2, string.sub(text, at + 21, at + 20 + length)}
    frame.seen = a1 < n1 or (a1 == n1 and a2 <= n2)
    found[#found + 1] = frame
    at = at + 21 + length
  end
end

local function later(e1, e2, a1, a2, f1, f2, b1, b2)
  if e1 ~= f1 then return e1 > f1 end
  if e2 ~= f2 then return e2 > f2 end
  if a1 ~= b1 then return a1 > b1 end
  return a2 >= b2
end
local function newer(x, y) return later(x[1], x[2], x[3], x[4], y[1], y[2], y[3], y[4]) end

local function merged(old, new)
  local found, best, kept, there = {}, nil, {}, {}
  frames(old, found); frames(new, found)
  for _, frame in ipairs(found) do
    if frame.seen and (not best or newer(frame, best)) then best = frame end
  end
  if best then kept[1] = struct.pack('>I4I4I4I4BI4', best[1], best[2], best[3], best[4], 0, #best[5]) .. best[5] end
  for _, frame in ipairs(found) do
    local head = struct.pack('>I4I4I4I4BI4', frame[1], frame[2], frame[3], frame[4], 1, #frame[5])
    if not frame.seen and not there[head] and (not best or newer(frame, best)) then
      there[head] = true
      kept[#kept + 1] = head .. frame[5]
    end
  end
  return table.concat(kept)
end

local names, out, place = {}, {}, {}
for i = 2, #ARGV, 2 do names[#names + 1] = ARGV[i] end
local olds = redis.call('HMGET', KEYS[1], unpack(names))
for i, name in ipairs(names) do
  local new, there = ARGV[2 * i + 1], place[name]
  local old, write = there and out[there] or olds[i], new
  if old then
    local e1, e2, a1, a2, waits, length = times(old, 1)
    local f1, f2, b1, b2, pending = times(new, 1)
    if waits == 0 and pending == 0 and #old == 21 + length then
      if not later(f1, f2, b1, b2, e1, e2, a1, a2) then write = old end
    else
      write = merged(old, new)
    end
  end
  if there then
    out[there] = write
  elseif write ~= old then
    out[#out + 1] = name
    out[#out + 1] = write
    place[name] = #out
  end
end
if #out > 0 then redis.call('HSET', KEYS[1], unpack(out)) end
"""
FINISH = """
local registry, mine, version, now, serve = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
for i = 4, #ARGV do redis.call('HSET', mine, 'r' .. ARGV[i], '') end
local before = redis.call('HGET', mine, 't')
if not before or tonumber(before) < tonumber(now) then redis.call('HSET', mine, 't', now) end
if serve == '1' then
  local old = redis.call('HGET', registry, 'served')
  if old and old ~= version then redis.call('HDEL', registry .. ':v' .. old, '!') end
  redis.call('HSET', registry, 'served', version)
  redis.call('HSET', mine, '!', '1')
end
"""


class Redis:
    """A Redis database as an online store."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connections = PerThread(lambda: connect(url))

    def __repr__(self) -> str:
        return f"Redis({self.where!r})"

    @property
    def where(self) -> str:
        return shown(self._url)

    def served(self, view: str) -> Series | None:
        with self._session() as con:
            found = con.hgetall(_registry(view))
        doc = found.get(b"v" + found.get(b"served", b""))
        return Series.from_doc(json.loads(doc)) if doc else None

    def all_series(self, view: str | None = None) -> tuple[Series, ...]:
        with self._session() as con:
            views = [view] if view is not None else sorted(name.decode() for name in con.smembers(VIEWS))
            kept = [con.hgetall(_registry(each)) for each in views]
        docs = [Series.from_doc(json.loads(doc)) for each in kept for name, doc in each.items() if name != b"served"]
        return tuple(sorted(docs, key=lambda series: (series.view, series.version)))

    def synced(self, series: Series) -> int:
        with self._session() as con:
            return int(con.hget(_hash(series), SYNCED) or 0)

    def pushed(self, series: Series, runs: Sequence[str]) -> set[str]:
        found: set[str] = set()
        with self._session() as con:
            for start in range(0, len(runs), BATCH_ROWS):
                some = runs[start : start + BATCH_ROWS]
                there = con.hmget(_hash(series), [RUN + run.encode() for run in some])
                found |= {run for run, mark in zip(some, there, strict=True) if mark is not None}
        return found

    def read(self, series: Series, keys: Sequence[bytes]) -> list[Row] | None:
        with self._session() as con:
            served, *found = con.execute_command("HMGET", _hash(series), SERVED, *(ROW + key for key in keys))
        if served is None:
            return None
        return [row for key, text in zip(keys, found, strict=True) if text for row in _rows(key, text)]

    def scan(self, series: Series) -> Iterator[list[Row]]:
        """All rows, in batches; each entity as of its own moment, and perhaps twice."""
        with self._session() as con:
            found = con.hscan_iter(_hash(series), match=ROW + b"*", count=BATCH_ROWS)
            while some := list(islice(found, BATCH_ROWS)):
                yield [row for name, text in some for row in _rows(name[1:], text)]

    @contextmanager
    def push(self, series: Series, now: int) -> Iterator[RedisPush]:
        with self._session() as con:
            con.sadd(VIEWS, series.view)
            con.hsetnx(_registry(series.view), f"v{series.version}", json.dumps(series.to_doc()))
            yield RedisPush(con, series, now, con.script_load(WRITE), con.register_script(FINISH))

    def forget(self, series: Series) -> None:
        with self._session() as con, con.pipeline(transaction=True) as steps:
            steps.unlink(_hash(series))
            steps.hdel(_registry(series.view), f"v{series.version}")
            steps.execute()

    def close(self) -> None:
        self._connections.close()

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """This thread's connection; one that broke is made anew the next time."""
        import redis

        try:
            yield self._connections.get()
        except redis.RedisError as error:
            self._connections.close()
            todo = "See that the server runs and has memory."
            raise OnlineStoreError(f"online store {self.where}: {one_line(error)}. {todo}") from error


def _registry(view: str) -> str:
    return f"fsnb:{{{view}}}"


def _hash(series: Series) -> str:
    return f"fsnb:{{{series.view}}}:v{series.version}"


def _rows(key: bytes, text: bytes) -> list[Row]:
    found, at = [], 0
    while at < len(text):
        event, available, pending, length = FRAME.unpack_from(text, at)
        at += FRAME.size + length
        found.append((key, event - SIGN, available - SIGN, pending, text[at - length : at]))
    return found


@dataclass(frozen=True, slots=True)
class RedisPush:
    """One push; its rows count from each script on, its position from `finish` on."""

    con: Any = field(repr=False)
    series: Series
    now: int
    take: Any = field(repr=False)
    note: Any = field(repr=False)

    def write(self, batch: Batch) -> None:
        pending, pack = int(batch.pending), FRAME.pack
        rows = zip(batch.keys, batch.events, batch.availables, batch.values, strict=True)
        pairs = ((ROW + k, pack(e + SIGN, a + SIGN, pending, len(v)) + v) for k, e, a, v in rows)
        now = struct.pack(">Q", self.now + SIGN)
        line, sent = self.con.connection, 0
        try:
            while some := list(chain.from_iterable(islice(pairs, BATCH_ROWS))):
                line.send_command("EVALSHA", self.take, 1, _hash(self.series), now, *some)
                sent += 1
                if sent > AHEAD:
                    line.read_response()
            for _ in range(min(sent, AHEAD)):
                line.read_response()
        except BaseException:
            line.disconnect()  # with replies on the way it is of no more use
            raise

    def finish(self, runs: Sequence[str], serve: bool) -> None:
        keys = [_registry(self.series.view), _hash(self.series)]
        self.note(keys=keys, args=[self.series.version, self.now, int(serve), *runs])
