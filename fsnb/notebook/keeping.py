"""What the commands of `%fs` do that keep a store: targets, sources there, versions, words, online stores."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any

from fsnb.errors import UsageError
from fsnb.notebook.doing import moment, part
from fsnb.notebook.session import Session


def target(session: Session, asked: Namespace) -> Any:
    if asked.url is None and (asked.schema or asked.map):
        raise UsageError(f"%fs target: --schema and --map need the URL: %fs target {asked.name} URL ...")
    mapped = dict(_pair(word) for word in asked.map)
    settings = {"schema": asked.schema, "sources": mapped} if asked.url else {}
    return session.bind_if(asked.out, session.store.target(asked.name, asked.url, **settings))


def _pair(word: str) -> tuple[str, str]:
    source, equals, table = word.partition("=")
    if not (source and equals and table):
        raise UsageError(f"%fs target: --map {word!r}: write SOURCE=TABLE, as in --map flights=raw.flights.")
    return source, table


def load(session: Session, asked: Namespace) -> Any:
    where = session.target(asked.to, "%fs load")
    rows = session.store.load(session.source(asked.source), to=where, replace=asked.replace)
    session.bind_if(asked.out, rows)
    print(f"{asked.source}: {rows:,} rows on {where}")


def materialize(session: Session, asked: Namespace) -> Any:
    where = session.target(asked.to, "%fs materialize")
    told = session.store.materialize(session.view(asked.view), where, **part(asked, "%fs materialize"))
    return session.bind_if(asked.out, told)


def promote(session: Session, asked: Namespace) -> Any:
    where = session.target(asked.to, "%fs promote")
    made = session.store.promote(session.view(asked.view), where, asked.number, breaking=asked.breaking)
    return session.bind_if(asked.out, made)


def rollback(session: Session, asked: Namespace) -> Any:
    where = session.target(asked.to, "%fs rollback")
    return session.bind_if(asked.out, session.store.rollback(session.view(asked.view), where, asked.number))


def sync(session: Session, asked: Namespace) -> Any:
    made = session.store.sync_online(session.view(asked.view), asked.online, target=asked.to)
    return session.bind_if(asked.out, made)


def describe(session: Session, asked: Namespace) -> Any:
    words = {"owner": asked.owner, "tags": asked.tag, "description": asked.description}
    if all(word is None for word in words.values()):
        raise UsageError("%fs describe: say something: --owner WHO, --tag TAG, --description TEXT.")
    return session.bind_if(asked.out, session.store.describe(session.view(asked.view), **words))


def profile(session: Session, asked: Namespace) -> Any:
    at = moment(asked.at, "%fs profile: --at")
    return session.bind_if(asked.out, session.store.profile(session.view(asked.view), at=at))


COMMANDS: Mapping[str, Callable[[Session, Namespace], Any]] = {
    "target": target,
    "load": load,
    "materialize": materialize,
    "promote": promote,
    "rollback": rollback,
    "sync": sync,
    "describe": describe,
    "profile": profile,
}
