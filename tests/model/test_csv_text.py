"""CSV text is read as it says, also where what comes after the rows that DuckDB looks at says more; or it fails."""

from __future__ import annotations

import gzip
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pytest

from fsnb.model.data import read_file

LOOKED_AT = 20_480
NOON = datetime(2024, 1, 13, 12)
TWO_HOURS = timedelta(hours=2)


def written(path: Path, *rows: str, head: str = "k,t") -> str:
    """A file of such rows, behind the `head` that names its columns."""
    text = "\n".join((head, *rows, "")).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return str(path)


def read(path: str, column: str = "t", con: Any = None) -> list[Any]:
    """The values of a column."""
    return read_file(con or ibis.duckdb.connect(), path)[column].to_pyarrow().to_pylist()


def late(path: Path, first: str, *then: str) -> str:
    """A file whose last rows DuckDB does not look at before it chooses types."""
    return written(path, *[f"a,{first}"] * (LOOKED_AT + 10), *(f"a,{each}" for each in then))


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.tsv"])
@pytest.mark.parametrize(
    "first", ["2024-01-13 00:00:00", "2024-01-13T00:00:00", "2024-01-13 00:00:00.5", "2024-01-13 0:0:0"]
)
def test_offsets_that_begin_late_count(tmp_path: Path, name: str, first: str) -> None:
    texts = {
        "2024-01-13 12:00:00+02:00": NOON - TWO_HOURS,
        "2024-01-13T12:00:00-02": NOON + TWO_HOURS,
        "2024-01-13 12:00:00.25+0200": NOON - TWO_HOURS + timedelta(milliseconds=250),
        "2024-01-13 12:00:00Z": NOON,
        "2024-01-13 12:00:00 UTC": NOON,
        "2024-01-13 12:00:00 Europe/Berlin": NOON - timedelta(hours=1),
        "2024-01-13 12:00:00 Etc/GMT+3": NOON + timedelta(hours=3),
        "2024-01-13 12:00:00": NOON,
        "2024-01-13": datetime(2024, 1, 13),
        "": None,
    }
    assert read(late(tmp_path / name, first, *texts))[-len(texts) :] == list(texts.values())


def test_a_time_without_an_offset_is_utc_whatever_the_zone_of_the_session(tmp_path: Path) -> None:
    con = ibis.duckdb.connect()
    con.raw_sql("SET TimeZone = 'America/New_York'")
    for texts in (
        ["2024-01-13 12:00:00+02:00", "2024-01-13 12:00:00"],
        ["2024-01-13 12:00:00", "2024-01-13 10:00:00Z"],
    ):
        path = written(tmp_path / "t.csv", *(f"a,{text}" for text in texts))
        assert sorted(read(path, con=con)) == [NOON - TWO_HOURS, NOON]
        assert read_file(con, path).schema()["t"].timezone is None


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("2024-01-13 12:00:00", "2024-01-13 12:00:00 +02:00"),
        ("13/01/2024 12:00:00", "13/01/2024 12:00:00+02:00"),
        ("01/13/2024 01:00:00 PM", "2024-01-13 13:00:00"),
        ("2024-01-13", "2024-01-13 12:00:00"),
        ("13/01/2024", "13/01/2024 12:00:00"),
        ("12:00:00", "12:00:00+02:00"),
        ("5", "5.5"),
        ("5", "1e-1"),
    ],
)
def test_what_the_type_of_the_first_rows_does_not_hold_fails_with_the_text(
    tmp_path: Path, first: str, then: str
) -> None:
    path = late(tmp_path / "t.csv", first, then)
    with pytest.raises(duckdb.InvalidInputException, match=r"t\.csv: the first rows of column 't' are read as") as said:
        read(path)
    assert f"does not hold '{then}'. Give the column one type" in str(said.value)
    assert read(path, "k") == ["a"] * (LOOKED_AT + 11)


def test_what_the_first_rows_say_is_read_as_before(tmp_path: Path) -> None:
    texts = {
        "13/01/2024 12:00:00": NOON,
        "01/13/2024 12:00:00 PM": NOON,
        "2024-01-13": date(2024, 1, 13),
        "13/01/2024": date(2024, 1, 13),
        "9223372036854775807": 2**63 - 1,
        "-5": -5,
        "0.1": 0.1,
        "true": True,
        "x": "x",
    }
    for text, value in texts.items():
        assert read(written(tmp_path / "t.csv", *[f"a,{text}"] * 3)) == [value] * 3
    assert read(late(tmp_path / "t.csv", "5", "1e3", " 6"))[-2:] == [1000, 6]


def test_quotes_that_begin_late_are_quotes(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", *["a,5"] * (LOOKED_AT + 10), '"a",5', '"a,b",5', '"say ""a""",5', 'a 5" pipe,5')
    assert read(path, "k")[-5:] == ["a", "a", "a,b", 'say "a"', 'a 5" pipe']


@pytest.mark.parametrize("line", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_dialect_is_found(tmp_path: Path, line: str, mark: bytes) -> None:
    rows = ['it\'s;"a ""q"" {0}"', "# no row", '2024-01-13 12:00:00;"x;y"', "# no row", '2024-01-13 10:00:00Z;"z"', ""]
    (tmp_path / "t.csv").write_bytes(mark + line.join(rows).encode())
    assert read(str(tmp_path / "t.csv"), "it's") == [NOON, NOON - TWO_HOURS]
    assert read(str(tmp_path / "t.csv"), 'a "q" {0}') == ["x;y", "z"]


def test_files_of_a_pattern_go_by_names(tmp_path: Path) -> None:
    for number in range(11):
        written(tmp_path / f"{number:02}.csv", "a,2024-01-13 12:00:00,1", head="k,t,n")
    written(tmp_path / "11.csv", "2,b,2024-01-13 12:00:00+02:00", head="n,k,t")
    path = str(tmp_path / "*.csv")
    assert read(path)[-2:] == [NOON, NOON - TWO_HOURS]
    assert read(path, "k")[-2:] == ["a", "b"]
    assert read(path, "n")[-2:] == [1, 2]
    written(tmp_path / "12.csv", "a,2024-01-13 12:00:00,1.5", head="k,t,n")
    with pytest.raises(duckdb.Error, match="n"):
        read(path, "n")


def test_an_empty_file_has_its_columns(tmp_path: Path) -> None:
    assert read_file(ibis.duckdb.connect(), written(tmp_path / "t.csv")).schema().names == ("k", "t")
    assert read(written(tmp_path / "t.csv")) == []
