"""How a catalog is opened, made, upgraded and refused, and that no password gets out."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from fsnb.catalog import Catalog, database
from fsnb.errors import CatalogError

SECRET = "s3cr3t"


def refusal(opens: Callable[..., Any], *args: Any, **named: Any) -> CatalogError:
    """The error of a call, when nothing that it shows holds the password."""
    with pytest.raises(CatalogError) as caught:
        opens(*args, **named)
    shown = [str(caught.value), repr(caught.value), *traceback.format_exception(caught.value)]
    error: BaseException | None = caught.value
    while error is not None:  # what a debugger or a logger that ignores `from None` would print
        shown.append(repr(error))
        error = error.__context__
    assert SECRET not in "".join(shown)
    return caught.value


# ---------------------------------------------------------------- a file


def test_a_file_is_made_with_its_directories_and_shared_through_a_write_ahead_log(tmp_path):
    path = tmp_path / "a b" / "per%20cent?#" / "catalog.sqlite"
    catalog = Catalog(path)
    assert catalog.where == str(path)
    assert [file.name for file in path.parent.iterdir()] == ["catalog.sqlite"]
    with contextlib.closing(sqlite3.connect(path)) as con:
        assert con.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_relative_path_stays_where_it_was_when_the_directory_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    catalog = Catalog("sub/catalog.sqlite")
    assert catalog.where == str(tmp_path / "sub" / "catalog.sqlite")
    catalog.put("view", "rides", {}, fingerprint="f")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert catalog.get("view", "rides") == Catalog(tmp_path / "sub" / "catalog.sqlite").get("view", "rides")


def test_a_path_with_a_colon_is_a_path_when_it_is_given_as_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Catalog(Path("postgresql:catalog")).where == str(tmp_path / "postgresql:catalog")


def test_the_home_directory_can_be_written_as_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Catalog("~/catalog.sqlite").where == str(tmp_path / "catalog.sqlite")


def test_another_file_is_refused_and_left_as_it_was(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("shopping: eggs, milk and a very long list of other things" * 10)
    before = path.read_bytes()
    assert str(refusal(Catalog, path)) == (
        f"catalog {path}: file is not a database. The file is something else. Name another path, or move the file away."
    )
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_is_refused(tmp_path):
    assert "It must be a file" in str(refusal(Catalog, tmp_path))


def test_a_file_where_a_directory_should_be_is_refused(tmp_path):
    (tmp_path / "file").touch()
    assert "cannot make its directory (File exists)" in str(refusal(Catalog, tmp_path / "file" / "catalog.sqlite"))


def test_a_damaged_file_is_told_from_another_one(tmp_path):
    path = tmp_path / "catalog.sqlite"
    catalog = Catalog(path)
    for n in range(50):
        catalog.put("view", f"v{n}", {"x": "y" * 2000}, fingerprint="f")
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    assert "The file is damaged" in str(refusal(catalog.list))


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A directory whose permissions count: root, whom none stops, becomes a user without rights for the test."""
    folder = Path(tempfile.mkdtemp(prefix="fsnb-catalog-"))  # not tmp_path, which only its owner may enter
    root = os.geteuid() == 0
    if root:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(stat.S_IRWXU)
        shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_file_that_cannot_be_written_is_read_and_says_so_on_a_write(unprivileged):
    path = unprivileged / "catalog.sqlite"
    first = Catalog(path).put("view", "rides", {}, fingerprint="f1")
    path.chmod(0o444)
    catalog = Catalog(path)
    assert catalog.list() == (first,)
    assert catalog.put("view", "rides", {}, fingerprint="f1") == first  # there already: nothing to write
    message = str(refusal(catalog.put, "view", "rides", {}, fingerprint="f2"))
    assert message.startswith(f"catalog {path}: attempt to write a readonly database. It can be read, not written.")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_file_that_cannot_be_read_and_a_directory_that_cannot_be_written_are_refused(unprivileged):
    path = unprivileged / "catalog.sqlite"
    Catalog(path)
    path.chmod(0)
    assert "you must be able to write to it and to its directory" in str(refusal(Catalog, path))
    unprivileged.chmod(0o555)
    assert "you must be able to write to it and to its directory" in str(refusal(Catalog, unprivileged / "other"))
    assert "cannot make its directory (Permission denied)" in str(refusal(Catalog, unprivileged / "new" / "other"))


# ---------------------------------------------------------------- locks


@contextlib.contextmanager
def held(place: str) -> Iterator[None]:
    """Another writer is in the middle of a transaction."""
    writer = database.open_database(place)
    with writer.connection() as con:
        writer.lock(con)
        yield


def test_a_writer_that_waits_too_long_says_so_and_readers_do_not_wait(place, monkeypatch):
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.3)
    catalog = Catalog(place)
    first = catalog.put("view", "rides", {}, fingerprint="f1")
    with held(place):
        message = str(refusal(catalog.put, "view", "rides", {}, fingerprint="f2"))
        assert "Another process kept it locked" in message
        assert catalog.list() == catalog.since(0) == (first,)
        assert catalog.put("view", "rides", {}, fingerprint="f1") == first
    assert catalog.put("view", "rides", {}, fingerprint="f2").version == 2


def test_making_a_catalog_waits_for_another_process_that_is_making_it(tmp_path):
    """SQLite itself does not wait: the switch to a write-ahead log is BUSY at once while another holds a write lock."""
    path = tmp_path / "catalog.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.5, other.execute, ["COMMIT"])
        release.start()
        assert Catalog(path).list() == ()
        release.join()


def test_making_a_catalog_does_not_wait_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.3)
    path = tmp_path / "catalog.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "Another process kept it locked" in str(refusal(Catalog, path))


# ---------------------------------------------------------------- schema versions

ADD_NOTE = (
    "9.9.0",
    ("ALTER TABLE fsnb_documents ADD COLUMN note TEXT", "CREATE INDEX fsnb_kind ON fsnb_documents (kind)"),
)


def test_an_older_catalog_is_upgraded_and_keeps_its_documents(place, monkeypatch):
    before = Catalog(place).put("view", "rides", {"n": 1}, fingerprint="f1")
    monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, ADD_NOTE))
    for _ in range(2):  # upgraded once, then current
        catalog = Catalog(place)
        assert catalog.get("view", "rides") == before
    assert catalog.put("view", "rides", {}, fingerprint="f2").version == 2
    with database.open_database(place).connection() as con:
        assert con.exec_driver_sql("SELECT version, release FROM fsnb_schema_version ORDER BY 1").all() == [
            (1, "0.1.0"),
            (2, "0.1.0"),
            (3, "9.9.0"),
        ]
        assert con.exec_driver_sql("SELECT note FROM fsnb_documents").scalars().all() == [None, None]


OF_THE_FIRST = (  # rows of schema version 1: searched by one text without fields
    "INSERT INTO fsnb_schema_version (version, release) VALUES (1, '0.1.0')",
    """INSERT INTO fsnb_documents
    (key, kind, name, version, fingerprint, created_at, created_by, search_text, body) VALUES
    ('16db19ed68a69e513bb42ddda560e2dc2eb89570620ac37a89759503f07b29b8', 'view', 'rides', 1,
     'f1', '2026-01-01T00:00:00.000000+00:00', 'ann', 'rides', '{"owner": "ops"}'),
    ('16db19ed68a69e513bb42ddda560e2dc2eb89570620ac37a89759503f07b29b8', 'view', 'rides', 2,
     'f2', '2026-01-02T00:00:00.000000+00:00', 'ann', 'rides',
     '{"owner": "risk", "tags": ["daily"], "features": ["mean_fare_7d"], "description": "What riders pay"}'),
    ('9e5ba509b6ff07aceaf52551874e9fcb65939111306296699ec9c1a9ad03d692', 'source', 'trips', 1,
     'f3', '2026-01-03T00:00:00.000000+00:00', 'bob', 'trips fare',
     '{"schema": {"fare": "float64"}}')""",
)


def test_a_catalog_of_the_first_release_is_upgraded_and_searched_by_fields(place, monkeypatch):
    first = database.MIGRATIONS[:1]
    with monkeypatch.context() as older:
        older.setattr(database, "MIGRATIONS", ())
        opened = database.open_database(place)
    with opened.connection() as con:
        serial = database.SERIAL[con.dialect.name]
        for statement in (*(each.format(serial=serial) for each in first[0][1]), *OF_THE_FIRST):
            con.exec_driver_sql(statement)
        before = con.exec_driver_sql("SELECT id, version, created_at, created_by, body FROM fsnb_documents").all()
    monkeypatch.setattr(database, "AT_ONCE", 2)
    catalog = Catalog(place)
    found = {"owner:risk": ["rides"], "owner:ops": [], "feature:fare": ["rides"], "fare": ["rides", "trips"]}
    for text, names in found.items():
        assert [document.name for document in catalog.search(text)] == names
    assert [document.version for document in catalog.history("view", "rides")] == [2, 1]
    with opened.connection() as con:
        after = con.exec_driver_sql("SELECT id, version, created_at, created_by, body FROM fsnb_documents").all()
    assert sorted(after) == sorted(before)
    assert catalog.put("view", "rides", {}, fingerprint="f9").id > max(row.id for row in before)


def test_a_catalog_of_a_newer_fsnb_is_refused_and_says_which_is_needed(place, monkeypatch):
    with monkeypatch.context() as newer:
        newer.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, ADD_NOTE))
        Catalog(place)
    message = str(refusal(Catalog, place))
    assert "it has schema version 3, this fsnb reads up to 2." in message
    assert "It needs fsnb 9.9.0 or newer: pip install 'fsnb>=9.9.0'." in message


def test_an_upgrade_that_fails_leaves_the_catalog_as_it_was(place, monkeypatch):
    before = Catalog(place).put("view", "rides", {}, fingerprint="f1")
    broken = ("9.9.0", (ADD_NOTE[1][0], "CREATE INDEX fsnb_wrong ON fsnb_documents (no_such_column)"))
    with monkeypatch.context() as newer:
        newer.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, broken))
        assert "no_such_column" in str(refusal(Catalog, place))
    assert Catalog(place).list() == (before,)
    with database.open_database(place).connection() as con:
        assert "note" not in con.exec_driver_sql("SELECT * FROM fsnb_documents").one()._fields


def test_no_two_documents_have_the_same_version_even_without_the_lock(place, monkeypatch):
    catalog = Catalog(place)
    catalog.put("view", "rides", {}, fingerprint="f1")
    columns = "key, kind, name, version, fingerprint, created_at, created_by, search_text, body"
    with pytest.raises(CatalogError, match=r"(?i)unique"), catalog._database.connection() as con:
        con.exec_driver_sql(f"INSERT INTO fsnb_documents ({columns}) SELECT {columns} FROM fsnb_documents")


# ---------------------------------------------------------------- URLs and passwords


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"mysql://me:{SECRET}@host/db", "catalog mysql:...: no such kind. Give a path"),
        (f"sqlite:///{SECRET}.sqlite", "catalog sqlite:...: no such kind. Give a path"),
        (f"me:{SECRET}@host/db", "catalog me:...: no such kind"),
        (f"postgresql://me:p@{SECRET}@host/db", "not a URL"),
        (f"postgresql://me:p@w:{SECRET}@host/db", "not a URL"),
        (f"postgresql://me:x@host:{SECRET}/db", "not a URL"),
        (f"postgresql:/me:{SECRET}@host/db", "not a URL"),
    ],
)
def test_what_is_no_url_is_refused_with_how_to_write_one(url, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    message = str(refusal(Catalog, url))
    assert says in message
    assert "postgresql://" in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
@pytest.mark.parametrize("form", ["{}://me:{}@127.0.0.1:1/db", "{}://127.0.0.1:1/db?user=me&password={}"])
def test_a_server_that_does_not_answer_is_named_without_the_password(scheme, form):
    message = str(refusal(Catalog, form.format(scheme, SECRET)))
    assert message.startswith("catalog postgresql://")
    assert "127.0.0.1:1/db: connection failed:" in message
    assert message.endswith("Check that the server runs, and the host, port, database, user and password of the URL.")


@pytest.mark.parametrize("password", [SECRET, f"{SECRET}%40%2F%3A%25"])
def test_a_password_that_a_driver_repeats_is_masked(password, monkeypatch):
    def talkative(*args: object, **named: object) -> None:
        raise psycopg.OperationalError(f"cannot connect with {named['password']}")

    monkeypatch.setattr(psycopg, "connect", talkative)
    monkeypatch.setattr(psycopg.Connection, "connect", talkative)
    with pytest.raises(CatalogError) as caught:
        Catalog(f"postgresql://me:{password}@host/db")
    assert "cannot connect with ***. Check that" in str(caught.value)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_without_the_driver_one_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "pip install 'fsnb[postgres]'" in str(refusal(Catalog, f"postgresql://me:{SECRET}@host/db"))


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The URL of an empty database; its server has a user `Łukasz` with a password of difficult characters."""
    url = make_url(request.getfixturevalue("postgres_db_url"))
    password = f"{SECRET} @:/?#%'\"\\"
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as con:
        con.execute(psycopg.sql.SQL('CREATE ROLE "Łukasz" LOGIN PASSWORD {}').format(password))
        yield url.set(username="Łukasz", password=password)
        con.execute('DROP OWNED BY "Łukasz"')
        con.execute('DROP ROLE "Łukasz"')


def shown(url: Any) -> str:
    return url.render_as_string(hide_password=False)


@pytest.mark.postgres
def test_a_catalog_on_a_server_shows_no_password(server, request):
    admin = shown(server.set(username="fsnb", password=make_url(request.getfixturevalue("postgres_db_url")).password))
    with psycopg.connect(admin, autocommit=True) as con:
        con.execute('GRANT ALL ON SCHEMA public TO "Łukasz"')
    catalog = Catalog(shown(server))
    catalog.put("view", "rides", {}, fingerprint="f")
    assert ":***@127.0.0.1" in catalog.where
    assert SECRET not in catalog.where + repr(catalog) + repr(catalog._database) + repr(vars(catalog))
    with pytest.raises(CatalogError) as caught, catalog._database.connection() as con:
        con.exec_driver_sql("SELECT nothing FROM nowhere")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.postgres
def test_a_wrong_password_a_wrong_database_and_a_missing_right_are_told_apart(server):
    wrong = refusal(Catalog, shown(server.set(password=f"{SECRET}x")))
    assert 'password authentication failed for user "Łukasz"' in str(wrong)
    assert str(wrong).endswith("host, port, database, user and password of the URL.")
    missing = refusal(Catalog, shown(server.set(database="nowhere")))
    assert 'database "nowhere" does not exist' in str(missing)
    denied = refusal(Catalog, shown(server))
    assert "permission denied for schema public" in str(denied)
    assert "Ask for the right to create, read and insert into tables there." in str(denied)


@pytest.mark.postgres
def test_a_role_that_may_only_read_and_insert_can_use_a_catalog(server, request):
    """Append-only by rights too: the lock must need no more than INSERT."""
    owner = request.getfixturevalue("postgres_db_url")
    Catalog(owner)
    with psycopg.connect(owner, autocommit=True) as con:
        con.execute('GRANT SELECT, INSERT ON fsnb_documents, fsnb_schema_version TO "Łukasz"')
    catalog = Catalog(shown(server))
    assert catalog.put("view", "rides", {}, fingerprint="f1").version == 1
    assert catalog.put("view", "rides", {}, fingerprint="f2").version == 2


@pytest.mark.postgres
def test_a_server_that_takes_no_writes_is_read_and_says_so_on_a_write(request):
    url = make_url(request.getfixturevalue("postgres_db_url"))
    first = Catalog(shown(url)).put("view", "rides", {}, fingerprint="f1")
    catalog = Catalog(shown(url.update_query_dict({"options": "-cdefault_transaction_read_only=on"})))
    assert catalog.list() == (first,)
    assert "The server takes no writes" in str(refusal(catalog.put, "view", "rides", {}, fingerprint="f2"))


@pytest.mark.postgres
def test_a_database_that_is_stricter_by_default_loses_no_version(request):
    """In a serializable transaction a writer would look at the state from before it waited for the lock."""
    url = make_url(request.getfixturevalue("postgres_db_url"))
    catalog = Catalog(shown(url.update_query_dict({"options": "-cdefault_transaction_isolation=serializable"})))
    catalog.put("view", "rides", {}, fingerprint="f0")
    with catalog._database.connection() as con:
        assert con.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"


@pytest.mark.postgres
def test_a_database_of_no_encoding_keeps_every_letter(request):
    """What `initdb` makes in the C locale: without being told, the driver would answer with bytes."""
    url = make_url(request.getfixturevalue("postgres_db_url"))
    name = f"{url.database}_ascii"
    with psycopg.connect(shown(url), autocommit=True) as con:
        con.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        try:
            catalog = Catalog(shown(url.set(database=name)))
            catalog.put("view", "straße", {"owner": "Łódź"}, fingerprint="f")
            assert [document.name for document in catalog.search("łódź STRASSE")] == ["straße"]
        finally:
            con.execute(f"DROP DATABASE {name} WITH (FORCE)")
